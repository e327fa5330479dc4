"""One HTML part: its tree, and the way from a place in the tree to the raw bytes of the message.

The tree is turbohtml's (WHATWG parsing). Its offsets count characters of the newline-normalised
text; `HtmlDocument.raw_span` undoes newlines, charset and transfer encoding, in that order.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from io import IncrementalNewlineDecoder
from itertools import accumulate
from typing import TYPE_CHECKING

import turbohtml
from turbohtml import Document, Element

from blocker.message.charset import Text, decode_text, inherited
from blocker.message.css import lists_images
from blocker.message.glance import Glance, glance
from blocker.message.means import Means, Shared
from blocker.message.once import once
from blocker.message.transfer import WayBack, decode, mapping, sound_base64
from blocker.message.urls import Url, clean, fetched, resolve

if TYPE_CHECKING:
    from blocker.message.mime import Part
    from blocker.message.model import Span

MAX_HTML = 8 << 20
"""Characters of one HTML part that are parsed; what lies beyond is not looked at."""

_NEWLINE = re.compile("\n")
_NO_SHADOW = "shadowrootnone"
_LONG = 128 << 10
_BODY = re.compile(r"<(?:[bB][oO][dD][yY]|[hH][tT][mM][lL])(?=[ \t\n\f/>])")
_MOST_BODIES = 100
"""<html> and <body> tags of a long text whose attributes are given to the first: the parser's time is quadratic in them."""
_SPACE = " \t\n\f\r"


class Markup:
    """Text with the tree that a browser makes of it: a part of a message, or a document inside one."""

    text: str
    """The markup, newlines normalised: all offsets of references count in it."""
    depth = 0
    """How many documents it stands in."""
    flat = False
    """Whether the tree is none, but what a look-ahead sees that knows no trees."""
    scripting = False
    """Whether the tree is that of a program which leaves scripting on: <noscript> holds text then, and no markup."""

    @once
    def tree(self) -> Document:
        """The parsed document; a shadow root's template is read as any other, for its elements are wanted too."""
        text = self.markup
        if self.glance.templates:
            text = _without_shadow_roots(text)
        if len(text) > _LONG:
            text = _with_few_bodies(text)
        return turbohtml.parse(text, source_locations=True, scripting=self.scripting)

    @once
    def glance(self) -> Glance:
        """What is looked for in the markup before it is parsed."""
        return glance(self.markup)

    @property
    def markup(self) -> str:
        """What the tree is made of: the text, or one in which some letters differ."""
        return self.text

    @once
    def carries_strings(self) -> bool:
        """Whether style rules may carry any string to where it is the URL of an image."""
        return self.base is not None and lists_images(self.text)

    @once
    def base(self) -> Url | None:
        """The URL that relative ones are resolved against, where a <base> or the surroundings give one."""
        outer = self.outer_base
        element = self.tree.select_one("base[href]")
        href = element.attr("href") if element is not None else None
        found = fetched(href, outer)[1] if isinstance(href, str) else None
        return found or outer

    @property
    def outer_base(self) -> Url | None:
        """The base where the markup names none itself."""
        return None

    def value_span(self, element: Element, attribute: str) -> Span:
        """Span (in `text`) of an attribute's value, without its quotes."""
        location = element.source_location
        where = location.attrs.get(attribute) if location is not None else None
        if where is None:
            return self._merged_span(element.tag, attribute)
        return value_span(self.text, where.start_offset, where.end_offset)

    def _merged_span(self, tag: str, attribute: str) -> Span:
        """The same for an attribute that a second <html> or <body> tag gave to the first (HTML, section 13.2.6.4.7)."""
        for piece in self._start_tags:
            if piece.tag == tag and attribute in piece.attrs:
                return piece.value_span(attribute)
        return 0, 0

    @once
    def _start_tags(self) -> list[Tag]:
        return [piece for piece in start_tags(self.text, 0) if piece.tag in ("html", "body")]


