"""The very same bytes, again: each delivery is dealt with and recorded where it lies; what was put back stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from blocker.catalogue import Catalogue
from blocker.catalogue.values import MessageLine
from blocker.mailbox.protocol import ConnectionLost, MailboxError
from blocker.service.looks.sweep import Swept
from tests.service.world import ARRIVED, QUARANTINE, World, lost_at, mail, original_of

Make = Callable[..., World]
SCREENING = "Screening"


def lines(w: World) -> list[tuple[str, str, str]]:
    """(folder, action, detail) of each record, which must lie where it says."""
    found = []
    with Catalogue.open(w.config.database) as catalogue:
        for line in catalogue.messages(size=1000).items:
            detail = catalogue.message(line.id)
            assert detail is not None
            folder = w.server.folders[detail.mailbox]
            assert folder.uidvalidity == detail.uidvalidity
            lies = folder.messages[detail.uid].raw
            assert (original_of(lies) is not None) == (detail.action == "replaced")
            assert detail.report.message.source == f"ada/{detail.mailbox};{detail.uid}"
            found.append((detail.mailbox, detail.action, detail.detail))
    return sorted(found)


def catalogue_lines(w: World) -> list[MessageLine]:
    """All lines of the catalogue."""
    with Catalogue.open(w.config.database) as catalogue:
        return list(catalogue.messages(size=1000).items)


def still(w: World) -> None:
    """Nothing is left to do, for a look and a sweep."""
    seen, before = w.operations(), w.state()
    w.look()
    w.run(lambda runner: runner.sweep("ada"))
    assert (seen, w.state()) == ([], before)
    w.server.fault = None


def copies(w: World, folder: str = "INBOX") -> list[bytes]:
    """What the copies of a folder give back."""
    return [original for raw in w.raws(folder) if (original := original_of(raw))]


def put_back_by_hand(w: World, which: int = 0) -> None:
    """Its owner moves an original out of the quarantine."""
    messages = w.server.folders[QUARANTINE].messages
    original = messages.pop(sorted(messages)[which])
    w.server.deliver(original.raw, "INBOX", original.flags, original.internal_date)


def restore_all(w: World) -> list[str]:
    """Put back what was replaced, from the command line; why not."""
    with Catalogue.open(w.config.database) as catalogue:
        numbers = [line.id for line in catalogue.messages().items if line.action == "replaced"]
    told: list[str] = []
    w.run(lambda r: r.restore("ada", numbers, lambda _number, why: told.append(why)))
    return told


@pytest.mark.parametrize("times", [2, 3])
def test_delivered_at_once(world: Make, times: int) -> None:
    """Each is exchanged, one after the other, with its own flags."""
    w = world()
    for number in range(times):
        w.deliver(mail(), ("\\Flagged",) if number == 0 else ())
    w.look()
    assert copies(w) == [mail()] * times == w.raws(QUARANTINE)
    assert len(w.raws()) == times
    assert [m.flags for m in w.stored(QUARANTINE)] == [{"\\Flagged"}, *[frozenset()] * (times - 1)]
    assert lines(w) == [("INBOX", "replaced", "")] * times
    still(w)


@pytest.mark.parametrize("sweeps", [False, True])
def test_delivered_after_the_original_went(world: Make, sweeps: bool) -> None:
    """Minutes later, and again: found by the watch, or by a sweep."""
    w = world()
    for count in range(1, 4):
        w.deliver(mail())
        w.run(lambda r: r.sweep("ada")) if sweeps else w.look()
        assert copies(w) == [mail()] * count == w.raws(QUARANTINE)
        assert len(w.raws()) == count
    assert lines(w) == [("INBOX", "replaced", "")] * 3
    still(w)


def test_delivered_to_two_folders(world: Make) -> None:
    """Each lies in its own folder, clean."""
    w = world()
    w.server.create("Shop")
    w.set(folders=("INBOX", "Shop"))
    w.look()
    w.deliver(mail())
    w.deliver(mail(), folder="Shop")
    w.look()
    assert (copies(w), copies(w, "Shop"), w.raws(QUARANTINE)) == ([mail()], [mail()], [mail()] * 2)
    assert lines(w) == [("INBOX", "replaced", ""), ("Shop", "replaced", "")]
    still(w)


@pytest.mark.parametrize("mode", ["report", "flag", "copy"])
def test_in_the_modes_that_move_nothing(world: Make, mode: str) -> None:
    """Each has a line of its own, at once and later, and in copy its own copy."""
    w = world(mode)
    action = {"report": "reported", "flag": "flagged", "copy": "copied"}[mode]
    w.deliver(mail())
    w.deliver(mail())
    w.look()
    w.deliver(mail())
    w.look()
    assert [a for _, a, _ in lines(w)] == [action] * 3
    assert w.raws().count(mail()) == 3
    assert copies(w) == ([mail()] * 3 if mode == "copy" else [])
    still(w)


def test_in_mode_copy_one_that_was_moved_is_the_same(world: Make) -> None:
    """Its record goes along to where it lies now, and no second copy is made; one more delivery gets its own."""
    w = world("copy")
    w.server.create("Shop")
    w.set(folders=("INBOX", "Shop"))
    w.look()
    uid = w.deliver(mail())
    w.look()
    moved = w.server.folders["INBOX"].messages.pop(uid)
    w.server.deliver(moved.raw, "Shop", moved.flags, moved.internal_date)
    w.look()
    assert lines(w) == [("Shop", "copied", "")]
    assert (copies(w), copies(w, "Shop")) == ([mail()], [])
    w.deliver(mail())
    w.look()
    assert copies(w) == [mail()] * 2
    assert lines(w) == [("INBOX", "copied", ""), ("Shop", "copied", "")]
    still(w)


def test_in_mode_copy_one_that_was_deleted_is_not_the_next(world: Make) -> None:
    """Who has a clean copy deletes the original: what arrives later gets its own copy and its own line."""
    w = world("copy")
    uid = w.deliver(mail())
    w.look()
    del w.server.folders["INBOX"].messages[uid]
    w.server.deliver(mail(), "INBOX", (), ARRIVED + timedelta(hours=1))
    w.look()
    assert (w.raws().count(mail()), copies(w)) == (1, [mail()] * 2)
    assert [action for _, action, _ in w.recorded()] == ["copied"] * 2
    still(w)


@pytest.mark.parametrize("stops", range(1, 60, 3))
def test_delivered_while_the_first_is_under_way(world: Make, stops: int) -> None:
    """The link breaks over the first; in the end there are two copies and two originals, each recorded."""
    w = world()
    w.deliver(mail())
    w.server.fault = lost_at(stops)
    with suppress(ConnectionLost):
        w.look()
    w.server.fault = None
    w.deliver(mail())
    w.look()
    assert copies(w) == [mail()] * 2 == w.raws(QUARANTINE)
    assert lines(w) == [("INBOX", "replaced", "")] * 2
    assert len(w.raws()) == 2
    still(w)


def test_the_second_waits_while_the_first_cannot_be_finished(world: Make) -> None:
    """Two under way could not be told apart: it is tried when the first has ended, whatever that end is."""
    w = world()
    w.deliver(mail())
    w.server.quota = len(mail()) + 100
    w.look()
    w.deliver(mail())
    seen = w.operations()
    w.look()
    assert seen == ["append"]
    w.server.quota = None
    w.look()
    w.look()
    assert copies(w) == [mail()] * 2 == w.raws(QUARANTINE)
    assert lines(w) == [("INBOX", "replaced", "")] * 2
    still(w)


def test_put_back_by_restore_it_stays_and_another_is_dealt_with(world: Make) -> None:
    """What was put back keeps its one record, at its new place; the next delivery is exchanged."""
    w = world()
    w.deliver(mail())
    w.look()
    assert restore_all(w) == [""]
    assert lines(w) == [("INBOX", "reported", "its original was restored on request")]
    still(w)
    assert w.raws() == [mail()]
    w.deliver(mail())
    w.look()
    assert (copies(w), w.raws().count(mail()), w.raws(QUARANTINE)) == ([mail()], 1, [mail()])
    assert [action for _, action, _ in lines(w)] == ["replaced", "reported"]
    still(w)
    assert restore_all(w) == [""]
    assert (w.raws(), w.raws(QUARANTINE)) == ([mail()] * 2, [])
    assert [action for _, action, _ in lines(w)] == ["reported", "reported"]
    still(w)


def test_what_was_put_back_may_be_moved(world: Make) -> None:
    """In another folder that is watched it is still the same message, and its record says where it lies."""
    w = world()
    w.server.create("Shop")
    w.set(folders=("INBOX", "Shop"))
    w.look()
    w.deliver(mail())
    w.look()
    restore_all(w)
    ((uid, original),) = w.server.folders["INBOX"].messages.items()
    del w.server.folders["INBOX"].messages[uid]
    w.server.deliver(original.raw, "Shop", original.flags, original.internal_date)
    w.look()
    assert (w.raws(), w.raws("Shop"), w.raws(QUARANTINE)) == ([], [mail()], [])
    assert lines(w) == [("Shop", "reported", "its original was restored on request")]
    still(w)


def test_put_back_by_hand_it_stays_and_says_so(world: Make) -> None:
    """Two deliveries, one original taken back, one more delivery: one stays as it is, two are clean, each has a line."""
    w = world()
    w.deliver(mail())
    w.deliver(mail())
    w.look()
    put_back_by_hand(w)
    w.look()
    assert (w.raws().count(mail()), len(w.raws(QUARANTINE))) == (1, 1)
    expected = [
        ("INBOX", "left", "it is taken for an original that its owner put back"),
        *[("INBOX", "replaced", "")] * 2,
    ]
    assert lines(w) == expected
    still(w)
    w.deliver(mail())
    w.look()
    assert (w.raws().count(mail()), copies(w), w.raws(QUARANTINE)) == (1, [mail()] * 3, [mail()] * 2)
    assert lines(w) == [*expected, ("INBOX", "replaced", "")]
    still(w)


def test_all_put_back_by_hand_and_the_copies_deleted(world: Make) -> None:
    """Each stays; none is taken for another delivery, also not by a sweep."""
    w = world()
    for _ in range(3):
        w.deliver(mail())
    w.look()
    for _ in range(3):
        put_back_by_hand(w)
    w.run(lambda r: r.sweep("ada"))
    assert w.raws().count(mail()) == 3
    assert Counter(action for _, action, _ in lines(w)) == {"replaced": 3, "left": 3}
    still(w)


def test_where_its_owner_emptied_the_quarantine(world: Make) -> None:
    """That cannot be told from putting back: one delivery is left and says why, the next is exchanged."""
    w = world()
    w.deliver(mail())
    w.look()
    w.server.folders[QUARANTINE].messages.clear()
    for _ in range(2):
        w.deliver(mail())
        w.look()
    assert (w.raws().count(mail()), copies(w), w.raws(QUARANTINE)) == (1, [mail()] * 2, [mail()])
    assert [action for _, action, _ in lines(w)] == ["left", "replaced", "replaced"]
    still(w)


def test_where_the_service_emptied_the_quarantine(world: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is missing then: the next delivery is another one."""
    w = world(quarantine_days=1.0)
    w.deliver(mail())
    w.look()
    monkeypatch.setattr("blocker.service.looks.emptying.datetime", Tomorrow)
    w.look()
    assert w.raws(QUARANTINE) == []
    monkeypatch.undo()
    w.deliver(mail())
    w.look()
    assert (copies(w), w.raws(QUARANTINE)) == ([mail()] * 2, [mail()])
    assert lines(w) == [("INBOX", "replaced", "")] * 2


