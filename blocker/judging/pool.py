"""Judging many messages at once: in processes of their own, so that every core works and none can harm the service.

Parsing holds Python's lock, so threads would gain nothing. A process that ends or hangs over a message is replaced;
the message counts as one that could not be read, and the others of its group are judged anew.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import IO, Protocol, TypeVar

from blocker.config.model import AccountConfig
from blocker.detect.memory import Recollection
from blocker.judging.budget import readable
from blocker.judging.worker import COLLECT_AFTER, Outcome, Question, Recall, outcomes, receive, send

PROGRAM = "from blocker.judging.worker import main; main()"
"""What a process runs; by name and not as a module, as it must not be imported twice."""
GROUP = 16
"""Messages sent at once: enough that the sending costs little."""
GROUP_OCTETS = 1024 * 1024
START_SECONDS = 120.0
"""How long a process may take to begin: it imports much, perhaps on a busy machine."""
SECONDS = 60.0
"""How long a group may take: a thousand times what it should."""
SWITCH_SECONDS = 0.0005
"""How long a thread here keeps Python's lock: a process waits for its thread while another one records."""
AHEAD = 12
"""Groups that wait for each process: what keeps it busy while a batch is recorded."""
MOST = 4
"""Processes, whatever the number of cores."""

APART = 256 << 10
"""Octets above which a message is judged in a process of its own: what a smaller one may cost is soon over."""
ENDED = "the reader ended or took too long"


class Message(Protocol):
    """What can be judged: anything that has a message's bytes."""

    @property
    def raw(self) -> bytes:
        """The whole message."""


_M = TypeVar("_M", bound=Message)
Item = tuple[_M, str]
"""A message and how its report names where it lies."""


def alone(
    items: Iterable[Item[_M]], account: AccountConfig, key: bytes, recall: Recall
) -> Iterator[tuple[_M, Outcome]]:
    """Judge one after the other: in this process, and in one of their own those that may take long.

    Raises what `recall` raises.
    """
    other: _Worker | None = None
    try:
        for message, source in items:
            if len(message.raw) <= APART:
                yield message, outcomes([(message.raw, source)], account, key, recall)[0]
                continue
            other = other or _Worker((account, key, True), recall)
            answer = other.ask([(message, source)])
            if answer is None:
                other.restart()
            yield message, ENDED if answer is None else answer[0]
    finally:
        if other is not None:
            other.end()


class Pool:
    """Processes that judge messages of one account, from the constructor until `close`.

    Without `views` the header views, which take longer than judging, are left for later.
    """

    def __init__(
        self,
        account: AccountConfig,
        key: bytes,
        recall: Recall,
        count: int | None = None,
        *,
        views: bool = False,
    ) -> None:
        first = (account, key, views)
        count = count or min(os.cpu_count() or 1, MOST)
        self._workers = [_Worker(first, recall) for _ in range(count)]
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)
        # A thread waits for each process, so that all have work while the caller is busy with something else.
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="judge")
        self._ahead = count * AHEAD
        _many.begin()

    def judge(self, items: Iterable[Item[_M]]) -> Iterator[tuple[_M, Outcome]]:
        """Each message with its outcome, in the order given. `items` is read ahead, in the caller's thread.

        Raises what `recall` raises; it is called from several threads.
        """
        groups = _groups(items)
        under_way: deque[tuple[list[Item[_M]], Future[list[Outcome]]]] = deque()
        while True:
            while len(under_way) < self._ahead and (group := next(groups, None)):
                under_way.append((group, self._threads.submit(self._group, group)))
            if not under_way:
                return
            group, answer = under_way.popleft()
            yield from zip((message for message, _ in group), answer.result(), strict=True)

    def close(self) -> None:
        """End the processes."""
        for worker in self._workers:
            worker.end()
        self._threads.shutdown(cancel_futures=True)
        _many.end()

    def _group(self, group: Sequence[Item[Message]]) -> list[Outcome]:
        worker = self._idle.get()
        try:
            answers = worker.ask(group)
            return answers if answers is not None else _one_by_one(worker, group)
        finally:
            self._idle.put(worker)


def _one_by_one(worker: _Worker, group: Sequence[Item[Message]]) -> list[Outcome]:
    """Find out which message of a group ended its judge: that one, and only that one, is not read."""
    outcomes: list[Outcome] = []
    worker.restart()
    for item in group:
        answer = worker.ask([item])
        outcomes.append(ENDED if answer is None else answer[0])
        if answer is None:
            worker.restart()
    return outcomes


def _groups(items: Iterable[Item[_M]]) -> Iterator[list[Item[_M]]]:
    """Groups of some messages, fewer where they are large."""
    group: list[Item[_M]] = []
    octets = 0
    for item in items:
        group.append(item)
        octets += len(item[0].raw)
        if len(group) == GROUP or octets >= GROUP_OCTETS:
            yield group
            group, octets = [], 0
    if group:
        yield group


class _Many:
    """How this whole process runs while many messages are judged, for however many accounts at once.

    Threads change places soon; and cycles, which judgements leave none of, are not looked for all the time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._usual = (sys.getswitchinterval(), gc.get_threshold())

    def begin(self) -> None:
        """One more sweep runs."""
        with self._lock:
            if self._count == 0:
                self._usual = (sys.getswitchinterval(), gc.get_threshold())
                sys.setswitchinterval(SWITCH_SECONDS)
                gc.set_threshold(COLLECT_AFTER)
            self._count += 1

    def end(self) -> None:
        """One has ended; after the last all is as it was before the first."""
        with self._lock:
            self._count -= 1
            if self._count == 0:
                sys.setswitchinterval(self._usual[0])
                gc.set_threshold(*self._usual[1])


_many = _Many()


class _Worker:
    """One process. Used by one thread at a time, but for `end`."""

    def __init__(self, first: tuple[AccountConfig, bytes, bool], recall: Recall) -> None:
        self._first = first
        self._recall = recall
        self._ended = False
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        self._ready = False
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )

    def ask(self, group: Sequence[Item[Message]]) -> list[Outcome] | None:
        """A group's outcomes; None where the process ended or took too long. Raises what `recall` raises."""
        source, out = self._process.stdin, self._process.stdout
        assert source is not None
        assert out is not None
        try:
            if not self._ready:
                send(source, self._first)
                self._ready = readable(out.fileno(), START_SECONDS) and receive(out) is True
            send(source, [(message.raw, said) for message, said in group])
            if not readable(out.fileno(), SECONDS):
                return None
            send(source, self._remembered(receive(out), source))
            found: list[Outcome] | None = receive(out) if readable(out.fileno(), SECONDS) else None
        except (OSError, EOFError):
            return None
        return found

    def _remembered(
        self, questions: Sequence[Question], source: IO[bytes]
    ) -> Sequence[Mapping[str, Recollection]]:
        try:
            return self._recall(questions)
        except BaseException:
            send(source, None)  # it waits for an answer
            raise

    def restart(self) -> None:
        """A new process in place of this one, unless all was ended."""
        self._stop()
        if not self._ended:
            self._process = self._start()

    def end(self) -> None:
        """End for good; what it was doing is of no use to anybody."""
        self._ended = True
        self._stop()

    def _stop(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # unsent octets for a process that has ended
                    continue