class HtmlDocument(Markup):
    """A leaf that is read for references: text/html, what is like it, a style sheet, a calendar."""

    def __init__(self, part: Part, kind: str, shared: Shared) -> None:
        self.part = part
        self.shared = shared
        """What the message's parts may be read again in common."""
        self.kind = kind
        """`html`, `xml` (read as HTML too), `xml only`, `css`, or `calendar`."""
        self._body = part.body
        sound = sound_base64(self._body) if part.encoding == "base64" else None
        self.sound = sound is not None
        """It is base64 that every program reads alike."""
        self._decoded = decode(part.encoding, self._body) if sound is None else sound
        self._source: Text = decode_text(self._decoded, part.charset, kind == "css")
        text = self._source.text
        self.cut = len(text) > MAX_HTML
        if self.cut:
            text = text[:MAX_HTML]
        self.means = Means(len(text), shared)
        self._had_returns = "\r" in text
        self._original = text
        self._asked: tuple[list[int], list[int]] = ([0], [0])
        """Places whose lines were counted, and how many stand before each."""
        self.text = normalised(text) if self._had_returns else text

    @property
    def root(self) -> HtmlDocument:
        """Itself: it stands in no other."""
        return self

    def place(self, span: Span, vector: str) -> tuple[Span, str]:
        """Where a span of the text stands, and as what: as it is."""
        return span, vector

    @property
    def outer_base(self) -> Url | None:
        """What Content-Base or Content-Location say (RFC 2110, section 4; RFC 2557, section 5)."""
        headers = self.part.headers
        for name in ("content-base", "content-location"):
            if name in headers:
                url = resolve(clean(headers.first(name).strip('"')), None)[1]
                if url is not None:
                    return url
        return None

    @once
    def charset(self) -> str:
        """The charset, of several bytes a character, that documents in it inherit; empty for another."""
        return inherited(self._decoded, self.part.charset)

    @property
    def decoded(self) -> bytes:
        """The part's body without its transfer encoding."""
        return self._decoded

    def encode(self, text: str) -> bytes:
        """ASCII text in the part's charset."""
        return self._source.encode(text)

    def decoded_span(self, start: int, end: int) -> Span:
        """A span of `text` as a span of `decoded`."""
        if self._had_returns:
            start, end = self._with_returns(start), self._with_returns(end)
        return self._source.offset(start), self._source.offset(end)

    def raw_span(self, start: int, end: int) -> Span:
        """A span of `text` as a span of the raw message: the whole part where it cannot be told."""
        first, last = self.decoded_span(start, end)
        way = self.way_back
        if way is None:
            return self.part.raw_span(self.part.start, self.part.end)
        offset = self.part.start
        return self.part.raw_span(offset + way.start(first), offset + way.end(last))

    @once
    def way_back(self) -> WayBack | None:
        """The mapping from decoded bytes to the encoded body, or None where it is uncertain."""
        return mapping(self.part.encoding, self._body, self._decoded)

    @once
    def _returns(self) -> list[int] | None:
        """Normalised offsets of the newlines that were CRLF; None where each was, as nearly always."""
        if len(self._original) - len(self.text) == self.text.count("\n"):
            return None
        lines = accumulate(map(len, self._original.split("\r\n")))
        return [end + index for index, end in enumerate(lines)]

    def _with_returns(self, offset: int) -> int:
        returns = self._returns
        return offset + (self._lines_before(offset) if returns is None else bisect_left(returns, offset))

    def _lines_before(self, offset: int) -> int:
        # From the nearest place that was asked for before: any number of questions takes a few passes over the text.
        offsets, lines = self._asked
        after = bisect_left(offsets, offset)
        if after < len(offsets) and (after == 0 or offsets[after] - offset < offset - offsets[after - 1]):
            count = lines[after] - self.text.count("\n", offset, offsets[after])
        else:
            count = lines[after - 1] + self.text.count("\n", offsets[after - 1], offset)
        if after == len(offsets) or offsets[after] != offset:
            offsets.insert(after, offset)
            lines.insert(after, count)
        return count


def normalised(text: str) -> str:
    """The text with each line end a line feed (Infra, section 4.7), as browsers see it."""
    return IncrementalNewlineDecoder(None, translate=True).decode(text, final=True)


