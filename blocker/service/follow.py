"""The configuration's file is looked at all the time: what changes in it is taken up by the service that runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from blocker.config import Config, ConfigError, load
from blocker.service.exchange.events import Event, Observer

EVERY = 1.0
"""Seconds between two looks."""


class Follow:
    """Calls `apply` with the configuration as it is after each change of its file, from a thread of its own."""

    def __init__(
        self, path: Path, apply: Callable[[Config], None], observer: Observer, stop: threading.Event
    ) -> None:
        self._path = path
        self._apply = apply
        self._observer = observer
        self._stop = stop
        self._known = _signature(path)

    def start(self) -> None:
        """Begin."""
        threading.Thread(target=self._run, name="follow", daemon=True).start()

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            found = _signature(self._path)
            if found == self._known:
                continue
            self._known = found
            try:
                config = load(self._path)
            except ConfigError as error:
                self._observer(Event("", "trouble", detail=f"The configuration was not taken up: {error}"))
            else:
                self._apply(config)


def _signature(path: Path) -> tuple[int, int, int] | None:
    """What changes whenever the file does: each of our own writes puts a new file in its place."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
