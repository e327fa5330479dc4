"""From a piece of an attribute's value to where it stands in the text, behind its character references."""

from __future__ import annotations

import re
from html import unescape as unescape_html
from html.entities import html5

from blocker.message.model import Span

_MOST_DIGITS = 7
_CHARACTER_REFERENCE = re.compile(r"&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);?")


class Inside:
    """The way from a piece of a decoded value to where it stands in the text.

    `value` is text[span] with its character references decoded; where that cannot be told with
    certainty, every piece is the whole span.
    """

    __slots__ = ("_offsets", "_same", "_source", "_span", "_value")

    def __init__(self, text: str, span: Span, value: str) -> None:
        self._span = span
        self._source = text[span[0] : span[1]]
        self._value = value
        self._same = self._source == value
        self._offsets: list[int] | None = None

    @property
    def exact(self) -> bool:
        """Whether pieces can be told apart."""
        if self._offsets is None and not self._same:
            self._offsets = _decoded_offsets(self._source, self._value)
        return self._same or bool(self._offsets)

    def span(self, start: int, end: int) -> Span:
        """Where value[start:end] stands."""
        begin = self._span[0]
        if self._same:
            return begin + start, begin + end
        if not self.exact or not self._offsets:
            return self._span
        return begin + self._offsets[start], begin + self._offsets[end]


def _decoded_offsets(source: str, value: str) -> list[int]:
    """For each character of `value`, and its end, the offset in `source`; empty where that is uncertain."""
    offsets: list[int] = []
    pieces: list[str] = []
    position = 0
    for match in _CHARACTER_REFERENCE.finditer(source):
        offsets.extend(range(position, match.start()))
        decoded = _character(match.group(), source[match.end() : match.end() + 1])
        if decoded == match.group():
            offsets.extend(range(match.start(), match.end()))
        else:
            offsets.extend([match.start()] * len(decoded))
        pieces += (source[position : match.start()], decoded)
        position = match.end()
    offsets.extend(range(position, len(source)))
    pieces.append(source[position:])
    if "".join(pieces).replace("\0", "\ufffd") != value:
        return []
    offsets.append(len(source))
    return offsets


def _character(reference: str, following: str) -> str:
    """What a character reference in an attribute means (HTML, section 13.2.5.73): often itself, as in `?a&copy=b`."""
    if reference[1] == "#":
        return _numeric(reference)
    known = reference[1:] in html5 and (reference[-1] == ";" or following != "=")
    return html5[reference[1:]] if known else reference


def _numeric(reference: str) -> str:
    """A numeric character reference; unlike the standard library's, control characters stay and any length is read."""
    digits = reference[2:].rstrip(";").lower()
    base, digits = (16, digits[1:]) if digits[0] == "x" else (10, digits)
    digits = digits.lstrip("0")
    if len(digits) > _MOST_DIGITS:
        return "\ufffd"
    number = int(digits or "0", base)
    return unescape_html(f"&#{number};") or chr(number)
