"""The fuzzing targets hold on their seeds always, and under atheris for as long as the run can spare."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.fuzz.run import fuzz
from tests.fuzz.targets import TARGETS, seeds

HERE = Path(__file__).parent
SECONDS = 60
"""For each target in continuous integration; elsewhere, and with --fast, a look at whether it runs."""
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


@pytest.mark.parametrize("name", TARGETS)
def test_fuzzing(name: str, pytestconfig: pytest.Config) -> None:
    """Inputs that atheris makes up break no promise; where it is not installed, damaged seeds do not either."""
    if find_spec("atheris") is None:
        for data in seeds(name):
            for at in range(0, len(data), max(len(data) // 4, 1)):
                TARGETS[name](data[:at] + data[at + 3 :])
        return
    thorough = os.environ.get("CI") == "true" and not pytestconfig.getoption("--fast")
    outcome = fuzz(name, SECONDS if thorough else 3)
    assert not outcome.failed, outcome.output
    assert outcome.executions > 0
