"""Keeps the IMAP commands that the product sends, in each process of a test run.

Python imports a module of this name first wherever its directory is on PYTHONPATH, so that processes which tests
start, and which are killed, are kept as well. `UNPIXEL_WIRE` names the directory: each process writes a file of its own
there, a line a command. What the tests' own mail programs send is not kept, nor what follows a sign-in's name.
"""

from __future__ import annotations

import imaplib
import itertools
import os
import sys
from pathlib import Path
from typing import Any

DIRECTORY = "UNPIXEL_WIRE"
_LONGEST = 16_384
"""Octets of a command that are kept: more than the longest list of UIDs."""
_SECRET = (b"LOGIN", b"AUTHENTICATE")
_TESTS = str(Path(__file__).parents[1]) + os.sep
_numbers = itertools.count()
_send = imaplib.IMAP4.send
_open: dict[int, int] = {}
"""The file of each process; a forked one gets its own."""


def install() -> None:
    """From now on, keep."""
    imaplib.IMAP4.send = _kept  # type: ignore[method-assign, assignment]


def _kept(imap: imaplib.IMAP4, data: Any) -> None:
    first: Any = imap.tagpre  # bytes, whatever its stub says
    if data.startswith(first) and _from_the_product():
        command = data[:_LONGEST].partition(b"\r\n")[0].partition(b" ")[2]
        if command.startswith(_SECRET):
            command = command.partition(b" ")[0]
        number = imap.__dict__.setdefault("wire_number", next(_numbers))
        os.write(_file(), b"%d %s\n" % (number, command))
    _send(imap, data)


def _from_the_product() -> bool:
    """Whether the nearest of our own files on the stack is the product's, and not a test's."""
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(_TESTS):
            return False
        if "/blocker/" in name:
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


def _file() -> int:
    process = os.getpid()
    if process not in _open:
        path = f"{os.environ[DIRECTORY]}/{process}"
        _open[process] = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    return _open[process]


if os.environ.get(DIRECTORY):
    install()
