"""CSS lengths and sums."""

from __future__ import annotations

import time

import pytest

from blocker.detect.lengths import length


@pytest.mark.parametrize(
    ("value", "pixels"),
    [
        ("calc(1px + 2px * 3)", 7),
        ("calc(2 * (1px + 1px) - 3px)", 1),
        ("calc(100% - 1px)", None),
        ("calc(50% - 50% + 4px)", 4),
        ("min(100%, 600px)", 600),
        ("min(100%, 50%)", None),
        ("max(100%, 600px)", None),
        ("max(1px, 2px)", 2),
        ("clamp(1px, 50%, 20px)", 20),
        ("clamp(5px, 1px, 20px)", 5),
        ("clamp(1px, 50%, 100%)", None),
        ("min(max(1px, 2px), calc(3px))", 2),
        ("-webkit-calc(1px)", 1),
        ("abs(-3px)", 3),
        ("calc(1px / 0)", None),
        ("calc()", None),
        ("calc(", None),
        ("url(1px)", None),
        ("1vw", 12.8),
        ("1dvh", 8),
        ("1vmin", 8),
        ("1svmax", 12.8),
    ],
)
def test_a_length_in_pixels(value: str, pixels: float | None) -> None:
    """What a browser can only tell from what is around is None; what a box cannot exceed counts as its size."""
    found = length(value)
    assert found == (pytest.approx(pixels) if pixels is not None else None)


def test_hostile_sums_are_bounded() -> None:
    """Brackets without end, and sums without end, are given up in no time."""
    started = time.process_time()
    for piece in ("calc(", "min(1px,", "1px + ", "-", "((1px)*"):
        assert length("calc(" + piece * 100_000) is None
    assert time.process_time() - started < 1
