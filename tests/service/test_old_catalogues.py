"""A catalogue of unpixel 0.1.0, with messages under way at every step, is opened, brought up, and gone on with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from blocker.catalogue import Catalogue, JournalRow
from blocker.config import Config
from blocker.mailbox.protocol import Stored
from blocker.service import Runner
from blocker.service.looks.sweep import Swept
from tests.catalogue import old
from tests.mailbox.memory import Folder, MemoryAccount
from tests.servers.postgres import Postgres
from tests.service.test_past import fetches
from tests.service.world import QUARANTINE, World, original_of

pytestmark = pytest.mark.once

Open = Callable[[str, str], "Old"]
GONE_ON_WITH = ("planned", "judging", "appended", "located", "verified", "moving", "moved")
"""Accounts in which one message is exchanged in the end, wherever the process was killed."""


@dataclass
class Mailbox(World):
    """One account of an old catalogue."""

    database: str = ""

    @property
    def config(self) -> Config:
        """With the database of all of them."""
        return replace(super().config, database=self.database)

    def copies(self, folder: str = "INBOX") -> list[bytes]:
        """The originals that the copies in a folder give back."""
        return [original for raw in self.raws(folder) if (original := original_of(raw)) is not None]

    def plain(self, folder: str = "INBOX") -> list[bytes]:
        """What lies in a folder and is no copy."""
        return [raw for raw in self.raws(folder) if original_of(raw) is None]

    def rows(self) -> list[tuple[str, str | None, str]]:
        """(stage, outcome, reason) of each message that the journal knows, by UID."""
        columns = (JournalRow.step, JournalRow.outcome, JournalRow.detail)
        with Catalogue.open(self.database) as catalogue, catalogue.reading() as connection:
            query = select(*columns).where(JournalRow.account == self.account.name)
            return [(row[0], row[1], row[2]) for row in connection.execute(query.order_by(JournalRow.uid))]

    def actions(self) -> list[str]:
        """What the catalogue says was done in this account, newest first."""
        with Catalogue.open(self.database) as catalogue:
            found = catalogue.messages(size=1000).items
        return [line.action for line in found if line.account == self.account.name]

    def sweep(self) -> Swept:
        """Sweep it once, without a limit."""
        found: list[Swept] = []
        self.run(lambda runner: found.append(runner.sweep(self.account.name)))
        return found[0]

    def still(self) -> None:
        """A further look, and a sweep, change nothing."""
        seen = self.operations()
        self.look()
        self.sweep()
        assert seen == []
        self.server.fault = None


class Old(dict[str, Mailbox]):
    """An installation as it was found, by account."""

    def sent(self, account: str) -> list[bytes]:
        """Every mail that had arrived in an account, as it was sent, in the order of the first UIDs it had."""
        found: dict[bytes, None] = {}
        for folder in self[account].server.folders:
            for raw in self[account].raws(folder):
                found[original_of(raw) or raw] = None
        return list(found)


def catalogues(since: str = "") -> pytest.MarkDecorator:
    """Every old catalogue from a revision on, and the oldest and the newest of them in PostgreSQL too."""
    names = [name for name in old.NAMES if name >= since]
    cases = [
        *(("sqlite", name) for name in names),
        *(("postgres", name) for name in dict.fromkeys((names[0], names[-1]))),
    ]
    return pytest.mark.parametrize(("database", "name"), cases)


@pytest.fixture
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Makes an installation with the old catalogue of a name in a database."""

    def make(database: str, name: str) -> Old:
        url = f"sqlite:///{tmp_path / 'catalogue.sqlite'}"
        if database == "postgres":
            postgres: Postgres = request.getfixturevalue("postgres")
            url = postgres.database()
        return installation(tmp_path, url, name)

    return make


def installation(directory: Path, url: str, name: str) -> Old:
    """The catalogue, what lay on the disk beside it, and the servers."""
    old.make(url, name)
    beside = old.beside(name)
    (directory / "key").write_bytes(bytes.fromhex(beside["key"]))
    (directory / "key").chmod(0o600)
    (directory / "spool").mkdir(mode=0o700)
    for file, octets in beside["spool"].items():
        (directory / "spool" / file).write_bytes(octets.encode("latin-1"))
    made = Old()
    for account, server in beside["servers"].items():
        mailbox = Mailbox.make(directory, server["mode"])
        assert isinstance(mailbox, Mailbox)
        mailbox.database, mailbox.server = url, MemoryAccount()
        mailbox.set(name=account)
        for folder, kept in server["folders"].items():
            stored = (
                Stored(uid, raw.encode("latin-1"), frozenset(flags), datetime.fromisoformat(date))
                for uid, raw, flags, date in kept["messages"]
            )
            mailbox.server.folders[folder] = Folder(
                kept["uidvalidity"], kept["uidnext"], {message.uid: message for message in stored}
            )
        made[account] = mailbox
    return made


@catalogues()
def test_what_was_under_way_comes_to_its_end(opened: Open, database: str, name: str) -> None:
    """At whatever step a message was, it is exchanged once: one copy, one original, and nothing more to do."""
    found = opened(database, name)
    for account in GONE_ON_WITH:
        w = found[account]
        (raw,) = found.sent(account)
        w.look()
        w.look()  # what has to be judged anew is exchanged at the second
        assert (w.copies(), w.plain(), w.raws(QUARANTINE)) == ([raw], [], [raw]), account
        assert ("done", "kept", "") in w.rows(), account
        assert w.actions() == ["replaced"], account
        w.still()


