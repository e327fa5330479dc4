"""Faults of real servers, each through every mode: what the others are owed, they get."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from blocker.catalogue import Catalogue, JournalRow
from blocker.catalogue.model import MessageRow
from blocker.config import AccountConfig
from blocker.mailbox.imap import ImapStore, SocketTimeout
from blocker.mailbox.protocol import MailboxError
from tests.patience import BUSY
from tests.servers.dovecot import PASSWORD
from tests.servers.quirks import QUIRKS, VICTIM, Quirk
from tests.servers.quirky import Quirky
from tests.service.world import QUARANTINE, World, mail, original_of

MODES = ("report", "flag", "copy", "replace", "hold", "sweep")
COUNT = 5
UNTRACKED = 4
LOOKS = 9
"""A message is given up after three tries, each of which may break the connection once for all and once for itself."""


@dataclass
class QuirkyWorld(World):
    """A world whose account lies on a server with a fault."""

    quirk: Quirk = QUIRKS[0]
    troubles: list[str] = field(default_factory=list)
    catalogue: Catalogue = field(init=False)
    lines: list[Any] = field(default_factory=list)
    stages: list[Any] = field(default_factory=list)

    def serve(self) -> QuirkyWorld:
        """Begin to serve."""
        q = self.quirk
        self.catalogue = Catalogue.open(self.config.database)
        self.imap = Quirky(self.server, q.change, q.refuse, q.capabilities, q.greeting)
        return self

    def stores(self, _account: AccountConfig) -> ImapStore:  # type: ignore[override]
        return ImapStore(
            "127.0.0.1", self.imap.port, "ada", PASSWORD, security="none", timeout=SocketTimeout(5, 0.4)
        )

    def work(self, mode: str) -> bool:
        """What a person starts again and again: a look, or a sweep; whether nothing went wrong."""
        runner = self.runner(self.catalogue)
        try:
            if mode == "sweep":
                runner.sweep("ada")
            runner.once()
        except MailboxError as error:
            self.troubles.append(str(error))
            return False
        finally:
            runner.stop(2 * BUSY)
        return True

    def until_settled(self, mode: str) -> None:
        """Work until twice nothing goes wrong and nothing is under way."""
        quiet = 0
        for _ in range(LOOKS):
            journal = self.catalogue_rows(JournalRow.step)
            busy = {step for (step,) in journal} - {"done", "left", "cursor"}
            quiet = quiet + 1 if self.work(mode) and not busy else 0
            if quiet == 2:
                return

    def remember(self) -> None:
        """What was recorded, for the assertions, and end the catalogue."""
        lines = self.catalogue_rows(
            MessageRow.subject, MessageRow.action, MessageRow.detail, MessageRow.sha256
        )
        self.lines = sorted(tuple(line) for line in lines)
        self.stages = self.catalogue_rows(JournalRow.uid, JournalRow.step, JournalRow.mailbox)
        self.catalogue.close()

    def catalogue_rows(self, *columns: Any) -> list[Any]:
        """Of the catalogue, all rows."""
        with self.catalogue.reading() as connection:
            return list(connection.execute(select(*columns)))


@pytest.fixture(autouse=True)
def _no_server_is_left() -> Iterator[None]:
    yield
    Quirky.stop_all()


def cases() -> Iterator[object]:
    """Every fault in every mode; on a second Python each fault in one of them."""
    for number, quirk in enumerate(QUIRKS):
        for mode in MODES:
            again = mode == MODES[number % len(MODES)]
            yield pytest.param(
                quirk, mode, id=f"{quirk.name}-{mode}", marks=() if again else pytest.mark.once
            )


@pytest.mark.parametrize(("quirk", "mode"), list(cases()))
def test_every_quirk_in_every_mode(tmp_path: Path, quirk: Quirk, mode: str) -> None:
    """The others are dealt with, nothing is doubled or lost, and nothing that was not read is called untracked."""
    account_mode = "replace" if mode == "sweep" else mode
    world = QuirkyWorld(tmp_path, World.make(tmp_path, account_mode).account, quirk=quirk).serve()
    folder = "Screening" if mode == "hold" else "INBOX"
    if mode == "hold":
        world.set(screening=folder)
        world.server.create(folder)
        world.server.folders["INBOX"].uidnext = 100  # the fault strikes what is held, not what is let go
    if mode != "sweep":
        world.work(mode)
    mails = {number: mail(number, tracked=number != UNTRACKED) for number in range(1, COUNT + 1)}
    for raw in mails.values():
        world.deliver(raw, folder=folder)
    world.until_settled(mode)
    world.remember()
    _nothing_is_lost_or_doubled(world, mode, mails)
    _nothing_unread_is_untracked(world)
    if quirk.cost != "account":
        for number, raw in mails.items():
            if number != VICTIM or quirk.cost == "nobody":
                _is_dealt_with(world, mode, number, raw)


def _of(world: World, folder: str, raw: bytes) -> list[str]:
    """What lies in a folder of this message: "original" or "copy"."""
    kinds = {raw: "original"}
    return [kinds.get(found, "copy") for found in world.raws(folder) if raw in (found, original_of(found))]


def _nothing_is_lost_or_doubled(world: QuirkyWorld, mode: str, mails: dict[int, bytes]) -> None:
    for number, raw in mails.items():
        assert world.exists(raw), number
        here = Counter(kind for name in ("INBOX", "Screening") for kind in _of(world, name, raw))
        assert here["original"] <= 1, (number, here)
        assert here["copy"] <= 1, (number, here)
        if mode != "copy":
            assert here.total() == 1, (number, here, world.stages, world.troubles)
        assert len(_of(world, QUARANTINE, raw)) <= 1, number
    assert sum(len(world.raws(name)) for name in world.server.folders) == sum(
        len(_of(world, name, raw)) for name in world.server.folders for raw in mails.values()
    )


def _nothing_unread_is_untracked(world: QuirkyWorld) -> None:
    for line in world.lines:
        _, action, _, sha256 = line
        assert action == "left" or sha256, line


def _is_dealt_with(world: QuirkyWorld, mode: str, number: int, raw: bytes) -> None:
    tracked = number != UNTRACKED
    done = {line[0]: line[1] for line in world.lines}.get(f"Issue {number}")
    why = (number, done, world.stages, world.lines, world.troubles)
    if mode == "hold" and "MOVE" in world.quirk.name and world.quirk.cost == "exchange":
        assert _of(world, "Screening", raw) == ["original"], (
            why
        )  # and so is told: nothing can be let go there
        assert any("could not be released" in event.detail for event in world.events)
    elif not tracked:
        assert done == "reported", why
        assert _of(world, "INBOX", raw) == ["original"], why
    elif world.quirk.cost == "exchange" and mode != "report":
        assert done in ("left", "flagged", "copied"), why
    else:
        assert done is not None, why
        told = {"report": "reported", "flag": "flagged", "copy": "copied"}.get(mode, "replaced")
        assert done == told or (world.quirk.cost, done) == ("keywords", "left"), why
        if told == "replaced":
            assert _of(world, "INBOX", raw) == ["copy"], why
            assert _of(world, QUARANTINE, raw) == ["original"], why
