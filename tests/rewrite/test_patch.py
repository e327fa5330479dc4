"""A patch turns a rewritten message back, and a hostile one does no harm."""

from __future__ import annotations

import random
import time
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocker.rewrite.patch import (
    MAX_EDITS,
    MAX_INFLATED,
    Edit,
    PatchError,
    apply_edits,
    pack,
    reverse,
    unpack,
)


@st.composite
def edited(draw: st.DrawFn) -> tuple[bytes, list[Edit]]:
    """A message and ascending edits of it."""
    raw = draw(st.binary(max_size=200))
    cuts = sorted(draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    pairs = zip(cuts[::2], cuts[1::2], strict=False)
    return raw, [Edit(start, end, draw(st.binary(max_size=20))) for start, end in pairs]


@given(edited())
def test_reverse_undoes(sample: tuple[bytes, list[Edit]]) -> None:
    """The reverse of any edits, packed and unpacked, gives the original back."""
    raw, edits = sample
    back = reverse(raw, edits)
    assert unpack(pack(back)) == back
    assert apply_edits(apply_edits(raw, edits), unpack(pack(back))) == raw


@given(edited())
def test_nothing_but_the_edits(sample: tuple[bytes, list[Edit]]) -> None:
    """Between the edits every byte stays."""
    raw, edits = sample
    new = apply_edits(raw, edits)
    position = at = 0
    for edit in edits:
        kept = raw[position : edit.start]
        assert new[at : at + len(kept) + len(edit.new)] == kept + edit.new
        at += len(kept) + len(edit.new)
        position = edit.end
    assert new[at:] == raw[position:]


@pytest.mark.parametrize(
    "edits",
    [
        [Edit(2, 4, b""), Edit(3, 5, b"")],
        [Edit(4, 5, b""), Edit(1, 2, b"")],
        [Edit(0, 11, b"")],
        [Edit(5, 4, b"")],
        [Edit(-1, 4, b"")],
    ],
)
def test_edits_that_do_not_fit(edits: list[Edit]) -> None:
    """Edits that overlap, turn around or reach beyond the message are refused."""
    with pytest.raises(PatchError):
        apply_edits(b"0123456789", edits)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense",
        zlib.compress(b"\x01"),
        zlib.compress(b"\x01\x01"),
        zlib.compress(b"\x01\x01\x05abc"),
        zlib.compress(b"\x80" * 20),
        zlib.compress(b"\x00\x00\x03abc")[:-3],
        zlib.compress(b"\x00\x00\x03abc") + b"tail",
        zlib.compress(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00"),
    ],
)
def test_what_is_no_patch(data: bytes) -> None:
    """Anything but a whole patch is refused."""
    with pytest.raises(PatchError):
        unpack(data)


@given(st.binary(max_size=100))
def test_any_bytes_are_a_patch_or_refused(data: bytes) -> None:
    """Whatever is unpacked or applied: edits, or PatchError."""
    for packed in (data, zlib.compress(data)):
        try:
            apply_edits(b"x" * 50, unpack(packed))
        except PatchError:
            continue


def test_a_bomb_does_not_go_off() -> None:
    """A small patch that unfolds to gigabytes, or to millions of edits, is refused at once."""
    bombs = [zlib.compress(bytes(size), 9) for size in (MAX_INFLATED * 3, MAX_INFLATED - 8)]
    started = time.process_time()
    tracemalloc.start()
    for bomb in bombs:
        with pytest.raises(PatchError):
            unpack(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2.5 * MAX_INFLATED
    assert time.process_time() - started < 10


def test_what_could_not_be_unpacked_is_not_packed() -> None:
    """No patch is made that restoring would refuse."""
    with pytest.raises(PatchError):
        pack([Edit(0, 0, random.Random(1).randbytes(MAX_INFLATED + 1))])
    with pytest.raises(PatchError):
        pack([Edit(n, n, b"") for n in range(MAX_EDITS + 1)])
