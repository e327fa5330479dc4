"""Who judges the messages of one look: processes that are kept, or a pool of more where there are many messages."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from blocker.judging.pool import Item, Pool
from blocker.judging.warm import alone
from blocker.judging.worker import Outcome
from blocker.mailbox.protocol import Stored
from blocker.service.exchange.steps import source_of
from blocker.service.looks.folder import Folder

MANY = 200
"""Messages for which a pool is started: that takes a second of every core."""


class Judges:
    """Judges the messages of one folder. Raises what the catalogue's memory raises."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._pool: Pool | None = None

    def expect(self, count: int) -> None:
        """So many messages are to come: start a pool, where that saves more time than it takes."""
        if count >= MANY and self._pool is None and (os.cpu_count() or 1) > 1:
            account = self._folder.account
            self._pool = Pool(account.config, account.key, account.memory.recall_many)

    def judge(self, messages: Iterable[Stored]) -> Iterator[tuple[Stored, Outcome]]:
        """Each message with what is thought of it."""
        if self._pool is not None:
            return self._pool.judge(self._named(messages))
        return self.alone(messages)

    def alone(self, messages: Iterable[Stored]) -> Iterator[tuple[Stored, Outcome]]:
        """The same without the pool."""
        account = self._folder.account
        return alone(self._named(messages), account.config, account.key, account.memory.recall_many)

    def close(self) -> None:
        """End the pool."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def _named(self, messages: Iterable[Stored]) -> Iterator[Item[Stored]]:
        return ((stored, source_of(self._folder.place(stored.uid))) for stored in messages)
