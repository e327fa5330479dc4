"""The catalogue's one door: open a database, record what was seen, ask what is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from blocker.catalogue import commands, schema, writing
from blocker.catalogue.errors import place, told
from blocker.catalogue.model import AccountRow
from blocker.catalogue.values import Account, Command, Seen


class Catalogue:
    """What this installation has seen of its mail. Safe to use from several threads.

    Every method is one transaction, and raises CatalogueError with a sentence where the database
    cannot do it.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        """The database: the service keeps its journal (`JournalRow`) in it too. A transaction begun
        here takes SQLite's write lock at once."""
        self._where = place(engine.url)

    @classmethod
    def open(cls, url: str) -> Catalogue:
        """Open a database by its URL, made or brought up to the present schema where needed.

        Raises CatalogueError: the URL cannot be read, the disk is full or read-only, or the database
        is of a newer version or of another program (which is then left exactly as it was).
        """
        return cls(schema.open_engine(url))

    def close(self) -> None:
        """End all connections."""
        self.engine.dispose()

    def __enter__(self) -> Catalogue:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write: committed at the end, rolled back on any error."""
        with told(self._where), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads, and sees one state of the database throughout."""
        reader = self.engine.execution_options(**{schema.READ: True})
        with told(self._where), reader.connect() as connection:
            yield connection

    def ensure_account(self, name: str, address: str, mode: str, level: str) -> int:
        """The account's id; its address, mode and level are set as given."""
        values = {"address": address, "mode": mode, "level": level}
        with self.writing() as connection:
            known = connection.scalar(select(AccountRow.id).where(AccountRow.name == name))
            if known is not None:
                connection.execute(update(AccountRow).where(AccountRow.id == known).values(**values))
                return known
            made = insert(AccountRow).returning(AccountRow.id)
            return connection.scalars(made, [{"name": name, "created": datetime.now(UTC)} | values]).one()

    def accounts(self) -> list[Account]:
        """All accounts by name."""
        columns = (AccountRow.id, AccountRow.name, AccountRow.address, AccountRow.mode, AccountRow.level)
        with self.reading() as connection:
            return [Account(*row) for row in connection.execute(select(*columns).order_by(AccountRow.name))]

    def record(self, seen: Seen) -> int:
        """Record one message; its id. A place recorded before keeps its row: action and detail are updated."""
        return self.record_many([seen])[0]

    def record_many(self, seen: Sequence[Seen]) -> list[int]:
        """Record messages in one transaction; their ids in the order given. All are written, or none."""
        with told(self._where):
            try:
                return self._record(seen)
            except IntegrityError:
                # Another process recorded the same name or place between our look and our insert
                # (PostgreSQL only: SQLite has one writer). Now it is there to be found.
                return self._record(seen)

    def _record(self, seen: Sequence[Seen]) -> list[int]:
        with self.engine.begin() as connection:
            return writing.record(connection, seen)

    def seen_uids(self, account: str, mailbox: str, uidvalidity: int) -> set[int]:
        """Every UID of the mailbox that was recorded once, also where its row was forgotten since."""
        with self.reading() as connection:
            return writing.seen_uids(connection, account, mailbox, uidvalidity)

    def request(self, kind: str, account: str, arguments: Mapping[str, Any]) -> int:
        """Ask the service for something; the command's id. Asked twice while it waits, it is one command."""
        with self.writing() as connection:
            return commands.request(connection, kind, account, arguments)

    def pending(self, account: str) -> list[Command]:
        """What is not finished yet, oldest first; also what was started before a crash."""
        with self.reading() as connection:
            return commands.pending(connection, account)

    def commands(self, limit: int = 20) -> list[Command]:
        """The newest commands of all accounts, whatever their state."""
        with self.reading() as connection:
            return commands.recent(connection, limit)

    def start(self, command_id: int) -> None:
        """Note that the service has begun with a command."""
        with self.writing() as connection:
            commands.start(connection, command_id)

    def finish(self, command_id: int, outcome: str, error: str | None = None) -> None:
        """Note how a command ended: what a person should read, and the error where it failed."""
        with self.writing() as connection:
            commands.finish(connection, command_id, outcome, error)
