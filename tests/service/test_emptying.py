"""The quarantine is emptied only where its owner says so, only in time, and only where the copy can stand for the original."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

import blocker
from blocker.catalogue import Catalogue, JournalRow
from blocker.mailbox.protocol import MailboxError, Stored
from tests.mailbox.memory import MemoryMailbox
from tests.service.world import QUARANTINE, World, mail

Make = Callable[..., World]


def replaced(world: Make, count: int = 2, days: float | None = 30.0) -> World:
    """A world whose owner lets originals go after some days, with messages replaced just now."""
    w = world("replace", quarantine_days=days)
    for number in range(1, count + 1):
        w.deliver(mail(number))
    w.look()
    assert len(w.raws(QUARANTINE)) == count
    return w


def later(w: World, days: float) -> None:
    """Time passes: the journal's rows grow older."""
    with Catalogue.open(w.config.database) as catalogue, catalogue.writing() as connection:
        connection.execute(update(JournalRow).values(updated=datetime.now(UTC) - timedelta(days=days)))


def test_off_unless_said(world: Make) -> None:
    """Without a number of days, nothing ever goes."""
    w = replaced(world, days=None)
    later(w, 4000)
    w.look()
    assert w.raws(QUARANTINE) == [mail(1), mail(2)]


def test_originals_go_in_time_and_not_before(world: Make) -> None:
    """After 29 of 30 days all are there; after 31 they are gone, their copies give them back, a further look does nothing."""
    w = replaced(world)
    foreign = mail(9)
    w.server.deliver(foreign, QUARANTINE)
    later(w, 29)
    w.look()
    assert len(w.raws(QUARANTINE)) == 3
    later(w, 31)
    w.look()
    assert w.raws(QUARANTINE) == [foreign], "what its owner put there is not ours to remove"
    assert [blocker.restore(raw) for raw in w.raws()] == [mail(1), mail(2)]
    later(w, 31)
    seen = w.operations()
    w.look()
    assert seen == []
    assert w.exists(mail(1))


def drop(w: World) -> None:
    """The copy was deleted."""
    w.server.folders["INBOX"].messages.clear()


def alter(w: World) -> None:
    """The copy was changed."""
    box = w.server.folders["INBOX"].messages
    for uid, stored in box.items():
        box[uid] = replace(stored, raw=stored.raw.replace(b"Hello", b"Hallo"))


def archive(w: World) -> None:
    """The copy was filed in another folder."""
    messages = w.server.folders["INBOX"].messages
    w.server.create("Archive").messages.update(messages)
    messages.clear()


def swap(w: World) -> None:
    """In the copy's place lies the copy of another message."""
    box = w.server.folders["INBOX"].messages
    first, second = list(box)
    box[first], box[second] = replace(box[second], uid=first), replace(box[first], uid=second)


def anew(w: World) -> None:
    """The folder was deleted and made anew."""
    messages = dict(w.server.folders["INBOX"].messages)
    w.server.create("INBOX").messages.update(messages)


@pytest.mark.parametrize("happens", [drop, alter, archive, swap, anew])
def test_an_original_whose_copy_cannot_stand_for_it_stays(
    world: Make, happens: Callable[[World], object]
) -> None:
    """However old it is: the original may be the last."""
    w = replaced(world)
    happens(w)
    later(w, 400)
    w.look()
    assert sorted(w.raws(QUARANTINE)) == [mail(1), mail(2)]


def test_one_that_must_stay_does_not_keep_the_others(world: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for one at a look, the one whose copy is gone is passed over, and the other goes."""
    monkeypatch.setattr("blocker.service.looks.emptying.AT_ONCE", 1)
    w = replaced(world)
    box = w.server.folders["INBOX"].messages
    del box[min(box)]
    later(w, 31)
    w.look()
    w.look()
    assert len(w.raws(QUARANTINE)) == 1


def test_a_copy_that_the_server_will_not_give_keeps_no_other(
    world: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its original stays; the other's goes at the same look."""
    w = replaced(world)
    later(w, 31)
    real, first = MemoryMailbox.fetch, min(w.server.folders["INBOX"].messages)

    def fetch(self: MemoryMailbox, uids: Sequence[int]) -> Iterator[Stored]:
        if self.name == "INBOX" and first in uids:
            raise MailboxError("The server lists a message but does not give it.")
        return real(self, uids)

    monkeypatch.setattr(MemoryMailbox, "fetch", fetch)
    w.look()
    assert w.raws(QUARANTINE) == [mail(1)]


def test_an_original_its_owner_marks_at_that_moment_stays(world: Make) -> None:
    """A star set between the reading and the removal: it stays, the other goes; due again after as many days."""
    w = replaced(world)
    later(w, 31)
    box = w.server.folders[QUARANTINE].messages

    def fault(moment: str, operation: str, folder: str) -> None:
        if (moment, operation, folder) == ("before", "remove", QUARANTINE) and len(box) == 2:
            box[1] = replace(box[1], flags=box[1].flags | {"\\Flagged"})

    w.server.fault = fault
    w.look()
    assert ["\\Flagged" in stored.flags for stored in box.values()] == [True]
    w.look()
    assert len(box) == 1
    later(w, 31)
    w.look()
    assert not box


def test_a_crash_in_between_loses_nothing(world: Make) -> None:
    """The link breaks after the removal: the next look finds the original gone, records that, and goes on."""
    w = replaced(world)
    later(w, 31)
    broken: list[str] = []

    def fault(moment: str, operation: str, folder: str) -> None:
        if (moment, operation, folder, broken) == ("after", "remove", QUARANTINE, []):
            broken.append(folder)
            raise ConnectionError

    w.server.fault = fault
    with pytest.raises(ConnectionError):
        w.look()
    assert len(w.raws(QUARANTINE)) == 1
    w.look()
    assert w.raws(QUARANTINE) == []
    assert all(w.exists(mail(n)) for n in (1, 2))


def test_restoring_afterwards_says_how(world: Make) -> None:
    """The original is in no folder, so the sentence names the way that makes it from its copy."""
    w = replaced(world, 1)
    later(w, 31)
    w.look()
    told: list[str] = []
    w.run(lambda r: r.restore("ada", [1], lambda _number, why: told.append(why)))
    assert "`unpixel restore FILE`" in told[0]
    assert len(w.raws()) == 1


def test_originals_of_held_mail_go_too(world: Make) -> None:
    """Their copies lie in the inbox, not where the mail was held: there they are read."""
    w = world("hold", quarantine_days=30.0)
    for number in (1, 2):
        w.deliver(mail(number), folder="Screening")
    w.look()
    box = w.server.folders["INBOX"].messages
    del box[max(box)]
    later(w, 31)
    w.look()
    assert len(w.raws(QUARANTINE)) == 1, "the one whose copy was deleted"
    assert all(w.exists(mail(number)) for number in (1, 2))
