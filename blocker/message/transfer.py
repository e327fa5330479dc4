"""Content-Transfer-Encodings (RFC 2045, section 6): decoding, and the way back to raw offsets.

Decoding gives the same bytes as the standard library, but for base64 that goes on after its padding (two pieces, one
behind the other, as programs that put a banner before a body make them): it is read on. A `Mapping` turns an offset in the decoded
bytes into one in the encoded body; it is built only when someone asks.
"""

from __future__ import annotations

import binascii
import re
from bisect import bisect_right
from typing import NamedTuple, TypeAlias

IDENTITY = frozenset({"", "7bit", "8bit", "binary"})
_QP_TOKEN = re.compile(rb"=(?:\n|\r[^\n]*\n?|=|[0-9A-Fa-f]{2})?")
_BASE64_RUN = re.compile(rb"[A-Za-z0-9+/]+")
_BASE64_PIECE = re.compile(rb"([A-Za-z0-9+/]+)=*")
_PADDING = re.compile(rb"=[=\s]*")
_STRAY = re.compile(rb"[^A-Za-z0-9+/=\s]")
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(sorted(set(range(256)) - set(_LETTERS)))
_WHITE = b" \t\r\n\f\v"
_BASE64 = _LETTERS + _WHITE
_YENC = bytes((byte - 42) % 256 for byte in range(256))
_YENC_ESCAPE = re.compile(rb"=(.)", re.DOTALL)
UU_BEGIN = re.compile(rb"begin [0-7]{1,6} ([^\r\n]*)")
"""The line before uuencoded text, with a file's name."""
_FROM_URL = bytes.maketrans(b"-_", b"+/")
URL_SAFE = "base64url"
"""Base64 in the letters of RFC 4648, section 5, for programs that take both."""
_PADDED = re.compile(rb"=[ \t]+(?:\r?\n|\Z)")
UNPADDED = "quoted-printable-unpadded"
"""Quoted-printable for programs that delete white space at the end of a line, as RFC 2045 asks."""
LINES = "base64-lines"
"""Base64 for programs that pass over each line which holds anything else."""


def decode(encoding: str, body: bytes) -> bytes:
    """The decoded body; an unknown encoding is taken as it stands."""
    if encoding in IDENTITY:
        return body
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    if encoding == "base64":
        return _decode_base64(body)
    other = _OTHERS.get(encoding)
    return body if other is None else other(body)


def sound_base64(body: bytes) -> bytes | None:
    """What a body says that is base64 and line ends and nothing else; None for another."""
    joined = body.translate(None, b"\r\n")
    try:
        return binascii.a2b_base64(joined + b"=" * (-len(joined) % 4), strict_mode=True)
    except binascii.Error:
        return None


def _decode_base64(body: bytes) -> bytes:
    sound = sound_base64(body)
    if sound is not None:
        return sound
    joined = body.translate(None, _NOT_BASE64)
    return b"".join([_piece(match[1]) for match in _BASE64_PIECE.finditer(joined)])


def _piece(letters: bytes) -> bytes:
    """Base64 without its padding; a letter that is left over says nothing."""
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def is_strayed(body: bytes) -> bool:
    """Whether base64 holds what is none, so that programs differ in what they pass over."""
    return bool(body.translate(None, _BASE64))


def _base64_lines(body: bytes) -> bytes:
    kept = [line for line in body.splitlines() if _STRAY.search(line) is None and b" " not in line.strip()]
    return _decode_base64(b"\n".join(kept))


def _base64_url(body: bytes) -> bytes:
    return _decode_base64(body.translate(_FROM_URL))


def is_padded(body: bytes) -> bool:
    """Whether white space stands behind a sign that may be a soft line break (RFC 2045, section 6.7, rule 3)."""
    return _PADDED.search(body) is not None


def _quoted_unpadded(body: bytes) -> bytes:
    return binascii.a2b_qp(_PADDED.sub(b"=\n", body))


def _uudecoded(body: bytes) -> bytes:
    """What stands between `begin` and `end`, once or more (IEEE 1003.1, uuencode); the body where nothing does."""
    found: list[bytes] = []
    begun = inside = False
    for line in body.splitlines():
        if inside:
            inside = line.strip(b" \t`") not in (b"end", b"")
            found.append(_uuline(line) if inside else b"")
        elif UU_BEGIN.match(line) is not None:
            begun = inside = True
    return b"".join(found) if begun else body


