"""Judging many messages at once: in processes of their own, so that every core works and none can harm the service.

Parsing holds Python's lock, so threads would gain nothing. A process that ends or hangs over a message is replaced;
the message counts as one that could not be read, and the others of its group are judged anew.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from typing import Protocol, TypeVar

from blocker.config.model import AccountConfig
from blocker.judging.budget import processor_time
from blocker.judging.process import Ended, Process
from blocker.judging.worker import COLLECT_AFTER, Outcome, Recall, outcomes

GROUP = 16
"""Messages sent at once: enough that the sending costs little."""
GROUP_OCTETS = 1024 * 1024
SWITCH_SECONDS = 0.0005
"""How long a thread here keeps Python's lock: a process waits for its thread while another one records."""
AHEAD = 12
"""Groups that wait for each process: what keeps it busy while a batch is recorded."""
MOST = 4
"""Processes, whatever the number of cores."""


class Message(Protocol):
    """What can be judged: anything that has a message's bytes."""

    @property
    def raw(self) -> bytes:
        """The whole message."""


_M = TypeVar("_M", bound=Message)
Item = tuple[_M, str]
"""A message and how its report names where it lies."""


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
        self._outcomes = partial(_outcomes, account, key, views)
        self._recall = recall
        count = count or min(os.cpu_count() or 1, MOST)
        self._workers = [Process(views=views) for _ in range(count)]
        self._idle: SimpleQueue[Process] = SimpleQueue()
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
            return self._asked(worker, group)
        except Ended:
            worker.restart()
            return [self._one(worker, item) for item in group]
        finally:
            self._idle.put(worker)

    def _one(self, worker: Process, item: Item[Message]) -> Outcome:
        """One message of a group that ended its judge: that one, and only that one, is not read."""
        try:
            return self._asked(worker, [item])[0]
        except Ended as error:
            worker.restart()
            return str(error)

    def _asked(self, worker: Process, group: Sequence[Item[Message]]) -> list[Outcome]:
        work = partial(self._outcomes, [(message.raw, source) for message, source in group])
        return worker.ask(work, self._recall)


def _outcomes(
    account: AccountConfig, key: bytes, views: bool, group: Sequence[tuple[bytes, str]], recall: Recall
) -> list[Outcome]:
    """What is thought of a group, each message within a budget of its own."""
    return outcomes(group, account, key, recall, views=views, bounds=processor_time)


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
