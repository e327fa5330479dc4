"""Running a target under libFuzzer (by atheris), which ends its process: hence one process a target."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORDS = Path(__file__).parent / "mail.dict"
SLOWEST = 10.0
"""Seconds of the processor that a single input may take."""
HANGS = 120
"""Seconds after which libFuzzer ends an input that does not come back; by the clock, so that a busy machine needs room."""
MEGABYTES = 2048
LONGEST = 32 << 10
"""Octets of the longest input that is tried."""
_EXECUTED = re.compile(r"stat::number_of_executed_units:\s*([0-9]+)")
_TAIL = 6000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of fuzzing one target."""

    executions: int
    crashes: tuple[Path, ...]
    failed: bool
    output: str


def fuzz(name: str, seconds: int, keep_in: Path | None = None) -> Outcome:
    """Fuzz a target for some seconds, beginning with its seeds; inputs that reach new code are written below `keep_in`."""
    found = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    with tempfile.TemporaryDirectory() as given:
        begin = Path(given)
        keep = keep_in / name if keep_in is not None else begin / "new"
        for folder in (keep, begin / "seeds"):
            folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "tests.fuzz.run", name, str(keep), str(begin / "seeds")]
        command += [f"-max_total_time={seconds}", f"-timeout={HANGS}", f"-rss_limit_mb={MEGABYTES}"]
        command += [
            f"-max_len={LONGEST}",
            "-print_final_stats=1",
            f"-dict={WORDS}",
            f"-artifact_prefix={found}/",
        ]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False
        )
    crashes = tuple(sorted(found.iterdir()))
    if not crashes:
        found.rmdir()
    executed = _EXECUTED.search(done.stderr)
    failed = done.returncode != 0 or bool(crashes) or executed is None
    return Outcome(int(executed[1]) if executed else 0, crashes, failed, (done.stdout + done.stderr)[-_TAIL:])


def write_seeds(folder: Path, inputs: Iterable[bytes]) -> None:
    """One file for each different input, as libFuzzer names them."""
    for data in inputs:
        (folder / hashlib.sha256(data).hexdigest()[:40]).write_bytes(data)


def in_time(target: Callable[[bytes], object]) -> Callable[[bytes], None]:
    """The target; an input that takes it more than `SLOWEST` fails."""

    def timed(data: bytes) -> None:
        began = time.process_time()
        target(data)
        took = time.process_time() - began
        assert took <= SLOWEST, f"this input took {took:.1f} seconds"

    return timed


def main() -> None:
    """In the process of its own: name of the target, then libFuzzer's arguments, the last folder being that of the seeds."""
    import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]

    name, keep, begin, *options = sys.argv[1:]
    with atheris.instrument_imports(include=["blocker"]):
        from tests.fuzz.targets import TARGETS, seeds
    write_seeds(Path(begin), seeds(name))
    atheris.Setup([sys.argv[0], keep, begin, *options], in_time(TARGETS[name]))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
