"""How long neutralising takes beside judging the same mail, in one process, in the same run.

    python -m tests.bench.neutralise --corpus DIR [--rounds N] [--level LEVEL]

`neutralise` is given the report, as the service and the API give it: what is measured is finding the edits, making
them, and checking the result with parsers that had no part in it. Processor time, the two taking turns; the best
round of each counts, as noise only ever adds. What is remembered of one message for the next is emptied before
each round.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import blocker
from blocker.choices.levels import Level
from tests.bench.scan import RECIPIENTS, forget

BAR = 1.5
"""Times of the time of scan that neutralising may take."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Best processor seconds over all messages, and how many were changed."""

    scan: float
    neutralise: float
    changed: int

    @property
    def ratio(self) -> float:
        """Neutralising over judging."""
        return self.neutralise / self.scan


def measure(messages: Sequence[bytes], level: Level, rounds: int) -> Measured:
    """Judge all messages, then neutralise all by these reports, round after round."""
    best_scan = best = float("inf")
    changed = 0
    for _ in range(rounds):
        forget()
        start = time.process_time()
        reports = [blocker.scan(raw, recipients=RECIPIENTS) for raw in messages]
        middle = time.process_time()
        done = [
            blocker.neutralise(raw, level=level, report=report)
            for raw, report in zip(messages, reports, strict=True)
        ]
        best_scan = min(best_scan, middle - start)
        best = min(best, time.process_time() - middle)
        changed = sum(one.changed for one in done)
    return Measured(best_scan, best, changed)


def main() -> None:
    """Print a line for each level; exit 1 where a ratio is above the bar."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--folder", default="markup-2019")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--level", choices=Level, action="append", dest="levels", help="all where not said")
    options = parser.parse_args()
    messages = [path.read_bytes() for path in sorted((options.corpus / options.folder).glob("*.eml"))]
    each = 1000 / max(len(messages), 1)
    above = False
    for level in options.levels or Level:
        found = measure(messages, level, options.rounds)
        above = above or found.ratio > BAR
        print(
            f"{level:9} {found.changed} of {len(messages)} messages changed: scan {found.scan * each:.3f} ms, "
            f"neutralise {found.neutralise * each:.3f} ms a message; ratio {found.ratio:.2f} (bar {BAR})"
        )
    sys.exit(above)


if __name__ == "__main__":
    main()
