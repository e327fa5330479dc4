"""Header fields of a message or part, as spans of the raw bytes (RFC 5322, section 2.2).

A header ends where the standard library's feed parser ends it, but for one thing: lines that are no field (white space
before the colon, an 8-bit name, `>From`, words) end it for that parser and for no mail program, so they do not where a
well-known field still follows. Where the body may begin at another place for some, `Headers.others` holds that reading.
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

_FIELD_LINE = re.compile(rb"[\t ]|From |([\x21-\x39\x3b-\x7e]*):")
_LOOSE_LINE = re.compile(rb"\r*(?:\xef\xbb\xbf)?([\x21-\x39\x3b-\x7e]+)[\t \0]*:")
"""A field after a byte order mark, or with white space before its colon."""
_WELL_KNOWN = re.compile(
    r"(?:content|x|list|mime|message|return|reply|dkim|disposition|generate|read|auto|feedback)-[!-~]+"
    r"|from|to|cc|subject|date|received|sender"
)
"""Names by which a line is told to be of a header."""
_LINES = re.compile(rb"[^\n]*\n|[^\n]+")
_PLAIN_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]{1,40}+):.*+\n(?:[ \t].*+\n)*+|(?s:.)")
"""A field as it should be, with its continuation lines, where no line ends with a carriage return alone; or anything else."""
_LONE_RETURN = re.compile(rb"\r(?!\n)")
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

    __slots__ = ("_firsts", "_index", "cut", "end", "fields", "others", "raw", "start")

    def __init__(self, raw: bytes, start: int, fields: Sequence[Field], end: int, cut: bool = False) -> None:
        self.raw = raw
        self.start = start
        self.fields = fields
        self.end = end
        """Where the body starts: after the empty line, or at the first line that is no header line."""
        self.cut = cut
        """The bound on header bytes was reached: there may be more fields."""
        self.others: tuple[Headers, ...] = ()
        """The same section as other programs read it: it ends elsewhere, or has other fields."""
        self._firsts: dict[str, str] = {}
        self._index: dict[str, list[Field]] = {}
        index = self._index
        for field in fields:
            name = field[0]
            if name in index:
                index[name].append(field)
            else:
                index[name] = [field]

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __contains__(self, name: str) -> bool:
        return name in self._index

    def has_any(self, names: frozenset[str]) -> bool:
        """Whether there is a field of one of these names."""
        return not names.isdisjoint(self._index)

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

    def is_repeated(self, name: str) -> bool:
        """Whether there are several fields of this name, of which programs take the first or the last."""
        found = self._index.get(name)
        return found is not None and len(found) > 1

    def repeats(self, names: Sequence[str]) -> bool:
        """Whether there are several fields of one of these names."""
        if len(self._index) == len(self.fields):
            return False
        return any(map(self.is_repeated, names))

    def is_long(self, name: str) -> bool:
        """Whether a field of this name goes on after what of it is interpreted."""
        return any(field.end - field.value_start > MAX_VALUE_BYTES for field in self._index.get(name, ()))

    def is_any_long(self, names: Sequence[str]) -> bool:
        """The same for one of these names; no field is longer than the section."""
        return self.end - self.start > MAX_VALUE_BYTES and any(map(self.is_long, names))

    def readings(self, name: str) -> list[Headers]:
        """The section for those who take the first field of this name and for those who take the last, if they differ."""
        found = self._index.get(name, ())
        if len(found) < 2:
            return [self]
        one = [found[0]] if self._value(found[0]) == self._value(found[-1]) else [found[0], found[-1]]
        return [self._with_only(field) for field in one]

    def _with_only(self, only: Field) -> Headers:
        fields = [field for field in self.fields if field.name != only.name or field is only]
        return Headers(self.raw, self.start, fields, self.end, self.cut)

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
    stop = min(_section_end(raw, position, end), most)
    lines = raw[position:stop].splitlines(keepends=True)
    headers = _any_fields(raw, start, position, lines, fields)
    # What follows the last field within the bound may be the beginning of another one.
    headers.cut = headers.cut or (most < end and raw.find(b"\n", headers.end, most) < 0)
    if raw.startswith((b" ", b"\t"), start):
        headers.others = (*headers.others, *_with_folded_first(headers, lines[0]))
    if raw.count(b"\r", start, headers.end) != raw.count(b"\r\n", start, headers.end):
        return _by_line_feeds(raw, end, headers)
    return headers


def _with_folded_first(headers: Headers, line: bytes) -> Iterator[Headers]:
    """The reading of those for whom a field may be the first line of a header though white space stands before it."""
    start = headers.start
    indent = len(line) - len(line.lstrip(b" \t"))
    match = _LOOSE_LINE.match(line, indent)
    if match is not None:
        end = headers.fields[0].start if headers.fields else headers.end
        first = Field(_name(match[1]), start, start + match.end(), end)
        yield Headers(headers.raw, start, [first, *headers.fields], headers.end, headers.cut)


def _by_line_feeds(raw: bytes, end: int, headers: Headers) -> Headers:
    """`headers` with the reading of those for whom a carriage return alone ends no line, or the other way round.

    That reading counts where it alone says what the body is.
    """
    most = min(end, headers.start + MAX_HEADER_BYTES)
    lines = []
    for match in _LINES.finditer(raw, headers.start, most):
        lines.append(match.group())
        if not lines[-1].strip(b"\r\n"):
            break
    other = _any_fields(raw, headers.start, headers.start, lines, [])
    if "content-type" not in other or other.end == headers.end:
        return headers
    first, second = (headers, other) if "content-type" in headers else (other, headers)
    first.others = (*first.others, second)
    return first


def _plain_fields(raw: bytes, start: int, end: int) -> tuple[list[Field], int]:
    """The fields from `start` on that are as they should be, nearly always all, and where they end."""
    fields: list[Field] = []
    position, named, add, made = start, _short_name, fields.append, tuple.__new__
    for match in _PLAIN_FIELD.finditer(raw, start, end):
        name = match[1]
        if name is None:
            break
        after = match.end()
        # Without the detour over `Field.__new__`: a message has dozens.
        add(made(Field, (named(name), position, position + len(name) + 1, after)))
        position = after
    return ([], start) if _LONE_RETURN.search(raw, start, position) is not None else (fields, position)


def _any_fields(
    raw: bytes, start: int, position: int, lines: Sequence[bytes], fields: list[Field]
) -> Headers:
    """The section whose `fields` end at `position`, with those of the `lines` there."""
    begun, before = position, fields.copy()
    strict, body, taken = _strict_fields(start, position, lines, fields)
    headers = Headers(raw, start, strict, body, body == start + MAX_HEADER_BYTES)
    if taken == len(lines):
        return headers
    loose, end = _loose_fields(begun, lines, before)
    if not any(field.start >= body and _WELL_KNOWN.fullmatch(field.name) for field in loose):
        return headers
    found = Headers(raw, start, loose, end, end == start + MAX_HEADER_BYTES)
    found.others = (headers,)
    return found


def _strict_fields(
    start: int, position: int, lines: Sequence[bytes], fields: list[Field]
) -> tuple[list[Field], int, int]:
    """`fields`, which end at `position`, with those of the `lines` after them, where the body begins, lines taken."""
    name, field_start, value_start = "", -1, -1
    body, envelope, taken = position, -1, 0
    for line in lines:
        match = _FIELD_LINE.match(line)
        if match is None:
            if not line.strip(b"\r\n"):
                body += len(line)
                taken = len(lines)
            break
        taken += 1
        token = match.group()
        if token not in (b" ", b"\t"):
            if field_start >= 0:
                fields.append(Field(name, field_start, value_start, position))
                field_start = -1
            if token != b"From " and token != b":":
                name = _name(match[1])
                field_start, value_start = position, position + len(token)
        # An envelope line amid the fields belongs to none; a last one starts the body.
        envelope = position if token == b"From " and position != start else -1
        position += len(line)
        body = position
    if envelope >= 0:
        body = envelope
    if field_start >= 0:
        fields.append(Field(name, field_start, value_start, position))
    return fields, body, taken


def _loose_fields(position: int, lines: Sequence[bytes], fields: list[Field]) -> tuple[list[Field], int]:
    """The same up to the first empty line, whatever the lines before it are; and where the body begins."""
    opened: Field | None = None
    for line in lines:
        if not line.startswith((b" ", b"\t")):
            if opened is not None:
                fields.append(opened._replace(end=position))
            match = _LOOSE_LINE.match(line)
            opened = (
                Field(_name(match[1]), position, position + match.end(), -1) if match is not None else None
            )
        position += len(line)
        if not line.strip(b"\r\n"):
            break
    if opened is not None:
        fields.append(opened._replace(end=position))
    return fields, position


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
