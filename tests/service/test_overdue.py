"""Mode hold while the catalogue cannot be used: overdue mail arrives unchanged, once, and nothing is lost or doubled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from blocker.catalogue import Catalogue
from blocker.mailbox.protocol import ConnectionLost
from blocker.service import Runner
from blocker.service.backoff import Backoff
from blocker.service.exchange.spool import Kept, Spool
from blocker.service.exchange.steps import Place
from tests.patience import BUSY
from tests.service.test_hold import SCREENING, arrives
from tests.service.test_replace import refuse_to_move
from tests.service.world import QUARANTINE, World, mail, original_of

DEADLINE = 0.4
"""Seconds for which mail may be held here."""


@dataclass
class Broken:
    """A catalogue that can be made to fail at every transaction."""

    catalogue: Catalogue
    fails: bool = False

    def __post_init__(self) -> None:
        event.listen(self.catalogue.engine, "begin", self._begin, insert=True)

    def _begin(self, _connection: object) -> None:
        if self.fails:
            raise OperationalError("BEGIN", {}, Exception("disk I/O error"))


@pytest.fixture
def held(tmp_path: Path) -> Callable[..., World]:
    """Makes a world in mode hold with a short deadline, already looked at once."""
    return lambda **more: World.make(tmp_path, "hold", **({"hold_seconds": DEADLINE} | more)).begin()


@contextmanager
def watching(w: World, *, fails: bool = False) -> Iterator[Broken]:
    """The service watches; its catalogue fails once that is said, or from the first look on."""
    with Catalogue.open(w.config.database) as catalogue:
        broken = Broken(catalogue)
        runner: Runner = w.runner(catalogue)
        for watch in runner._watches.values():
            watch._backoff = Backoff(0.01, 0.05)
        broken.fails = fails
        runner.start()
        try:
            if not fails:
                until(lambda: any(e.action == "watching" for e in w.events))
            yield broken
        finally:
            assert runner.stop(2 * BUSY)


def until(condition: Callable[[], bool]) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


def told(w: World, words: str) -> bool:
    """Whether a trouble was told in these words."""
    return any(words in e.detail for e in w.events if e.action == "trouble")


@pytest.mark.parametrize("fails", [False, True], ids=["while it watches", "from the start"])
def test_overdue_mail_arrives_unchanged_while_the_catalogue_fails(
    held: Callable[..., World], fails: bool
) -> None:
    """Not before its deadline, and told; once the catalogue answers, later mail is cleaned and nothing comes twice."""
    w = held()
    with watching(w, fails=fails) as broken:
        broken.fails = True
        start = time.monotonic()
        arrives(w, mail(1), mail(2, tracked=False))
        until(lambda: w.raws(SCREENING) == [])
        assert time.monotonic() - start >= DEADLINE
        assert w.raws() == [mail(1), mail(2, tracked=False)]
        assert told(w, "2 messages released unchanged: the catalogue cannot be used (The disk")
        broken.fails = False
        arrives(w, mail(3))
        until(lambda: w.raws(QUARANTINE) == [mail(3)])
    w.look()
    assert [original_of(raw) or raw for raw in w.raws()] == [mail(1), mail(2, tracked=False), mail(3)]
    assert w.spooled() == []
    assert {stage for _, stage in w.journal()} == {"done"}


def fail_after(w: World, operation: str, broken: Broken) -> None:
    """The catalogue begins to fail when the server has done this."""

    def fault(moment: str, asked: str, _folder: str) -> None:
        if (moment, asked) == ("after", operation):
            broken.fails = True

    w.server.fault = fault


@pytest.mark.parametrize("operation", ["append", "move"])
@pytest.mark.parametrize("again", [False, True], ids=["the same process", "another process"])
def test_what_was_being_exchanged_does_not_arrive_beside_its_copy(
    held: Callable[..., World], operation: str, again: bool
) -> None:
    """It waits, which is told; other mail does not; the exchange ends as ever once the catalogue answers."""
    w = held()
    with watching(w) as broken:
        fail_after(w, operation, broken)
        arrives(w, mail(1))
        until(lambda: broken.fails)
        w.server.fault = None
        if not again:
            assert_waits(w, broken, operation)
    if again:
        w.events.clear()
        with watching(w, fails=True) as broken:
            assert_waits(w, broken, operation)
    w.look()
    assert sorted(original_of(raw) or raw for raw in w.raws()) == sorted([mail(1), mail(2)])
    assert (w.raws(QUARANTINE), w.raws(SCREENING), w.spooled()) == ([mail(1)], [], [])


def assert_waits(w: World, broken: Broken, operation: str) -> None:
    """A message that arrives meanwhile is let go, the one that was begun with is not."""
    arrives(w, mail(2))
    until(lambda: mail(2) in w.raws())
    assert w.raws(SCREENING) == ([mail(1)] if operation == "append" else [])
    assert sorted(original_of(raw) or raw for raw in w.raws()) == sorted([mail(1), mail(2)])
    assert told(w, "being exchanged") == (operation == "append")
    broken.fails = False
    until(lambda: w.raws(QUARANTINE) == [mail(1)])


def test_an_exchange_whose_plan_could_not_be_recorded_was_not_begun(
    held: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The catalogue fails once the message is spooled: nothing was asked of the server, so it is let go."""
    w = held()
    keep = Spool.keep
    with watching(w) as broken:

        def kept(spool: Spool, messages: Mapping[Place, Kept]) -> None:
            keep(spool, messages)
            broken.fails = True

        monkeypatch.setattr(Spool, "keep", kept)
        arrives(w, mail(1))
        until(lambda: w.raws(SCREENING) == [])
        assert (w.raws(), w.spooled()) == ([mail(1)], [])
        broken.fails = False
    w.look()
    assert (w.raws(), w.raws(QUARANTINE)) == ([mail(1)], [])


