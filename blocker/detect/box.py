"""The box a reference would fill: how large it is declared, and what hides it, in every view."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from turbohtml import Element

from blocker.detect.cascade import MAX_ANCESTORS, Cascade
from blocker.detect.fonts import font_size
from blocker.detect.hiding import SHUT, clips, closed, collapsed, indented
from blocker.detect.hiding import hidden as hidden_by
from blocker.detect.lengths import attribute_length, length
from blocker.detect.reasons import Value
from blocker.detect.stylesheet import Declaration
from blocker.detect.variables import substituted
from blocker.detect.vml import SHAPED, shape_around
from blocker.message.html import Tag
from blocker.message.references import Reference

_IN_FONT = re.compile(r"[0-9.](?:em|ex|ch)\Z")
_FONT_UNITS = ("em", "ex", "ch")
_SIDES = ("width", "height", "max-width", "max-height", "min-width", "min-height")
_ORDINARY = Mapping[str, Any]
_Views: TypeAlias = "tuple[Value | None, ...]"
"""What hides an element, in each view."""
_FLOWING = frozenset({"div", "p", "span", "section", "center", "font", "b", "i", "strong", "em"})
"""Elements that are as large as what they hold; a cell is as large as its row and column."""
_HOLDERS = _FLOWING | {
    "td",
    "th",
    "a",
    "li",
    "ul",
    "ol",
    "label",
    "article",
    "header",
    "footer",
    "main",
    "aside",
    "nav",
}
"""Elements that are made to hold something."""
_ROOM = (
    "width",
    "height",
    "size",
    "padding",
    "border",
    "aspect",
    "position",
    "inset",
    "display",
    "flex",
    "grid",
)
TINY = 3.0
"""Pixels up to which a side shows nothing that a person would see."""
SMALL = 12.0
"""Pixels up to which a picture may be overlooked."""


class Box(NamedTuple):
    """What is declared of a reference's box. Sizes are CSS pixels; None where nothing is declared."""

    width: float | None
    height: float | None
    hidden: Value | None
    """What hides it in every view; None where it shows in at least one."""
    relative: str | None = None
    """A size that is declared relative to what is around: `width 100%`."""
    unused: Value | None = None
    """Why a style sheet's picture shows nowhere as the mail is opened."""

    @property
    def shows(self) -> bool:
        """Whether it is declared to be large enough to be seen, and is."""
        width, height, hidden, relative, _ = self
        if hidden is not None:
            return False
        if width is None:
            return relative is not None if height is None else height > TINY
        return width > TINY and (height is None or height > TINY)


UNKNOWN = Box(None, None, None)
_made = tuple.__new__
"""Makes a box without the detour over `Box.__new__`: nearly every reference has one."""


