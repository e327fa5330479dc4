"""What a run or a sweep left under way is finished by whichever comes next: in any mode, at any step, in any folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from blocker.catalogue import Catalogue
from blocker.catalogue.codes import Stage
from blocker.mailbox.protocol import ConnectionLost, MailboxError
from blocker.service.exchange.journal import Journal
from blocker.service.looks.sweep import Limits
from tests.service.world import ARRIVED, CHANGING, QUARANTINE, World, lost_at, mail, original_of

pytestmark = pytest.mark.once

SCREENING = "Screening"
MAILS = [mail(1), mail(2, tracked=False), mail(3)]
LATER = ARRIVED.replace(tzinfo=None) + timedelta(days=9)
"""A day after which no mail of these worlds arrived."""
MOST = 200


def sweep(w: World) -> None:
    """A sweep by a service of its own."""
    w.run(lambda runner: runner.sweep("ada"))


def sweep_none(w: World) -> None:
    """A sweep whose own limits leave it nothing to look at."""
    w.run(lambda runner: runner.sweep("ada", datetime.fromisoformat(str(LATER)), limits=Limits(rewrites=1)))


def look(w: World) -> None:
    """A run that looks once."""
    w.look()


def asked(w: World) -> None:
    """A sweep that the running service is asked for."""
    with Catalogue.open(w.config.database) as catalogue:
        catalogue.request("sweep", "ada", {"since": LATER.date().isoformat()})
    w.look()


def stopped(make: Callable[[], World], first: Callable[[World], None]) -> list[World]:
    """The same world after `first` lost its link, once for each state in which that left something under way."""
    found: dict[str, World] = {}
    for moment in range(1, MOST):
        w = make()
        w.server.fault = lost_at(moment)
        lost = False
        try:
            first(w)
        except ConnectionLost:
            lost = True
        w.server.fault = None
        if not lost:
            break
        if begun := under_way(w):
            found.setdefault(str((begun, w.server.folders)), w)
    assert 5 < len(found) < moment
    return list(found.values())


def again(w: World, path: Path) -> World:
    """A world of its own in the same state."""
    shutil.copytree(w.directory, path)
    return replace(w, directory=path, server=deepcopy(w.server), events=[])


def under_way(w: World) -> list[tuple[str, int, str]]:
    """(folder, UID, stage) of the exchanges that the journal says are under way."""
    with Catalogue.open(w.config.database) as catalogue:
        entries = [e for e in Journal(catalogue).under_way("ada") if e.stage != Stage.JUDGING]
        return [(e.place.mailbox, e.place.uid, e.stage.value) for e in entries]


def worlds(tmp_path: Path, mode: str, folder: str = "INBOX") -> Callable[[], World]:
    """Makes the same world again and again: one that was looked at once, with new mail in it."""
    tmp_path.mkdir()
    first = World.make(tmp_path, mode).begin()
    for raw in MAILS:
        first.deliver(raw, folder=folder)
    numbers = count()
    return lambda: again(first, tmp_path.with_name(f"{tmp_path.name}-{next(numbers)}"))


def assert_each_once(w: World, mode: str) -> None:
    """Each mail is there once, its tracker out of the inbox, its original kept; nothing is left to do."""
    assert all(w.exists(raw) for raw in MAILS)
    inbox, tracked = w.raws(), [MAILS[0], MAILS[2]]
    if mode == "copy":
        assert sorted(inbox) == sorted([*MAILS, *(raw for raw in inbox if original_of(raw))])
        assert w.raws(QUARANTINE) == []
    else:
        assert [raw for raw in inbox if raw in MAILS] == [MAILS[1]]
        assert sorted(w.raws(QUARANTINE)) == tracked
    assert sorted(filter(None, map(original_of, inbox))) == tracked
    assert w.spooled() == []
    assert {stage for _, stage in w.journal()} <= {"done", "left"}


FIRST = {"run": look, "sweep": sweep}
THEN = {"run": look, "sweep": sweep, "sweep of none": sweep_none, "sweep asked for": asked}


@pytest.mark.once
@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("mode", ["copy", "replace"])
def test_the_next_one_finishes_it(tmp_path: Path, mode: str, first: str) -> None:
    """Wherever the link was lost; then what was not begun with is dealt with, and no step is left."""
    for number, state in enumerate(stopped(worlds(tmp_path / "w", mode), FIRST[first])):
        for then, go_on in THEN.items():
            w = again(state, tmp_path / f"{number} {then}")
            go_on(w)
            assert under_way(w) == []
            sweep(w)
            assert_each_once(w, mode)
            assert len(w.recorded()) == len(MAILS)
            seen, before = w.operations(), w.state()
            sweep(w)
            assert (seen, w.state()) == ([], before)


def test_in_mode_hold_what_lies_in_the_inbox_is_finished(tmp_path: Path) -> None:
    """Past mail, which was never held, that a sweep lost its link over."""
    for number, state in enumerate(stopped(worlds(tmp_path / "w", "hold"), sweep)):
        for then, go_on in THEN.items():
            w = again(state, tmp_path / f"{number} {then}")
            go_on(w)
            assert under_way(w) == []
            sweep(w)
            assert_each_once(w, "hold")


def test_held_mail_under_way_is_finished(tmp_path: Path) -> None:
    """Whatever comes next, in whatever mode: what was begun with reaches the inbox, once."""
    for number, state in enumerate(stopped(worlds(tmp_path / "w", "hold", SCREENING), look)):
        for later, then in [
            ("hold", "sweep"),
            ("replace", "sweep of none"),
            ("report", "run"),
            ("flag", "sweep"),
        ]:
            w = again(state, tmp_path / f"{number} {later}")
            w.set(mode=later)
            THEN[then](w)
            assert under_way(w) == []
            w.set(mode="hold")
            look(w)
            assert_each_once(w, "hold")
            assert len(w.recorded()) == len(MAILS)


@pytest.mark.parametrize(
    ("former", "later", "then"),
    [
        ("copy", "report", "sweep"),
        ("copy", "replace", "run"),
        ("copy", "hold", "sweep of none"),
        ("replace", "report", "run"),
        ("replace", "flag", "sweep of none"),
        ("replace", "copy", "sweep"),
        ("replace", "hold", "run"),
        ("replace", "hold", "sweep asked for"),
    ],
)
def test_the_mode_was_changed_in_between(tmp_path: Path, former: str, later: str, then: str) -> None:
    """An exchange ends as it was begun: no copy stays beside an original that was to go."""
    for number, state in enumerate(stopped(worlds(tmp_path / "w", former), sweep)):
        w = again(state, tmp_path / str(number))
        w.set(mode=later, level="strict")
        THEN[then](w)
        assert under_way(w) == []
        begun = {uid for _, uid, _ in under_way(state)}
        mode_of = dict(w.journal())
        assert all(mode_of[uid] == "done" for uid in begun)
        copies = [original for raw in w.raws() if (original := original_of(raw))]
        assert len(copies) == len(set(copies)) >= len(begun)
        if former == "replace":
            assert not set(copies) & set(w.raws())
        assert all(w.exists(raw) for raw in MAILS)
        assert w.spooled() == []


def test_also_where_the_folder_is_watched_no_more(tmp_path: Path) -> None:
    """What was begun in a folder that the configuration names no longer is finished there."""
    for w in stopped(worlds(tmp_path / "w", "replace"), sweep):
        w.server.create("Shop")
        w.set(folders=("Shop",))
        sweep(w)
        w.set(folders=("INBOX",))
        sweep(w)
        assert_each_once(w, "replace")


def test_a_folder_that_cannot_be_opened_keeps_no_other(tmp_path: Path) -> None:
    """One that is gone is told, and the others are gone on with and swept."""
    w = World.make(tmp_path, "replace", folders=("INBOX", "Shop"))
    w.server.create("Shop")
    w.begin()
    w.deliver(mail(1))
    w.deliver(mail(2), folder="Shop")

    def fault(moment: str, operation: str, folder: str) -> None:
        if (moment, operation, folder) == ("before", "move", "Shop"):
            raise ConnectionLost("The link broke; connect again.")

    w.server.fault = fault
    with suppress(ConnectionLost):
        sweep(w)
    w.server.fault = None
    del w.server.folders["Shop"]
    w.set(folders=("INBOX",))
    w.deliver(mail(3))
    sweep(w)
    assert sorted(w.raws(QUARANTINE)) == [mail(1), mail(3)]
    assert [event.mailbox for event in w.events if event.action == "trouble"] == ["Shop"]


def test_a_dry_run_finishes_nothing(tmp_path: Path) -> None:
    """It changes and records nothing, also of what is under way."""
    w = worlds(tmp_path / "w", "replace")()
    w.server.fault = lose_at_move
    with pytest.raises(ConnectionLost):
        sweep(w)
    w.server.fault = None
    before, journal, seen = w.state(), w.journal(), w.operations()
    w.run(lambda runner: runner.sweep("ada", dry_run=True))
    assert (w.state(), w.journal(), seen) == (before, journal, [])


def lose_at_move(moment: str, operation: str, _folder: str) -> None:
    """The link always breaks where a move is asked for."""
    if (moment, operation) == ("before", "move"):
        raise ConnectionLost("The link broke; connect again.")


def test_what_is_finished_counts_but_not_towards_the_limit(tmp_path: Path) -> None:
    """A sweep of one more message first finishes two, and says three."""
    w = worlds(tmp_path / "w", "replace")()
    w.server.fault = lose_at_move
    with pytest.raises(ConnectionLost):
        sweep(w)
    w.server.fault = None
    w.deliver(mail(4))
    w.deliver(mail(5))
    done = []
    w.run(lambda runner: done.append(runner.sweep("ada", limits=Limits(rewrites=1))))
    assert done[0].rewritten == 3
    assert sorted(w.raws(QUARANTINE)) == [mail(1), mail(3), mail(5)]


def test_a_refusal_is_no_reason_to_look_at_nothing(tmp_path: Path) -> None:
    """What cannot be finished now is put off; the sweep goes on with the rest."""
    w = worlds(tmp_path / "w", "replace")()
    w.server.fault = lose_at_move
    with pytest.raises(ConnectionLost):
        sweep(w)
    refused: list[str] = []

    def fault(moment: str, operation: str, folder: str) -> None:
        if (moment, operation, folder) == ("before", "flags", "INBOX") and len(refused) < 3:
            refused.append(operation)
            raise MailboxError("The server would not; try again.")

    w.server.fault = fault
    w.deliver(mail(4))
    sweep(w)
    assert mail(4) in w.raws(QUARANTINE)
    w.server.fault = None
    sweep(w)
    assert sorted(w.raws(QUARANTINE)) == [mail(1), mail(3), mail(4)]
    assert all(operation in CHANGING or operation == "flags" for operation in refused)
