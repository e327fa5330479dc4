"""Fuzzes the targets with atheris, one after the other, each in a process of its own.

    python -m tests.fuzz [--seconds N] [--target NAME]... [--keep DIR]

Prints a line for each target; 1 where an input broke a promise, and the file that holds it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.fuzz.run import fuzz
from tests.fuzz.targets import TARGETS


def main(arguments: list[str] | None = None) -> int:
    """Fuzz; see the module."""
    parser = argparse.ArgumentParser(
        prog="tests.fuzz", description="Fuzzes reading and judging with atheris."
    )
    parser.add_argument("--seconds", type=int, default=60, metavar="N", help="for each target (60)")
    parser.add_argument(
        "--target", action="append", choices=sorted(TARGETS), help="only this one; may be repeated"
    )
    parser.add_argument("--keep", type=Path, metavar="DIR", help="write inputs that reach new code there")
    chosen = parser.parse_args(arguments)
    failed = False
    for name in chosen.target or TARGETS:
        outcome = fuzz(name, chosen.seconds, chosen.keep)
        failed = failed or outcome.failed
        print(f"{name}: {outcome.executions} executions, {len(outcome.crashes)} crashes", flush=True)
        for crash in outcome.crashes:
            print(f"  {crash}", flush=True)
        if outcome.failed:
            print(outcome.output, file=sys.stderr, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