class Boxes:
    """The boxes of one document's references; what hides an ancestor is worked out once."""

    def __init__(self, cascade: Cascade) -> None:
        self._cascade = cascade
        self._hiding: dict[Element, _Views] = {}
        self._boxes: dict[tuple[Element | Tag, bool], Box] = {}
        self._pictures: dict[Element, Element | None] = {}
        self._deep = False

    @property
    def cut(self) -> bool:
        """Whether style rules were left unread, or what hides an element was not looked for to the end."""
        return self._cascade.cut or self._deep

    def _picture(self, parent: Element) -> Element | None:
        """The <img> of a <picture>, looked for once."""
        if parent not in self._pictures:
            self._pictures[parent] = parent.select_one("img")
        return self._pictures[parent]

    def of(self, reference: Reference) -> Box:
        """The box of one reference; unknown where it has none of its own (a style sheet, a <link>)."""
        vector = reference.vector
        background = vector != "img[src]" and (vector == "style url()" or vector.endswith("[background]"))
        key = (reference.node, background)
        box = self._boxes.get(key)
        if box is None:
            box = self._boxes[key] = self._of(reference, background)
        return box

    def behind(self, element: Element) -> Box:
        """The box of the background that a style sheet gives to an element."""
        key = (element, True)
        box = self._boxes.get(key)
        if box is None:
            box = self._boxes[key] = self._of_element(element, element.attrs, background=True)
        if (
            box.hidden is None
            and box[:2] == (None, None)
            and box.relative is None
            and _holds_nothing(element)
        ):
            return Box(None, None, _EMPTY)
        return box

    def _of(self, reference: Reference, background: bool) -> Box:
        node, attrs = reference.node, reference.attrs
        tag = reference.element
        if tag in ("style", "link", "meta", "script", "bgsound"):
            return UNKNOWN
        if tag == "source" and isinstance(node, Element) and isinstance(node.parent, Element):
            image = self._picture(node.parent)
            if image is not None:
                node, attrs = image, image.attrs
        elif tag in SHAPED:
            node, attrs = shape_around(reference)
        return self._of_element(node, attrs, background=background)

    def _of_element(self, node: Element | Tag, attrs: _ORDINARY, *, background: bool) -> Box:
        views = self._cascade.views(node, attrs)
        if self._cascade.varies(attrs):
            views = substituted(views, node, self._cascade)
        if any(map(_in_font, views)):
            font = font_size(node, self._cascade)
            if font is not None:
                views = [_at_font(values, font) for values in views]
        width = height = None
        reasons: list[Value | None] = []
        seen: list[Mapping[str, str]] = []
        for view, values in enumerate(views):
            if values in seen:  # light and dark are nearly always the same
                reasons.append(reasons[seen.index(values)])
                continue
            seen.append(values)
            w, h = _size(values, attrs)
            if background:
                w, h = _size_of_background(w, h, node, clips=clips(values))
            width, height = _larger(width, w, view), _larger(height, h, view)
            reasons.append(hidden_by(values, attrs))
        hidden = reasons[0] if all(reasons) else None
        if hidden is None and background and width is height is None and _is_empty(node, attrs):
            hidden = _EMPTY
        if hidden is None and isinstance(node, Element):
            hidden = self._hidden_by_ancestor(node, reasons, views)
            if hidden == _INDENTED and (background or views[0].get("display") == "block"):
                hidden = None
        relative = _relative(views[0], attrs) if width is None or height is None else None
        if relative is not None and _for_all(self._cascade.declared(node, attrs), attrs):
            relative = None
        return _made(Box, (width, height, hidden, relative, None))

    def _hidden_by_ancestor(
        self, node: Element, own: list[Value | None], views: Sequence[Mapping[str, str]]
    ) -> Value | None:
        """What hides the element in the views in which it does not hide itself."""
        above = self._above(node)
        if above is _NOTHING:
            return None
        times = 4 // len(own)
        verdicts = [
            mine or (None if values.get("visibility") == "visible" and outer == _INVISIBLE else outer)
            for mine, values, outer in zip(own * times, [*views] * times, above, strict=True)
        ]
        return verdicts[0] if all(verdicts) else None

    def _above(self, node: Element) -> _Views:
        """What hides a node from outside, in each view: its ancestors' hiding, each worked out once."""
        chain: list[Element] = []
        found, hiding, may_hide = _NOTHING, self._hiding, self._cascade.may_hide
        for ancestor in islice(node.ancestors, MAX_ANCESTORS):
            if not isinstance(ancestor, Element):
                break
            known = hiding.get(ancestor)
            if known is not None:
                found = known
                break
            chain.append(ancestor)
        self._deep = self._deep or len(chain) == MAX_ANCESTORS
        for ancestor in reversed(chain):
            tag = ancestor.tag
            if tag == "summary":
                found = self._shut_out(ancestor, found)
            if tag in SHUT or may_hide(ancestor):
                own = self._hiding_of(ancestor)
                if own is not _NOTHING:
                    found = tuple(a or o for a, o in zip(found, own, strict=True))
            hiding[ancestor] = found
        return found

    def _shut_out(self, summary: Element, found: _Views) -> _Views:
        """What hides a <summary>: that its <details> are closed does not."""
        details = summary.parent
        if not isinstance(details, Element) or details.tag != "details":
            return found
        outer = details.parent
        return self._hiding.get(outer, _NOTHING) if isinstance(outer, Element) else _NOTHING

    def _hiding_of(self, element: Element) -> _Views:
        attrs = element.attrs
        views = self._cascade.views(element, attrs)
        if self._cascade.varies(attrs):
            views = substituted(views, element, self._cascade)
        shut = closed(element.tag, attrs)
        reasons = [
            shut or hidden_by(v, attrs) or collapsed(v, element.tag) or (INDENT if indented(v) else None)
            for v in views
        ]
        if not any(reasons):
            return _NOTHING
        return tuple(("within", r) if r else None for r in (reasons * 4 if len(reasons) == 1 else reasons))


_NOTHING: _Views = (None, None, None, None)
_EMPTY: Value = ("empty",)
INDENT: Value = ("indented",)
_INDENTED: Value = ("within", INDENT)
"""What moves a line and what stands in it, but no background and no block."""
_INVISIBLE: Value = ("within", "visibility:hidden")
"""The one way of hiding that what is inside can undo (CSS Display, section 4)."""


