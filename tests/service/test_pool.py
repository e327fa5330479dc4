"""Judging in processes of their own: the same judgements in the same order, and a poisoned message harms itself alone."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from blocker.catalogue import Catalogue, CatalogueError, Seen
from blocker.catalogue.memory import CatalogueMemory
from blocker.choices.modes import Mode
from blocker.config import AccountConfig
from blocker.detect.judge import opened
from blocker.detect.memory import Recollection
from blocker.judging import process
from blocker.judging.judge import Judgement
from blocker.judging.pool import Item, Pool
from blocker.judging.warm import alone
from blocker.judging.worker import Outcome, Question, Recall, no_memory, outcomes
from blocker.mailbox.protocol import Stored
from tests.catalogue.letters import LOGO, letter, pixel
from tests.service.world import World, mail, signed

ACCOUNT = AccountConfig("ada", "ada@example.org", "h", "ada", mode=Mode.REPLACE)
KEY = b"k" * 32


def items(count: int) -> list[Item[Stored]]:
    """Messages of several kinds."""
    kinds: list[Callable[[int], bytes]] = [
        mail,
        signed,
        lambda n: mail(n, tracked=False),
        lambda n: bytes([n]) * 99,
    ]
    raws = [kinds[n % 4](n) for n in range(count)]
    now = datetime.now(UTC)
    return [(Stored(n, raw, frozenset(), now), f"ada/INBOX;{n}") for n, raw in enumerate(raws, 1)]


@pytest.fixture
def judges() -> Iterator[Pool]:
    """Two processes, ended with the test."""
    made = Pool(ACCOUNT, KEY, no_memory, 2, views=True)
    yield made
    made.close()


def comparable(outcome: object) -> object:
    """An outcome's JSON: the values that travelled, and those that did not, are compared by what they say."""
    assert isinstance(outcome, Judgement)
    return outcome.report.as_dict(), outcome.copy, outcome.refused, outcome.view


def here(given: list[Item[Stored]], recall: Recall = no_memory) -> list[Outcome]:
    """What is thought of messages in this very process."""
    return [outcomes([(stored.raw, source)], ACCOUNT, KEY, recall)[0] for stored, source in given]


def test_this_process_runs_as_before_after_the_last_sweep() -> None:
    """Sweeps of two accounts that overlap leave its settings as they were."""
    usual = (sys.getswitchinterval(), gc.get_threshold())
    first, second = Pool(ACCOUNT, KEY, no_memory, 1), Pool(ACCOUNT, KEY, no_memory, 1)
    first.close()
    assert (sys.getswitchinterval(), gc.get_threshold()) != usual
    second.close()
    assert (sys.getswitchinterval(), gc.get_threshold()) == usual


def test_processes_judge_as_this_one_does(judges: Pool) -> None:
    """Every judgement and every copy is the same, in the order given, spans and reasons included."""
    given = items(60)
    wanted = list(map(comparable, here(given)))
    there, single = list(judges.judge(given)), list(alone(given, ACCOUNT, KEY, no_memory))
    for found in (there, single):
        assert [stored for stored, _ in found] == [stored for stored, _ in given]
        assert [comparable(o) for _, o in found] == wanted
    copies = [o.copy for _, o in there if isinstance(o, Judgement) and o.copy]
    assert len(copies) > 10
    again = [(Stored(n, raw, frozenset(), datetime.now(UTC)), "x") for n, raw in enumerate(copies)]
    assert {o for _, o in judges.judge(again)} == {None}, "copies of ours are known by their field"


POISON = """
import os, signal, time
from blocker.judging import worker
real = worker.{step}
def step(first, *rest, **more):
    if b'Issue 13' in (first if isinstance(first, bytes) else first.message.raw):
        {what}
    return real(first, *rest, **more)
worker.{step} = step
worker.main()
"""


@pytest.mark.parametrize(
    ("step", "what"),
    [
        ("judge", "os.kill(os.getpid(), signal.SIGKILL)"),
        pytest.param("opened", "os.kill(os.getpid(), signal.SIGKILL)", marks=pytest.mark.once),
        pytest.param("opened", "time.sleep(600)", marks=pytest.mark.once),
        pytest.param("judge", "time.sleep(600)", marks=pytest.mark.once),
        pytest.param("judge", "print('stray', flush=True); os._exit(3)", marks=pytest.mark.once),
    ],
)
def test_a_poisoned_message_harms_itself_alone(monkeypatch: pytest.MonkeyPatch, step: str, what: str) -> None:
    """One that kills its reader, or makes it hang, before the memory is asked or after, is not read; every other is."""
    monkeypatch.setattr(process, "SECONDS", 2.5)
    monkeypatch.setattr(process, "PROGRAM", POISON.format(step=step, what=what))
    given = [item for item in items(40) if b"Issue" in item[0].raw]
    made = Pool(ACCOUNT, KEY, no_memory, 2)
    try:
        found = {source: outcome for (_, source), (_, outcome) in zip(given, made.judge(given), strict=True)}
    finally:
        made.close()
    poisoned = [source for stored, source in given if b"Issue 13" in stored.raw]
    assert len(poisoned) == 1
    assert [source for source, o in found.items() if isinstance(o, str)] == poisoned
    assert found[poisoned[0]] == "the reader ended or took too long"


def newsletters(count: int) -> list[Item[Stored]]:
    """Issues that share a logo, each with a pixel of its own."""
    now = datetime.now(UTC)
    raws = [letter(n, LOGO, pixel(n), to=ACCOUNT.address) for n in range(1, count + 1)]
    return [(Stored(n, raw, frozenset(), now), f"ada/INBOX;{n}") for n, raw in enumerate(raws, 1)]


