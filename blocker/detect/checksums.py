"""Checksums of 32 bits that stand for an address in some trackers' URLs, in the spellings they take there.

Which ones: Englehardt, Han and Narayanan, "I never signed up for this!" (PoPETs 2018), table of the
encodings that were met. Murmur hashes after Austin Appleby's reference (public domain), seed 0.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from struct import unpack

_WORD = 0xFFFFFFFF


def checksums(data: bytes) -> Iterator[tuple[str, str]]:
    """Each checksum of `data` as eight hexadecimal digits and as a decimal number, with its name."""
    for name, value in (
        ("CRC-32", zlib.crc32(data)),
        ("Adler-32", zlib.adler32(data)),
        ("MurmurHash2", murmur2(data)),
        ("MurmurHash3", murmur3(data)),
    ):
        yield f"{value:08x}", name
        yield str(value), name


def murmur2(data: bytes, seed: int = 0) -> int:
    """MurmurHash2, 32 bits."""
    multiplier = 0x5BD1E995
    state = (seed ^ len(data)) & _WORD
    whole = len(data) // 4 * 4
    for word in unpack(f"<{whole // 4}I", data[:whole]):
        block = word * multiplier & _WORD
        block = (block ^ block >> 24) * multiplier & _WORD
        state = state * multiplier & _WORD ^ block
    if whole < len(data):
        state = (state ^ int.from_bytes(data[whole:], "little")) * multiplier & _WORD
    state = (state ^ state >> 13) * multiplier & _WORD
    return state ^ state >> 15


def murmur3(data: bytes, seed: int = 0) -> int:
    """MurmurHash3 (x86), 32 bits."""
    state = seed
    whole = len(data) // 4 * 4
    for word in unpack(f"<{whole // 4}I", data[:whole]):
        # `_mixed` and `_turned`, written out: every new reader's address comes by here.
        block = word * 0xCC9E2D51 & _WORD
        state ^= (block << 15 | block >> 17) * 0x1B873593 & _WORD
        state = ((state << 13 | state >> 19) * 5 + 0xE6546B64) & _WORD
    if whole < len(data):
        state ^= _mixed(int.from_bytes(data[whole:], "little"))
    state ^= len(data)
    state = (state ^ state >> 16) * 0x85EBCA6B & _WORD
    state = (state ^ state >> 13) * 0xC2B2AE35 & _WORD
    return state ^ state >> 16


def _mixed(block: int) -> int:
    return _turned(block * 0xCC9E2D51 & _WORD, 15) * 0x1B873593 & _WORD


def _turned(value: int, bits: int) -> int:
    return (value << bits | value >> 32 - bits) & _WORD
