"""CSS lengths in pixels, with CSS's own sums (CSS Values and Units Level 4, section 10)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_UNITS = "px|pt|pc|in|cm|mm|q|rem|em|ex|ch|lh|[sld]?v(?:w|h|min|max|i|b)|%"
_LENGTH = re.compile(rf"\s*([-+]?[0-9]*\.?[0-9]+)\s*({_UNITS})?", re.IGNORECASE)
_LONGEST = 128
"""Characters of a length that are read: digits of no use come before those that are not."""
_PIXELS = {
    "px": 1.0,
    "pt": 96 / 72,
    "pc": 16.0,
    "in": 96.0,
    "cm": 96 / 2.54,
    "mm": 9.6 / 2.54,
    "q": 2.4 / 2.54,
    "em": 16.0,
    "rem": 16.0,
    "ex": 8.0,
    "ch": 8.0,
    "lh": 19.0,
}
_OF_VIEW = {"w": 12.8, "i": 12.8, "max": 12.8, "h": 8.0, "b": 8.0, "min": 8.0}
"""A hundredth of a view of 1280 by 800 pixels."""
_TOKEN = re.compile(
    rf"\s*(?:([0-9]*\.?[0-9]+)({_UNITS})?|((?:-(?:webkit|moz)-)?[a-z][-a-z]*)\(|([-+*/(),]))", re.IGNORECASE
)
_MOST_TOKENS = 64
_MOST_DEPTH = 8


def length(value: str | None) -> float | None:
    """A CSS length in pixels; None for percentages above zero, keywords and nonsense."""
    return _length(value[:_LONGEST]) if value else None


@lru_cache(maxsize=1024)
def _length(value: str) -> float | None:
    match = _LENGTH.match(value)
    if match is None:
        return _sum_of(value) if "(" in value and len(value) < _LONGEST else None
    number = float(match[1])
    unit = match[2]
    if unit == "%":
        return 0.0 if number == 0 else None
    return number * pixels(unit)


def pixels(unit: str | None) -> float:
    """How many pixels a unit of length has; a number without one counts pixels."""
    if not unit:
        return 1.0
    unit = unit.lower()
    return _PIXELS[unit] if unit in _PIXELS else _OF_VIEW[unit.lstrip("sld")[1:]]


def attribute_length(value: object) -> float | None:
    """A width or height attribute (HTML, section 2.3.4.4): digits, then anything; `%` is no size."""
    return _of_attribute(value.strip()[:_LONGEST]) if isinstance(value, str) else None


@lru_cache(maxsize=1024)
def _of_attribute(value: str) -> float | None:
    match = _LENGTH.match(value)
    if match is None:
        return None
    number = float(match[1])
    if (match[2] or "") == "%":
        return 0.0 if number == 0 else None
    return abs(number)


class _Size(NamedTuple):
    """Pixels, and a share of what is around in hundredths."""

    fixed: float
    share: float = 0.0


_Known = _Size | None
"""None where only a browser can tell."""


def _sum_of(value: str) -> float | None:
    """What `calc()`, `min()`, `max()` or `clamp()` give; None where that depends on what is around."""
    tokens: list[str | _Size] = []
    position = 0
    while len(tokens) < _MOST_TOKENS and (match := _TOKEN.match(value, position)) is not None:
        number, unit, name, sign = match.groups()
        if number is None:
            tokens += [f"{name.lower()}("] if name else [sign]
        elif unit == "%":
            tokens.append(_Size(0.0, float(number)))
        else:
            tokens.append(_Size(float(number) * pixels(unit)))
        position = match.end()
    try:
        found = _Sums(tokens[::-1]).value(0)
    except (IndexError, ValueError, ZeroDivisionError):
        return None
    return found.fixed if found is not None and not found.share else None


class _Sums:
    """A reader of the tokens of one sum, the next one last. Raises IndexError or ValueError where they make none."""

    def __init__(self, tokens: list[str | _Size]) -> None:
        self._tokens = tokens

    def value(self, depth: int) -> _Known:
        """A number, a bracket, or a function with what it gives."""
        if depth > _MOST_DEPTH:
            raise ValueError
        token = self._tokens.pop()
        if isinstance(token, _Size):
            return token
        if token in ("-", "+"):
            found = self.value(depth + 1)
            return found if token == "+" or found is None else _Size(-found.fixed, -found.share)
        if token[-1] != "(":
            raise ValueError
        values = [self._sum(depth + 1)]
        while self._tokens and self._tokens[-1] == ",":
            self._tokens.pop()
            values.append(self._sum(depth + 1))
        if self._tokens:
            self._tokens.pop()
        return _applied(token[:-1], values)

    def _sum(self, depth: int) -> _Known:
        found = self._product(depth)
        while self._tokens and self._tokens[-1] in ("+", "-"):
            sign = 1 if self._tokens.pop() == "+" else -1
            other = self._product(depth)
            found = (
                None
                if found is None or other is None
                else _Size(found.fixed + sign * other.fixed, found.share + sign * other.share)
            )
        return found

    def _product(self, depth: int) -> _Known:
        found = self.value(depth)
        while self._tokens and self._tokens[-1] in ("*", "/"):
            divides = self._tokens.pop() == "/"
            other = self.value(depth)
            found = _times(found, other, divides=divides)
        return found


def _times(one: _Known, other: _Known, *, divides: bool) -> _Known:
    if one is None or other is None or (one.share and other.share):
        return None
    if divides:
        return _Size(one.fixed / other.fixed, one.share / other.fixed) if not other.share else None
    if other.share:
        one, other = other, one
    return _Size(one.fixed * other.fixed, one.share * other.fixed)


def _applied(name: str, values: list[_Known]) -> _Known:
    """A function's value. `min` is at most what is known of it, and `clamp` at most its last: what nobody can exceed."""
    fixed = [one.fixed for one in values if one is not None and not one.share]
    if name in ("", "calc", "-webkit-calc", "-moz-calc"):
        return values[0]
    if name == "clamp" and len(values) == 3:
        low, middle, high = values
        if high is None or high.share:
            return None
        most = high.fixed if middle is None or middle.share else min(middle.fixed, high.fixed)
        return _Size(max(most, low.fixed) if low is not None and not low.share else most)
    if name == "min" and fixed:
        return _Size(min(fixed))
    if name == "max" and len(fixed) == len(values):
        return _Size(max(fixed))
    if name == "abs" and fixed:
        return _Size(abs(fixed[0]))
    return None
