"""Past mail: a sweep that was cut short goes on where it was, changes no more than it may, and originals come back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blocker.catalogue import Catalogue
from blocker.choices.modes import Mode
from blocker.config import AccountConfig
from blocker.service import Runner, Stopped
from blocker.service.looks import sweep as sweeping
from blocker.service.looks.sweep import PACE, Limits, Swept, usual
from tests.patience import BUSY
from tests.service.world import QUARANTINE, World, mail

Make = Callable[..., World]


def swept(w: World, **limits: Any) -> Swept:
    """Sweep once with a service of its own."""
    found: list[Swept] = []
    w.run(lambda r: found.append(r.sweep("ada", limits=Limits(**limits))))
    return found[0]


def fetches(w: World) -> list[str]:
    """Begin to note what is fetched from the server; the list grows."""
    seen: list[str] = []

    def note(moment: str, operation: str, _folder: str) -> None:
        if moment == "before" and operation == "fetch":
            seen.append(operation)

    w.server.fault = note
    return seen


def test_no_more_is_changed_than_allowed(world: Make) -> None:
    """It ends exactly at the limit with the newest done; the next one goes on below; the last one has none left."""
    w = world()
    for number in range(1, 8):
        w.deliver(mail(number))
    done = swept(w, rewrites=3)
    assert (done.rewritten, done.left) == (3, 4)
    assert w.raws(QUARANTINE) == [mail(7), mail(6), mail(5)]
    done = swept(w, rewrites=3)
    assert (done.rewritten, done.left) == (3, 1)
    done = swept(w, rewrites=3)
    assert (done.rewritten, done.left) == (1, 0)
    assert sorted(w.raws(QUARANTINE)) == sorted(mail(n) for n in range(1, 8))
    assert all(w.exists(mail(n)) for n in range(1, 8))


def test_no_more_is_read_than_a_provider_allows(world: Make) -> None:
    """It ends after the piece that reaches the limit, says so, and goes on below it; one that ends there has none left."""
    w = world()
    for number in range(1, 8):
        w.deliver(mail(number))
    size = len(mail(1))
    done = swept(w, octets=3 * size, pace=2)
    assert (done.rewritten, done.left, done.full) == (4, 3, True)
    done = swept(w, octets=3 * size)
    assert (done.rewritten, done.left, done.full) == (3, 0, False)
    assert sorted(w.raws(QUARANTINE)) == sorted(mail(n) for n in range(1, 8))


@pytest.mark.parametrize(
    ("host", "mode", "megabytes"),
    [
        ("imap.gmail.com", "report", 1250),
        ("imap.gmail.com", "flag", 1250),
        ("imap.gmail.com", "replace", 250),
        ("imap.example.org", "replace", None),
    ],
)
def test_half_of_a_provider_s_day_is_left_to_others(host: str, mode: str, megabytes: int | None) -> None:
    """What is read counts where nothing is sent, else what may be sent: each message read may go back as a copy."""
    limits = usual(AccountConfig("ada", "ada@example.org", host, "ada", mode=Mode(mode)), 500)
    assert limits == Limits(500, PACE, megabytes and megabytes * 2**20)


def test_the_limit_counts_over_folders_and_not_what_is_clean(world: Make) -> None:
    """Clean mail is looked at beyond the limit's number; a second folder begins only where room is left."""
    w = world()
    w.server.create("Shop")
    w.set(folders=("INBOX", "Shop"))
    w.look()
    for number in range(1, 5):
        w.deliver(mail(number, tracked=number == 1))
        w.deliver(mail(10 + number), folder="Shop")
    done = swept(w, rewrites=2)
    assert (done.rewritten, done["reported"], done.left) == (2, 3, 3)
    assert len(w.raws(QUARANTINE)) == 2