class Tomorrow(datetime):
    """A clock that is two days ahead."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Tomorrow:
        """In two days."""
        return super().now(tz) + timedelta(days=2)


def test_where_its_owner_moved_the_copy(world: Make) -> None:
    """The first copy is filed elsewhere: another delivery is exchanged all the same."""
    w = world()
    w.server.create("Archive")
    uid = w.deliver(mail())
    w.look()
    ((uid, copy),) = w.server.folders["INBOX"].messages.items()
    del w.server.folders["INBOX"].messages[uid]
    w.server.deliver(copy.raw, "Archive", copy.flags)
    w.deliver(mail())
    w.look()
    assert (copies(w), copies(w, "Archive"), w.raws(QUARANTINE)) == ([mail()], [mail()], [mail()] * 2)
    still(w)


def test_two_accounts_in_one_catalogue(tmp_path: Path) -> None:
    """What one account was sent says nothing of the other's mail."""
    w = World.make(tmp_path).begin()
    other = World.make(tmp_path)
    other.account = replace(other.account, name="bob")
    other.look()
    w.deliver(mail())
    other.deliver(mail())
    w.look()
    other.look()
    for each in (w, other):
        assert (copies(each), each.raws(QUARANTINE)) == ([mail()], [mail()])
    assert [line.action for line in catalogue_lines(w)] == ["replaced"] * 2


