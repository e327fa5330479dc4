"""CSS transforms and clipping shapes that leave nothing to be seen (CSS Transforms Level 2, CSS Shapes Level 1)."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from blocker.detect.lengths import length

FLAT = 0.02
"""The factor below which a picture is too small, or turned too far, to be seen."""
FAR = 500.0
"""Pixels from which on a box that is moved left or up is out of sight."""
FAR_SHARE = 1000.0
"""The same in hundredths of the box's own size."""
_FUNCTION = re.compile(r"\b([a-z0-9]{3,12})\(([^()]{0,200})\)")
_ANGLES = {"deg": 1.0, "grad": 0.9, "rad": 180 / math.pi, "turn": 360.0}
_ANGLE = re.compile(r"\s*([-+]?[0-9]*\.?[0-9]+)\s*(deg|grad|rad|turn)\s*\Z")
_BETWEEN = re.compile(r"[\s,]+")
_MOST_FUNCTIONS = 16


def gone(transform: str) -> bool:
    """Whether a transform scales a box to nothing, turns its edge to us, or moves it out of sight."""
    functions = _FUNCTION.findall(transform)[:_MOST_FUNCTIONS]
    return any(_is_gone(name, arguments.split(",")) for name, arguments in functions)


def _is_gone(name: str, arguments: Sequence[str]) -> bool:
    if name.startswith("scale"):
        sides = arguments[2:] if name == "scalez" else arguments[:2]
        return any(abs(factor(one)) <= FLAT for one in sides)
    if name.startswith("translate"):
        return any(map(_is_far, arguments[:2]))
    if name in ("rotatex", "rotatey") or (name == "rotate3d" and factor(arguments[2:3] or ["1"]) == 0):
        return abs(math.cos(math.radians(_degrees(arguments[-1])))) <= FLAT
    if name in ("matrix", "matrix3d"):
        return _is_matrix_gone([factor(one) for one in arguments])
    return False


def _is_matrix_gone(found: Sequence[float]) -> bool:
    """Whether a matrix leaves no area, or moves it away; the third dimension is left out."""
    if len(found) == 16:
        found = [found[0], found[1], found[4], found[5], found[12], found[13]]
    if len(found) != 6:
        return False
    area = found[0] * found[3] - found[1] * found[2]
    return abs(area) <= FLAT * FLAT or min(found[4], found[5]) <= -FAR


def factor(value: str | Sequence[str]) -> float:
    """A number or a percentage as a number; 1 where it is neither."""
    text = (value if isinstance(value, str) else value[0]).strip()
    try:
        return float(text.rstrip("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        return 1.0


def _is_far(value: str) -> bool:
    text = value.strip()
    if text.endswith("%"):
        return abs(factor(text)) * 100 >= FAR_SHARE
    offset = length(text)
    return offset is not None and (offset <= -FAR or offset >= 10 * FAR)


def _degrees(value: str) -> float:
    match = _ANGLE.match(value)
    return float(match[1]) * _ANGLES[match[2]] if match is not None else 0.0


def clipped(shape: str) -> bool:
    """Whether a clipping shape has no area."""
    return any(_has_no_area(name, arguments) for name, arguments in _FUNCTION.findall(shape)[:4])


def _has_no_area(name: str, arguments: str) -> bool:
    if name == "polygon":
        points = [" ".join(point.split()) for point in arguments.split(",")]
        if points and points[0] in ("nonzero", "evenodd"):
            points = points[1:]
        return bool(points) and len(set(points)) == 1
    words = _BETWEEN.split(arguments.partition("round")[0].partition(" at ")[0].strip())
    if name in ("circle", "ellipse"):
        return any(length(word) == 0 for word in words if word)
    if name == "xywh":
        return any(length(word) == 0 for word in words[2:4])
    if name == "rect":
        return len(words) == 4 and any(words[at] == words[at + 2] != "auto" for at in (0, 1))
    if name == "inset":
        top, right, bottom, left = (_hundredths(word) for word in _four(words))
        return top + bottom >= 100 or right + left >= 100
    return False


def _four(words: Sequence[str]) -> Sequence[str]:
    """The four sides that one to four values give (CSS Box Model, section 3.2)."""
    top, right, bottom, left = ([*words[:4], *[""] * 4])[:4]
    right = right or top
    return top, right, bottom or top, left or right


def _hundredths(word: str) -> float:
    return factor(word) * 100 if word.endswith("%") else 0.0
