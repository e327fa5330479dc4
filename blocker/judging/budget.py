"""What reading one message may take of a process that does nothing else: processor time, and memory.

Bounds on size and depth are no bound on work: whoever finds what is slow sends it. A process over its budget gives the
message up; one that cannot even do that, deep in a library, is ended by the system, and whoever started it goes on.
"""

from __future__ import annotations

import os
import pickle
import resource
import select
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TypeVar

SECONDS = 10.0
"""Processor time for one message: a thousand times what most take, and ten times what the largest may."""
GRACE = 2.0
"""How many times as long until the system ends the process."""
MEMORY = 1 << 30
"""Octets of memory that it may take, beside what the process had before: twenty times the largest message that is read."""
WALL = 60.0
"""Seconds of the clock after which nobody waits any longer: on a busy machine processor time passes slowly."""
TOO_MUCH = "it takes more time or memory to read than any mail should"
_PIECE = 1 << 16

_T = TypeVar("_T")


class OverBudget(BaseException):
    """The time is used up. No `except Exception` of a library must swallow it."""


def bound_memory(octets: int = MEMORY) -> None:
    """From now on this process raises MemoryError, or ends, where it would need so much more than it has."""
    _limit(resource.RLIMIT_DATA, _in_use() + octets)


def _in_use() -> int:
    """Octets of data that this process has by now; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[5])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * resource.getpagesize()


@contextmanager
def processor_time(seconds: float = SECONDS) -> Iterator[None]:
    """Raises OverBudget in what is done within, once it has taken so long. Only in a process's main thread."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime + seconds * GRACE) + 1)
    signal.signal(signal.SIGPROF, _give_up)
    signal.setitimer(
        signal.ITIMER_PROF, seconds, seconds / 10
    )  # again, should a bare `except` have caught the first
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _give_up(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise OverBudget


def _limit(what: int, value: int) -> None:
    """Lower a limit of this process, which can be raised again as far as it was."""
    hard = resource.getrlimit(what)[1]
    resource.setrlimit(what, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def apart(work: Callable[[], _T], seconds: float = SECONDS) -> _T:
    """What `work` returns, done in a copy of this process within the budget. Raises RuntimeError where there is nothing.

    For a command, which has no threads. What `work` returns must be picklable.
    """
    source, out = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(source)
        _answer(work, seconds, out)
    os.close(out)
    try:
        packed = _all_of(source, time.monotonic() + WALL)
    finally:
        os.close(source)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    try:
        done, value = pickle.loads(packed)
    except Exception as error:
        raise RuntimeError(TOO_MUCH) from error
    if not done:
        raise RuntimeError(value)
    result: _T = value
    return result


def _answer(work: Callable[[], Any], seconds: float, out: int) -> NoReturn:
    """The copy's whole life: it must not come back to what its parent was doing."""
    try:
        bound_memory()
        try:
            with processor_time(seconds):
                packed = pickle.dumps((True, work()))
        except (OverBudget, MemoryError):
            packed = pickle.dumps((False, TOO_MUCH))
        except Exception as error:  # noqa: BLE001 (the parent tells it)
            packed = pickle.dumps((False, type(error).__name__))
        with open(out, "wb") as pipe:
            pipe.write(packed)
    finally:
        os._exit(0)


def _all_of(source: int, until: float) -> bytes:
    """What comes out of a pipe until it is closed, or until that time."""
    pieces = []
    while readable(source, until - time.monotonic()):
        piece = os.read(source, _PIECE)
        if not piece:
            break
        pieces.append(piece)
    return b"".join(pieces)


def readable(source: int, seconds: float) -> bool:
    """Whether something can be read in time; the end of a pipe counts. Unlike select(2) it takes any descriptor."""
    waiting = select.poll()
    waiting.register(source, select.POLLIN | select.POLLHUP)
    return bool(waiting.poll(max(seconds, 0) * 1000))