def _uuline(line: bytes) -> bytes:
    size = (((line[0] - 32) & 63) * 4 + 5) // 3
    try:
        return binascii.a2b_uu(line[:size])
    except binascii.Error:
        return b""


def _ydecoded(body: bytes) -> bytes:
    """What stands between `=ybegin` and `=yend` (yEnc 1.3); the body where nothing does."""
    lines = body.splitlines()
    if not any(line.startswith(b"=ybegin") for line in lines):
        return body
    kept = b"".join(line for line in lines if not line.startswith((b"=ybegin", b"=ypart", b"=yend")))
    return _YENC_ESCAPE.sub(lambda match: bytes(((match[1][0] - 64) % 256,)), kept).translate(_YENC)


_OTHERS = {"x-uuencode": _uudecoded, "x-yenc": _ydecoded, LINES: _base64_lines, URL_SAFE: _base64_url} | {
    UNPADDED: _quoted_unpadded
}
"""Encodings that some programs decode. None is edited."""


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


class Base64Pieces:
    """The same for base64 in several pieces, each with its own padding, or with something else behind it."""

    __slots__ = ("_size", "pieces")

    def __init__(self, pieces: list[Base64Piece], size: int) -> None:
        self.pieces = pieces
        self._size = size
        """Octets of the body: what lies behind the last piece may stand anywhere up to its end."""

    def piece(self, start: int, end: int) -> Base64Piece | None:
        """The piece that holds these decoded bytes; None where no piece, or more than one, does."""
        number = bisect_right(self.pieces, start, key=lambda piece: piece.first) - 1
        return self.pieces[number] if number >= 0 and end <= self.pieces[number].last else None

    def start(self, offset: int) -> int:
        """Raw offset of the four characters that hold the decoded byte `offset`."""
        number = max(bisect_right(self.pieces, offset, key=lambda piece: piece.first) - 1, 0)
        piece = self.pieces[number]
        return min(piece.start + piece.way.start(offset - piece.first), piece.end)

    def end(self, offset: int) -> int:
        """Raw offset after the four characters that hold the decoded byte `offset - 1`."""
        if offset > self.pieces[-1].last:
            return self._size
        number = max(bisect_right(self.pieces, max(offset, 1) - 1, key=lambda piece: piece.first) - 1, 0)
        piece = self.pieces[number]
        return piece.start + piece.way.end(offset - piece.first)


class Base64Piece(NamedTuple):
    """Base64 up to its padding."""

    start: int
    """Where it stands in the body."""
    end: int
    first: int
    """Where what it says begins in the decoded bytes."""
    last: int
    whole: bool
    """Whether it ends with its padding or the body, so that it may grow."""
    way: Base64Mapping


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


_PIECE = 192
"""Octets of a piece, at least: a body has many, and few of them are asked about."""


WayBack: TypeAlias = Mapping | QuotedPrintableMapping | Base64Mapping | Base64Pieces
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


def _map_base64(body: bytes, decoded: bytes) -> Base64Mapping | Base64Pieces | None:
    """None where not even the first letters are certain."""
    core = body.translate(None, b"\r\n \t")
    letters = core.rstrip(b"=")
    # Signs beyond the padding say nothing to anybody.
    if (
        len(letters) * 3 // 4 == len(decoded)
        and len(letters) % 4 != 1
        and re.fullmatch(rb"[A-Za-z0-9+/]*", letters)
    ):
        return Base64Mapping(body)
    pieces = _pieces(body, len(decoded))
    return Base64Pieces(pieces, len(body)) if pieces else None


def _pieces(body: bytes, size: int) -> list[Base64Piece]:
    """The pieces up to the first character that is no base64, or the first padding that is none."""
    stray = _STRAY.search(body)
    limit = stray.start() if stray is not None else len(body)
    pieces: list[Base64Piece] = []
    start = first = 0
    while start < limit:
        padding = _PADDING.search(body, start, limit)
        end = padding.end() if padding is not None else limit
        count = len(body[start : padding.start() if padding is not None else limit].translate(None, _WHITE))
        signs = padding.group().count(b"=") if padding is not None else 0
        sound = signs == -count % 4 and count % 4 != 1
        ended = padding is not None or stray is None
        whole = ended and (sound or padding is None) and count % 4 != 1
        # What is not whole is certain up to its last four letters.
        last = first + (count * 3 // 4 if whole else count // 4 * 3)
        if last > size:
            return []
        pieces.append(Base64Piece(start, end, first, last, whole, Base64Mapping(body[start:end])))
        if not sound:
            break
        start, first = end, last
    return pieces
