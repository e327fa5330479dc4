"""The lines that part a multipart (RFC 2046, section 5.1.1), and what stands between them.

As the standard library's feed parser finds them; and as other programs do, for another reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Protocol

MAX_PARTS = 1000
"""Leaf parts of one message that are told apart; the rest is one leaf."""
MAX_LIKE = 1_000_000
"""Lines of one message that begin like a boundary and are none, over all levels; what follows is one leaf."""
_LAST_EOL = re.compile(rb"\r\n\Z|\r\Z|\n\Z")
_FIRST_LIKE = re.compile(rb"(?<![^\r\n])--([^\r\n]{1,200})\r?\n(?=content-)", re.IGNORECASE)
_BEGUN = re.compile(rb"([^\r\n]++\r?\n)[!-9;-~]++[ \t]*:")
"""The rest of a line that begins with a boundary and is none, before a field."""
_BOUNDARY_TAIL = re.compile(rb"(--)?[ \t]*(\r\n|\r|\n|\Z)")


class Tally(Protocol):
    """What is counted over all multiparts of a message."""

    like: int
    """Lines met so far that begin like a boundary and are none."""
    begun: bool
    """One of them, in this multipart, stands before a field."""
    cut: bool
    """A bound was reached."""


def guessed(raw: bytes, span: tuple[int, int]) -> bytes | None:
    """The boundary that a program takes where the declared one stands nowhere: the first line like one before a part."""
    like = _FIRST_LIKE.search(raw, *span)
    return None if like is None else like[1].rstrip()


def children(
    raw: bytes, boundary: bytes, span: tuple[int, int], tally: Tally
) -> tuple[list[tuple[int, int]] | None, list[Lines]]:
    """The children between lines of one boundary, and how some programs find others."""
    mark, tally.begun = b"--" + boundary, False
    found = between(raw, span, delimiters(raw, mark, *span, tally))
    others: list[Lines] = [_beginnings] if tally.begun else []
    closing = raw.find(mark + b"--", found[-1][1] if found is not None else span[0], span[1])
    if closing >= 0 and raw.find(b"\n" + mark, closing + 1, span[1]) >= 0:
        others.append(delimiters_on)
    return found, others


def between(
    raw: bytes, span: tuple[int, int], lines: Iterator[tuple[int, int, bool]]
) -> list[tuple[int, int]] | None:
    """The children between boundary lines; None where none opens one."""
    end = span[1]
    spans: list[tuple[int, int]] = []
    opened = -1
    for line_start, line_end, closing in lines:
        if opened < 0 and closing:
            return None
        if 0 <= opened < line_start:
            spans.append((opened, _without_last_eol(raw, opened, line_start)))
            if closing:
                return spans
            if len(spans) > MAX_PARTS:
                opened = line_end
                break
        # A boundary right after another opens no second part, even if it is a closing one.
        opened = line_end
    if opened < 0:
        return None
    # Of an unterminated part, too, the last line end belongs to the boundary that is missing: once.
    spans.append((opened, _without_last_eol(raw, opened, end) if end == len(raw) else end))
    return spans


def delimiters(
    raw: bytes, mark: bytes, start: int, end: int, tally: Tally
) -> Iterator[tuple[int, int, bool]]:
    """Boundary lines of one multipart: line start, line end, whether it is the closing one."""
    for found in _line_starts(raw, mark, start, end):
        tail = _BOUNDARY_TAIL.match(raw, found + len(mark), end) if found >= 0 else None
        if tail is not None:
            yield found, tail.end(), tail[1] is not None
            continue
        tally.like += 1
        if tally.like > MAX_LIKE:
            tally.cut = True
            return
        if found >= 0 and not tally.begun:
            tally.begun = _BEGUN.match(raw, found + len(mark), end) is not None


def _line_starts(raw: bytes, mark: bytes, start: int, end: int) -> Iterator[int]:
    """Where a line begins with `mark`; -1 where that stands amid a line."""
    position = start
    while (found := raw.find(mark, position, end)) >= 0:
        position = found + len(mark)
        yield found if found == start or raw[found - 1] in b"\r\n" else -1


def delimiters_on(
    raw: bytes, mark: bytes, start: int, end: int, tally: Tally
) -> Iterator[tuple[int, int, bool]]:
    """The same for programs that go on behind the closing line."""
    for line_start, line_end, _ in delimiters(raw, mark, start, end, tally):
        yield line_start, line_end, False


def _beginnings(
    raw: bytes, mark: bytes, start: int, end: int, _tally: Tally
) -> Iterator[tuple[int, int, bool]]:
    """The same for programs to which a line that begins with a boundary is one (RFC 2046, section 5.1.1), as to Dovecot.

    Such a line counts where a field follows, for a part without a header holds nothing that is read.
    """
    for found in _line_starts(raw, mark, start, end):
        tail = None
        if found >= 0:
            after = found + len(mark)
            tail = _BOUNDARY_TAIL.match(raw, after, end) or _BEGUN.match(raw, after, end)
        if tail is not None:
            yield (
                found,
                tail.end(1 if tail.re is _BEGUN else 0),
                tail.re is _BOUNDARY_TAIL and tail[1] is not None,
            )


Lines = Callable[[bytes, bytes, int, int, Tally], Iterator[tuple[int, int, bool]]]
"""Finds boundary lines: line start, line end, whether it is the closing one."""


def _without_last_eol(raw: bytes, start: int, end: int) -> int:
    match = _LAST_EOL.search(raw, max(start, end - 2), end)
    return match.start() if match else end
