"""Readers: messages in files, whatever keeps them.

`read_path` takes a single message file, an mbox, a Maildir, or a folder tree that mixes all of these,
and yields each message once, in sorted order, with a name that tells where its bytes stand. Nothing is
written, nothing is parsed beyond finding where a message begins; one message at a time is in memory.

What counts as a message inside a folder: ``*.eml``, ``*.emlx`` (Apple Mail), every file of a Maildir's
``cur`` and ``new``, every message of an ``*.mbox`` file, and other files that begin like a mail header or
like an mbox. A file that is named by itself is always read.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, TypeAlias

from blocker.mailbox.mbox import begins_mbox, read_mbox
from blocker.mailbox.protocol import MailboxError

Problem = Callable[[str], None]
"""Is told, in one sentence, of each file that could not be read or was read in part."""

Holds: TypeAlias = Literal["message", "mbox", "emlx"]
"""What a file of mail holds: the bytes of one message, those of many, or Apple Mail's frame around one."""

LIMIT = 64 * 1024 * 1024
"""Octets; a larger message is reported and not read. Mail servers refuse mail well below this."""

_SNIFF = 4096
_FIELD = re.compile(rb"([A-Za-z0-9-]{1,76}):")
_KNOWN = frozenset(
    b"from to cc subject date received return-path message-id mime-version content-type "
    b"delivered-to reply-to sender dkim-signature x-original-to authentication-results".split()
)


def read_path(
    path: Path, *, limit: int = LIMIT, problem: Problem | None = None, mboxrd: bool = False
) -> Iterator[tuple[str, bytes]]:
    """Every message at `path`, as (source, raw bytes as they stand in the file).

    `source` is the file's path; for an mbox it is followed by ``@`` and the offset of the message's first
    byte. `mboxrd` says that mbox files quote ``From`` lines the reversible way (see `read_mbox`).
    What cannot be read is told to `problem` and skipped. Raises MailboxError where `path` itself is missing
    or cannot be opened.
    """
    tell = problem or _silent
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise MailboxError(_why(path, error)) from None
    if stat.S_ISDIR(mode):
        return _read_folder(path, limit, tell, mboxrd)
    if not os.access(path, os.R_OK):
        raise MailboxError(_why(path, PermissionError()))
    return _read_file(path, limit, tell, mboxrd)


def mail_files(folder: Path, tell: Problem) -> Iterator[tuple[Path, Holds]]:
    """Every file below a folder that holds mail, sorted, and how. Raises MailboxError where it cannot be opened."""
    if not folder.is_dir():
        raise MailboxError(f"{show(folder)} is no folder; check the path.")
    for path, in_maildir in _walk(folder, tell, set()):
        if in_maildir:
            yield path, "message"
        elif _is_mail(path, tell):
            yield path, _holds(path)


def _holds(path: Path) -> Holds:
    suffix = path.suffix.lower()
    if suffix == ".emlx":
        return "emlx"
    return "mbox" if suffix != ".eml" and _is_mbox(path) else "message"


def _read_folder(folder: Path, limit: int, tell: Problem, mboxrd: bool) -> Iterator[tuple[str, bytes]]:
    for path, in_maildir in _walk(folder, tell, set()):
        if in_maildir:
            yield from _read_message(path, limit, tell)
        elif _is_mail(path, tell):
            yield from _read_file(path, limit, tell, mboxrd)


def _walk(folder: Path, tell: Problem, seen: set[tuple[int, int]]) -> Iterator[tuple[Path, bool]]:
    """Regular files below `folder`, sorted, each with whether a Maildir holds it.

    A folder is entered once, however many links lead to it, so a loop of links ends.
    """
    pending = [folder]
    while pending:
        here = pending.pop()
        try:
            found = here.stat()
            entries = sorted(here.iterdir())
        except OSError as error:
            tell(_why(here, error))
            continue
        if (found.st_dev, found.st_ino) in seen:
            continue
        seen.add((found.st_dev, found.st_ino))
        folders, files = _split(entries, tell)
        maildir = _in_maildir(here)
        yield from ((file, maildir) for file in files)
        names = {entry.name for entry in folders}
        if {"cur", "new"} <= names:  # tmp holds deliveries that are not complete yet
            folders = [entry for entry in folders if entry.name != "tmp"]
        pending.extend(reversed(folders))


