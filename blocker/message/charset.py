"""Charsets: decoding a part's text, and the way back from characters to bytes.

Names are read as a browser reads them where that matters (Latin-1 and ASCII mean windows-1252,
https://encoding.spec.whatwg.org/#names-and-labels); an unknown name is UTF-8 if the bytes are that,
else windows-1252. `Text.offset` maps a character offset to a byte offset, lazily.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_left
from functools import lru_cache

_SURROGATE = re.compile("[\ud800-\udfff]")
_SINGLE_BYTE = re.compile(
    r"(cp125\d|cp85\d|cp437|cp866|cp874|iso8859-\d+|iso8859_\d+|koi8-[rut]|mac-[a-z]+|tis-620)\Z"
)
_WESTERN = frozenset({"ascii", "iso8859-1"})
_ASCII_WHEN_ASCII = frozenset(
    {
        "gb2312",
        "gbk",
        "gb18030",
        "big5",
        "big5hkscs",
        "euc_jp",
        "euc_kr",
        "cp949",
        "cp932",
        "cp950",
        "shift_jis",
    }
)
_NO_CHARSETS = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"})


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
        wide = self.charset in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
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


def decode_text(data: bytes, charset: str | None) -> Text:
    """The text of `data` under a declared charset. Never fails."""
    if data.isascii() and (charset is None or _is_ascii_safe(charset)):
        return Text(data.decode("ascii"), "identity", data)
    name = _codec_name(charset)
    if name == "utf-8":
        try:
            return Text(data.decode("utf-8"), "utf-8", data)
        except UnicodeDecodeError:
            return Text(data.decode("cp1252", "replace"), "identity", data)
    if _SINGLE_BYTE.match(name):
        return Text(data.decode(name, "replace"), "identity", data)
    if name in ("utf-16", "utf-32"):
        name, skip = _byte_order(data, name)
        if skip:
            text = data[skip:].decode(name, "replace")
            return _OffsetText(text, name, data, skip)
    # Python's UTF-7 lets halves of surrogate pairs through, which no text may hold.
    return Text(_SURROGATE.sub("\ufffd", data.decode(name, "replace")), name, data)


class _OffsetText(Text):
    """Text after a byte-order mark."""

    __slots__ = ("_skip",)

    def __init__(self, text: str, charset: str, data: bytes, skip: int) -> None:
        super().__init__(text, charset, data[skip:])
        self._skip = skip

    def offset(self, index: int) -> int:
        return self._skip + super().offset(index)


def _byte_order(data: bytes, name: str) -> tuple[str, int]:
    """The explicit codec of UTF-16 or UTF-32 and the length of its mark."""
    marks = {
        "utf-16": ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")),
        "utf-32": ((codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be")),
    }[name]
    for mark, codec in marks:
        if data.startswith(mark):
            return codec, len(mark)
    return f"{name}-le", 0


@lru_cache(maxsize=256)
def _codec_name(charset: str | None) -> str:
    if charset is None or len(charset) > 40:
        return "utf-8"
    try:
        info = codecs.lookup(charset)
    except (LookupError, ValueError):
        return "utf-8"
    name = info.name
    if not getattr(info, "_is_text_encoding", True) or name in _NO_CHARSETS:
        return "utf-8"
    return "utf-8" if name in ("ascii", "utf-8-sig") else "cp1252" if name in _WESTERN else name


@lru_cache(maxsize=256)
def _is_ascii_safe(charset: str) -> bool:
    """Whether ASCII bytes mean themselves, always."""
    name = _codec_name(charset)
    return name == "utf-8" or bool(_SINGLE_BYTE.match(name)) or name in _ASCII_WHEN_ASCII


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
