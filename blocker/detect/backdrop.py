"""What a picture that a style sheet names would stand behind: which elements of the mail, in which medium.

Trackers of printing and forwarding hide in rules for what the mail itself does not hold: the frame that another program puts around a
forwarded mail (`div.OutlookMessageHeader`, `blockquote #t`), paper, a focus.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from turbohtml import Element

from blocker.detect.blocks import Block, blocks, innermost
from blocker.detect.box import UNKNOWN, Box, Boxes
from blocker.detect.stylesheet import ALL_VIEWS, MAX_CONDITION, MAX_SELECTOR, MAX_SHEET, media_views
from blocker.message.html import Markup
from blocker.message.references import Reference

MAX_LOOKUPS = 40
"""Selectors of one message that are looked for in its documents."""
MAX_ELEMENTS = 8
"""Elements of one selector whose boxes are looked at."""
MAX_SELECTORS = 16
"""Selectors of one rule."""
MAX_NAME = 400
"""Characters before a URL in which its property stands."""

_PART = re.compile(r"::[-\w]+|:(?:before|after|first-line|first-letter)\b", re.IGNORECASE)
_DYNAMIC = re.compile(
    r":(?:hover|active|focus|focus-within|focus-visible|visited|target|checked|placeholder-shown|fullscreen)\b",
    re.IGNORECASE,
)
_SIBLING = re.compile(r"~(?!=)")
_CLASS = re.compile(r":[-\w]+(?:\(.*)?", re.DOTALL)
_COMBINATOR = re.compile(r"[\s>+~]+")
_PROPERTY = re.compile(r"(?:\A|[;{])\s*([-\w]+)\s*:[^;{}]*\Z")


def is_behind(reference: Reference) -> bool:
    """Whether a URL in a style is a background's, which fills its element: not a bullet's, a generated picture's, a pointer's."""
    if reference.element == "style":
        if reference.scope is not reference.scope.root:
            return True
        end = reference.text_span[0]
        before = reference.scope.text[max(end - MAX_NAME, 0) : end]
    else:
        style = reference.attrs.get("style")
        text = style if isinstance(style, str) else ""
        end = max(text.find(reference.raw), 0)
        before = text[max(end - MAX_NAME, 0) : end]
    name = _PROPERTY.search(before)
    return name is None or "background" in name[1].lower() or name[1].startswith("--")


class Backdrops:
    """The rules of one message whose pictures are asked about; what is looked up is bounded."""

    def __init__(self) -> None:
        self._blocks: dict[int, list[Block]] = {}
        self._boxes: dict[tuple[int, str], Box] = {}
        self._left = MAX_LOOKUPS

    def of(self, reference: Reference, boxes: Boxes) -> Box:
        """The box that a picture in a <style> would fill, the largest of those its rule gives it; unknown where it shows."""
        node, document = reference.node, reference.scope
        if not isinstance(node, Element) or document is not document.root:
            return UNKNOWN
        block = innermost(self._in(node, document), reference.text_span[0])
        if block is None:
            return UNKNOWN
        if not _views(block, reference.attrs):
            return _unused("medium")
        key = id(document), block.prelude
        if key not in self._boxes:
            self._boxes[key] = self._of_selectors(block.prelude, document, boxes)
        return self._boxes[key]

    def _in(self, node: Element, document: Markup) -> list[Block]:
        found = self._blocks.get(id(node))
        if found is None:
            location = node.source_location
            begin = location.start_tag.end_offset if location is not None and location.start_tag else 0
            text = document.text[begin : begin + min(len(node.text), MAX_SHEET)]
            found = [b._replace(start=b.start + begin, end=b.end + begin) for b in blocks(text)]
            self._blocks[id(node)] = found
        return found

    def _of_selectors(self, prelude: str, document: Markup, boxes: Boxes) -> Box:
        kept = None
        for selector in islice(_selectors(prelude), MAX_SELECTORS):
            self._left -= 1
            if self._left < 0:
                return UNKNOWN
            for element in _matching(selector, document):
                box = boxes.behind(element)
                if box.hidden is None and not _is_dot(box):
                    return UNKNOWN
                kept = box
        return kept or _unused("unmatched")


def _unused(term: str) -> Box:
    return Box(None, None, None, None, (term,))


def _is_dot(box: Box) -> bool:
    return box.width is not None and box.height is not None and max(box.width, box.height) <= 3


def _views(block: Block, attrs: Mapping[str, Any]) -> int:
    """The views in which a block holds; none on paper."""
    media = attrs.get("media")
    views = media_views(media) if isinstance(media, str) else ALL_VIEWS
    for rule in (*block.around, block.prelude):
        if rule[:6].lower() == "@media":
            views &= media_views(rule[6 : 6 + MAX_CONDITION])
        elif rule[:5].lower() == "@page":
            return 0
    return views


def _selectors(prelude: str) -> list[str]:
    return [selector.strip() for selector in prelude.split(",") if selector.strip()]


def _matching(selector: str, document: Markup) -> Sequence[Element]:
    """The first elements that a selector means as the mail is opened."""
    if selector[0] == "@" or len(selector) > MAX_SELECTOR or _DYNAMIC.search(selector):
        return ()
    whole = _PART.sub("", selector).strip() or "*"
    if ":" in whole or "+" in whole or _SIBLING.search(whole):
        whole = _last(whole)
    if whole[-1] in ">+~":
        whole += " *"
    try:
        return list(islice(document.tree.select(whole), MAX_ELEMENTS))
    except ValueError:
        return ()


def _last(selector: str) -> str:
    """The element that a selector ends with, less exactly: what is around, and pseudo-classes, may cost any time to look for."""
    plain = _COMBINATOR.split(_CLASS.sub("", selector).strip())[-1]
    return plain or "*"
