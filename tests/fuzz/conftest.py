"""Fuzzing goes on beside the other tests, from their beginning: it wants a processor for minutes and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.util import find_spec

import pytest

from tests.fuzz.run import Outcome, fuzz

SECONDS = 60
"""For each target in continuous integration; elsewhere, and with --fast, a look at whether it runs."""
_under_way: dict[str, Future[Outcome]] = {}


def pytest_collection_finish(session: pytest.Session) -> None:
    """Begin with the targets that this run will ask about, one after the other."""
    if session.config.option.collectonly or find_spec("atheris") is None:
        return
    thorough = os.environ.get("CI") == "true" and not session.config.getoption("--fast")
    runner = ThreadPoolExecutor(1, thread_name_prefix="fuzz")
    for item in session.items:
        if isinstance(item, pytest.Function) and item.originalname == "test_fuzzing":
            name = str(item.callspec.params["name"])
            _under_way[name] = runner.submit(fuzz, name, SECONDS if thorough else 3)
    runner.shutdown(wait=False)


@pytest.fixture
def fuzzed() -> Callable[[str], Outcome]:
    """What came of fuzzing a target."""
    return lambda name: _under_way[name].result()