def test_an_exchange_whose_original_is_gone_ends(
    held: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The spool was lost, so the original was let go beside its copy: the journal then ends it, and the copy goes."""
    w = held()
    monkeypatch.setattr("blocker.service.exchange.spool.Spool.places", lambda *_: [])
    with watching(w) as broken:
        fail_after(w, "append", broken)
        arrives(w, mail(1))
        until(lambda: w.raws(SCREENING) == [])
        w.server.fault = None
        assert sorted(original_of(raw) or raw for raw in w.raws()) == [mail(1), mail(1)]
        broken.fails = False
        until(lambda: w.raws() == [mail(1)])
    assert {stage for _, stage in w.journal()} == {"left"}


def test_without_a_move_that_is_one_act_mail_waits(held: Callable[..., World]) -> None:
    """It is told once; the mail is dealt with as ever when the catalogue answers."""
    w = held()
    w.server.moves_at_once = False
    with watching(w) as broken:
        broken.fails = True
        arrives(w, mail(1))
        until(lambda: told(w, "has no MOVE"))
        time.sleep(DEADLINE)
        assert (w.raws(), w.raws(SCREENING)) == ([], [mail(1)])
        assert sum("has no MOVE" in e.detail for e in w.events) == 1
        w.server.moves_at_once = True
        until(lambda: w.raws() == [mail(1)])


def test_one_that_cannot_be_moved_keeps_no_other(
    held: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are moved in one command; where that is refused for one's sake, the others go without it."""
    w = held()
    refuse_to_move(monkeypatch, b"Issue 2")
    with watching(w) as broken:
        broken.fails = True
        arrives(w, mail(1), mail(2), mail(3))
        until(lambda: w.raws() == [mail(1), mail(3)])
        assert w.raws(SCREENING) == [mail(2)]
        assert told(w, "could not be released")


def test_a_mailbox_that_is_lost_meanwhile_is_opened_again(held: Callable[..., World]) -> None:
    """The link breaks while the catalogue fails: both are tried again, and the mail arrives."""
    w = held()
    links = 0

    def fault(moment: str, operation: str, _folder: str) -> None:
        nonlocal links
        if (moment, operation) == ("before", "move") and links < 3:
            links += 1
            raise ConnectionLost("The link broke; connect again.")

    with watching(w) as broken:
        broken.fails = True
        w.server.fault = fault
        arrives(w, mail(1))
        until(lambda: w.raws() == [mail(1)])
    assert links == 3
