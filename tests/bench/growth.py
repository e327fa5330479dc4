"""Whether judging many messages in one process takes ever more memory.

    python -m tests.bench.growth --corpus DIR [--messages 100000]

Real messages are judged over and over, each time with another header field and another recipient, so that nothing that
is remembered of one fits the next. Printed: the process's resident memory after each tenth. What is remembered has its
bounds, and fills up in the first tenths; after the half nothing may grow any more.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path

import blocker

PAGE_KB = 4
SLACK_MB = 2.0
"""How much the second half may add: the allocator's own unrest, not a message's worth for each thousand."""


def resident_mb() -> float:
    """Memory of this process that is in RAM (Linux, proc(5))."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KB / 1024


def main() -> None:
    """Judge, print, and exit 1 where memory grew."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--messages", type=int, default=100_000)
    given = parser.parse_args()
    raws = [path.read_bytes() for path in sorted(given.corpus.rglob("*.eml"))]
    step = max(given.messages // 10, 1)
    sizes: list[float] = []
    for number, raw in enumerate(itertools.islice(itertools.cycle(raws), given.messages), 1):
        report = blocker.scan(
            b"X-Bench: %d\r\n" % number + raw, recipients=(f"reader{number}@{number % 977}.example.org",)
        )
        assert report.message.sha256
        if number % step == 0:
            sizes.append(resident_mb())
            print(f"{number:8} messages: {sizes[-1]:7.1f} MB", flush=True)
    grown = max(sizes[len(sizes) // 2 :]) - sizes[len(sizes) // 2 - 1]
    print(f"growth in the second half {grown:.1f} MB (bar {SLACK_MB:g})")
    sys.exit(grown > SLACK_MB)


if __name__ == "__main__":
    main()
