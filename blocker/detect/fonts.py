"""The size of an element's font, where its box is measured in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

from turbohtml import Element

from blocker.detect.cascade import MAX_ANCESTORS, Cascade
from blocker.detect.lengths import length
from blocker.detect.stylesheet import font_sizes
from blocker.message.html import Tag

_FONT_SIZE = re.compile(r"font-size\s{0,8}:\s{0,8}([^;]{1,20})", re.IGNORECASE)
_SHORT = re.compile(r"(?:\A|[;\s])font\s{0,8}:(?:[^;]{0,80}?\s)?0(?:px|pt|em|%)?(?=[\s/;]|\Z)", re.IGNORECASE)


def font_size(node: Element | Tag, cascade: Cascade) -> float | None:
    """Pixels of the font that the nearest element around, or the element itself, is given; None where nobody gives one."""
    if not isinstance(node, Element):
        return None
    named = font_sizes(cascade.texts) if cascade.texts else {}
    for element in islice((node, *node.ancestors), MAX_ANCESTORS):
        if isinstance(element, Element):
            found = _own(element.attrs)
            if found is None and named:
                found = next((named[name] for name in _names(element) if name in named), None)
            if found is not None:
                return length(found)
    return None


def _own(attrs: Mapping[str, Any]) -> str | None:
    style = attrs.get("style")
    if not isinstance(style, str):
        return None
    found = _FONT_SIZE.findall(style)
    return found[-1] if found else "0" if _SHORT.search(style) else None


def _names(element: Element) -> list[str]:
    """What a selector of one name may call an element by, the strongest first."""
    classes = element.attrs.get("class") or ()
    listed = classes if isinstance(classes, list) else str(classes).split()
    return [f"#{element.attrs.get('id')}", *(f".{name}" for name in listed), element.tag]
