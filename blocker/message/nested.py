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

from blocker.message.charset import decode_text
from blocker.message.html import HtmlDocument, Markup, normalised
from blocker.message.inside import Inside
from blocker.message.model import Span
from blocker.message.transfer import Mapping

if TYPE_CHECKING:
    from blocker.message.mime import Part
    from blocker.message.urls import Url

MAX_NESTED = 6
"""Documents inside each other that are read; one further in counts as an address that leads nowhere."""

Kind = Literal["html", "xml", "css"]
_XML = frozenset({"text/xml", "application/xml"})
"""XML by its type alone, beside all that end with `+xml`."""
_PERCENT = re.compile(r"%0[dD]%0[aA]|%[0-9A-Fa-f]{2}|[\t\n\r]")
_RETURN = re.compile(r"\r\n?")
_BASE64 = re.compile(r";[ ]*base64[ ]*\Z", re.IGNORECASE)
_CHARSET = re.compile(r";[ ]*charset=([^;]*)", re.IGNORECASE)
_BYTE_A_CHARACTER = frozenset(
    {"", "utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252"}
)
"""Charsets in which a byte of what markup is made of is a character."""
_FOLD = re.compile(r"\n[ \t]")
_ESCAPE = re.compile(r"\\[nN,;\\]")
_DESCRIPTION = re.compile(r"^(?:X-ALT-DESC|STYLED-DESCRIPTION)(?=[;:])", re.IGNORECASE | re.MULTILINE)
_PARAMETERS = re.compile(r'(?:[^":\n]++|"[^"\n]*+")*+:')
_OF_TREES = re.compile(r"(<[smf])[vare](?=(?:g|th|ameset|lect)[\s/>])", re.IGNORECASE)
"""The tags that make trees differ from the first one."""
_STRIP = "".join(map(chr, range(0x21)))

Way = Callable[[int, int], Span]
"""From a span of a document's text to where it stands in the document around it."""


class Nested(Markup):
    """A document inside another one."""

    def __init__(
        self,
        outer: Scope,
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
        self.again: Nested | None = None
        """The same as Chromium reads a page in a data: URL that names no charset: in that of the page around."""

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


class Tree(Markup):
    """Another tree of a document (see `trees`). What stands in it stands in its document, at the same places."""

    kind = "html"

    def __init__(self, document: HtmlDocument | Nested, *, scripting: bool, flat: bool) -> None:
        self.document = document
        self.text = document.text
        self.depth = document.depth
        self.scripting = scripting
        self.flat = flat

    @property
    def markup(self) -> str:
        """The text; for the look-ahead, with elements of no meaning in the place of those that make trees differ."""
        return _OF_TREES.sub(r"\1-", self.text) if self.flat else self.text

    @property
    def outer_base(self) -> Url | None:
        """That of its document."""
        return self.document.outer_base

    @property
    def root(self) -> HtmlDocument:
        """The document of the part."""
        return self.document.root

    @property
    def part(self) -> Part:
        """The part."""
        return self.document.part

    def place(self, span: Span, vector: str) -> tuple[Span, str]:
        """As in its document."""
        return self.document.place(span, vector)


Scope = HtmlDocument | Nested | Tree
"""What references and other documents stand in."""


class Holder(NamedTuple):
    """The value that holds a document: its span in the text around, and its vector."""

    span: Span
    vector: str


class Value(NamedTuple):
    """A value of `outer` that may hold a document: text[start:end] of what `inside` leads back from."""

    outer: Scope
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
    text, way = value.text, value.way()
    if "\r" in text:
        text, mapping = replaced(text, _RETURN, lambda _: "\n")
        way = value.way(mapping)
    return Nested(value.outer, text, "html", value.holder, way, value.outer.base)


def in_data(value: Value, kind: Kind | None = None, charset: str = "") -> Nested | None:
    """The document in a data: URL (RFC 2397, as the Fetch Standard reads it).

    `kind` is what it is read as whatever type it says: a style sheet may be of any in pages in quirks mode. `charset` is
    that of the element, where it names one.
    """
    inner = _in_data(value, kind, charset)
    page = value.outer.root.charset
    if page and inner is not None and inner.kind == "html" and not inner.text.isascii():
        other = _in_data(value, kind, page)
        inner.again = other if other is not None and other.text != inner.text else None
    return inner


def _in_data(value: Value, kind: Kind | None, charset: str) -> Nested | None:
    text = value.text
    comma = text.find(",")
    head = text[:comma].translate({9: None, 10: None, 13: None}).strip(_STRIP)
    if comma < 0 or head[:5].lower() != "data:":
        return None
    kind = kind or _kind(head[5:])
    if kind is None:
        return None
    body = text[comma + 1 :].partition("#")[0]
    named = _CHARSET.search(head)
    label = named[1].strip().lower() if named is not None else charset.strip().lower()
    page = value.outer.root.charset if kind == "css" else ""
    if _BASE64.search(head) is not None:
        text = _text(_from_base64(body), label, kind, page)
        return Nested(value.outer, text, kind, value.holder, None, None)
    decoded, mapping = replaced(body, _PERCENT, _percent)
    wide = decoded[:2] in ("\xff\xfe", "\xfe\xff") or "\0" in decoded or decoded.startswith("@charset")
    if wide or (label or page) not in _BYTE_A_CHARACTER:
        meant = _text(decoded.encode("latin-1", "replace"), label, kind, page)
        if len(meant) != len(decoded):  # no byte a character: where each stands is not to be told
            return Nested(value.outer, meant, kind, value.holder, None, None)
        decoded = meant
    return Nested(value.outer, decoded, kind, value.holder, value.way(mapping, comma + 1), None)


def _kind(head: str) -> Kind | None:
    """What a browser reads a data: URL as; Chromium does so too where slashes stand before the type."""
    essence = head.partition(";")[0].strip().strip("/").lower()
    if essence == "text/html":
        return "html"
    return "xml" if essence in _XML or essence.endswith("+xml") else None


def _text(data: bytes, label: str, kind: Kind, page: str) -> str:
    """The text of a document; where the charset is told nowhere, that of two or four bytes a character counts too.

    A style sheet that names none has that of the `page` (CSS Syntax Level 3, section 3.2).
    """
    named = label or ("" if data.startswith(b"@charset") else page)
    text = normalised(decode_text(data, named or None, kind == "css").text)
    return text.replace("\0", "")


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
    if token[0] != "%":
        return ""
    character = chr(int(token[1:3], 16))
    return "\n" if character == "\r" else character


def _nothing(_: str) -> str:
    return ""


def _unescaped(token: str) -> str:
    return "\n" if token[1] in "nN" else token[1]


def _from_base64(body: str) -> bytes:
    data = re.sub(rb"[\t\n\f\r ]", b"", unquote_to_bytes(body)).rstrip(b"=")
    try:
        return b64decode(data + b"=" * (-len(data) % 4))
    except Error:
        return b""
