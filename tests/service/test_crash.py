"""The service is ended at every step: nothing is lost, it goes on to the same end, and then has nothing left to do."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from blocker.service.exchange.journal import Journal
from blocker.service.exchange.spool import Spool
from tests.service.world import QUARANTINE, World, mail, original_of

pytestmark = pytest.mark.once

MOST = 200
TRACKED = [mail(1), mail(3)]
MAILS = (mail(1), mail(2, tracked=False), mail(3))
"""Two are exchanged together."""


class Killed(BaseException):
    """The process ends here, as by kill -9: nothing of ours may catch it."""


class Clock:
    """Counts every moment at which a process could end; ends it at the n-th."""

    def __init__(self, last: int | None) -> None:
        self.moments = 0
        self._last = last

    def tick(self) -> None:
        """One more moment: before or after something outside this process was changed or asked."""
        self.moments += 1
        if self.moments == self._last:
            raise Killed

    def fault(self, _moment: str, _operation: str, _folder: str) -> None:
        """The server's part: before a request, and after it was carried out but before its answer."""
        self.tick()


@contextmanager
def ticking(clock: Clock, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the clock tick before and after whatever reaches this computer's disk."""

    with patch.context() as inner:
        real_batch = Journal.batch

        def around(owner: type, name: str) -> None:
            real: Callable[..., Any] = getattr(owner, name)

            def counted(*args: Any, **named: Any) -> Any:
                clock.tick()
                result = real(*args, **named)
                clock.tick()
                return result

            inner.setattr(owner, name, counted)

        @contextmanager
        def batch(self: Journal) -> Iterator[Any]:
            clock.tick()
            with real_batch(self) as made:
                yield made
                clock.tick()  # the transaction is not committed yet
            clock.tick()

        around(Journal, "put")
        around(Journal, "set_cursor")
        around(Spool, "keep")
        around(Spool, "end")
        inner.setattr(Journal, "batch", batch)
        yield


def prepared(tmp_path: Path, mode: str, appenduid: bool, folder: str = "INBOX") -> Callable[[], World]:
    """Makes the same world again and again: one that was looked at once, with new mail in it."""
    template = tmp_path / "template"
    template.mkdir()
    first = World.make(template, mode).begin()
    number = 0

    def make() -> World:
        nonlocal number
        number += 1
        directory = tmp_path / str(number)
        shutil.copytree(template, directory)
        w = World.make(directory, mode)
        w.server.create("INBOX").uidvalidity = first.server.folders["INBOX"].uidvalidity
        w.server.appenduid = appenduid
        if folder != "INBOX":
            w.server.create(folder).uidvalidity = first.server.folders[folder].uidvalidity
        for raw in MAILS:
            w.deliver(raw, folder=folder)
        return w

    return make


def run(w: World, clock: Clock, patch: pytest.MonkeyPatch) -> bool:
    """One look under the clock; whether it came to its end."""
    w.server.fault = clock.fault
    try:
        with ticking(clock, patch):
            w.look()
    except Killed:
        return False
    finally:
        w.server.fault = None
    return True


@pytest.mark.parametrize(
    ("mode", "appenduid"),
    [
        ("replace", True),
        *(
            pytest.param(mode, appenduid, marks=pytest.mark.once)
            for mode, appenduid in (("replace", False), ("copy", True), ("copy", False), ("flag", True))
        ),
    ],
)
def test_ended_at_every_step_it_goes_on_to_the_same_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, appenduid: bool
) -> None:
    """For each moment n: end there, every mail exists whole; resume, the end is the same; again, no step is left."""
    make = prepared(tmp_path, mode, appenduid)
    whole = make()
    clock = Clock(None)
    assert run(whole, clock, monkeypatch)
    expected = whole.state()
    assert 10 < clock.moments < MOST
    if mode == "replace":
        assert whole.raws(QUARANTINE) == TRACKED
        assert sorted(filter(None, map(original_of, whole.raws()))) == TRACKED
    for moment in range(1, clock.moments + 1):
        w = make()
        assert not run(w, Clock(moment), monkeypatch), moment
        assert all(w.exists(raw) for raw in MAILS), f"a mail was lost when ended at moment {moment}"
        w.look()
        assert w.state() == expected, f"ended at moment {moment}"
        seen = w.operations()
        journal = w.journal()
        w.look()
        assert (seen, w.state(), w.journal()) == ([], expected, journal), f"ended at moment {moment}"


def test_ended_twice_it_still_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ended again while it resumes, at every so many moments of both runs: the end is still the same."""
    make = prepared(tmp_path, "replace", False)
    whole = make()
    clock = Clock(None)
    run(whole, clock, monkeypatch)
    expected = whole.state()
    for first in range(1, clock.moments + 1, 9):
        for second in range(1, clock.moments + 1, 13):
            w = make()
            run(w, Clock(first), monkeypatch)
            run(w, Clock(second), monkeypatch)
            assert all(w.exists(raw) for raw in MAILS), (first, second)
            w.look()
            assert w.state() == expected, (first, second)


def assert_let_go_once(w: World, moment: object) -> None:
    """Each message reached the inbox once, as it was or clean; who has a clean one has its original in the quarantine."""
    inbox = w.raws()
    assert sorted(original_of(raw) or raw for raw in inbox) == sorted(MAILS), f"ended at {moment}"
    assert w.raws("Screening") == [], f"ended at {moment}"
    cleaned = [original for raw in inbox if (original := original_of(raw))]
    assert sorted(w.raws(QUARANTINE)) == sorted(cleaned), f"ended at {moment}"
    assert [subject for subject, _, _ in w.recorded()] == ["Issue 1", "Issue 2", "Issue 3"], (
        f"ended at {moment}"
    )
    assert w.spooled() == [], f"ended at {moment}"


@pytest.mark.once
@pytest.mark.parametrize("appenduid", [True, False])
def test_held_mail_is_let_go_once_wherever_it_was_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, appenduid: bool
) -> None:
    """Mode hold, ended at each moment: every mail exists whole, then reaches the inbox once; again, no step is left."""
    make = prepared(tmp_path, "hold", appenduid, "Screening")
    whole = make()
    clock = Clock(None)
    assert run(whole, clock, monkeypatch)
    assert_let_go_once(whole, "no moment")
    assert sorted(whole.raws(QUARANTINE)) == TRACKED
    assert 10 < clock.moments < MOST
    cleaned = 0
    for moment in range(1, clock.moments + 1):
        w = make()
        assert not run(w, Clock(moment), monkeypatch), moment
        assert all(w.exists(raw) for raw in MAILS), f"a mail was lost when ended at moment {moment}"
        w.look()
        assert_let_go_once(w, moment)
        cleaned += len(w.raws(QUARANTINE))
        seen, before, journal = w.operations(), w.state(), w.journal()
        w.look()
        assert (seen, w.state(), w.journal()) == ([], before, journal), f"ended at moment {moment}"
    assert cleaned == len(TRACKED) * clock.moments, "to be ended is no reason to let a tracker through"
