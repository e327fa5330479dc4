"""The way into the database, which every part of the catalogue shares."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from blocker.catalogue import schema
from blocker.catalogue.errors import NotYours, place, told
from blocker.catalogue.values import Accounts


class Door:
    """A database, and of which accounts somebody may know there."""

    def __init__(self, engine: Engine, only: Accounts = None) -> None:
        self.engine = engine
        """The database: the service keeps its journal (`JournalRow`) in it too. A transaction begun
        here takes SQLite's write lock at once."""
        self.only = only
        """The accounts that it knows of; None for all. See `limited`."""
        self._where = place(engine.url)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write: committed at the end, rolled back on any error."""
        with told(self._where), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads, and sees one state of the database throughout."""
        with told(self._where), schema.reader(self.engine).connect() as connection:
            yield connection

    def _mine(self, *accounts: str) -> None:
        if self.only is not None and not self.only.issuperset(accounts):
            raise NotYours("This is not yours to change: ask an owner of all accounts.")
