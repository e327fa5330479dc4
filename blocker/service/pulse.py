"""The service says in the catalogue that it lives, and how it is with each account, from a thread of its own.

A watch only notes how it is: it waits for no database, and holds no transaction open that this would have to wait for.
"""

from __future__ import annotations

import threading
from contextlib import suppress

from blocker.catalogue import Catalogue, CatalogueError
from blocker.catalogue.heartbeats import EVERY, Condition


class Pulse:
    """Of the accounts of one service. Safe to use from several threads."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._ended = False
        self._conditions: dict[str, tuple[Condition, str]] = {}
        self._thread: threading.Thread | None = None

    def note(self, account: str, condition: Condition, detail: str = "") -> None:
        """How it is with an account from now on; said at once."""
        with self._lock:
            self._conditions[account] = condition, detail
        self._changed.set()

    def start(self) -> None:
        """Begin to say it, at every change and every half minute."""
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)
        self._thread.start()

    def end(self, seconds: float) -> None:
        """Say that it ends, where the catalogue answers within so many seconds. What waits for a person still does."""
        if self._thread is None:
            return
        with self._lock:
            self._conditions = {
                account: (Condition.STOPPED, "") if condition.runs else (condition, detail)
                for account, (condition, detail) in self._conditions.items()
            }
        self._ended = True
        self._changed.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        ended = False
        while not ended:
            self._changed.wait(EVERY.total_seconds())
            self._changed.clear()
            ended = self._ended
            with self._lock:
                conditions = dict(self._conditions)
            # A catalogue that cannot be written to now is told of by the watch, which needs it more.
            with suppress(CatalogueError):
                self._catalogue.beat(conditions)
                self._let_go(conditions)

    def _let_go(self, said: dict[str, tuple[Condition, str]]) -> None:
        """Of an account that was ended with, nothing more is said: another process may have it."""
        with self._lock:
            for account, told in said.items():
                if told[0] is Condition.STOPPED and self._conditions.get(account) == told:
                    del self._conditions[account]
