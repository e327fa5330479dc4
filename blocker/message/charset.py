"""Charsets: decoding a part's text, and the way back from characters to bytes.

A byte order mark outranks what is declared (https://encoding.spec.whatwg.org/#decode); names are read as in `labels`.
Where none is declared, or an unknown one, the markup may name it (HTML, section 13.2.3.2); else it is UTF-8 if the
bytes are that, or windows-1252. `Text.offset` maps a character offset to a byte offset, lazily.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_left

from blocker.message.labels import (
    USER_DEFINED,
    UTF_8,
    WIDE,
    is_ascii_safe,
    is_single_byte,
    is_superset,
    meaning,
)

MAX_PRESCAN = 1024
"""Bytes at the start of a document in which it may name its charset (HTML, section 13.2.3.2)."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_NAMED = re.compile(
    rb"(?:charset|encoding)[\t\n\f\r ]*=[\t\n\f\r ]*[\"']?[\t\n\f\r ]*([^\"'\t\n\f\r ;>?]{1,40})"
)
_OF_SHEET = re.compile(rb'@charset "([^"]{1,40})";')
"""How a style sheet names its charset, in these very bytes at its start (CSS Syntax Level 3, section 3.2)."""
_MARKS = (
    (codecs.BOM_UTF8, UTF_8),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MARK_BYTES = frozenset(b"\xef\xfe\xff")
_WIDE_MARKS = {"utf-32-le": codecs.BOM_UTF32_LE, "utf-32-be": codecs.BOM_UTF32_BE}
_WIDE_START = re.compile(rb"(?:\s\0)*<\0|(\0\s)*\0<")
"""Markup in UTF-16 that neither a mark nor a name tells."""
_USER_DEFINED = {byte: 0xF700 + byte for byte in range(0x80, 0x100)}


class Codec(str):
    """A Python codec's name as another reading of a part has it: whatever the bytes begin with."""

    __slots__ = ()


class Text:
    """Decoded text of a part with its charset's Python name."""

    __slots__ = ("_asked", "_data", "_map", "charset", "text")

    def __init__(self, text: str, charset: str, data: bytes) -> None:
        self.text = text
        self.charset = charset
        self._data = data
        self._asked: tuple[list[int], list[int]] = ([0], [0])
        self._map: list[int] | None = None

    def offset(self, index: int) -> int:
        """Byte offset of the character at `index` (or of the end)."""
        if self.charset == "identity":
            return index
        if self.charset == "utf-8":
            return self._utf8_offset(index)
        if self._map is None:
            self._map = _character_starts(self._data, self.charset, len(self.text))
        return self._map[index] if index < len(self._map) else len(self._data)

    def encode(self, replacement: str) -> bytes:
        """ASCII text as it must stand in the part's bytes (in a stateful charset: in its ASCII state)."""
        wide = self.charset in WIDE
        return replacement.encode(self.charset if wide else "ascii")

    def _utf8_offset(self, index: int) -> int:
        # From the nearest place that was asked for before: any number of questions takes a few passes over the text.
        indexes, offsets = self._asked
        after = bisect_left(indexes, index)
        if after < len(indexes) and (after == 0 or indexes[after] - index < index - indexes[after - 1]):
            offset = offsets[after] - len(self.text[index : indexes[after]].encode("utf-8"))
        else:
            offset = offsets[after - 1] + len(self.text[indexes[after - 1] : index].encode("utf-8"))
        if after == len(indexes) or indexes[after] != index:
            indexes.insert(after, index)
            offsets.insert(after, offset)
        return offset


def decode_text(data: bytes, charset: str | None, sheet: bool = False) -> Text:
    """The text of `data`, perhaps a style sheet, under a declared charset. Never fails."""
    codec = charset if isinstance(charset, Codec) else _codec(data, charset, sheet)
    if data.isascii() and is_ascii_safe(codec):
        return Text(data.decode("ascii"), "identity", data)
    if codec == UTF_8:
        try:
            return Text(data.decode("utf-8"), "utf-8", data)
        except UnicodeDecodeError:
            return Text(data.decode("cp1252", "replace"), "identity", data)
    if codec == USER_DEFINED:
        return Text(data.decode("latin-1").translate(_USER_DEFINED), "identity", data)
    if is_single_byte(codec):
        return Text(data.decode(codec, "replace"), "identity", data)
    skip = _mark_length(data, codec)
    # Python's UTF-7 lets halves of surrogate pairs through, which no text may hold.
    text = _SURROGATE.sub("\ufffd", data[skip:].decode(codec, "replace"))
    return _OffsetText(text, str(codec), data, skip) if skip else Text(text, str(codec), data)


def other_codecs(data: bytes, charset: str | None) -> tuple[Codec, ...]:
    """The codecs by which some program reads other markup than `decode_text` does; nearly always none."""
    declared = meaning(charset)
    codec = _codec(data, charset)
    if not declared.others and (
        codec == declared.codec or (data[:3] == codecs.BOM_UTF8 and is_superset(declared.codec))
    ):
        return ()
    others = (declared.codec, *declared.others, UTF_8)
    return tuple(Codec(other) for other in dict.fromkeys(others) if other != codec)


def inherited(data: bytes, charset: str | None) -> str:
    """The charset of a page that what stands in it may inherit: one of several bytes a character; empty for another."""
    codec = charset if isinstance(charset, Codec) else _codec(data, charset)
    return "" if codec == UTF_8 or codec in WIDE or is_single_byte(codec) else str(codec)


def _codec(data: bytes, charset: str | None, sheet: bool = False) -> str:
    """The codec that a browser would take: by the mark, by the name, by what the markup says of itself."""
    declared = meaning(charset)
    if declared.codec in _WIDE_MARKS:
        for codec, mark in _WIDE_MARKS.items():
            if data.startswith(mark):
                return codec
    if data and data[0] in _MARK_BYTES:
        for mark, codec in _MARKS:
            if data.startswith(mark):
                return codec
    return declared.codec if declared.known else _told_inside(data[:MAX_PRESCAN], sheet)


def _told_inside(head: bytes, sheet: bool) -> str:
    """The codec that a document names in <meta> or in its XML declaration; UTF-8 where it names none that is known."""
    if b"\0" in head:
        wide = _WIDE_START.match(head)
        return UTF_8 if wide is None else "utf-16-le" if head[wide.end() - 1] == 0 else "utf-16-be"
    if b"=" not in head and not sheet:
        return UTF_8
    named = _OF_SHEET.match(head) if sheet else _NAMED.search(head.lower())
    codec = meaning(named[1].decode("ascii", "replace")).codec if named is not None else UTF_8
    # What could be read as ASCII is not UTF-16 (HTML, section 13.2.3.2); user-defined means windows-1252 there.
    return UTF_8 if codec in WIDE else "cp1252" if codec == USER_DEFINED else codec


def _mark_length(data: bytes, codec: str) -> int:
    """Octets of the byte order mark that is no part of the text."""
    if codec not in WIDE:
        return 0
    mark = "\ufeff".encode(codec)
    return len(mark) if data.startswith(mark) else 0


class _OffsetText(Text):
    """Text after a byte-order mark."""

    __slots__ = ("_skip",)

    def __init__(self, text: str, charset: str, data: bytes, skip: int) -> None:
        super().__init__(text, charset, data[skip:])
        self._skip = skip

    def offset(self, index: int) -> int:
        return self._skip + super().offset(index)


def _character_starts(data: bytes, charset: str, count: int) -> list[int]:
    """Byte offset of each of the `count` characters, found by feeding a decoder one byte at a time.

    Where the decoder gives up on broken sequences the rest counts as the end: an edit there is refused.
    """
    decoder = codecs.getincrementaldecoder(charset)("replace")
    starts: list[int] = []
    pending = 0
    try:
        for index in range(len(data)):
            produced = decoder.decode(data[index : index + 1])
            if produced:
                starts.extend([pending] * len(produced))
                pending = index + 1
        starts.extend([pending] * len(decoder.decode(b"", True)))
    except UnicodeError:
        starts.extend([len(data)] * (count - len(starts)))
    return starts[:count]
