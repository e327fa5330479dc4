"""A pause: nothing is judged or changed, held mail goes on at once, and what is under way ends by its own steps."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from blocker.catalogue import Catalogue
from blocker.catalogue.heartbeats import Condition
from blocker.mailbox.protocol import ConnectionLost
from blocker.service import Paused
from tests.patience import BUSY
from tests.service.inside import judging_here
from tests.service.test_pulse import becomes
from tests.service.test_watch import until
from tests.service.world import QUARANTINE, World, lost_at, mail, original_of

SCREENING = "Screening"
Make = Callable[..., World]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause is read at once."""
    monkeypatch.setattr("blocker.service.pauses.EVERY", 0.02)


@pytest.fixture
def no_judging(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every message that is judged is noted; the list grows."""
    judged: list[str] = []
    judging_here(monkeypatch)

    def judge(*_arguments: object, **_named: object) -> None:
        judged.append("judged")

    monkeypatch.setattr("blocker.judging.worker.judge", judge)
    return judged


def pause(w: World, span: timedelta | None = None) -> None:
    """A person pauses the account."""
    with Catalogue.open(w.config.database) as catalogue:
        catalogue.pause(["ada"], datetime.now(UTC) + span if span else None)


def resume(w: World) -> None:
    """A person resumes it."""
    with Catalogue.open(w.config.database) as catalogue:
        assert catalogue.resume(["ada"]) == 1


@pytest.mark.parametrize("mode", ["report", "flag", "copy", "replace"])
def test_nothing_is_judged_or_changed_and_afterwards_it_is(world: Make, mode: str) -> None:
    """What came meanwhile is dealt with when the pause has ended."""
    w = world(mode)
    pause(w)
    w.deliver(mail(1))
    seen = w.operations()
    w.look()
    assert (seen, w.recorded(), w.raws(), w.journal()) == ([], [], [mail(1)], [])
    w.server.fault = None
    resume(w)
    w.look()
    assert [action for _, action, _ in w.recorded()] == [
        {"report": "reported", "flag": "flagged", "copy": "copied", "replace": "replaced"}[mode]
    ]


def test_a_pause_ends_by_itself(world: Make) -> None:
    """One whose time is over is none."""
    w = world()
    pause(w, timedelta(seconds=-1))
    w.deliver(mail(1))
    w.look()
    assert w.raws(QUARANTINE) == [mail(1)]


def test_held_mail_goes_on_unread(tmp_path: Path, no_judging: list[str]) -> None:
    """Mode hold: every message reaches the inbox as it is, once, and it is recorded that it was let go."""
    w = World.make(tmp_path, "hold").begin()
    pause(w)
    for raw in (mail(1), mail(2, tracked=False), mail(1)):
        w.deliver(raw, ("work",), SCREENING)
    w.look()
    assert w.raws(SCREENING) == []
    assert sorted(w.raws()) == sorted([mail(1), mail(2, tracked=False), mail(1)])
    assert no_judging == []
    assert {(action, detail) for _, action, detail in w.recorded()} == {("left", "the account was paused")}
    w.look()
    assert len(w.raws()) == 3


@pytest.mark.parametrize(("mode", "step"), [("hold", 1), ("replace", 3), ("copy", 4)])
def test_an_exchange_under_way_ends_in_a_pause(tmp_path: Path, mode: str, step: int) -> None:
    """Wherever the link broke: the message is exchanged or as it was, in one place, and nothing else is begun."""
    folder = SCREENING if mode == "hold" else "INBOX"
    moment = broken = 0
    while broken == moment:
        moment += step
        w = World.make(tmp_path / str(moment), mode).begin()
        w.deliver(mail(1), ("work",), folder)
        w.server.fault = lost_at(moment)
        try:
            w.look()
        except ConnectionLost:
            broken = moment
        w.server.fault = None
        pause(w)
        w.deliver(mail(2), ("work",), folder)
        w.look()
        assert w.exists(mail(1))
        shown = [raw for raw in w.raws() if mail(1) in (raw, original_of(raw))]
        assert len(shown) == (2 if mode == "copy" and mail(1) != shown[-1] else 1), moment
        assert (w.raws(SCREENING) if mode == "hold" else []) == []
        assert w.raws().count(mail(2)) == 1
        assert w.spooled() == []
        before = w.state()
        w.look()
        assert w.state() == before
    assert moment > 5, "no moment was met"


def test_a_running_service_heeds_it_at_once(tmp_path: Path) -> None:
    """It says so, lets go what comes, and takes up its work when the pause ends."""
    w = World.make(tmp_path, "hold").begin()
    w.set(poll=3600.0)
    w.server.idles = True
    with Catalogue.open(w.config.database) as catalogue:
        runner = w.runner(catalogue)
        runner.start()
        becomes(catalogue, Condition.WATCHING)
        pause(w)
        becomes(catalogue, Condition.PAUSED)
        w.deliver(mail(1), ("work",), SCREENING)
        until(lambda: w.raws() == [mail(1)])
        resume(w)
        becomes(catalogue, Condition.WATCHING)
        w.deliver(mail(2), ("work",), SCREENING)
        until(lambda: w.raws(QUARANTINE) == [mail(2)])
        assert runner.stop(2 * BUSY)
    assert w.raws(SCREENING) == []
    assert [e.action for e in w.events].count("paused") == 1


def test_without_hold_no_connection_is_kept(world: Make) -> None:
    """The account is left alone altogether; what came is treated afterwards."""
    w = world("replace")
    with Catalogue.open(w.config.database) as catalogue:
        runner = w.runner(catalogue)
        runner.start()
        becomes(catalogue, Condition.WATCHING)
        pause(w)
        becomes(catalogue, Condition.PAUSED)
        until(lambda: all(entry.action != "trouble" for entry in w.events))
        asked: list[str] = []
        threading.Event().wait(0.2)
        w.server.fault = lambda _moment, operation, _folder: asked.append(operation)
        w.deliver(mail(1))
        threading.Event().wait(0.3)
        assert asked == []
        w.server.fault = None
        resume(w)
        until(lambda: w.raws(QUARANTINE) == [mail(1)])
        assert runner.stop(2 * BUSY)


def test_a_sweep_stops_between_two_messages_and_goes_on_later(world: Make) -> None:
    """What was asked for stays asked for."""
    w = world("replace")
    for number in range(30):
        w.deliver(mail(number))
    w.set(poll=3600.0)
    with Catalogue.open(w.config.database) as catalogue:
        with catalogue.writing() as connection:
            connection.exec_driver_sql("UPDATE folder_cursors SET uidnext = 1000")
        asked = catalogue.request("sweep", "ada", {"since": None})
        runner = w.runner(catalogue)
        pause(w)
        runner.start()
        becomes(catalogue, Condition.PAUSED)
        assert catalogue.pending("ada")[0].started is None
        resume(w)
        until(lambda: not catalogue.pending("ada"))
        assert next(c for c in catalogue.commands() if c.id == asked).state == "done"
        assert runner.stop(2 * BUSY)
    assert len(w.raws(QUARANTINE)) == 30


def test_a_sweep_of_ones_own_is_refused(world: Make) -> None:
    """It says which command ends the pause."""
    w = world()
    pause(w)
    with pytest.raises(Paused, match="unpixel resume ada"):
        w.run(lambda runner: runner.sweep("ada"))
