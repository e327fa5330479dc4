"""The mbox format (RFC 4155 and its relatives): many messages in one file, told apart by ``From `` lines.

The formats differ in how they quote a body line that begins with ``From ``: mboxo writes ``>From ``, and
cannot tell it from a line that was so from the start; mboxrd adds one ``>`` to every ``>*From `` line, which can be
undone. A file does not say which it is. So lines are given back as they stand in the file, and unquoted only
where the caller knows that the file is mboxrd: taking a ``>`` away by guess would alter mail.

A separator is a line that begins with ``From ``, stands first or after an empty line, and is followed by a
line that looks like a header field. The last condition is ours: it keeps bodies whole that programs wrote
unquoted (mboxcl2, careless exports).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

_LINE = 1 << 20
"""Octets read at once at most: a file without line ends must not fill the memory."""

_FIELD = re.compile(rb">?[!-9;-~]{1,998}[ \t]*:|>From ")
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)


def read_mbox(
    file: BinaryIO, name: str, *, limit: int, problem: Callable[[str], None], mboxrd: bool = False
) -> Iterator[tuple[int, bytes]]:
    """(offset of its first byte after the ``From `` line, message) for each message of an open mbox.

    The empty line that ends a message belongs to the format and is not given. A message above `limit` octets
    is told to `problem` and skipped; so is a file that is cut: its last message comes as far as it goes.
    """
    message = _Gathered(limit)
    started = False
    for offset, separator, empty, line in _lines(file):
        if separator:
            if started:
                yield from message.end(name, problem, mboxrd)
            started = True
            message = _Gathered(limit, offset + len(line))
        elif started:
            message.add(line, empty)
        elif line.strip():
            problem(f"{name} is no mbox: it does not begin with a 'From ' line; name its .eml files instead.")
            return
    if started:
        if not message.complete:
            problem(
                f"{name} seems cut: its last message, at byte {message.offset}, does not end with an empty "
                "line; it was read as far as it goes."
            )
        yield from message.end(name, problem, mboxrd)


def begins_mbox(start: bytes) -> bool:
    """Whether the first octets of a file (two lines of them) are those of an mbox."""
    first, _, rest = start.partition(b"\n")
    return first.startswith(b"From ") and _FIELD.match(rest) is not None


def _lines(file: BinaryIO) -> Iterator[tuple[int, bool, bool, bytes]]:
    """(offset, is a separator, is empty, the line with its end); a line longer than the bound in pieces."""
    offset = 0
    after_empty = True
    whole = True
    line = file.readline(_LINE)
    while line:
        following = file.readline(_LINE)
        separator = (
            whole and after_empty and line.startswith(b"From ") and _FIELD.match(following) is not None
        )
        after_empty = whole and line in (b"\n", b"\r\n")
        yield offset, separator, after_empty, line
        whole = line.endswith(b"\n")
        offset += len(line)
        line = following


class _Gathered:
    """The message being read: its lines, up to the limit."""

    def __init__(self, limit: int, offset: int = 0) -> None:
        self.offset = offset
        self._limit = limit
        self._size = 0
        self._lines: list[bytes] = []
        self.complete = True
        """Whether it ends with the empty line that the format asks for."""

    def add(self, line: bytes, empty: bool) -> None:
        self._size += len(line)
        self.complete = empty
        if self._size <= self._limit:
            self._lines.append(line)
        else:
            self._lines.clear()

    def end(self, name: str, problem: Callable[[str], None], mboxrd: bool) -> Iterator[tuple[int, bytes]]:
        if self._size > self._limit:
            problem(
                f"The message at byte {self.offset} of {name} was not read: it is larger than {self._limit} "
                "octets; raise the limit to read it."
            )
            return
        if self._lines and self.complete:
            self._lines.pop()
        raw = b"".join(self._lines)
        yield self.offset, _QUOTED.sub(rb"\1", raw) if mboxrd else raw
