"""Judging single messages in processes that are kept: whatever a message does to its reader, this process goes on.

A process takes a second to begin, so one that was needed stays, for all accounts and for the pages. Whoever asks while
all are busy has another one started, up to a bound: a message that takes long holds up no other.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from blocker.catalogue import HeaderView
from blocker.config.model import AccountConfig
from blocker.judging.judge import view_of
from blocker.judging.pool import Item, Message
from blocker.judging.process import Ended, Process, Work
from blocker.judging.worker import Outcome, Recall, no_memory, outcome, within_budget

MOST = 4
"""Processes, whatever the number of accounts."""

_T = TypeVar("_T")
_M = TypeVar("_M", bound=Message)


class Warm:
    """Processes that are kept. Safe to use from several threads."""

    def __init__(self, most: int = MOST) -> None:
        self._places = threading.BoundedSemaphore(most)
        self._lock = threading.Lock()
        self._idle: list[Process] = []

    def begin(self) -> None:
        """Start the first process, so that the first message need not wait for it."""
        with self._lock:
            if not self._idle:
                self._idle.append(Process(views=True))

    def ask(self, work: Work[_T], recall: Recall = no_memory) -> _T | str:
        """What comes of some work within the budget of one message, or why nothing does. Raises what `recall` raises."""
        with self._places:
            process = self._taken()
            kept = False
            try:
                # One that was too much may have left behind what is too much for the next.
                found, kept = process.ask(partial(within_budget, work), recall)
            except Ended as error:
                return str(error)
            finally:
                if kept:
                    self._keep(process)
                else:
                    process.end()
        return found

    def _taken(self) -> Process:
        with self._lock:
            return self._idle.pop() if self._idle else Process(views=True)

    def _keep(self, process: Process) -> None:
        with self._lock:
            self._idle.append(process)

    def close(self) -> None:
        """End the processes that are not at work."""
        with self._lock:
            for process in self._idle:
                process.end()
            self._idle.clear()


WARM = Warm()
"""Those of this process."""
atexit.register(WARM.close)


def alone(
    items: Iterable[Item[_M]], account: AccountConfig, key: bytes, recall: Recall
) -> Iterator[tuple[_M, Outcome]]:
    """Judge one message after the other for an account. Raises what `recall` raises."""
    for message, source in items:
        yield message, judged(message.raw, source, account, key, recall)


def judged(
    raw: bytes,
    source: str,
    account: AccountConfig,
    key: bytes,
    recall: Recall,
    said: Mapping[str, bool] = MappingProxyType({}),
) -> Outcome:
    """What is thought of one message; `said` is as in `outcome`. Raises what `recall` raises."""
    return WARM.ask(partial(outcome, raw, source, account, key, said=dict(said)), recall)


def viewed(raw: bytes) -> HeaderView:
    """What a person is shown of a message's header and foot; why there is none, where it takes too much."""
    found = WARM.ask(partial(_view, raw))
    return HeaderView(reason=found) if isinstance(found, str) else found


def _view(raw: bytes, _recall: Recall) -> HeaderView:
    return view_of(raw)
