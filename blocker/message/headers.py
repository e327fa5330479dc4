"""Header fields of a message or part, as spans of the raw bytes (RFC 5322, section 2.2).

The grammar of what still counts as a header line follows the standard library's feed parser, so that
both agree on where a body begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import collapse_rfc2231_value, decode_params, unquote
from functools import lru_cache
from typing import NamedTuple

MAX_HEADER_BYTES = 1 << 20
"""Header bytes read of one part; what lies beyond is body."""
MAX_VALUE_BYTES = 16 << 10
"""Bytes of one field's value that are ever interpreted."""

_FIELD_LINE = re.compile(rb"[\x21-\x39\x3b-\x7e]*:|[\t ]|From ")
_PLAIN_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]+):.*\n(?:[ \t].*\n)*")
"""A field as it should be, with its continuation lines, where no line ends with a carriage return alone."""
_WHITE = re.compile(r"[ \t]*[\r\n]+[ \t]*")


class Field(NamedTuple):
    """One header field: name in lower case, and where its bytes stand."""

    name: str
    start: int
    value_start: int
    end: int
    """After the last line end of the field."""


class Headers:
    """The header section of one part."""

    __slots__ = ("_firsts", "_index", "cut", "end", "fields", "raw", "start")

    def __init__(self, raw: bytes, start: int, fields: Sequence[Field], end: int, cut: bool = False) -> None:
        self.raw = raw
        self.start = start
        self.fields = fields
        self.end = end
        """Where the body starts: after the empty line, or at the first line that is no header line."""
        self.cut = cut
        """The bound on header bytes was reached: there may be more fields."""
        self._firsts: dict[str, str] = {}
        self._index: dict[str, list[Field]] = {}
        for field in fields:
            self._index.setdefault(field.name, []).append(field)

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __contains__(self, name: str) -> bool:
        return name in self._index

    def all(self, name: str) -> list[str]:
        """Unfolded values of a field, in order, bytes above 127 as surrogates; encoded words stay encoded."""
        return [self._value(field) for field in self._index.get(name.lower(), ())]

    def first(self, name: str) -> str:
        """The first value of a field, unfolded, or an empty string."""
        value = self._firsts.get(name)
        if value is None:
            fields = self._index.get(name)
            value = self._firsts[name] = self._value(fields[0]) if fields else ""
        return value

    def text(self, name: str) -> str:
        """The first value with its encoded words (RFC 2047) decoded, fit to be shown."""
        return decode_words(self.first(name))

    def _value(self, field: Field) -> str:
        value = self.raw[field.value_start : min(field.end, field.value_start + MAX_VALUE_BYTES)]
        text = value.decode("ascii", "surrogateescape").strip(" \t\r\n")
        return _WHITE.sub(" ", text) if "\n" in text or "\r" in text else text


def decode_words(value: str) -> str:
    """Encoded words (RFC 2047) and raw 8-bit text, decoded as well as can be; never fails."""
    if "=?" not in value:
        return value if value.isascii() else _from_bytes(value.encode("ascii", "surrogateescape"))
    try:
        chunks = decode_header(value.encode("ascii", "surrogateescape").decode("latin-1"))
    except (HeaderParseError, ValueError):
        return value.encode("ascii", "surrogateescape").decode("utf-8", "replace")
    out = []
    for chunk, charset in chunks:
        if isinstance(chunk, str):
            out.append(_from_bytes(chunk.encode("latin-1", "replace")))
            continue
        try:
            out.append(chunk.decode(charset or "latin-1", "replace"))
        except (LookupError, ValueError):
            out.append(_from_bytes(chunk))
    return "".join(out)


