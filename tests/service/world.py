"""A small world for the service: a mail account in memory, a catalogue, and what can be asserted of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import select

import blocker
from blocker.catalogue import Catalogue, JournalRow
from blocker.choices.levels import Level
from blocker.choices.modes import Mode
from blocker.config import AccountConfig, Config
from blocker.mailbox.protocol import ConnectionLost, Stored
from blocker.service import Event, Runner
from tests.mailbox.memory import MemoryAccount, MemoryStore
from tests.patience import BUSY

ARRIVED = datetime(2025, 3, 30, 1, 59, 7, tzinfo=timezone(timedelta(hours=2)))
QUARANTINE = "Unpixel originals"


def mail(number: int = 1, *, tracked: bool = True) -> bytes:
    """A newsletter, with or without an open pixel."""
    pixel = f'<img src="https://open.tracker.example/o.gif?u={number:032x}" width="1" height="1" alt="">'
    return (
        f"From: News <news@shop.example>\r\nTo: ada@example.org\r\nSubject: Issue {number}\r\n"
        f"Message-ID: <{number}@shop.example>\r\nDate: Sun, 30 Mar 2025 01:00:00 +0200\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
        f"<html><body><p>Hello Ada</p>{pixel if tracked else ''}</body></html>\r\n"
    ).encode()


def signed(number: int = 1) -> bytes:
    """A tracked newsletter in a signed envelope."""
    inner = mail(number).partition(b"\r\n\r\n")[2]
    head = mail(number).partition(b"MIME-Version")[0]
    return (
        head + b"MIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=b;"
        b' protocol="application/pgp-signature"\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n'
        + inner
        + b"\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--b--\r\n"
    )


@cache
def migrated() -> bytes:
    """An empty SQLite catalogue; to make one takes longer than most looks."""
    with TemporaryDirectory() as directory:
        path = Path(directory, "catalogue.sqlite")
        Catalogue.open(f"sqlite:///{path}").close()
        return path.read_bytes()


@dataclass
class World:
    """One account named "ada", its server in memory, its catalogue on disk."""

    directory: Path
    account: AccountConfig
    server: MemoryAccount = field(default_factory=MemoryAccount)
    events: list[Event] = field(default_factory=list)
    limit_mb: float = 50.0

    @classmethod
    def make(cls, directory: Path, mode: str = "replace", **more: Any) -> World:
        """A world whose account is in this mode, with an empty catalogue where the directory has none."""
        path = directory / "catalogue.sqlite"
        if not path.exists():
            directory.mkdir(parents=True, exist_ok=True)
            path.touch(0o600)
            path.write_bytes(migrated())
        account = AccountConfig(
            name="ada",
            address="ada@example.org",
            host="memory.example",
            user="ada",
            poll=0.05,
            **_chosen({"mode": mode} | more),
        )
        return cls(directory, account)

    @property
    def config(self) -> Config:
        """The configuration."""
        database = f"sqlite:///{self.directory / 'catalogue.sqlite'}"
        made = Config(self.directory / "config.toml", self.directory, database, (self.account,))
        return replace(made, service=replace(made.service, max_message_mb=self.limit_mb))

    def set(self, **values: Any) -> None:
        """Change the account's configuration."""
        self.account = replace(self.account, **_chosen(values))

    def runner(self, catalogue: Catalogue) -> Runner:
        """A service on this world."""
        return Runner(self.config, catalogue, self.events.append, self.stores)

    def stores(self, _account: AccountConfig) -> MemoryStore:
        """Signs in to the server."""
        return MemoryStore(self.server)

    def look(self) -> None:
        """Start the service anew, look once, end it: nothing but the disk goes from look to look."""
        self.run(lambda runner: runner.once())

    def run(self, work: Callable[[Runner], object]) -> None:
        """Do something with a service that is made for it, and end it whatever happens."""
        with Catalogue.open(self.config.database) as catalogue:
            runner = self.runner(catalogue)
            try:
                work(runner)
            finally:
                runner.stop(2 * BUSY)

    def begin(self) -> World:
        """The first look, which only notes where to begin."""
        self.look()
        return self

    def deliver(self, raw: bytes, flags: tuple[str, ...] = ("\\Seen", "work"), folder: str = "INBOX") -> int:
        """A mail arrives."""
        return self.server.deliver(raw, folder, flags, ARRIVED)

    def stored(self, folder: str = "INBOX") -> list[Stored]:
        """What lies in a folder of the server."""
        return list(self.server.folders[folder].messages.values()) if folder in self.server.folders else []

    def raws(self, folder: str = "INBOX") -> list[bytes]:
        """The bytes that lie in a folder."""
        return [stored.raw for stored in self.stored(folder)]

    def journal(self) -> list[tuple[int, str]]:
        """(UID, stage) of the messages that the journal knows."""
        with Catalogue.open(self.config.database) as catalogue, catalogue.reading() as connection:
            query = select(JournalRow.uid, JournalRow.step).where(JournalRow.uid > 0)
            return [(row[0], row[1]) for row in connection.execute(query.order_by(JournalRow.uid))]

    def recorded(self) -> list[tuple[str, str, str]]:
        """(subject, action, detail) of each message in the catalogue, by subject."""
        with Catalogue.open(self.config.database) as catalogue:
            return sorted((m.subject, m.action, m.detail) for m in catalogue.messages(size=1000).items)

    def spooled(self) -> list[bytes]:
        """Files that wait on this computer's disk: originals, or what is under way."""
        spool = self.directory / "spool"
        return [path.read_bytes() for path in sorted(spool.glob("*"))] if spool.exists() else []

    def exists(self, raw: bytes) -> bool:
        """Whether a message exists whole somewhere: as it was, or as a copy that gives it back, or in the spool."""
        if raw in self.spooled():
            return True
        return any(
            raw in (found, original_of(found))
            for folder in self.server.folders
            for found in self.raws(folder)
        )

    def state(self) -> dict[str, Any]:
        """What a person can see in the end, without UIDs: they differ with the number of tries."""
        return {
            folder: sorted(
                (hashlib.sha256(m.raw).hexdigest(), tuple(sorted(m.flags)), m.internal_date.isoformat())
                for m in self.stored(folder)
            )
            for folder in ("INBOX", QUARANTINE)
        } | {"recorded": self.recorded(), "spool": self.spooled()}

    def operations(self) -> list[str]:
        """Begin to note the changing operations that reach the server; the list grows."""
        seen: list[str] = []

        def note(moment: str, operation: str, _folder: str) -> None:
            if moment == "before" and operation in CHANGING:
                seen.append(operation)

        self.server.fault = note
        return seen


CHANGING = ("append", "append_many", "add_flags", "move", "remove")


def original_of(raw: bytes) -> bytes | None:
    """What a neutralised copy gives back; None where it is none."""
    try:
        return blocker.restore(raw)
    except blocker.RestoreError:
        return None


def today() -> datetime:
    """Now, aware."""
    return datetime.now(UTC)


def _chosen(values: dict[str, Any]) -> dict[str, Any]:
    """Fields of an account, its mode and level by their names."""
    kinds = {"mode": Mode, "level": Level}
    return {key: kinds[key](value) if key in kinds else value for key, value in values.items()}


def lost_at(moment: int) -> Callable[[str, str, str], None]:
    """The link breaks at the n-th moment: before an operation, or after it with its answer."""
    left = moment

    def fault(_moment: str, _operation: str, _folder: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise ConnectionLost("The link broke; connect again.")

    return fault