@catalogues()
def test_what_was_being_undone_is_left_as_it_was(opened: Open, database: str, name: str) -> None:
    """The copy that the server changed is taken away, and the original stays with the reason that was recorded."""
    w = opened(database, name)["undoing"]
    w.look()
    assert (w.copies(), len(w.plain()), w.raws(QUARANTINE)) == ([], 1, [])
    assert b"Hullo" not in w.plain()[0]
    assert w.rows() == [("left", None, "the server changed the neutralised copy")]
    w.still()


@catalogues()
def test_a_cursor_goes_on_where_it_stood(opened: Open, database: str, name: str) -> None:
    """Mail that came while nothing ran is looked at, and what was looked at before is not looked at again."""
    found = opened(database, name)
    for account, before, after in (
        ("reported", ["reported"], ["reported", "reported"]),
        ("replaced", ["reported", "replaced"], ["reported", "replaced", "replaced"]),
    ):
        w = found[account]
        assert sorted(w.actions()) == sorted(before)
        read = fetches(w)
        w.look()
        assert sorted(w.actions()) == sorted(after)
        assert len(read) == 1 + after.count("replaced") - before.count("replaced"), "it, and its copy"
    assert len(found["replaced"].raws(QUARANTINE)) == 2


@catalogues()
def test_a_restored_original_is_never_exchanged_again(opened: Open, database: str, name: str) -> None:
    """Put back before or after it was killed, asked for again, looked at and swept: it stays, and its copy is gone."""
    found = opened(database, name)
    for account in ("restored", "restoring", "returned"):
        w = found[account]
        (raw,) = found.sent(account)
        w.look()
        assert (w.raws(), w.raws(QUARANTINE)) == ([raw], []), account
        assert w.actions() == ["reported"], account
        w.still()
        assert (w.raws(), w.raws(QUARANTINE)) == ([raw], []), account
        assert w.actions() == ["reported"], account


@catalogues()
def test_what_was_copied_stays_copied(opened: Open, database: str, name: str) -> None:
    """Both lie side by side, and neither is exchanged."""
    found = opened(database, name)
    w = found["copied"]
    before = w.raws()
    w.look()
    assert w.rows() == [("done", "copied", "")]
    w.still()
    assert w.raws() == before


@catalogues("0003")
def test_a_sweep_goes_on_below_what_it_has_passed(opened: Open, database: str, name: str) -> None:
    """Of seven the upper three were looked at, one of them clean: the four below are read, the three are not again."""
    found = opened(database, name)
    w = found["sweep"]
    sent = found.sent("sweep")
    assert (len(sent), len(w.raws(QUARANTINE))) == (7, 2)
    read = fetches(w)
    done = w.sweep()
    assert (done.rewritten, done.left) == (3, 0)
    assert len(read) == 7, "the four, and the copies of three"
    assert sorted(w.copies()) == sorted(w.raws(QUARANTINE))
    assert sorted(w.copies() + w.plain()) == sorted(sent)
    assert len(w.plain()) == 2


@catalogues("0004")
def test_an_original_that_was_let_go_is_not_looked_for_again(opened: Open, database: str, name: str) -> None:
    """The quarantine is not asked for it when it is emptied, and who wants it back reads what became of it."""
    w = opened(database, name)["emptied"]
    assert ("done", "emptied") in [row[:2] for row in w.rows()]
    w.set(quarantine_days=0.0)
    seen = w.operations()
    w.look()
    assert seen == []
    told: list[str] = []
    with Catalogue.open(w.database) as catalogue:
        (number,) = [line.id for line in catalogue.messages().items if line.account == "emptied"]

    def restore(runner: Runner) -> None:
        runner.restore("emptied", [number], lambda _number, why: told.append(why))

    w.run(restore)
    assert "its original was removed after 0 days" in told[0]
    assert len(w.copies()) == 1


@catalogues("0005")
def test_held_mail_reaches_the_inbox_once(opened: Open, database: str, name: str) -> None:
    """What was being exchanged arrives clean, what was being let go arrives as it was."""
    found = opened(database, name)
    for account, copies, plain in (("held", 1, 0), ("released", 0, 1)):
        w = found[account]
        w.look()
        w.look()
        assert (len(w.copies()), len(w.plain()), w.raws("Screening")) == (copies, plain, []), account
        assert len(w.raws(QUARANTINE)) == copies, account
    outcomes = [outcome for _, outcome, _ in found["released"].rows()]
    assert outcomes == ["released"]


@catalogues("0005b")
def test_what_its_owner_put_back_by_hand_stays(opened: Open, database: str, name: str) -> None:
    """The copy and the original lie side by side, and nothing is done to either."""
    w = opened(database, name)["by hand"]
    assert sorted(outcome or "" for _, outcome, _ in w.rows()) == ["left behind", "put back", "taken back"]
    before = w.raws()
    w.look()
    w.still()
    assert w.raws() == before
