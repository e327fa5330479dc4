"""Documents inside documents: <iframe srcdoc>, data: URLs of markup or style sheets, a calendar's text.

Each has its own text; `Nested.place` leads from a span of it, layer by layer, to the text of the part that
all of it stands in. Where a layer cannot be followed back (base64), the value that holds the layer is the
place, and counts as one.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import unquote_to_bytes

from blocker.message.html import HtmlDocument, Inside, Markup
from blocker.message.model import Span
from blocker.message.transfer import Mapping

if TYPE_CHECKING:
    from blocker.message.mime import Part
    from blocker.message.urls import Url

MAX_NESTED = 6
"""Documents inside each other that are read; one further in counts as an address that leads nowhere."""

Kind = Literal["html", "xml", "css"]
_KINDS: dict[str, Kind] = {
    "text/html": "html",
    "application/xhtml+xml": "xml",
    "image/svg+xml": "xml",
    "text/xml": "xml",
    "application/xml": "xml",
    "text/css": "css",
}
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}|[\t\n\r]")
_FOLD = re.compile(r"\n[ \t]")
_ESCAPE = re.compile(r"\\[nN,;\\]")
_DESCRIPTION = re.compile(r"^(?:X-ALT-DESC|STYLED-DESCRIPTION)(?=[;:])", re.IGNORECASE | re.MULTILINE)
_PARAMETERS = re.compile(r'(?:[^":\n]++|"[^"\n]*+")*+:')
_STRIP = "".join(map(chr, range(0x21)))

Way = Callable[[int, int], Span]
"""From a span of a document's text to where it stands in the document around it."""


class Nested(Markup):
    """A document inside another one."""

    def __init__(
        self,
        outer: HtmlDocument | Nested,
        text: str,
        kind: Kind,
        holder: Holder,
        way: Way | None,
        base: Url | None,
    ) -> None:
        self.outer = outer
        self.text = text
        self.kind = kind
        self.depth = outer.depth + 1
        self._holder = holder
        self._way = way
        self._base = base

    @property
    def root(self) -> HtmlDocument:
        """The document of the part that all of it stands in."""
        return self.outer.root

    @property
    def part(self) -> Part:
        """That part."""
        return self.outer.part

    @property
    def outer_base(self) -> Url | None:
        """The base of the document around it, where it inherits one."""
        return self._base

    def place(self, span: Span, vector: str) -> tuple[Span, str]:
        """Where a span stands in the text of the root, and as what: `vector`, or what holds the layer that hides it."""
        if self._way is None:
            return self.outer.place(self._holder.span, self._holder.vector)
        return self.outer.place(self._way(*span), vector)


class Holder(NamedTuple):
    """The value that holds a document: its span in the text around, and its vector."""

    span: Span
    vector: str


class Value(NamedTuple):
    """A value of `outer` that may hold a document: text[start:end] of what `inside` leads back from."""

    outer: HtmlDocument | Nested
    holder: Holder
    inside: Inside
    text: str
    start: int
    """Where the text stands in the value; -1 where its letters are written in another way."""

    def way(self, mapping: Mapping | None = None, offset: int = 0) -> Way | None:
        """The way back from a document that begins at `offset`, through `mapping`."""
        if self.start < 0 or not self.inside.exact:
            return None
        begin, inside = self.start + offset, self.inside
        if mapping is None:
            return lambda start, end: inside.span(begin + start, begin + end)
        return lambda start, end: inside.span(begin + mapping.start(start), begin + mapping.end(end))


def in_srcdoc(value: Value) -> Nested:
    """The document of an <iframe srcdoc>; relative URLs in it are relative to the page's (HTML, section 2.4.3)."""
    return Nested(value.outer, value.text, "html", value.holder, value.way(), value.outer.base)


def in_data(value: Value, sheet: bool) -> Nested | None:
    """The document (with `sheet`: the style sheet) in a data: URL (RFC 2397, as the Fetch Standard reads it)."""
    text = value.text
    comma = text.find(",")
    head = text[:comma].translate({9: None, 10: None, 13: None}).strip(_STRIP).lower()
    kind = _KINDS.get(head[5:].partition(";")[0].strip()) if comma >= 0 and head[:5] == "data:" else None
    if kind is None or (kind == "css") != sheet:
        return None
    body = text[comma + 1 :].partition("#")[0]
    if head.rpartition(";")[2].strip() == "base64":
        return Nested(value.outer, _from_base64(body), kind, value.holder, None, None)
    decoded, mapping = replaced(body, _PERCENT, _percent)
    return Nested(value.outer, decoded, kind, value.holder, value.way(mapping, comma + 1), None)


def in_calendar(document: HtmlDocument) -> Iterator[Nested]:
    """The HTML descriptions of a calendar (X-ALT-DESC of Outlook; RFC 9073, section 6.5)."""
    unfolded, folds = replaced(document.text, _FOLD, _nothing)
    for name in _DESCRIPTION.finditer(unfolded):
        parameters = _PARAMETERS.match(unfolded, name.end())
        if parameters is None:
            continue
        begin = parameters.end()
        end = unfolded.find("\n", begin)
        value = unfolded[begin : end if end >= 0 else len(unfolded)]
        text, escapes = replaced(value, _ESCAPE, _unescaped)
        yield Nested(
            document, text, "html", Holder((0, 0), ""), _through(begin, escapes, folds), document.base
        )


def _through(begin: int, escapes: Mapping, folds: Mapping) -> Way:
    return lambda start, end: (folds.start(begin + escapes.start(start)), folds.end(begin + escapes.end(end)))


def replaced(text: str, token: re.Pattern[str], meaning: Callable[[str], str]) -> tuple[str, Mapping]:
    """The text with each token replaced by what it means, one character or none, and the way back."""
    pieces: list[str] = []
    starts: list[int] = []
    raw: list[int] = []
    ends: list[int] = []
    out = position = 0
    for match in token.finditer(text):
        begin, end = match.span()
        if begin > position:
            pieces.append(text[position:begin])
            starts.append(out)
            raw.append(position)
            ends.append(begin)
            out += begin - position
        position = end
        character = meaning(match.group())
        if character:
            pieces.append(character)
            starts.append(out)
            raw.append(begin)
            ends.append(end)
            out += 1
    if position < len(text) or not starts:
        pieces.append(text[position:])
        starts.append(out)
        raw.append(position)
        ends.append(len(text))
        out += len(text) - position
    return "".join(pieces), Mapping(starts, raw, ends, out)


def _percent(token: str) -> str:
    # A byte a character: what markup is made of is ASCII.
    return chr(int(token[1:], 16)) if token[0] == "%" else ""


def _nothing(_: str) -> str:
    return ""


def _unescaped(token: str) -> str:
    return "\n" if token[1] in "nN" else token[1]


def _from_base64(body: str) -> str:
    data = re.sub(rb"[\t\n\f\r ]", b"", unquote_to_bytes(body)).rstrip(b"=")
    try:
        return b64decode(data + b"=" * (-len(data) % 4)).decode("latin-1")
    except Error:
        return ""
