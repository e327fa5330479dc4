"""VML: a picture inside a shape is as large as the shape (ECMA-376 Part 4, section 14.1)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from turbohtml import Element

from blocker.message.html import Tag, start_tags
from blocker.message.references import Reference

SHAPED = frozenset({"v:fill", "v:imagedata", "v:stroke"})
"""Elements that fill the shape they stand in."""
_SHAPES = ("v:rect", "v:roundrect", "v:shape", "v:oval", "v:image", "v:line", "v:group", "v:background")
MAX_BEFORE = 2000
"""Characters before such an element, in a conditional comment, in which its shape begins."""
_MAX_ANCESTORS = 8


def shape_around(reference: Reference) -> tuple[Element | Tag, Mapping[str, Any]]:
    """The shape that a picture fills, with its attributes; the picture itself where there is none."""
    node = reference.node
    if isinstance(node, Element):
        for ancestor in islice(node.ancestors, _MAX_ANCESTORS):
            if isinstance(ancestor, Element) and ancestor.tag in _SHAPES:
                return ancestor, ancestor.attrs
    else:
        tag = _tag_before(reference.scope.text, node.offset)
        if tag is not None:
            return tag, tag.attrs
    return node, reference.attrs


def _tag_before(text: str, offset: int) -> Tag | None:
    """The nearest start tag of a shape before a place."""
    begin = max(offset - MAX_BEFORE, 0)
    before = text[begin:offset].lower()
    at = max(before.rfind(f"<{name}") for name in _SHAPES)
    if at < 0:
        return None
    tags = start_tags(text[begin + at : offset], begin + at)
    return tags[0] if tags and tags[0].tag.lower() in _SHAPES else None