def _from_bytes(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace")


def read_headers(raw: bytes, start: int, end: int) -> Headers:
    """The header section that begins at `start` and cannot reach beyond `end`."""
    most = min(end, start + MAX_HEADER_BYTES)
    fields, position = _plain_fields(raw, start, most)
    if raw.startswith(b"\r\n", position, most):
        return Headers(raw, start, fields, position + 2)
    fields, body = _any_fields(raw, start, position, min(_section_end(raw, position, end), most), fields)
    return Headers(raw, start, fields, body, body == start + MAX_HEADER_BYTES)


def _plain_fields(raw: bytes, start: int, end: int) -> tuple[list[Field], int]:
    """The fields from `start` on that are as they should be, nearly always all, and where they end."""
    fields: list[Field] = []
    position, plain, named, add = start, _PLAIN_FIELD.match, _name, fields.append
    while match := plain(raw, position, end):
        name, after = match[1], match.end()
        add(Field(named(name), position, position + len(name) + 1, after))
        position = after
    if raw.count(b"\r", start, position) != raw.count(b"\r\n", start, position):
        return [], start
    return fields, position


def _any_fields(
    raw: bytes, start: int, position: int, stop: int, fields: list[Field]
) -> tuple[list[Field], int]:
    """`fields`, which end at `position`, with those after them, read line by line; and where the body begins."""
    name, field_start, value_start = "", -1, -1
    body, envelope = position, -1
    for line in raw[position:stop].splitlines(keepends=True):
        match = _FIELD_LINE.match(line)
        if match is None:
            if not line.strip(b"\r\n"):
                body += len(line)
            break
        token = match.group()
        if token not in (b" ", b"\t"):
            if field_start >= 0:
                fields.append(Field(name, field_start, value_start, position))
                field_start = -1
            if token != b"From " and token != b":":
                name = _name(token[:-1])
                field_start, value_start = position, position + len(token)
        # An envelope line amid the fields belongs to none; a last one starts the body.
        envelope = position if token == b"From " and position != start else -1
        position += len(line)
        body = position
    if envelope >= 0:
        body = envelope
    if field_start >= 0:
        fields.append(Field(name, field_start, value_start, position))
    return fields, body


@lru_cache(maxsize=512)
def _short_name(name: bytes) -> str:
    return name.decode("ascii").lower()


def _name(name: bytes) -> str:
    """A field's name in lower case; the few that all mail has are remembered."""
    return _short_name(name) if len(name) <= 40 else name.decode("ascii").lower()


def _section_end(raw: bytes, start: int, end: int) -> int:
    """A place at or after the end of the header section, found without looking at each line."""
    if raw.startswith((b"\n", b"\r"), start):
        return min(start + 2, end)
    window, stop = 4096, min(start + 4096, end)
    while True:
        found = -1
        for mark in (b"\n\n", b"\n\r\n", b"\r\r"):
            at = raw.find(mark, start, stop)
            if at >= 0:
                found = stop = at + len(mark)
        if found >= 0 or stop >= end:
            break
        window *= 8
        stop = min(start + window, end)
    return min(stop + 1, end) if raw[stop - 1 : stop + 1] == b"\r\n" else stop


def parameters(value: str) -> dict[str, str]:
    """The parameters of a Content-Type or Content-Disposition value, by lower-case name; the first of a name counts.

    Split, unquoted and decoded (RFC 2045, RFC 2231) as the standard library does it, in linear time and
    without failing; characters above 127 stand for the bytes of the same number.
    """
    value = value.encode("ascii", "surrogateescape").decode("latin-1")
    pairs = [_pair(piece) for piece in _pieces(value)]
    decoded: Sequence[tuple[str, str | tuple[str | None, str | None, str]]] = pairs
    if "*" in value:
        with suppress(
            ValueError, TypeError
        ):  # what RFC 2231 says of these cannot be followed: taken as written
            decoded = decode_params(pairs)
    found: dict[str, str] = {}
    for name, text in decoded[1:]:
        if isinstance(text, tuple):
            text = (text[0], text[1], unquote(text[2]))
            try:
                plain = collapse_rfc2231_value(text)
            except ValueError:
                plain = text[2]
        else:
            plain = unquote(text)
        found.setdefault(name.lower(), plain)
    return found


def _pieces(value: str) -> Iterator[str]:
    """The value cut at each semicolon that no quotes enclose."""
    start, size = 0, len(value)
    while start <= size:
        position, quotes = start, 0
        while True:
            end = value.find(";", position)
            if end < 0:
                end = size
                break
            quotes += value.count('"', position, end) - value.count('\\"', position, end)
            if quotes % 2 == 0:
                break
            position = end + 1
        yield value[start:end]
        start = end + 1


def _pair(piece: str) -> tuple[str, str]:
    name, _, text = piece.partition("=")
    return name.strip(), text.strip()