def remember(store: Catalogue, given: list[Item[Stored]]) -> None:
    """Record messages for the account."""
    store.ensure_account("ada", ACCOUNT.address, "replace", "standard")
    for stored, outcome in alone(given, ACCOUNT, KEY, CatalogueMemory(store).recall_many):
        assert isinstance(outcome, Judgement)
        store.record(Seen("ada", "INBOX", 7, stored.uid, outcome.report, stored.internal_date, 9, "reported"))


def test_processes_know_what_the_catalogue_remembers(tmp_path: Path) -> None:
    """They open nothing: what they ask for is told them, and their judgements are those of this process."""
    given = newsletters(40)
    with Catalogue.open(f"sqlite:///{tmp_path}/catalogue.sqlite") as store:
        remember(store, given[:20])
        recall = CatalogueMemory(store).recall_many
        made = Pool(ACCOUNT, KEY, recall, 2, views=True)
        try:
            there = [comparable(o) for _, o in made.judge(given)]
        finally:
            made.close()
        assert there == list(map(comparable, here(given, recall)))
        learnt = [o.report for _, o in alone(given, ACCOUNT, KEY, recall) if isinstance(o, Judgement)]
    for report in learnt:
        logo, pixel_ = ({r.rule for r in found.verdict.reasons} for found in report.references)
        assert "memory.seen" in logo
        assert "memory.individual" in pixel_
    assert there != list(map(comparable, here(given)))


def test_what_is_sent_back_can_be_learnt_from(judges: Pool, tmp_path: Path) -> None:
    """A judgement that travelled teaches the catalogue as much as one that was made here."""
    known = []
    given = newsletters(5)
    for name, found in (
        ("there", [outcome for _, outcome in judges.judge(given)]),
        ("here", here(given)),
    ):
        with Catalogue.open(f"sqlite:///{tmp_path}/{name}.sqlite") as store:
            store.ensure_account("ada", ACCOUNT.address, "replace", "standard")
            store.record_many(
                [
                    Seen("ada", "INBOX", 7, s.uid, o.report, s.internal_date, 9, "reported")
                    for (s, _), o in zip(given, found, strict=True)
                    if isinstance(o, Judgement)
                ]
            )
            context = opened(letter(99, LOGO, pixel(99)), recipients=(ACCOUNT.address,))
            known.append(CatalogueMemory(store).recall(context.urls, context.mail))
    assert known[0] == known[1]
    assert known[0][LOGO].messages == 5


def test_a_memory_that_fails_is_not_the_message() -> None:
    """Its error comes out, in either way of judging; no message counts as unreadable, and the next are judged."""
    failing = [True]

    def recall(questions: Sequence[Question]) -> Sequence[Mapping[str, Recollection]]:
        if failing:
            raise CatalogueError("the disk is gone")
        return no_memory(questions)

    given = newsletters(40)
    with pytest.raises(CatalogueError):
        list(alone(given, ACCOUNT, KEY, recall))
    made = Pool(ACCOUNT, KEY, recall, 2, views=True)
    try:
        with pytest.raises(CatalogueError):
            list(made.judge(given))
        failing.clear()
        found = [comparable(o) for _, o in made.judge(given)]
    finally:
        made.close()
    assert found == [comparable(o) for _, o in alone(given, ACCOUNT, KEY, no_memory)]


def test_processes_end_when_they_are_ended() -> None:
    """Nothing is left behind, also where work was under way."""
    made = Pool(ACCOUNT, KEY, no_memory, 2)
    stream = made.judge(items(60))
    next(stream)
    processes = [worker._process for worker in made._workers]
    made.close()
    assert [process.poll() for process in processes] == [-signal.SIGKILL] * 2


@pytest.mark.parametrize("mode", ["report", "copy", "replace"])
def test_a_large_sweep_uses_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    """Many messages are judged by processes; what is recorded, and the header views made later, are the same.

    Of a replaced message its copy is read, which has taken its place.
    """
    monkeypatch.setattr("blocker.service.looks.judges.MANY", 10)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    w = World.make(tmp_path, mode)
    for number in range(30):
        w.deliver(mail(number, tracked=number % 2 == 0))
    used: list[int] = []
    real = Pool.judge

    def judge(self: Pool, given: object) -> object:
        used.append(1)
        return real(self, given)  # type: ignore[arg-type]

    monkeypatch.setattr(Pool, "judge", judge)
    w.run(lambda r: r.sweep("ada"))
    assert used
    assert len(w.recorded()) == 30

    def views() -> list[bool]:
        with Catalogue.open(w.config.database) as catalogue:
            lines = catalogue.messages(size=100).items
            found = [catalogue.message(line.id) for line in lines if line.tracked]
            return [d is not None and d.view is not None and bool(d.view.from_) for d in found]

    assert views() == [False] * 15
    w.look()
    assert views() == [True] * 15


def test_views_are_made_at_once_where_they_are_wanted(judges: Pool) -> None:
    """They take longer than judging: a sweep leaves them for later, held mail is read only once."""
    found = [o for _, o in judges.judge(items(8)) if isinstance(o, Judgement)]
    assert all(o.view is not None for o in found if o.report.tracked)
    later = Pool(ACCOUNT, KEY, no_memory, 1)
    assert all(o.view is None for _, o in later.judge(items(8)) if isinstance(o, Judgement))
    later.close()
