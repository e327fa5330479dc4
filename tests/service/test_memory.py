"""What was recorded helps to judge what comes later, never the message itself; and it is forgotten in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from blocker.catalogue import Catalogue, CatalogueError
from blocker.config import Config
from blocker.service import Runner
from blocker.service.looks import retention as forgetting
from blocker.service.looks.retention import Retention
from tests.catalogue.letters import LOGO, letter, pixel
from tests.patience import BUSY
from tests.service.world import World

Make = Callable[..., World]


def issue(number: int) -> bytes:
    """A newsletter to the account, with a common logo and a pixel of its own."""
    return letter(number, LOGO, pixel(number), to="ada@example.org")


def references(w: World) -> dict[str, list[Any]]:
    """What the catalogue holds of each message's references, by Message-ID."""
    with Catalogue.open(w.config.database) as catalogue:
        return {found["message"]["message_id"]: found["references"] for found in catalogue.export()}


def remembered(w: World, number: int) -> list[set[str]]:
    """The memory's reasons for each reference of an issue."""
    found = references(w)[f"<{number}@shop.example>"]
    return [{r["rule"] for r in one["reasons"] if r["rule"].startswith("memory.")} for one in found]


@pytest.mark.parametrize("mode", ["report", "flag", "copy", "replace"])
def test_a_newsletter_is_judged_by_those_before(world: Make, mode: str) -> None:
    """In every mode: the logo was seen, the pixel is new in each mail; the first of them had nothing to go by."""
    w = world(mode)
    for number in range(1, 5):
        w.deliver(issue(number))
        w.look()
    assert remembered(w, 1) == [set(), set()]
    assert remembered(w, 4) == [{"memory.seen"}, {"memory.individual"}]


def test_a_message_is_no_witness_of_its_own(world: Make) -> None:
    """Swept again in another mode, found in another folder, or delivered once more, its verdicts are the same."""
    w = world("report")
    for number in range(1, 4):
        w.deliver(issue(number))
        w.look()
    first = references(w)
    with Catalogue.open(w.config.database) as catalogue:
        catalogue.forget(before=datetime.now(UTC) + timedelta(days=1))
    w.run(lambda r: r.sweep("ada"))
    assert references(w) == {}, "what was forgotten is not taken for new"
    w.deliver(issue(3))
    w.look()
    w.set(mode="copy")
    w.run(lambda r: r.sweep("ada"))
    assert remembered(w, 3) == [set(), set()], "alone again, and both copies recorded"
    assert remembered(w, 2) == [{"memory.seen"}, set()]
    assert set(references(w)) == set(first)


def test_both_halves_of_a_household_are_compared(world: Make, tmp_path: Path) -> None:
    """The same pixel in two accounts singles nobody out; the second account's mail is judged so."""
    w = world("report")
    shared = [letter(n, pixel(7), to="the-list@example.org") for n in (1, 2)]
    w.deliver(shared[0])
    w.look()
    other = World(tmp_path, replace(w.account, name="bob", address="bob@example.org"))
    other.begin()
    other.deliver(shared[1])
    other.look()
    assert remembered(w, 1) == [set()]
    assert remembered(w, 2) == [{"memory.shared"}]


def keeping(w: World, days: float | None) -> Config:
    """The world's configuration with a time to keep."""
    config = w.config
    return replace(config, service=replace(config.service, retention_days=days))


@pytest.mark.parametrize(("days", "left"), [(None, 1), (36500, 1), (1, 0)])
def test_each_look_forgets_what_is_due(world: Make, days: float | None, left: int) -> None:
    """The message arrived in 2025; its place stays known, so that it is not recorded again."""
    w = world("report")
    w.deliver(issue(1))
    w.look()
    with Catalogue.open(w.config.database) as catalogue:
        for _ in range(2):
            runner = Runner(keeping(w, days), catalogue, stores=w.stores)
            runner.once()
            runner.sweep("ada")
            runner.stop(2 * BUSY)
            assert len(catalogue.messages().items) == left


def test_the_running_service_forgets_at_its_start(world: Make) -> None:
    """In a thread of its own, which ends with the service."""
    w = world("report")
    w.deliver(issue(1))
    w.look()
    with Catalogue.open(w.config.database) as catalogue:
        runner = Runner(keeping(w, 1), catalogue, stores=w.stores)
        runner.start()
        deadline = time.monotonic() + 30
        while catalogue.messages().items and time.monotonic() < deadline:
            time.sleep(0.02)
        assert catalogue.messages().items == ()
        assert runner.stop(30)
        wait_for_thread_to_end("retention")


def wait_for_thread_to_end(name: str) -> None:
    """Fails where a thread of that name is alive after half a minute."""
    for thread in threading.enumerate():
        if thread.name == name:
            thread.join(30)
            assert not thread.is_alive()


def test_forgetting_is_tried_again_and_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure does not end it; after a success it rests for a day."""

    class Waits(threading.Event):
        asked: list[float] = []  # noqa: RUF012 (one event in this test)

        def wait(self, timeout: float | None = None) -> bool:
            self.asked.append(timeout or 0.0)
            return len(self.asked) > 3

    answers = iter([CatalogueError("the disk is full"), None, None])

    def once(_: Retention) -> int:
        if answer := next(answers):
            raise answer
        return 0

    monkeypatch.setattr(Retention, "once", once)
    stop = Waits()
    Retention(None, 30, stop).run()  # type: ignore[arg-type]
    assert stop.asked == [0.0, forgetting.AGAIN, forgetting.EVERY, forgetting.EVERY]
