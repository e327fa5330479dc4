"""Whether what a message costs grows as it does.

    python -m tests.bench.cost [--kind NAME]... [--steps 1,2,4,8]

Each message of `growing` is scanned, neutralised at each level, restored and explained at once, twice, four and eight
times its size. Printed: processor seconds of each size, and how many times the smallest size's time the largest takes,
as an exponent of the size: 1 where it grows as the message does, 2 where it is quadratic. Exits 1 where four times the
message takes more than six times the time.
"""

from __future__ import annotations

import argparse
import gc
import math
import sys
import time
from collections.abc import Callable, Sequence

import blocker
from blocker.choices.levels import Level
from tests.bench.growing import KINDS, Growing

MOST = 6.0
"""How many times the time four times the message may take."""
FLOOR = 0.004
"""Seconds below which a time says nothing of growth: what every message costs."""
TRIES = 3
ENOUGH = 10.0
"""Seconds after which no larger size is tried."""

Act = Callable[[bytes], Callable[[], object]]
"""Prepares what is measured on a message."""


def _scan(raw: bytes) -> Callable[[], object]:
    return lambda: blocker.scan(raw).as_dict()


def _neutralise(level: Level) -> Act:
    return lambda raw: lambda: blocker.neutralise(raw, level=level, key=b"k")


def _again(raw: bytes) -> Callable[[], object]:
    once = blocker.neutralise(raw).raw
    return lambda: blocker.neutralise(once)


def _restore(raw: bytes) -> Callable[[], object]:
    once = blocker.neutralise(raw, level="paranoid")
    return (lambda: blocker.restore(once.raw, lambda _: once.patch)) if once.changed else (lambda: None)


ACTS: dict[str, Act] = {
    "scan": _scan,
    **{level: _neutralise(level) for level in Level},
    "filter again": _again,
    "restore": _restore,
}
"""What is done with a message; `filter` is `standard`, and `explain` prints what `scan` says."""


def seconds(act: Act, raw: bytes, tries: int = TRIES) -> float:
    """The least processor time of a few. What else this process holds is not looked through for garbage meanwhile."""
    run = act(raw)
    took = []
    gc.collect()
    gc.freeze()
    try:
        for _ in range(tries):
            gc.collect()
            started = time.process_time()
            run()
            took.append(time.process_time() - started)
            if took[-1] > ENOUGH / 4:
                break
    finally:
        gc.unfreeze()
    return min(took)


def times(growing: Growing, act: Act, steps: Sequence[int]) -> list[float]:
    """Seconds for each multiple of the message, as far as they stay bearable."""
    found: list[float] = []
    for step in steps:
        found.append(seconds(act, growing.make(growing.start * step)))
        if found[-1] > ENOUGH:
            break
    return found


def growth(took: Sequence[float], steps: Sequence[int]) -> float:
    """The exponent of the size with which the time grows; 0 where it takes no time worth speaking of."""
    last = len(took) - 1
    return math.log(max(took[last], FLOOR) / max(took[0], FLOOR)) / math.log(steps[last] / steps[0])


def main() -> None:
    """Measure, print, and exit 1 where something grows faster than the message."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kind", action="append", choices=KINDS, metavar="NAME")
    parser.add_argument("--act", action="append", choices=ACTS)
    parser.add_argument("--steps", default="1,2,4,8")
    given = parser.parse_args()
    steps = [int(step) for step in given.steps.split(",")]
    bar = math.log(MOST) / math.log(4)
    worst = 0.0
    for name in given.kind or KINDS:
        for label in given.act or ACTS:
            took = times(KINDS[name], ACTS[label], steps)
            exponent = growth(took, steps)
            worst = max(worst, exponent)
            sign = "!" if exponent > bar else " "
            print(
                f"{sign} {exponent:5.2f}  {name:36} {label:12}",
                *(f"{t * 1000:8.1f}" for t in took),
                flush=True,
            )
    sys.exit(worst > bar)


if __name__ == "__main__":
    main()