def _is_empty(node: Element | Tag, attrs: _ORDINARY) -> bool:
    """Whether an element holds nothing and nothing else can give it a size: its background then has no room.

    A class, an identifier or any word of size in its own style leaves that open.
    """
    if not isinstance(node, Element) or node.tag not in _FLOWING or node.children:
        return False
    style = attrs.get("style")
    told = style.lower() if isinstance(style, str) else ""
    return "class" not in attrs and "id" not in attrs and not any(word in told for word in _ROOM)


def _holds_nothing(element: Element) -> bool:
    """Whether an element shows nothing, and its own style gives it no room."""
    if element.tag not in _HOLDERS or element.select_one("*") is not None or element.text.strip():
        return False
    style = element.attrs.get("style")
    return not isinstance(style, str) or not any(word in style.lower() for word in _ROOM)


def _size_of_background(
    width: float | None, height: float | None, node: Element | Tag, *, clips: bool
) -> tuple[float | None, float | None]:
    """What of a declared size counts: a box grows with what it holds, unless it holds nothing or cuts off."""
    firm = clips or (isinstance(node, Element) and not node.children and _is_as_declared(node))
    if firm and width is not None and height is not None and max(width, height) <= 3:
        return width, height
    return (
        width if width is not None and width > 3 and clips else None,
        height if height is not None and height > 3 else None,
    )


def _is_as_declared(node: Element) -> bool:
    """Whether an element that holds nothing is as small as it says: a cell is where no other cell and no table's width makes it larger."""
    if node.tag not in ("td", "th"):
        return node.tag in _FLOWING
    above = list(islice(node.ancestors, 3))
    for ancestor in above:
        if not isinstance(ancestor, Element) or "width" in ancestor.attrs or "style" in ancestor.attrs:
            return False
        if sum(isinstance(child, Element) for child in ancestor.children) != 1:
            return False
        if ancestor.tag == "table":
            return True
    return False


def _in_font(values: Mapping[str, str]) -> list[str]:
    """The sides that are declared in units of the font."""
    return [
        name
        for name, value in values.items()
        if name in _SIDES and value.endswith(_FONT_UNITS) and _IN_FONT.search(value)
    ]


def _at_font(values: Mapping[str, str], font: float) -> Mapping[str, str]:
    """The same where a unit of the font is not 16 pixels but `font`."""
    scaled = {name: (length(values[name]) or 0.0) * font / 16 for name in _in_font(values)}
    return {**values, **{name: f"{side:.6f}px" for name, side in scaled.items()}}


def _larger(old: float | None, new: float | None, view: int) -> float | None:
    """The side over all views: unknown in one is unknown in all, else the largest."""
    if view == 0:
        return new
    return None if old is None or new is None else max(old, new)


def _size(values: Mapping[str, str], attrs: _ORDINARY) -> tuple[float | None, float | None]:
    return _side("width", values, attrs), _side("height", values, attrs)


def _side(name: str, values: Mapping[str, str], attrs: _ORDINARY) -> float | None:
    if not values:
        return attribute_length(attrs.get(name))
    declared = values.get(name)
    if declared is None:
        side = attribute_length(attrs.get(name))
    elif declared == "auto":
        # What a picture has by itself, which is seldom another than its sender wrote beside it; 0 is to be undone.
        side = attribute_length(attrs.get(name)) or None
    else:
        side = length(declared)
    if side is not None and side < 0:
        side = None
    bound = values.get(_MOST[name])
    most = length(bound) if bound is not None else None
    if most is not None and most >= 0:
        side = most if side is None and most <= 3 else side if side is None else min(side, most)
    bound = values.get(_LEAST[name])
    least = length(bound) if bound is not None else None
    if least is not None and side is not None:
        side = max(side, least)
    return side


_MOST = {"width": "max-width", "height": "max-height"}
_LEAST = {"width": "min-width", "height": "min-height"}


def _for_all(found: Sequence[Declaration], attrs: _ORDINARY) -> bool:
    """Whether all that is said of the size is a rule for every picture of the mail, `img {max-width: 100%}`: of this one, nothing."""
    if "width" in attrs or "height" in attrs:
        return False
    return not any(d.name in _SIDES and (d.specificity[0] or d.specificity[1]) for d in found)


def _relative(values: Mapping[str, str], attrs: _ORDINARY) -> str | None:
    """A side given as a share of what is around, or only bounded from above: sizes that pictures get."""
    for name in ("width", "height"):
        declared = values.get(name) or attrs.get(name)
        if isinstance(declared, str) and declared.strip().endswith("%") and length(declared) is None:
            return f"{name} {declared.strip()[:12]}"
    most = length(values.get("max-width")) or 0
    if most > 3 or (values.get("max-width") or "").endswith("%"):
        return f"max-width {values['max-width'][:12]}"
    return None