def _without_shadow_roots(text: str) -> str:
    """The text, as long as before, with another attribute in the place of `shadowrootmode`."""
    pieces, position = [], 0
    for tag in start_tags(text, 0):
        if tag.tag == "template" and "shadowrootmode" in tag.attrs:
            start = tag.offset + next(
                at for name, at, _ in _attributes(tag.source) if name == "shadowrootmode"
            )
            pieces += [text[position:start], _NO_SHADOW]
            position = start + len(_NO_SHADOW)
    return "".join([*pieces, text[position:]])


def _with_few_bodies(text: str) -> str:
    """The text, as long as before, with the <html> and <body> tags beyond a bound as elements of their own that show nothing."""
    places = [found.start() for found in _BODY.finditer(text)]
    if len(places) <= _MOST_BODIES:
        return text
    first = places[_MOST_BODIES]
    return text[:first] + _BODY.sub("<wbr ", text[first:])


def value_span(text: str, start: int, end: int) -> Span:
    """Span of the value in `name = "value"`, which stands at start:end; empty where there is none."""
    equals = text.find("=", start + 1, end)
    if equals < 0:
        return end, end
    begin = equals + 1
    while begin < end and text[begin] in _SPACE:
        begin += 1
    if begin < end and text[begin] in "\"'":
        quote = text[begin]
        begin += 1
        closed = text.find(quote, begin, end)
        return begin, closed if closed >= 0 else end
    return begin, end


class Tag:
    """A start tag inside a conditional comment: what an Element offers, as far as references need it."""

    __slots__ = ("_places", "attrs", "offset", "source", "tag")

    def __init__(self, tag: str, attrs: dict[str, str], source: str, offset: int) -> None:
        self.tag = tag
        self.attrs = attrs
        self.source = source
        self.offset = offset
        self._places: dict[str, Span] | None = None

    def value_span(self, attribute: str) -> Span:
        """Span of an attribute's value in the document's text."""
        if self._places is None:
            self._places = {}
            for name, start, end in _attributes(self.source):
                self._places.setdefault(name, (start, end))
        place = self._places.get(attribute)
        if place is None:
            return self.offset, self.offset
        first, last = value_span(self.source, *place)
        return self.offset + first, self.offset + last


def _attributes(source: str) -> list[tuple[str, int, int]]:
    """Names and spans of the attributes of one start tag (HTML, section 13.2.5.32 and on)."""
    found: list[tuple[str, int, int]] = []
    size = len(source)
    position = 1
    while position < size and source[position] not in " \t\n\f\r/>":
        position += 1
    while position < size:
        while position < size and source[position] in " \t\n\f\r/":
            position += 1
        if position >= size or source[position] == ">":
            break
        start = position
        position += 1
        while position < size and source[position] not in " \t\n\f\r/>=":
            position += 1
        name = source[start:position].lower()
        after = position
        while after < size and source[after] in _SPACE:
            after += 1
        if after < size and source[after] == "=":
            position = _value_end(source, after + 1)
        found.append((name, start, position))
    return found


def _value_end(source: str, position: int) -> int:
    size = len(source)
    while position < size and source[position] in _SPACE:
        position += 1
    if position < size and source[position] in "\"'":
        closed = source.find(source[position], position + 1)
        return closed + 1 if closed >= 0 else size
    while position < size and source[position] not in " \t\n\f\r>":
        position += 1
    return position


def start_tags(markup: str, offset: int) -> list[Tag]:
    """The start tags of a piece of markup that need not be well formed; `offset` is where it stands."""
    starts = [0, *(match.end() for match in _NEWLINE.finditer(markup))]
    tags: list[Tag] = []
    for token in turbohtml.tokenize(markup, capture_source=True):
        if token.tag is None or not token.attrs or token.source is None:
            continue
        at = starts[token.line - 1] + token.col
        attributes: dict[str, str] = {}
        for name, value in token.attrs:
            attributes.setdefault(name, value or "")
        tags.append(Tag(token.tag, attributes, token.source, offset + at))
    return tags
