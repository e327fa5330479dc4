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
_one_at_the_terminal = threading.Lock()


class TooMuch(Exception):
    """A program prints more than it may."""


def printed(command: str, seconds: float, most: int) -> tuple[int, bytes]:
    """What a shell command's exit code is and what it printed. Raises TooMuch, TimeoutExpired and OSError.

    When it raises, the program has ended, and so has whatever it started in its process group.
    """
    end = time.monotonic() + seconds
    with subprocess.Popen(command, shell=True, stdout=subprocess.PIPE, process_group=0) as process:
        assert process.stdout is not None
        try:
            with _foreground(process.pid):
                said = _read(process.stdout.fileno(), end, command, most)
                return process.wait(max(0.0, end - time.monotonic())), said
        except BaseException:
            _end(process)
            raise


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and all that is left of its group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _read(pipe: int, end: float, command: str, most: int) -> bytes:
    said = b""
    with selectors.DefaultSelector() as news:
        news.register(pipe, selectors.EVENT_READ)
        while len(said) <= most:
            left = end - time.monotonic()
            if not news.select(max(0.0, left)):
                raise subprocess.TimeoutExpired(command, max(0.0, left))
            piece = os.read(pipe, most)
            if not piece:
                return said
            said += piece
    raise TooMuch


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
    """Make a group the terminal's foreground. Whom the terminal had stopped for reading too early goes on."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTTOU])
    try:
        with suppress(OSError):  # a program that has ended already
            os.tcsetpgrp(terminal, group)
            os.killpg(group, signal.SIGCONT)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
