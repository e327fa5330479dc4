"""A process that works for another one: what is to be done comes on its input, what came of it goes to its output.

Started by `blocker.judging.process` alone, which is also the only one who writes to it: both ends are the same program,
so values travel pickled, each behind its length. It opens no file and no connection, and ends when its input does. What
the catalogue remembers it asks the other end for.
"""

from __future__ import annotations

import gc
import pickle
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from types import MappingProxyType
from typing import IO, Any, TypeVar

from blocker.config.model import AccountConfig
from blocker.detect.context import Context
from blocker.detect.judge import opened
from blocker.detect.memory import Mail, Recollection
from blocker.judging import budget
from blocker.judging.judge import Judgement, is_ours, judge, view_of
from blocker.lists import ListError, install
from blocker.message.urls import Url
from blocker.output.errors import only_errors

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


class Unanswered(BaseException):
    """The memory failed at the other end, where the error is raised: nobody waits for what comes of this work."""


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
    found = [_within(bounds, partial(_read, raw, account, key))[0] for raw, _ in group]
    contexts = [one for one in found if isinstance(one, Context)]
    for context, past in zip(contexts, recall([(c.urls, c.mail) for c in contexts]), strict=True):
        context.past = past
    return [
        _within(bounds, partial(judge, one, account, key, source, views=views))[0]
        if isinstance(one, Context)
        else one
        for one, (_, source) in zip(found, group, strict=True)
    ]


def outcome(
    raw: bytes,
    source: str,
    account: AccountConfig,
    key: bytes,
    recall: Recall,
    *,
    said: Mapping[str, bool] = MappingProxyType({}),
) -> Outcome:
    """What is thought of one message. Raises whatever it does to the reader, and what `recall` raises.

    `said` is what a person said of its sender's URLs, by template: whether they track.
    """
    context = _read(raw, account, key)
    if context is None:
        return None
    context.overruled = said
    (context.past,) = recall([(context.urls, context.mail)])
    return judge(context, account, key, source)


def within_budget(work: Callable[[Recall], _T], recall: Recall) -> tuple[_T | str, bool]:
    """What comes of some work within the budget of one message, or why nothing does; and whether this process is as before."""
    return _within(budget.processor_time, partial(work, recall))


def _within(bounds: Bounds, work: Callable[[], _T]) -> tuple[_T | str, bool]:
    """The same for what one message is read within: it must not stop the others, whatever it does to the reader."""
    try:
        with bounds():
            return work(), True
    except (budget.OverBudget, MemoryError):
        return budget.TOO_MUCH, False
    except Exception as error:  # noqa: BLE001 (as said)
        return type(error).__name__, True


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
    """Do what is asked, one after the other."""
    # Ctrl-C reaches the whole terminal, and systemd's SIGTERM the whole unit; our end is our input's.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    only_errors()  # parsers complain of odd mail; the report says what matters
    source, out = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # a stray print must not be taken for an answer
    _warm_up(views=receive(source))
    # Reading a message leaves no cycles: looking for some every few hundred objects would take a tenth of the time.
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)
    budget.bound_memory()
    send(out, True)

    def recall(questions: Sequence[Question]) -> Sequence[Mapping[str, Recollection]]:
        send(out, (False, questions))
        answers: Sequence[Mapping[str, Recollection]] | None = receive(source)
        if answers is None:
            raise Unanswered
        return answers

    while True:
        try:
            work = receive(source)
            found = work(recall)
        except EOFError:
            return
        except Unanswered:
            continue
        send(out, (True, found))


def _warm_up(*, views: bool) -> None:
    """Import and build what the first message would have to wait for."""
    with suppress(ListError):  # told by whoever started this process
        install()
    outcomes([(b"\r\n", "")], AccountConfig("", "", "", ""), b"", no_memory, views=False)
    if views:
        view_of(b"\r\n")


if __name__ == "__main__":
    main()
