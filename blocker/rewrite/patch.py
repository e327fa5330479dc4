"""The patch that undoes a rewrite: which bytes of the neutralised message stood otherwise, and how.

Binary form: for each edit three unsigned LEB128 numbers (distance from the end of the previous edit
in the neutralised bytes, length there, length in the original), then the original bytes; deflated.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import NamedTuple

MAX_PATCH = 32 << 10
"""Octets of a deflated patch that may travel in the message's own header."""
MAX_INFLATED = 32 << 20
"""Octets a patch may unfold to."""
MAX_CARRIED = 1 << 20
"""Octets that a patch in a header may unfold to: whoever reads the message need not be able to tell whose it is."""
MAX_EDITS = 100_000
"""Edits of one patch."""


class PatchError(ValueError):
    """The bytes are no patch, or not one for this message."""


class Edit(NamedTuple):
    """Bytes start:end of a message are replaced by `new`."""

    start: int
    end: int
    new: bytes


def apply_edits(raw: bytes, edits: Sequence[Edit]) -> bytes:
    """The message with every edit made; edits are ascending and do not overlap."""
    pieces: list[bytes] = []
    position = 0
    for edit in edits:
        if edit.start < position or edit.end < edit.start or edit.end > len(raw):
            raise PatchError("edits overlap or reach beyond the message")
        pieces += (raw[position : edit.start], edit.new)
        position = edit.end
    pieces.append(raw[position:])
    return b"".join(pieces)


def reverse(raw: bytes, edits: Sequence[Edit]) -> list[Edit]:
    """The edits that turn the rewritten message back into `raw`."""
    back = []
    shift = 0
    for edit in edits:
        start = edit.start + shift
        back.append(Edit(start, start + len(edit.new), raw[edit.start : edit.end]))
        shift += len(edit.new) - (edit.end - edit.start)
    return back


def pack(edits: Sequence[Edit]) -> bytes:
    """The binary form of a patch. Raises PatchError where `unpack` would refuse it."""
    out = bytearray()
    position = 0
    for edit in edits:
        _put(out, edit.start - position)
        _put(out, edit.end - edit.start)
        _put(out, len(edit.new))
        out += edit.new
        position = edit.end
    if len(edits) > MAX_EDITS or len(out) > MAX_INFLATED:
        raise PatchError("the patch that undoes the change would be too large")
    return zlib.compress(bytes(out), 9)


def travels(packed: bytes) -> bool:
    """Whether a patch of our own may stand in the message's header, small as it is and as it unfolds."""
    return (
        len(packed) <= MAX_PATCH
        and len(zlib.decompressobj().decompress(packed, MAX_CARRIED + 1)) <= MAX_CARRIED
    )


def unpack(data: bytes, most: int = MAX_INFLATED) -> list[Edit]:
    """The edits of a packed patch that unfolds to at most `most` octets. Raises PatchError on anything else."""
    inflate = zlib.decompressobj()
    try:
        plain = inflate.decompress(data, most)
    except zlib.error as error:
        raise PatchError("the patch cannot be read") from error
    if inflate.unused_data or not inflate.eof:
        raise PatchError("the patch is cut off, or unfolds beyond its bound")
    edits: list[Edit] = []
    offset = position = 0
    while offset < len(plain):
        if len(edits) == MAX_EDITS:
            raise PatchError("the patch holds too many edits")
        gap, offset = _get(plain, offset)
        length, offset = _get(plain, offset)
        size, offset = _get(plain, offset)
        if offset + size > len(plain):
            raise PatchError("the patch is cut off")
        start = position + gap
        edits.append(Edit(start, start + length, plain[offset : offset + size]))
        offset += size
        position = start + length
    return edits


def _put(out: bytearray, number: int) -> None:
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def _get(data: bytes, offset: int) -> tuple[int, int]:
    number = shift = 0
    while offset < len(data) and shift < 64:
        byte = data[offset]
        offset += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, offset
        shift += 7
    raise PatchError("the patch is cut off")
