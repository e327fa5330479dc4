"""Fuzzing goes on beside the other tests, from their beginning: it wants a processor for minutes and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.util import find_spec

import pytest

from tests.fuzz.run import Outcome, fuzz

LONG, CI, LOOK = 300, 20, 3
"""Seconds for each target with --long; in continuous integration; elsewhere, and with --fast, where it is seen whether it runs."""
_under_way: dict[str, Future[Outcome]] = {}


def pytest_collection_finish(session: pytest.Session) -> None:
    """Begin with the targets that this run will ask about, one after the other."""
    if session.config.option.collectonly or find_spec("atheris") is None:
        return
    seconds = _seconds(session.config)
    runner = ThreadPoolExecutor(1, thread_name_prefix="fuzz")
    for item in session.items:
        if isinstance(item, pytest.Function) and item.originalname == "test_fuzzing":
            name = str(item.callspec.params["name"])
            _under_way[name] = runner.submit(fuzz, name, seconds)
    runner.shutdown(wait=False)


def _seconds(config: pytest.Config) -> int:
    if config.getoption("--fast"):
        return LOOK
    if config.getoption("--long"):
        return LONG
    return CI if os.environ.get("CI") == "true" else LOOK


@pytest.fixture
def fuzzed() -> Callable[[str], Outcome]:
    """What came of fuzzing a target."""
    return lambda name: _under_way[name].result()
