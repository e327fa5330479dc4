"""Runs `unpixel run --once` in processes that end by SIGKILL at a moment they are told. For tests alone.

`python -m tests.service.killing` imports everything once, then reads one JSON object a line and forks a process for it:

    {"config": "/…/config.toml", "moment": 7}      null: it is not killed; then the command is run twice

It answers with one: how the process ended (-9: killed), the moments it came to, the commands that change mail which it
sent, and, of a second run, all steps that it took. A moment is when something has reached a disk, the database or the wire: what is "before" the next one is
"after" this one. The hooks stand here, around the service's own functions, so that the service knows nothing of them.
"""

from __future__ import annotations

import gc
import imaplib
import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Imported here, before the fork, so that no process has to.
import pg8000  # type: ignore[import-untyped]  # noqa: F401  # ships no types
import sqlalchemy.dialects.postgresql
import sqlalchemy.dialects.sqlite  # noqa: F401

import blocker.cli
import blocker.cli.accounts
import blocker.mailbox.imap
import blocker.service.looks.header_views
import blocker.service.runner
from blocker.service.exchange import spool
from blocker.service.exchange.journal import Journal

CHANGING = re.compile(rb"^\w+ (?:UID )?(APPEND|STORE|COPY|MOVE|EXPUNGE|CREATE)\b")
_LARGE = 200
"""Octets from which a piece of what is sent is taken for a message."""


class Clock:
    """Tells every moment to the parent, and ends the process at the one it was told."""

    def __init__(self, last: int | None, told: int) -> None:
        self._last = last
        self._told = told
        self._count = 0
        self.command = ""
        """The changing command that is on the wire."""
        self.run = "first"

    def tick(self, name: str) -> None:
        """A moment has come."""
        self.tell(f"{self.run} moment {name}")
        self._count += 1
        if self._count == self._last:
            os.kill(os.getpid(), signal.SIGKILL)

    def tell(self, line: str) -> None:
        """A line for the parent; in one piece, as the pipe takes so little whole."""
        os.write(self._told, line.encode() + b"\n")


def hook(clock: Clock) -> None:
    """Have the clock tick around everything that outlives the process."""
    _around(clock, spool, "write_private", lambda *_, **_named: "spool written")
    _around(clock, spool.Spool, "end", lambda *_, **_named: "spool let go")
    _around(clock, Journal, "put", lambda _self, entry, *_: f"journal {entry.stage}")
    _hook_batch(clock)
    _hook_wire(clock)


def _around(clock: Clock, owner: Any, name: str, label: Callable[..., str]) -> None:
    real: Callable[..., Any] = getattr(owner, name)

    def ticking(*args: Any, **named: Any) -> Any:
        result = real(*args, **named)
        clock.tick(f"after {label(*args, **named)}")
        return result

    setattr(owner, name, ticking)


def _hook_batch(clock: Clock) -> None:
    real = Journal.batch

    @contextmanager
    def batch(self: Journal) -> Iterator[Any]:
        with real(self) as made:
            yield made
            clock.tick("before commit")
        clock.tick("after catalogue")

    setattr(Journal, "batch", batch)  # noqa: B010 (mypy takes no assignment to a method)


def _hook_wire(clock: Clock) -> None:
    real_send, real_complete = imaplib.IMAP4.send, imaplib.IMAP4._command_complete  # type: ignore[attr-defined]

    def send(self: imaplib.IMAP4, data: bytes) -> None:
        found = CHANGING.match(data)
        if found is not None:
            clock.command = found[1].decode()
            clock.tell(f"{clock.run} command {clock.command}")
        if clock.command == "APPEND" and found is None and len(data) > _LARGE:
            real_send(self, data[: len(data) // 2])
            clock.tick("half of APPEND")
            data = data[len(data) // 2 :]
        real_send(self, data)
        # An APPEND is sent once the line end behind its message is.
        if clock.command and (data == b"\r\n" if clock.command == "APPEND" else found is not None):
            clock.tick(f"unanswered {clock.command}")

    def complete(self: imaplib.IMAP4, name: str, tag: bytes) -> Any:
        result = real_complete(self, name, tag)
        if clock.command:
            done, clock.command = clock.command, ""
            clock.tick(f"after {done}")
        return result

    setattr(imaplib.IMAP4, "send", send)  # noqa: B010
    setattr(imaplib.IMAP4, "_command_complete", complete)  # noqa: B010


def _child(config: str, moment: int | None, told: int) -> None:
    """The process: `unpixel run --once`."""
    os.environ["UNPIXEL_CONFIG"] = config
    with Path(config).with_name("output").open("ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    clock = Clock(moment, told)
    hook(clock)
    code = _once()
    if code == 0:
        clock.run = "second"
        code = _once()
    sys.stdout.flush()
    os._exit(code)  # nothing of the parent's is tidied up twice


def _once() -> int:
    try:
        blocker.cli.main(["run", "--once", "--verbose"], prog_name="unpixel")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 1


def _run(config: str, moment: int | None) -> dict[str, Any]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _child(config, moment, writing)
    os.close(writing)
    with os.fdopen(reading) as lines:
        told = [line.rstrip("\n").split(" ", 2) for line in lines]
    _, status = os.waitpid(child, 0)
    return {
        "ended": os.waitstatus_to_exitcode(status),
        "moments": [text for run, kind, text in told if (run, kind) == ("first", "moment")],
        "commands": [text for run, kind, text in told if (run, kind) == ("first", "command")],
        # A second run may write the catalogue, where it notes up to which UID it has looked.
        "again": [
            text for run, kind, text in told if run == "second" and (kind == "command" or "journal" in text)
        ],
    }


def main() -> None:
    """Answer line by line until there is no more."""
    gc.freeze()
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(_run(asked["config"], asked["moment"])), flush=True)


if __name__ == "__main__":
    main()