@pytest.mark.parametrize("tells", [True, False])
def test_held_mail_is_recorded_where_it_came_to_lie(tmp_path: Path, tells: bool) -> None:
    """Clean, tracked, twice the same bytes: whether or not the server tells the new UIDs."""
    w = World.make(tmp_path, "hold")
    w.server.appenduid = tells
    w.begin()
    w.deliver(mail(9, tracked=False))
    plain = mail(2, tracked=False)
    for raw in (mail(1), plain, mail(1), plain, mail(3)):
        w.deliver(raw, (), SCREENING)
    w.look()
    expected = [*[("INBOX", "replaced", "")] * 3, *[("INBOX", "reported", "")] * 2]
    assert lines(w) == sorted(expected)
    w.deliver(mail(1), (), SCREENING)
    w.look()
    assert copies(w).count(mail(1)) == 3
    w.run(lambda r: r.sweep("ada"))
    assert lines(w) == sorted([*expected, ("INBOX", "replaced", ""), ("INBOX", "reported", "")])
    still(w)


@pytest.mark.once
@pytest.mark.parametrize("tells", [True, False])
def test_also_where_the_link_broke(tmp_path: Path, tells: bool) -> None:
    """At each moment: one line a message, which lies where it says."""
    done, stops = False, 0
    while not done:
        stops += 1
        home = tmp_path / str(stops)
        home.mkdir()
        w = World.make(home, "hold")
        w.server.appenduid = tells
        w.begin()
        w.deliver(mail(1), (), SCREENING)
        w.deliver(mail(2, tracked=False), (), SCREENING)
        done = not broken(w, stops)
        w.look()
        assert lines(w) == [("INBOX", "replaced", ""), ("INBOX", "reported", "")], stops


