"""The service's heartbeat: each condition as it comes, and the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from blocker.catalogue import Catalogue
from blocker.catalogue.heartbeats import Condition
from blocker.config import AccountConfig
from blocker.mailbox.protocol import LoginRefused
from blocker.service import Runner
from blocker.service.backoff import Backoff
from tests.mailbox.memory import MemoryStore
from tests.patience import BUSY
from tests.service.world import World

Make = Callable[..., World]


def condition(catalogue: Catalogue) -> tuple[Condition, str]:
    """How it is with the one account."""
    (beat,) = catalogue.heartbeats()
    return beat.condition, beat.detail


def becomes(catalogue: Catalogue, wanted: Condition) -> str:
    """Wait for a condition; its sentence."""
    deadline = time.monotonic() + 20
    while (found := condition(catalogue))[0] is not wanted and time.monotonic() < deadline:
        time.sleep(0.01)
    assert found[0] is wanted
    return found[1]


def test_from_watching_through_trouble_to_the_end(world: Make) -> None:
    """The link breaks and comes back; at the end the service says that it ends."""
    w, broken = world(), threading.Event()

    def stores(account: AccountConfig) -> MemoryStore:
        if broken.is_set():
            raise OSError("the network is away")
        return w.stores(account)

    def fault(_moment: str, _operation: str, _folder: str) -> None:
        if broken.is_set():
            raise OSError("the network is away")

    w.server.fault = fault
    with Catalogue.open(w.config.database) as catalogue:
        assert condition(catalogue) == (Condition.NEVER, "")
        runner = Runner(w.config, catalogue, w.events.append, stores)
        for watch in runner._watches.values():
            watch._backoff = Backoff(0.01, 0.05)
        runner.start()
        becomes(catalogue, Condition.WATCHING)
        broken.set()
        assert becomes(catalogue, Condition.TROUBLE) == "the network is away"
        broken.clear()
        becomes(catalogue, Condition.WATCHING)
        assert runner.stop(2 * BUSY)
        assert condition(catalogue) == (Condition.STOPPED, "")


def test_an_account_that_waits_for_a_person_still_does_after_the_end(world: Make) -> None:
    """Its sentence says what to do."""
    w, why = world(), "The server refuses the password: set another."

    def stores(_account: AccountConfig) -> MemoryStore:
        raise LoginRefused(why)

    with Catalogue.open(w.config.database) as catalogue:
        runner = Runner(w.config, catalogue, w.events.append, stores)
        runner.start()
        assert becomes(catalogue, Condition.REFUSED) == why
        assert runner.stop(2 * BUSY)
        assert condition(catalogue) == (Condition.REFUSED, why)


def test_it_says_so_again_and_again(world: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """While nothing changes too."""
    monkeypatch.setattr("blocker.service.pulse.EVERY", timedelta(seconds=0.02))
    w = world()
    with Catalogue.open(w.config.database) as catalogue:
        runner = w.runner(catalogue)
        runner.start()
        becomes(catalogue, Condition.WATCHING)
        first = catalogue.heartbeats()[0]
        deadline = time.monotonic() + 10
        while catalogue.heartbeats()[0].at == first.at and time.monotonic() < deadline:
            time.sleep(0.01)
        later = catalogue.heartbeats()[0]
        assert later.at != first.at
        assert later.since == first.since
        assert runner.stop(2 * BUSY)
