"""Content-Transfer-Encodings (RFC 2045, section 6): decoding, and the way back to raw offsets.

Decoding gives the same bytes as the standard library. A `Mapping` turns an offset in the decoded
bytes into one in the encoded body; it is built only when someone asks.
"""

from __future__ import annotations

import binascii
import re
from bisect import bisect_right
from email._encoded_words import decode_b  # type: ignore[import-not-found,unused-ignore]
from typing import TypeAlias

IDENTITY = frozenset({"", "7bit", "8bit", "binary"})
_QP_TOKEN = re.compile(rb"=(?:\n|\r[^\n]*\n?|=|[0-9A-Fa-f]{2})?")
_BASE64_RUN = re.compile(rb"[A-Za-z0-9+/]+")


def decode(encoding: str, body: bytes) -> bytes:
    """The decoded body; an unknown encoding is taken as it stands."""
    if encoding in IDENTITY:
        return body
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    if encoding == "base64":
        return _decode_base64(body)
    return body


def _decode_base64(body: bytes) -> bytes:
    joined = b"".join(body.splitlines())
    decoded: bytes = decode_b(joined)[0]
    return decoded


class Mapping:
    """Offsets of decoded bytes → offsets in the encoded body.

    The body is a sequence of runs: plain ones, in which both sides advance together, and escapes,
    which are one decoded byte. `starts` are the runs' decoded offsets, `raw` and `ends` their raw ones.
    """

    __slots__ = ("_ends", "_raw", "_size", "_starts")

    def __init__(self, starts: list[int], raw: list[int], ends: list[int], size: int) -> None:
        self._starts = starts
        self._raw = raw
        self._ends = ends
        self._size = size

    def start(self, offset: int) -> int:
        """Raw offset at which the decoded byte `offset` begins."""
        run = bisect_right(self._starts, offset) - 1
        if run < 0:
            return 0
        return min(self._raw[run] + offset - self._starts[run], self._ends[run])

    def end(self, offset: int) -> int:
        """Raw offset after the decoded byte `offset - 1`."""
        if offset <= 0:
            return 0
        run = bisect_right(self._starts, offset - 1) - 1
        following = self._starts[run + 1] if run + 1 < len(self._starts) else self._size
        if following - self._starts[run] == self._ends[run] - self._raw[run]:
            return self._raw[run] + offset - self._starts[run]
        return self._ends[run]


class Base64Mapping:
    """The same for base64, where three bytes share four characters."""

    __slots__ = ("_counts", "_runs", "_size")

    def __init__(self, body: bytes) -> None:
        self._size = len(body)
        """A last group that lacks its padding ends with the body."""
        self._runs: list[int] = []
        self._counts: list[int] = []
        total = 0
        for run in _BASE64_RUN.finditer(body):
            self._runs.append(run.start())
            self._counts.append(total)
            total += run.end() - run.start()

    def character(self, index: int) -> int:
        """Raw offset of the index-th character of the alphabet."""
        run = max(bisect_right(self._counts, index) - 1, 0)
        return self._runs[run] + index - self._counts[run] if self._runs else 0

    def start(self, offset: int) -> int:
        """Raw offset of the four characters that hold the decoded byte `offset`."""
        return self.character(offset // 3 * 4)

    def end(self, offset: int) -> int:
        """Raw offset after the four characters that hold the decoded byte `offset - 1`."""
        return min(self.character((max(offset, 1) - 1) // 3 * 4 + 3) + 1, self._size)


class QuotedPrintableMapping:
    """The same for quoted-printable: a piece of some lines is gone through when someone asks about it."""

    __slots__ = ("_body", "_pieces", "_raw", "_starts", "size")

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._raw: list[int] = []
        """Where each piece begins in the body, and the body's end."""
        self._starts: list[int] = []
        """Where each piece begins in the decoded bytes."""
        self._pieces: dict[int, Mapping] = {}
        position = decoded = 0
        while position < len(body):
            self._raw.append(position)
            self._starts.append(decoded)
            # No escape goes on after a line feed.
            line_feed = body.find(b"\n", position + _PIECE)
            end = line_feed + 1 if line_feed >= 0 else len(body)
            decoded += len(binascii.a2b_qp(body[position:end]))
            position = end
        self._raw.append(len(body))
        self.size = decoded
        """Decoded bytes."""

    def start(self, offset: int) -> int:
        """Raw offset at which the decoded byte `offset` begins."""
        number = bisect_right(self._starts, offset) - 1
        return (
            self._raw[number] + self._piece(number).start(offset - self._starts[number]) if number >= 0 else 0
        )

    def end(self, offset: int) -> int:
        """Raw offset after the decoded byte `offset - 1`."""
        if offset <= 0:
            return 0
        number = bisect_right(self._starts, offset - 1) - 1
        return self._raw[number] + self._piece(number).end(offset - self._starts[number])

    def _piece(self, number: int) -> Mapping:
        found = self._pieces.get(number)
        if found is None:
            body = self._body[self._raw[number] : self._raw[number + 1]]
            found = self._pieces[number] = _map_quoted_printable(body)
        return found


_PIECE = 512
"""Octets of a piece, at least: a body has many, and few of them are asked about."""


WayBack: TypeAlias = Mapping | QuotedPrintableMapping | Base64Mapping
"""Offsets of decoded bytes → offsets in the encoded body."""


def mapping(encoding: str, body: bytes, decoded: bytes) -> WayBack | None:
    """The way back for this body, or None where it cannot be told with certainty."""
    if encoding in IDENTITY:
        return Mapping([0], [0], [len(body)], len(body))
    if encoding == "quoted-printable":
        way = QuotedPrintableMapping(body)
        return way if way.size == len(decoded) else None
    if encoding == "base64":
        return _map_base64(body, decoded)
    return None


def _map_quoted_printable(body: bytes) -> Mapping:
    starts: list[int] = []
    raw: list[int] = []
    ends: list[int] = []
    out = position = 0
    size = len(body)
    for match in _QP_TOKEN.finditer(body):
        begin, end = match.span()
        if begin > position:
            starts.append(out)
            raw.append(position)
            ends.append(begin)
            out += begin - position
        token = end - begin
        position = end
        if token == 1 and end == size:
            continue
        second = body[begin + 1 : begin + 2]
        if token > 1 and second in (b"\n", b"\r"):
            continue
        starts.append(out)
        raw.append(begin)
        ends.append(end)
        out += 1
    if position < size:
        starts.append(out)
        raw.append(position)
        ends.append(size)
        out += size - position
    return Mapping(starts, raw, ends, out) if starts else Mapping([0], [0], [0], 0)


def _map_base64(body: bytes, decoded: bytes) -> Base64Mapping | None:
    """None where stray characters or early padding make the alignment uncertain."""
    core = body.translate(None, b"\r\n \t")
    stripped = core.rstrip(b"=")
    if len(core) - len(stripped) > 2 or not re.fullmatch(rb"[A-Za-z0-9+/]*", stripped):
        return None
    if len(stripped) * 3 // 4 != len(decoded):
        return None
    return Base64Mapping(body)
