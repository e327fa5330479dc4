"""Worlds for the service's tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.service import kills
from tests.service.world import World


@pytest.fixture
def world(tmp_path: Path) -> Callable[..., World]:
    """Makes a world in a mode, already looked at once."""

    def make(mode: str = "replace", **more: object) -> World:
        return World.make(tmp_path, mode, **more).begin()

    return make


@pytest.hookimpl
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table of kills."""
    kills.summary(terminalreporter)