def broken(w: World, moment: int) -> bool:
    """A look over a link that breaks at a moment; whether it came to that."""
    w.server.fault = lost_at(moment)
    try:
        w.look()
    except ConnectionLost:
        return True
    finally:
        w.server.fault = None
    return False


def test_one_let_go_late_is_recorded_where_it_lies(tmp_path: Path) -> None:
    """What is refused at first and released at the next look."""
    w = World.make(tmp_path, "hold").begin()
    w.deliver(mail(2, tracked=False), (), SCREENING)

    def fault(moment: str, operation: str, folder: str) -> None:
        if (moment, operation, folder) == ("before", "move", SCREENING):
            raise MailboxError("The server would not; try again.")

    w.server.fault = fault
    w.look()
    w.server.fault = None
    w.look()
    assert lines(w) == [("INBOX", "reported", "")]


def test_a_dry_run_tells_put_back_from_delivered(world: Make) -> None:
    """And changes nothing: neither mail nor what is known of it."""
    w = world()
    w.deliver(mail())
    w.look()
    put_back_by_hand(w)
    w.deliver(mail())
    before, journal = w.state(), w.journal()
    told: list[Swept] = []
    w.run(lambda r: told.append(r.sweep("ada", dry_run=True)))
    assert dict(told[0]) == {"replaced": 1, "left": 1}
    assert (w.state(), w.journal()) == (before, journal)