def test_what_a_sweep_has_passed_is_not_read_again(world: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut short, it goes on below without fetching clean mail anew; mail that came on top is looked at too."""
    monkeypatch.setattr(sweeping, "TURN", 2)
    w = world()
    for number in range(1, 9):
        w.deliver(mail(number, tracked=False))

    def stop_half_way(runner: Runner) -> None:
        def progress(done: int, _total: int) -> None:
            if done >= 4:
                runner.stop(2 * BUSY)

        runner.sweep("ada", progress=progress)

    with pytest.raises(Stopped):
        w.run(stop_half_way)
    w.deliver(mail(9, tracked=False))
    read = fetches(w)
    swept(w)
    assert len(read) == 5, "the four below and the one on top"
    read.clear()
    swept(w)
    assert len(read) == 9, "a sweep that came to its end is over: the next looks at everything"


def test_another_wish_begins_anew(world: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep at another level does not rely on how far the former one has come."""
    monkeypatch.setattr(sweeping, "TURN", 2)
    w = world()
    for number in range(1, 5):
        w.deliver(mail(number))
    assert swept(w, rewrites=2).left == 2
    w.set(level="strict")
    read = fetches(w)
    assert swept(w).left == 0
    assert len([m for m in w.stored() if "$TrackerRemoved" in m.flags]) == 4
    assert read


def test_a_pace_is_kept_and_a_stop_ends_the_waiting(world: Make) -> None:
    """At two messages a second a sweep of many is far from done when it is stopped, and stops at once."""
    w = world("report")
    for number in range(1, 60):
        w.deliver(mail(number))
    moved = threading.Event()
    failed: list[BaseException] = []

    def work(runner: Runner) -> None:
        def one() -> None:
            try:
                runner.sweep(
                    "ada",
                    limits=Limits(pace=2),
                    progress=lambda done, _all: moved.set() if done >= 2 else None,
                )
            except Stopped as error:
                failed.append(error)

        thread = threading.Thread(target=one)
        thread.start()
        assert moved.wait(60)
        start = time.monotonic()
        runner.stop(2 * BUSY)
        thread.join(30)
        assert not thread.is_alive()
        assert time.monotonic() - start < 10

    w.run(work)
    assert len(failed) == 1
    assert 2 <= len(w.recorded()) < 40


def test_a_wish_of_the_pages_pauses_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep that was asked for on a page changes no more than a sweep may unasked, and says how to go on."""
    monkeypatch.setattr("blocker.service.commands.CAP", 2)
    w = World.make(tmp_path, "replace")
    for number in range(1, 5):
        w.deliver(mail(number))
    w.begin()
    with Catalogue.open(w.config.database) as catalogue:
        catalogue.request("sweep", "ada", {"since": None})
    w.look()
    with Catalogue.open(w.config.database) as catalogue:
        (command,) = catalogue.commands()
    assert command.error is None
    assert command.outcome == (
        "2 messages were looked at. After 2 changes it paused with 2 left: ask again to go on."
    )
    assert w.raws(QUARANTINE) == [mail(4), mail(3)]


def test_many_originals_come_back_and_stay(world: Make) -> None:
    """Each original is in its folder byte for byte with its copy's flags, its copy is gone, and no sweep treats it again."""
    w = world()
    for number in range(1, 4):
        w.deliver(mail(number))
    w.look()
    with Catalogue.open(w.config.database) as catalogue:
        numbers = [line.id for line in catalogue.messages().items]
    told: list[tuple[int, str]] = []
    w.run(lambda r: r.restore("ada", [*numbers, 4711], lambda number, why: told.append((number, why))))
    assert [why for _, why in told[:3]] == ["", "", ""]
    assert "4711" in told[3][1]
    assert sorted(w.raws()) == [mail(1), mail(2), mail(3)]
    assert w.raws(QUARANTINE) == []
    assert all({"\\Seen", "work"} <= m.flags for m in w.stored())
    swept(w)
    assert sorted(w.raws()) == [mail(1), mail(2), mail(3)]
