"""One message cannot hold up the others: what takes too long, or too much memory, is given up, told, and no more."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest

from blocker.catalogue import CatalogueError
from blocker.judging import budget, process, warm
from blocker.judging.budget import TOO_MUCH, apart
from blocker.judging.judge import Judgement
from blocker.judging.pool import Item, Pool
from blocker.judging.warm import Warm, alone
from blocker.judging.worker import no_memory, outcome, within_budget
from blocker.mailbox.protocol import Stored
from tests.service.test_pool import ACCOUNT, KEY
from tests.service.world import World, mail

GREEDY = """
import os, time
from blocker.judging import budget, worker
budget.SECONDS = 1.0
real = worker.judge
def judge(context, *rest, **more):
    if b'Issue 13' in context.message.raw:
        {what}
    return real(context, *rest, **more)
worker.judge = judge
def once(seconds=1.0, real=budget.processor_time):
    return real(seconds)
budget.processor_time = once
worker.main()
"""
WAYS = {
    "in Python": "[0 for _ in iter(int, 1)]",
    "where errors are caught": "exec('while True:\\n try:\\n  while True: pass\\n except Exception: pass')",
    "memory": "held = [bytearray(1 << 26) for _ in iter(int, 1)]",
}


def items(count: int) -> list[Item[Stored]]:
    """Messages, one of which is the greedy one."""
    now = datetime.now(UTC)
    return [(Stored(n, mail(n), frozenset(), now), f"ada/INBOX;{n}") for n in range(1, count + 1)]


@pytest.mark.parametrize("way", WAYS)
def test_a_greedy_message_is_given_up_alone(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others of its group are judged at the first asking, by the very same process."""
    monkeypatch.setattr(process, "PROGRAM", GREEDY.format(what=WAYS[way]))
    made = Pool(ACCOUNT, KEY, no_memory, 1)
    worker = made._workers[0]._process
    try:
        outcomes = [outcome for _, outcome in made.judge(items(16))]
        assert made._workers[0]._process is worker
    finally:
        made.close()
    assert [n for n, outcome in enumerate(outcomes, 1) if not isinstance(outcome, Judgement)] == [13]
    assert outcomes[12] == TOO_MUCH


@pytest.fixture
def greedy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Warm]]:
    """Has the processes that are kept do something over message 13."""
    made: list[Warm] = []

    def start(what: str) -> Warm:
        monkeypatch.setattr(process, "PROGRAM", GREEDY.format(what=what))
        made.append(Warm())
        monkeypatch.setattr(warm, "WARM", made[0])
        return made[0]

    yield start
    for one in made:
        one.close()


@pytest.mark.parametrize("what", [*WAYS.values(), "os._exit(1)"], ids=[*WAYS, "end"])
def test_one_at_a_time_the_greedy_message_is_told(what: str, greedy: Callable[[str], Warm]) -> None:
    """However small it is; those before and after it are judged."""
    greedy(what)
    outcomes = [outcome for _, outcome in alone(items(15)[10:], ACCOUNT, KEY, no_memory)]
    assert [isinstance(outcome, Judgement) for outcome in outcomes] == [True, True, False, True, True]
    assert outcomes[2] == (process.ENDED if what == "os._exit(1)" else TOO_MUCH)


def test_a_greedy_message_holds_up_no_other_account(greedy: Callable[[str], Warm]) -> None:
    """Another process is started while one is busy, and the one that was busy is not kept."""
    made = greedy("time.sleep(3)")
    with ThreadPoolExecutor(2) as threads:
        slow = threads.submit(warm.judged, mail(13), "", ACCOUNT, KEY, no_memory)
        time.sleep(0.1)
        assert isinstance(warm.judged(mail(1), "", ACCOUNT, KEY, no_memory), Judgement)
        assert not slow.done()
        assert isinstance(slow.result(), Judgement)
    assert len(made._idle) == 2


def test_a_process_is_kept(greedy: Callable[[str], Warm]) -> None:
    """For what comes next, unless something was too much for it, or the memory failed under it."""
    made = greedy(WAYS["in Python"])
    kept = [made._idle and made._idle[0] for _ in alone(items(3), ACCOUNT, KEY, no_memory)]
    assert kept[0] is not None
    assert len(set(map(id, kept))) == 1
    warm.judged(mail(13), "", ACCOUNT, KEY, no_memory)
    assert made._idle == []

    def broken(_: object) -> NoReturn:
        raise CatalogueError("The disk is full.")

    with pytest.raises(CatalogueError):
        warm.judged(mail(1), "", ACCOUNT, KEY, broken)
    assert isinstance(warm.judged(mail(1), "", ACCOUNT, KEY, no_memory), Judgement)


