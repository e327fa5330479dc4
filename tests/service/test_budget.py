"""One message cannot hold up the others: what takes too long, or too much memory, is given up, told, and no more."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from blocker.judging import budget
from blocker.judging import pool as judging
from blocker.judging.budget import TOO_MUCH, apart
from blocker.judging.judge import Judgement
from blocker.judging.pool import Item, Pool, alone
from blocker.judging.worker import no_memory
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
    monkeypatch.setattr(judging, "PROGRAM", GREEDY.format(what=WAYS[way]))
    made = Pool(ACCOUNT, KEY, no_memory, 1)
    process = made._workers[0]._process
    try:
        outcomes = [outcome for _, outcome in made.judge(items(16))]
        assert made._workers[0]._process is process
    finally:
        made.close()
    assert [n for n, outcome in enumerate(outcomes, 1) if not isinstance(outcome, Judgement)] == [13]
    assert outcomes[12] == TOO_MUCH


def test_few_messages_are_judged_here_and_large_ones_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """A large message that ends or exhausts its process is told; those before and after it are judged."""
    monkeypatch.setattr(judging, "APART", 5000)
    monkeypatch.setattr(judging, "PROGRAM", GREEDY.format(what="os._exit(1)"))
    now = datetime.now(UTC)
    given = [
        (Stored(n, mail(n) + b" " * (9000 if n in (12, 13, 14) else 0), frozenset(), now), f"ada/INBOX;{n}")
        for n in range(11, 16)
    ]
    outcomes = [outcome for _, outcome in alone(given, ACCOUNT, KEY, no_memory)]
    assert [isinstance(outcome, Judgement) for outcome in outcomes] == [True, True, False, True, True]
    assert outcomes[2] == judging.ENDED


def test_held_mail_does_not_wait_for_a_large_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small mail is in the inbox, also such as comes meanwhile, before a large one is so much as judged."""
    monkeypatch.setattr("blocker.service.looks.hold.APART", 5000)
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
