"""What a message costs grows as the message does, whichever of its lists a sender makes long."""

from __future__ import annotations

import pytest

from tests.bench.cost import ACTS, FLOOR, MOST, seconds
from tests.bench.growing import KINDS

STEPS = (2, 8)
ROUNDS = 5
"""A busy machine may spoil a measurement: the least of some counts."""


@pytest.mark.once
@pytest.mark.parametrize("kind", KINDS)
def test_four_times_the_list_takes_at_most_six_times_the_time(kind: str) -> None:
    """Read, judged, changed at paranoid, checked: the costliest that is done with a mail."""
    made = [KINDS[kind].make(KINDS[kind].start * step) for step in STEPS]
    least = [FLOOR, float("inf")]
    for _ in range(ROUNDS):
        took = [seconds(ACTS["paranoid"], raw, tries=1) for raw in made]
        least = [
            max(FLOOR, took[0]) if least[0] == FLOOR else min(least[0], max(FLOOR, took[0])),
            min(least[1], took[1]),
        ]
        if least[1] <= MOST * least[0]:
            return
    raise AssertionError(f"{kind}: {least[0] * 1000:.0f} ms, four times of it {least[1] * 1000:.0f} ms")
