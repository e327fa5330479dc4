"""What people asked for that holds for a whole account is read from the catalogue all the time, beside whatever is done."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from blocker.catalogue import Catalogue, CatalogueError
from blocker.service.exchange.account import Account

EVERY = 1.0
"""Seconds between two looks, so that a pause holds at once for a person."""


class Pauses:
    """Keeps each account's `pausing` as the catalogue says it should be, from a thread of its own."""

    def __init__(self, catalogue: Catalogue, accounts: Mapping[str, Account], stop: threading.Event) -> None:
        self._catalogue = catalogue
        self._accounts = accounts
        self._stop = stop
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look once, then all the time."""
        self.look()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="pauses", daemon=True)
            self._thread.start()

    def look(self) -> None:
        """Look once. While the catalogue cannot be read, each account is as it was."""
        try:
            paused = self._catalogue.pauses()
        except CatalogueError:
            return  # the watch tells of it, which needs it more
        for name, account in tuple(self._accounts.items()):
            if name in paused:
                account.pausing.set()
            else:
                account.pausing.clear()

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            self.look()