SLOW_VIEW = """
from blocker.judging import budget, warm, worker
real, once = warm.view_of, budget.processor_time
warm.view_of = lambda raw: [0 for _ in iter(int, 1)] if b'Issue 13' in raw else real(raw)
budget.processor_time = lambda: once(0.5)
worker.main()
"""


def test_a_view_that_takes_too_much_says_so(
    monkeypatch: pytest.MonkeyPatch, greedy: Callable[[str], Warm]
) -> None:
    """The parsers that read a mail for people are slower than those that judge it, and no safer."""
    greedy("pass")
    monkeypatch.setattr(process, "PROGRAM", SLOW_VIEW)
    assert [warm.viewed(mail(n)).reason for n in (1, 13, 2)] == ["", TOO_MUCH, ""]


def test_held_mail_does_not_wait_for_a_large_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small mail is in the inbox, also such as comes meanwhile, before a large one is so much as judged."""
    monkeypatch.setattr("blocker.service.looks.hold.LARGE", 5000)
    w = World.make(tmp_path, "hold").begin()
    large = [mail(n, tracked=False) + b" " * 9000 for n in (1, 2)]
    for raw in (*large, mail(3, tracked=False)):
        w.deliver(raw, (), "Screening")
    inbox, arrived = w.server.folders["INBOX"], list[bytes]()
    add = inbox.add

    def noted(raw: bytes, flags: frozenset[str], date: datetime) -> int:
        arrived.append(raw)
        if len(arrived) == 2:
            w.deliver(mail(4, tracked=False), (), "Screening")
        return add(raw, flags, date)

    monkeypatch.setattr(inbox, "add", noted)
    w.look()
    assert arrived == [mail(3, tracked=False), large[0], mail(4, tracked=False), large[1]]


def test_what_is_done_apart_comes_back() -> None:
    """Its value, however large, or why there is none: an error, the time, the memory, the end of the process."""
    assert apart(lambda: b"x" * 3_000_000) == b"x" * 3_000_000
    for work, why in (
        (lambda: 1 / 0, "ZeroDivisionError"),
        (lambda: bytearray(2 * budget.MEMORY), TOO_MUCH),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), TOO_MUCH),
        (lambda: os._exit(0), TOO_MUCH),
    ):
        with pytest.raises(RuntimeError, match=why):
            apart(work)


def test_what_is_done_apart_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends by the clock where it only waits, else by processor time; no process is left behind."""
    forked: list[int] = []
    fork = os.fork

    def noted() -> int:
        forked.append(fork())
        return forked[-1]

    monkeypatch.setattr(os, "fork", noted)
    with monkeypatch.context() as patch:
        patch.setattr(budget, "WALL", 1.0)
        with pytest.raises(RuntimeError, match=TOO_MUCH):
            apart(lambda: time.sleep(60))
    with pytest.raises(RuntimeError, match=TOO_MUCH):
        apart(lambda: [0 for _ in iter(int, 1)], seconds=0.2)
    assert len(forked) == 2
    for child in forked:
        with pytest.raises(ChildProcessError):
            os.waitpid(child, os.WNOHANG)


def test_any_number_of_open_files_is_no_matter() -> None:
    """A pipe is waited for whatever its number is, which select(2) cannot above 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    source, out = os.pipe()
    high = fcntl.fcntl(source, fcntl.F_DUPFD, 2000)
    try:
        assert not budget.readable(high, 0)
        os.write(out, b"x")
        assert budget.readable(high, 0)
    finally:
        for number in (source, out, high):
            os.close(number)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_process_ends_with_its_input_alone() -> None:
    """Not by Ctrl-C, which reaches the whole terminal, nor by SIGTERM, which systemd sends to the whole unit."""
    one = process.Process(views=False)
    work = partial(within_budget, partial(outcome, mail(1), "", ACCOUNT, KEY))
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            found, _ = one.ask(work, no_memory)
            assert isinstance(found, Judgement)
            one._process.send_signal(number)
        assert isinstance(one.ask(work, no_memory)[0], Judgement)
        assert one._process.stdin is not None
        one._process.stdin.close()
        assert one._process.wait(10) == 0
    finally:
        one.end()


def test_what_a_process_had_before_counts_for_nobody() -> None:
    """A large program that has one message read apart has it read all the same, within what that may take."""
    held = bytearray(budget.MEMORY)
    assert budget.apart(lambda: len(bytearray(1 << 26))) == 1 << 26
    with pytest.raises(RuntimeError, match=TOO_MUCH):
        budget.apart(lambda: bytearray(2 * budget.MEMORY))
    assert len(held) == budget.MEMORY
