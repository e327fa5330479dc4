"""The fuzzing targets hold on their seeds always, and under atheris for as long as the run can spare."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.fuzz.run import Outcome, in_time
from tests.fuzz.targets import TARGETS, seeds

HERE = Path(__file__).parent
CRASHES = sorted((HERE / "crashes").glob("*/*"))
"""Inputs that once broke a promise."""


@pytest.mark.parametrize("name", TARGETS)
def test_seeds(name: str) -> None:
    """Every seed keeps what its target promises, and there are enough of them to begin with."""
    count = 0
    for data in seeds(name):
        TARGETS[name](data)
        count += 1
    assert count >= 50


def test_what_once_broke_stays_mended() -> None:
    """An input that broke a promise breaks it no more; each lies in a folder named after its target."""
    assert {path.parent.name for path in CRASHES} <= TARGETS.keys()
    for path in CRASHES:
        TARGETS[path.parent.name](path.read_bytes())


@pytest.mark.once
@pytest.mark.timeout(3600)  # one target waits for those before it
@pytest.mark.parametrize("name", TARGETS)
def test_fuzzing(name: str, fuzzed: Callable[[str], Outcome]) -> None:
    """Inputs that atheris makes up break no promise; where it is not installed, damaged seeds do not either."""
    if find_spec("atheris") is None:
        for data in seeds(name):
            for at in range(0, len(data), max(len(data) // 4, 1)):
                TARGETS[name](data[:at] + data[at + 3 :])
        return
    outcome = fuzzed(name)
    assert not outcome.failed, outcome.output
    assert outcome.executions > 0


def test_what_takes_too_long_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the processor's time, whatever else the machine does."""
    monkeypatch.setattr("tests.fuzz.run.SLOWEST", 0.05)
    in_time(lambda _: time.sleep(0.1))(b"")
    with pytest.raises(AssertionError, match="took"):
        in_time(lambda _: sum(range(20_000_000)))(b"")
