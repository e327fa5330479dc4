"""One HTML part: its tree, and the way from a place in the tree to the raw bytes of the message.

The tree is turbohtml's (WHATWG parsing). Its offsets count characters of the newline-normalised
text; `HtmlDocument.raw_span` undoes newlines, charset and transfer encoding, in that order.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property
from html import unescape as unescape_html
from typing import TYPE_CHECKING

import turbohtml
from turbohtml import Document, Element

from blocker.message.charset import Text, decode_text
from blocker.message.transfer import decode, mapping
from blocker.message.urls import Url, parse

if TYPE_CHECKING:
    from blocker.message.mime import Part
    from blocker.message.model import Span

MAX_HTML = 8 << 20
"""Characters of one HTML part that are parsed; what lies beyond is not looked at."""

_CRLF = re.compile("\r\n")
_NEWLINE = re.compile("\n")
_CHARACTER_REFERENCE = re.compile(r"&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);?")
_SPACE = " \t\n\f\r"


class HtmlDocument:
    """A text/html leaf (or one like it), parsed."""

    def __init__(self, raw: bytes, part: Part) -> None:
        self.part = part
        self._body = raw[part.start : part.end]
        self._decoded = decode(part.encoding, self._body)
        self._source: Text = decode_text(self._decoded, part.charset)
        text = self._source.text
        self.cut = len(text) > MAX_HTML
        if self.cut:
            text = text[:MAX_HTML]
        self._had_returns = "\r" in text
        self._original = text
        if self._had_returns:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        self.text: str = text
        """The markup, newlines normalised: all offsets of references count in it."""

    @cached_property
    def tree(self) -> Document:
        """The parsed document."""
        return turbohtml.parse(self.text, source_locations=True)

    @cached_property
    def lowered(self) -> str:
        """The markup in lower case, to look for what it cannot hold."""
        return self.text.lower()

    @cached_property
    def base(self) -> Url | None:
        """The URL that relative ones are resolved against, where a <base> gives one."""
        if "<base" not in self.lowered:
            return None
        element = self.tree.select_one("base[href]")
        href = element.attr("href") if element is not None else None
        return parse(href) if isinstance(href, str) else None

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
            return self.part.start, self.part.end
        offset = self.part.start
        return offset + way.start(first), offset + way.end(last)

    @cached_property
    def way_back(self):  # type: ignore[no-untyped-def]
        """The mapping from decoded bytes to the encoded body, or None where it is uncertain."""
        return mapping(self.part.encoding, self._body, self._decoded)

    @cached_property
    def _returns(self) -> list[int] | None:
        """Normalised offsets of the newlines that were CRLF; None where every newline was."""
        pairs = self._original.count("\r\n")
        if pairs == self.text.count("\n"):
            return None
        return [match.start() - index for index, match in enumerate(_CRLF.finditer(self._original))]

    def _with_returns(self, offset: int) -> int:
        returns = self._returns
        if returns is None:
            return offset + self.text.count("\n", 0, offset)
        return offset + bisect_left(returns, offset)

    def value_span(self, element: Element, attribute: str) -> Span:
        """Span (in `text`) of an attribute's value, without its quotes."""
        location = element.source_location
        where = location.attrs.get(attribute) if location is not None else None
        if where is None:
            return 0, 0
        return value_span(self.text, where.start_offset, where.end_offset)


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


def inner_span(text: str, span: Span, value: str, start: int, end: int) -> Span:
    """Where value[start:end] stands, `value` being text[span] with its character references decoded.

    The whole value's span where that cannot be told with certainty.
    """
    source = text[span[0] : span[1]]
    if source == value:
        return span[0] + start, span[0] + end
    offsets: list[int] = []
    position = 0
    for match in _CHARACTER_REFERENCE.finditer(source):
        offsets.extend(range(position, match.start()))
        decoded = unescape_html(match.group())
        if decoded == match.group():
            offsets.extend(range(match.start(), match.end()))
        else:
            offsets.extend([match.start()] * len(decoded))
        position = match.end()
    offsets.extend(range(position, len(source)))
    if len(offsets) != len(value):
        return span
    offsets.append(len(source))
    return span[0] + offsets[start], span[0] + offsets[end]


class Tag:
    """A start tag inside a conditional comment: what an Element offers, as far as references need it."""

    __slots__ = ("attrs", "offset", "source", "tag")

    def __init__(self, tag: str, attrs: dict[str, str], source: str, offset: int) -> None:
        self.tag = tag
        self.attrs = attrs
        self.source = source
        self.offset = offset

    def value_span(self, attribute: str) -> Span:
        """Span of an attribute's value in the document's text."""
        for name, start, end in _attributes(self.source):
            if name == attribute:
                first, last = value_span(self.source, start, end)
                return self.offset + first, self.offset + last
        return self.offset, self.offset


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


def conditional_comments(document: HtmlDocument) -> list[tuple[str, str, int]]:
    """Downlevel-hidden conditional comments: condition, markup inside, and its offset in `text`.

    Outlook's Word engine reads what stands in them (Microsoft, "About conditional comments").
    """
    text = document.text
    if "[if" not in document.lowered:
        return []
    found: list[tuple[str, str, int]] = []
    position = 0
    for comment in document.tree.xpath("//comment()"):
        data = getattr(comment, "data", "") or ""
        at = text.find("<!--" + data, position)
        if at < 0:
            continue
        position = at + 4 + len(data)
        head = data.lstrip()
        if not head[:3].lower() == "[if":
            continue
        opened = data.find("]>")
        if opened < 0:
            continue
        inner = data[opened + 2 :]
        found.append((data[data.find("[if") + 3 : opened].strip(), inner, at + 4 + opened + 2))
    return found


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
