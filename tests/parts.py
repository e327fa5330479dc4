"""Runs the tests in parts, as many side by side as there are processors, and says how long each part took.

    python -m tests.parts [--fast] [--long] [--corpus DIR] [PYTHON…]

The interpreter that runs this runs every part; each further PYTHON (of an environment that has the test extra) runs once
more what depends on the version of Python. The output of a part is printed when the part has ended.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
PARTS: dict[str, tuple[str, ...]] = {
    "browser": ("browser", "plugins"),
    "service": ("service",),
    "servers": ("mailbox", "doctor", "signin", "demo", "webui", "cli", "catalogue"),
    "corpus": ("corpus", "bench", "fuzz"),
}
"""Folders of tests by part, the longest part first; what no part names is the part `rest`."""
REST = "rest"
NOTHING_LEFT = 5
"""pytest's exit code where its options leave no test of a part, as --fast does with the browsers."""


@dataclass(frozen=True)
class Part:
    """One run of pytest."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Ended:
    """What came of a part."""

    part: Part
    failed: bool
    output: str
    seconds: float


def places(name: str) -> list[str]:
    """The folders and files of a part, from the top of the repository."""
    if name != REST:
        return [f"tests/{folder}" for folder in PARTS[name]]
    named = {folder for folders in PARTS.values() for folder in folders}
    return [
        f"tests/{path.name}"
        for path in sorted(TESTS.iterdir())
        if path.name not in named and _has_tests(path)
    ]


def _has_tests(path: Path) -> bool:
    return path.match("test_*.py") or any(path.glob("test_*.py"))


def parts(options: Sequence[str], pythons: Sequence[str]) -> Iterator[Part]:
    """Every run of pytest that these options ask for, the longest first."""
    strict = ["-p", "tests.noskip"] if os.environ.get("CI") == "true" else []
    pytest = ["-m", "pytest", *strict]
    for name in PARTS:
        yield Part(name, (sys.executable, *pytest, *options, *places(name)))
    for python in pythons:
        version = subprocess.check_output([python, "-V"], text=True).strip()
        yield Part(f"again on {version}", (python, *pytest, "-q", "--fast", "--again"))
    yield Part(REST, (sys.executable, *pytest, *options, *places(REST)))


def run(part: Part) -> Ended:
    """Run a part to its end."""
    start = time.monotonic()
    done = subprocess.run(
        part.command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    empty = done.returncode == NOTHING_LEFT and "--fast" in part.command
    return Ended(part, done.returncode != 0 and not empty, done.stdout, time.monotonic() - start)


def run_all(asked: Sequence[Part], lanes: int) -> Iterator[Ended]:
    """Run parts side by side, and give each as it ends. Ended from outside, no further one begins."""
    pool = ThreadPoolExecutor(lanes)
    try:
        for each in as_completed([pool.submit(run, part) for part in asked]):
            yield each.result()
    finally:
        pool.shutdown(cancel_futures=True)


def summary(ended: Sequence[Ended], seconds: float) -> str:
    """How long each part took, the longest first, and the whole."""
    rows = [
        f"{clock(one.seconds):>6}  {one.part.name}{': FAILED' if one.failed else ''}\n"
        for one in sorted(ended, key=lambda one: -one.seconds)
    ]
    return f"{''.join(rows)}{clock(seconds):>6}  the whole\n"


def clock(seconds: float) -> str:
    """1:05 for 65 seconds."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02}"


def main(arguments: Sequence[str]) -> int:
    """Run all; gives 1 where a part failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.parts")
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--corpus", metavar="DIR")
    parser.add_argument("pythons", nargs="*")
    asked = parser.parse_args(arguments)
    options = ["--fast"] * asked.fast + ["--long"] * asked.long
    options += [f"--corpus={asked.corpus}"] if asked.corpus else []
    start, ended = time.monotonic(), []
    for one in run_all(list(parts(options, asked.pythons)), len(os.sched_getaffinity(0))):
        sys.stdout.write(f"== {one.part.name}\n{one.output}\n")
        sys.stdout.flush()
        ended.append(one)
    sys.stdout.write(summary(ended, time.monotonic() - start))
    return int(any(one.failed for one in ended))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