def _split(entries: list[Path], tell: Problem) -> tuple[list[Path], list[Path]]:
    """(folders, regular files): pipes and devices in a tree are left alone, reading them could block."""
    folders, files = [], []
    for entry in entries:
        try:
            mode = entry.stat().st_mode
        except OSError as error:
            tell(_why(entry, error))
            continue
        if stat.S_ISDIR(mode):
            folders.append(entry)
        elif stat.S_ISREG(mode):
            files.append(entry)
    return folders, files


def _in_maildir(folder: Path) -> bool:
    return folder.name in ("cur", "new") and all((folder.parent / name).is_dir() for name in ("cur", "new"))


def _is_mail(path: Path, tell: Problem) -> bool:
    if path.suffix.lower() in (".eml", ".emlx", ".mbox"):
        return True
    try:
        with path.open("rb") as file:
            start = file.read(_SNIFF)
    except OSError as error:
        tell(_why(path, error))
        return False
    return begins_mbox(start) or _looks_like_header(start)


def _looks_like_header(start: bytes) -> bool:
    """Whether every whole line is a header field or a folded one, and two fields are usual in mail."""
    lines = start.splitlines()
    if len(start) == _SNIFF:
        lines = lines[:-1]
    known = set()
    for line in lines:
        if not line:
            break
        if line[:1] in (b" ", b"\t"):
            continue
        field = _FIELD.match(line)
        if field is None:
            return False
        known.add(field[1].lower())
    return len(known & _KNOWN) >= 2


def _read_file(path: Path, limit: int, tell: Problem, mboxrd: bool) -> Iterator[tuple[str, bytes]]:
    """One file outside a Maildir: by its suffix, else by its first bytes."""
    try:
        holds = _holds(path)
        if holds == "emlx":
            yield from _read_emlx(path, limit, tell)
        elif holds == "mbox":
            with path.open("rb") as file:
                for offset, raw in read_mbox(file, show(path), limit=limit, problem=tell, mboxrd=mboxrd):
                    yield f"{show(path)}@{offset}", raw
        else:
            yield from _read_message(path, limit, tell)
    except OSError as error:
        tell(_why(path, error))


def _is_mbox(path: Path) -> bool:
    if not path.is_file():  # a pipe: what is read from it to look is gone
        return False
    if path.suffix.lower() == ".mbox":
        return True
    with path.open("rb") as file:
        return begins_mbox(file.read(_SNIFF))


def _read_message(path: Path, limit: int, tell: Problem) -> Iterator[tuple[str, bytes]]:
    try:
        with path.open("rb") as file:
            raw = file.read(limit + 1)
    except OSError as error:
        tell(_why(path, error))
        return
    if len(raw) > limit:
        tell(f"{show(path)} was not read: it is larger than {limit} octets; raise the limit to read it.")
        return
    yield show(path), raw


def _read_emlx(path: Path, limit: int, tell: Problem) -> Iterator[tuple[str, bytes]]:
    """Apple Mail: a line with the message's length in octets, the message, a property list."""
    for source, content in _read_message(path, limit, tell):
        first, _, rest = content.partition(b"\n")
        digits = first.strip()
        if not (digits.isdigit() and len(digits) < 12):
            tell(f"{source} was not read: its first line is not a length; export the message again.")
            continue
        length = int(digits)
        if length > len(rest):
            tell(f"{source} is cut: {length} octets announced, {len(rest)} there; they were read.")
        yield source, rest[:length]


def show(path: Path) -> str:
    """A path as text that can always be printed: bytes that are no UTF-8 become ``\\x..``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _why(path: Path, error: OSError) -> str:
    match error:
        case FileNotFoundError():
            return f"{show(path)} is not there; check the path."
        case PermissionError():
            return f"{show(path)} may not be read; ask its owner for the right to read it."
    return f"{show(path)} could not be read ({error.strerror or error}); check the disk and the path."


def _silent(_: str) -> None:
    """Where the caller does not care which files were skipped."""
