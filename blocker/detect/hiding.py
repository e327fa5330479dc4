"""What hides an element by its own declarations: a declaration as it is, or a term of `reasons.toml`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from blocker.detect.lengths import length
from blocker.detect.reasons import Value
from blocker.detect.transforms import clipped, factor, gone

FAR = -500.0
"""Pixels from which on a box that is moved left or up is out of sight."""
FAR_AFTER = 5000.0
"""The same to the right or down, where a reader could scroll to it."""
MAX_VALUE = 256
"""Characters of a declared value that are read."""
TINY = 1.0
"""Pixels of a box that cuts off what it holds, which then shows nothing."""

_ZERO = r"[-+]?0*\.?0+(?:px|%|em|deg)?"
_SCALED = re.compile(rf"\s*(?:{_ZERO}(?![0-9.])|[0-9.]+\s+{_ZERO}(?![0-9.]))")
_SEE_THROUGH = re.compile(rf"\bopacity\(\s*{_ZERO}(?![0-9.])\s*\)")
_MASKED = re.compile(
    r"gradient\(\s*(?:to [a-z ]{2,20},|[0-9]{1,3}deg,)?\s*(?:transparent|#0000|#00000000|rgba\(0,\s*0,\s*0,\s*0\))"
    r"(?:\s*,\s*(?:transparent|#0000|#00000000|rgba\(0,\s*0,\s*0,\s*0\))){0,4}\s*\)"
)
RARE = frozenset(
    [
        "transform",
        "scale",
        "translate",
        "object-position",
        "filter",
        "mask",
        "mask-image",
        "mask-size",
        "zoom",
        "content-visibility",
        "text-indent",
        "margin",
        "margin-left",
        "margin-top",
        "inset",
    ]
)
"""Properties by which few elements are hidden."""
_POSITIONS = ("absolute", "fixed", "relative", "sticky")


def hidden(values: Mapping[str, str], attrs: Mapping[str, Any]) -> Value | None:
    """What hides an element by its own declarations and attributes; None where nothing does."""
    if not values:
        return "hidden" if "hidden" in attrs else None
    if values.get("display") == "none" or ("hidden" in attrs and "display" not in values):
        return "display:none" if "display" in values else "hidden"
    if values.get("visibility") in ("hidden", "collapse"):
        return "visibility:hidden"
    opacity = values.get("opacity")
    if opacity is not None and _number(opacity) <= 0.01:
        return "opacity:0"
    clip = values.get("clip-path") or values.get("clip")
    if clip and clipped(clip) and ("clip-path" in values or values.get("position") in ("absolute", "fixed")):
        return ("clipped",)
    if values.get("position") in _POSITIONS:
        moved = _offset(values)
        if moved is not None:
            return moved
    return None if RARE.isdisjoint(values) else next(_rarely(values), None)


def _number(value: str) -> float:
    """A number, a percentage or a sum; 1 where it is none."""
    found = length(value) if "(" in value else None
    return factor(value) if found is None else found


def _offset(values: Mapping[str, str]) -> Value | None:
    """What moves a positioned box out of sight."""
    for name in ("left", "top", "right", "bottom"):
        offset = length(values.get(name))
        if offset is not None and (offset <= FAR or offset >= FAR_AFTER):
            return "moved", f"{name}:{values[name]}"
    inset = values.get("inset")
    return ("moved", f"inset:{inset}") if inset and any(map(_is_far, inset.split())) else None


def _rarely(values: Mapping[str, str]) -> Iterator[Value]:
    """What hides an element by declarations that few elements have."""
    values = {name: value[:MAX_VALUE] for name, value in values.items() if name in RARE}
    transform = values.get("transform", "")
    if gone(transform):
        yield f"transform:{transform[:24]}"
    if _SCALED.match(values.get("scale", "")):
        yield "scale:0"
    if any(map(_is_far, values.get("translate", "").split())):
        yield "moved", "translate"
    if any(map(_is_far, values.get("object-position", "").split())):
        yield "moved-inside", "object-position"
    if _SEE_THROUGH.search(values.get("filter", "")):
        yield "filter:opacity(0)"
    if any(_MASKED.search(values.get(name, "")) for name in ("mask", "mask-image")):
        yield ("masked",)
    if length(values.get("mask-size", "").split(" ")[0]) == 0:
        yield ("masked",)
    zoom = values.get("zoom")
    if zoom is not None and _number(zoom) <= 0.05:
        yield f"zoom:{zoom[:8]}"
    if values.get("content-visibility") == "hidden":
        yield "content-visibility:hidden"
    for name in ("margin-left", "margin-top"):
        if _is_before(values.get(name)):
            yield "moved", f"{name}:{values[name]}"
    margin = values.get("margin")
    if margin is not None and any(map(_is_before, _before(margin))):
        yield "moved", f"margin:{margin[:24]}"


def _before(margin: str) -> list[str]:
    """The margins at the top and at the left of what `margin` says (CSS Box Model, section 3.2)."""
    sides = margin.split()
    return [*sides[:1], *sides[3:4], *(sides[1:2] if len(sides) < 4 else ())]


def _is_far(value: str | None) -> bool:
    offset = length(value)
    return offset is not None and (offset <= FAR or offset >= FAR_AFTER)


def _is_before(value: str | None) -> bool:
    """Whether a margin pulls a box out of sight; one that pushes it down only makes the mail longer."""
    offset = length(value)
    return offset is not None and offset <= FAR


def indented(values: Mapping[str, str]) -> bool:
    """Whether what stands in a box's first line is moved out of sight (CSS Text, section 8.1): not the box's own background."""
    indent = values.get("text-indent", "")
    return _is_far(indent) or (indent.endswith("%") and factor(indent) >= 1 and clips(values))


def clips(values: Mapping[str, str]) -> bool:
    """Whether a box cuts off what is larger than itself."""
    for name in ("overflow", "overflow-x", "overflow-y"):
        value = values.get(name)
        if value is not None and not _CLIPS.isdisjoint(value.split()):
            return True
    return False


_CLIPS = frozenset({"hidden", "clip", "scroll", "auto"})


def collapsed(values: Mapping[str, str], tag: str) -> Value | None:
    """A box of no size that cuts off what it holds."""
    if not clips(values) or tag in ("td", "th", "tr", "tbody"):
        return None
    sides = {}
    for name in ("height", "max-height", "width", "max-width"):
        side = length(values.get(name))
        if side == 0:
            return "cut", f"{name}:0"
        if side is not None and 0 < side <= TINY and f"min-{name.removeprefix('max-')}" not in values:
            sides[name.removeprefix("max-")] = side
    return ("cut-to-a-pixel",) if len(sides) == 2 else None


SHUT = frozenset({"details", "dialog"})
"""Elements that show what they hold only once somebody opens them."""


def closed(tag: str, attrs: Mapping[str, Any]) -> Value | None:
    """An element that is not open."""
    return ("closed", tag) if tag in SHUT and "open" not in attrs else None
