"""A process that judges messages for another one: requests come on its input, answers go to its output.

Run as ``python -m blocker.judging.worker`` by `blocker.judging.pool` alone, which is also the only one who writes to
it: both ends are the same program, so values travel pickled, each behind its length. It opens no file and no
connection, and ends when its input does. What the catalogue remembers it asks the other end for, once a group.
"""

from __future__ import annotations

import gc
import logging
import pickle
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import IO, Any, TypeVar

from blocker.config.model import AccountConfig
from blocker.detect.context import Context
from blocker.detect.judge import opened
from blocker.detect.memory import Mail, Recollection
from blocker.judging import budget
from blocker.judging.judge import Judgement, is_ours, judge, view_of
from blocker.message.urls import Url
from blocker.output.log import configure

COLLECT_AFTER = 200_000
"""Objects made, and not yet gone, before cycles among them are looked for."""
_T = TypeVar("_T")
LENGTH = 8
"""Octets of a length, big-endian."""


Outcome = Judgement | str | None
"""A judgement; why there is none; or None for a neutralised copy of ours."""
Question = tuple[Sequence[Url], Mail]
"""The URLs of a message, and how a memory knows it."""
Bounds = Callable[[], AbstractContextManager[None]]
"""What one message is read within; it may raise OverBudget."""
Recall = Callable[[Sequence[Question]], Sequence[Mapping[str, Recollection]]]
"""Asks a memory about several messages; an answer for each."""


class Unanswered(Exception):
    """The memory failed at the other end, where the error is raised: nobody waits for these outcomes."""


def outcomes(
    group: Sequence[tuple[bytes, str]],
    account: AccountConfig,
    key: bytes,
    recall: Recall,
    *,
    views: bool = True,
    bounds: Bounds = nullcontext,
) -> list[Outcome]:
    """What is thought of each of some messages, given with the names of where they lie. Raises what `recall` raises."""
    found = [_within(bounds, partial(_read, raw, account, key)) for raw, _ in group]
    contexts = [one for one in found if isinstance(one, Context)]
    for context, past in zip(contexts, recall([(c.urls, c.mail) for c in contexts]), strict=True):
        context.past = past
    return [
        _within(bounds, partial(judge, one, account, key, source, views=views))
        if isinstance(one, Context)
        else one
        for one, (_, source) in zip(found, group, strict=True)
    ]


def _within(bounds: Bounds, work: Callable[[], _T]) -> _T | str:
    """What comes of one message, or why nothing does: it must not stop the others, whatever it does to the reader."""
    try:
        with bounds():
            return work()
    except (budget.OverBudget, MemoryError):
        return budget.TOO_MUCH
    except Exception as error:  # noqa: BLE001 (as said)
        return type(error).__name__


def _read(raw: bytes, account: AccountConfig, key: bytes) -> Context | None:
    if is_ours(raw, key):
        return None
    context = opened(raw, recipients=account.addresses)
    _ = context.urls, context.mail  # worked out here, where a failure is the message's own
    return context


def no_memory(questions: Sequence[Question]) -> Sequence[Mapping[str, Recollection]]:
    """A memory that knows nothing."""
    return [{} for _ in questions]


def send(out: IO[bytes], value: Any) -> None:
    """Write one value."""
    packed = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    out.write(len(packed).to_bytes(LENGTH, "big"))
    out.write(packed)
    out.flush()


def receive(source: IO[bytes]) -> Any:
    """Read one value. Raises EOFError at the end."""
    head = source.read(LENGTH)
    if len(head) < LENGTH:
        raise EOFError
    packed = source.read(int.from_bytes(head, "big"))
    return pickle.loads(packed)


def main() -> None:
    """Answer each group of messages with their judgements, in order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal; our end is our input's
    configure("human", logging.ERROR)  # parsers complain of odd mail; the report says what matters
    source, out = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # a stray print must not be taken for an answer
    account, key, views = receive(source)
    _warm_up(account, key, views)
    # Reading a message leaves no cycles: looking for some every few hundred objects would take a tenth of the time.
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)
    budget.bound_memory()
    send(out, True)

    def recall(questions: Sequence[Question]) -> Sequence[Mapping[str, Recollection]]:
        send(out, questions)
        answers: Sequence[Mapping[str, Recollection]] | None = receive(source)
        if answers is None:
            raise Unanswered
        return answers

    while True:
        try:
            group = receive(source)
            found = outcomes(group, account, key, recall, views=views, bounds=budget.processor_time)
        except EOFError:
            return
        except Unanswered:
            continue
        send(out, found)


def _warm_up(account: AccountConfig, key: bytes, views: bool) -> None:
    """Import and build what the first message would have to wait for."""
    outcomes([(b"\r\n", "")], account, key, no_memory, views=False)
    if views:
        view_of(b"\r\n")


if __name__ == "__main__":
    main()
