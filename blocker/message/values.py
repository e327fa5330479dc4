"""How the values of attributes are taken apart: each piece that may be a URL, with its place in the value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from turbohtml import Element

from blocker.message.css import css_urls
from blocker.message.html import Tag

_SPACE = " \t\n\f\r"
_REFRESH = re.compile(
    r"[ \t\n\f\r]*+[0-9.]++[ \t\n\f\r]*+[;,]?[ \t\n\f\r]*+(?:url[ \t\n\f\r]*+=[ \t\n\f\r]*+)?", re.IGNORECASE
)
_ANIMATED = frozenset({"href", "xlink:href"})
_LOADERS = frozenset({"image", "feimage", "script", "use"})
"""Elements that load what their href becomes when it is animated; that of an <a> waits for a click."""

Piece = tuple[str, int, int]
"""A piece of a value, and its span in the value."""


def text_of(value: object) -> str:
    """An attribute's value as written: turbohtml splits those that are token lists."""
    if isinstance(value, str):
        return value
    return " ".join(value) if isinstance(value, list) else ""


def styled(value: str, relative: bool = False) -> list[Piece]:
    """The URLs of a style attribute, or of an attribute that takes the value of a property; `relative` as in `css_urls`."""
    return [(found.value, found.start, found.end) for found in css_urls(value, relative=relative)]


def becoming(
    element: Element | Tag, attrs: Mapping[str, Any], name: str, value: str, relative: bool = False
) -> list[Piece]:
    """What <animate> or <set> make of an attribute (SVG Animations Level 2, sections 2.11 and 2.13)."""
    animated = text_of(attrs.get("attributeName", attrs.get("attributename"))).strip().lower()
    if animated not in _ANIMATED:
        return styled(value, relative)
    parent = element.parent if isinstance(element, Element) else None
    if (
        isinstance(parent, Element)
        and parent.tag.lower() not in _LOADERS
        and not _ANIMATED.intersection(attrs)
    ):
        return []
    pieces, position = [], 0
    for piece in value.split(";") if name == "values" else [value]:
        if piece.strip():
            pieces.append((piece, position, position + len(piece)))
        position += len(piece) + 1
    return pieces


def candidates(value: str) -> Iterator[Piece]:
    """The URLs of a srcset (HTML, section 4.8.4.2.2)."""
    position, size = 0, len(value)
    while position < size:
        while position < size and (value[position] in _SPACE or value[position] == ","):
            position += 1
        start = position
        while position < size and value[position] not in _SPACE:
            position += 1
        end = position
        while end > start and value[end - 1] == ",":
            end -= 1
        if end > start:
            yield value[start:end], start, end
        if end == position:
            depth = 0
            while position < size and (depth or value[position] != ","):
                depth += (value[position] == "(") - (value[position] == ")")
                position += 1


def refreshed(value: str) -> list[Piece]:
    """The URL of a meta refresh (HTML, section 4.2.5.3): `5; url=...`, or just `5; ...`."""
    match = _REFRESH.match(value)
    if match is None:
        return []
    start, end = match.end(), len(value)
    if value[start : start + 1] in ("'", '"'):
        closed = value.find(value[start], start + 1)
        start, end = start + 1, closed if closed >= 0 else end
    return [(value[start:end], start, end)] if end > start or match.group()[-1:] == "=" else []


def listed(value: str) -> list[Piece]:
    """URLs separated by white space or commas."""
    pieces, position = [], 0
    for word in value.replace(",", " ").split():
        start = value.find(word, position)
        position = start + len(word)
        pieces.append((word, start, position))
    return pieces
