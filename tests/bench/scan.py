"""How long judging takes beside bare parsing of the same mail, in one process, in the same run.

    python -m tests.bench.scan --corpus DIR [--rounds N] [--memory]

The floor is what any program must do: the standard library's parse of the message, and turbohtml's
parse, with source locations, of each text/html part. Processor time, the two taking turns; the best
round of each counts, as noise only ever adds. What is remembered of one message for the next is
emptied before each round.
"""

from __future__ import annotations

import argparse
import email
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import turbohtml

import blocker
from blocker.detect.judge import learn
from blocker.detect.knowledge import default_rules
from blocker.detect.memory import FolderMemory

RECIPIENTS = ("camille@example.org", "camille.martin@example.net")


def floor(messages: Sequence[bytes]) -> None:
    """Bare parsing."""
    for raw in messages:
        for part in email.message_from_bytes(raw).walk():
            if part.get_content_type() == "text/html":
                data = part.get_payload(decode=True)
                if isinstance(data, bytes):
                    turbohtml.parse(
                        data.decode(_charset(part.get_content_charset()), "replace"), source_locations=True
                    )


def _charset(name: str | None) -> str:
    try:
        "".encode(name or "utf-8")
    except LookupError:
        return "utf-8"
    return name or "utf-8"


def judged(messages: Sequence[bytes], memory: FolderMemory | None) -> Callable[[], int]:
    """Judging, every reason read."""

    def run() -> int:
        read = 0
        for raw in messages:
            for reference in blocker.scan(raw, recipients=RECIPIENTS, memory=memory).references:
                for reason in reference.verdict.reasons:
                    read += len(reason.detail)
        return read

    return run


def forget() -> None:
    """Empty what is remembered between messages, so that each round is a first one."""
    owners = [module for name, module in list(sys.modules.items()) if name.startswith("blocker.")]
    for owner in (*owners, default_rules()):
        for value in vars(owner).values():
            if hasattr(value, "cache_clear") and value is not default_rules:
                value.cache_clear()


def measure(messages: Sequence[bytes], rounds: int, memory: FolderMemory | None) -> tuple[float, float]:
    """Best processor seconds of the floor and of judging."""
    run = judged(messages, memory)
    run()
    best_floor = best_scan = float("inf")
    for _ in range(rounds):
        forget()
        start = time.process_time()
        floor(messages)
        middle = time.process_time()
        run()
        best_floor = min(best_floor, middle - start)
        best_scan = min(best_scan, time.process_time() - middle)
    return best_floor, best_scan


def main() -> None:
    """Print both and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--folder", default="markup-2019")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--memory", action="store_true", help="remember the folder first, and judge by it")
    options = parser.parse_args()
    messages = [path.read_bytes() for path in sorted((options.corpus / options.folder).glob("*.eml"))]
    memory = FolderMemory() if options.memory else None
    if memory is not None:
        for raw in messages:
            learn(memory, raw)
    bare, scan = measure(messages, options.rounds, memory)
    each = 1000 / max(len(messages), 1)
    print(
        f"{len(messages)} messages: bare parsing {bare * each:.3f} ms, blocker.scan {scan * each:.3f} ms a message"
    )
    print(f"ratio {scan / bare:.2f}")


if __name__ == "__main__":
    main()
