"""Forgetting in time: what the catalogue has known of a message for as long as the configuration allows is erased."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from blocker.catalogue import Catalogue, CatalogueError
from blocker.output.log import logger

EVERY = 24 * 3600.0
"""Seconds between two looks, the first of which is at the start."""
AGAIN = 600.0
"""Seconds after which a look that failed is tried again."""
_log = logger()


class Retention:
    """Erases messages that arrived more than `days` days ago; nothing where that is None."""

    def __init__(self, catalogue: Catalogue, days: float | None, stop: threading.Event) -> None:
        self._catalogue = catalogue
        self._days = days
        self._stop = stop

    @property
    def wanted(self) -> bool:
        """Whether anything is ever to be erased."""
        return self._days is not None

    def once(self) -> int:
        """Erase what is due now; how many messages. Raises CatalogueError."""
        if self._days is None:
            return 0
        before = datetime.now(UTC) - timedelta(days=self._days)
        if not self._catalogue.count_to_forget(before=before):
            return 0
        gone = self._catalogue.forget(before=before)
        _log.info("forgotten", messages=gone, before=before.isoformat(timespec="seconds"))
        return gone

    def run(self) -> None:
        """Do so every day until stopped."""
        wait = 0.0
        while not self._stop.wait(wait):
            try:
                self.once()
                wait = EVERY
            except CatalogueError as error:
                _log.warning("not forgotten", why=str(error))
                wait = AGAIN
