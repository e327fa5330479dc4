"""A program that gives a password: it may ask at the terminal, and it ends with all that it started."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from blocker.config.programs import TooMuch, printed


def lives(process: int) -> bool:
    """Whether a process is there and no mere zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def ended(process: int) -> bool:
    """Whether a process ends within some seconds."""
    end = time.monotonic() + 10
    while lives(process) and time.monotonic() < end:
        time.sleep(0.02)
    return not lives(process)


@pytest.mark.parametrize(
    ("rest", "error"),
    [
        ("wait", subprocess.TimeoutExpired),
        ("cat /dev/zero", TooMuch),
        ("exec >&-; wait", subprocess.TimeoutExpired),
    ],
)
def test_it_ends_with_what_it_started(tmp_path: Path, rest: str, error: type[Exception]) -> None:
    """A program that is ended leaves no child behind, though the child printed nothing."""
    note = tmp_path / "child"
    with pytest.raises(error):
        printed(f"sleep 300 >/dev/null & echo $! > {note}; {rest}", 1.0, 1000)
    child = int(note.read_text())
    try:
        assert ended(child)
    finally:
        if lives(child):
            os.kill(child, signal.SIGKILL)


def test_what_goes_on_behind_a_good_answer_stays(tmp_path: Path) -> None:
    """An agent that the program leaves running is the person's own."""
    note = tmp_path / "child"
    assert printed(f"sleep 300 >/dev/null & echo $! > {note}; echo secret", 10.0, 1000) == (0, b"secret\n")
    child = int(note.read_text())
    assert lives(child)
    os.kill(child, signal.SIGKILL)


ASKING = """
import os, signal
from blocker.config.programs import printed
command = "printf 'Passphrase: ' >/dev/tty; read -r said </dev/tty; echo got $said"
for _ in range(2):
    print(printed(command, 20.0, 1000), os.tcgetpgrp(0) == os.getpgrp(), flush=True)
print("typed", input(), flush=True)
"""


@pytest.mark.timeout(60)
def test_it_may_ask_at_the_terminal() -> None:
    """It reads what a person types though it has a process group of its own; then the terminal is ours again."""
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", ASKING])
    said = b""
    try:
        for typed in (b"one", b"two"):
            said = heard(terminal, said, b"Passphrase: ")
            os.write(terminal, typed + b"\n")
            said = heard(terminal, said, b"(0, b'got %s\\n') True" % typed)
        os.write(terminal, b"three\n")
        heard(terminal, said, b"typed three")
        assert os.waitpid(child, 0)[1] == 0
    finally:
        os.close(terminal)


def heard(terminal: int, said: bytes, wanted: bytes) -> bytes:
    """What a terminal says behind some words, which are waited for; `said` was heard before."""
    while wanted not in said:
        said += os.read(terminal, 1000)
    return said.partition(wanted)[2]
