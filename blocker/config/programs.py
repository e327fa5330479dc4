"""Running a program that says one short thing, and may ask a person at the terminal first.

It runs in a process group of its own, so that all it has started can be ended with it. Whoever reads from the terminal
must be its foreground group (POSIX.1-2017, General Terminal Interface, 11.1.4): where unpixel is that, the program is
it for as long as it runs.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_TERMINAL = "/dev/tty"
_PAUSE = 0.05
"""Seconds of silence after which a program is woken; then after twice as many, and so on."""
_one_at_the_terminal = threading.Lock()


class TooMuch(Exception):
    """A program prints more than it may."""


def printed(command: str, seconds: float, most: int) -> tuple[int, bytes]:
    """What a shell command's exit code is and what it printed. Raises TooMuch, TimeoutExpired and OSError.

    When it raises, the program has ended, and so has whatever it started in its process group.
    """
    end = time.monotonic() + seconds
    with subprocess.Popen(command, shell=True, stdout=subprocess.PIPE, process_group=0) as process:
        try:
            with _foreground(process.pid):
                said = _read(process, end, most)
                return process.wait(max(0.0, end - time.monotonic())), said
        except BaseException:
            _end(process)
            raise


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and all that is left of its group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _read(process: subprocess.Popen[bytes], end: float, most: int) -> bytes:
    assert process.stdout is not None
    pipe, said, pause = process.stdout.fileno(), b"", _PAUSE
    with selectors.DefaultSelector() as news:
        news.register(pipe, selectors.EVENT_READ)
        while len(said) <= most:
            left = end - time.monotonic()
            if news.select(max(0.0, min(left, pause))):
                piece = os.read(pipe, most)
                if not piece:
                    return said
                said += piece
            elif left <= 0:
                raise subprocess.TimeoutExpired(process.args, max(0.0, left))
            else:
                _go_on(process.pid)
                pause *= 2
    raise TooMuch


def _go_on(group: int) -> None:
    """Wake a program that the terminal stopped, as it wanted to read at the very moment the terminal was given to it."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGCONT)


def _terminal() -> int | None:
    """The terminal that this process belongs to; None where nobody can be asked."""
    try:
        return os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None


@contextmanager
def _foreground(group: int) -> Iterator[None]:
    """Give the terminal to a process group, where it is ours to give, and take it back afterwards."""
    terminal = _terminal()
    if terminal is None:
        yield
        return
    try:
        with _one_at_the_terminal:
            ours = os.tcgetpgrp(terminal) == os.getpgrp()
            if ours:
                _hand_over(terminal, group)
            try:
                yield
            finally:
                if ours:
                    _hand_over(terminal, os.getpgrp())
    finally:
        os.close(terminal)


def _hand_over(terminal: int, group: int) -> None:
    """Make a group the terminal's foreground."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTTOU])
    try:
        with suppress(OSError):  # a program that has ended already
            os.tcsetpgrp(terminal, group)
        _go_on(group)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
