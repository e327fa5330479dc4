"""What opening a folder, or asking after one, tells: read leniently, as half of it is optional and servers err in the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from blocker.mailbox.imap import text
from blocker.mailbox.imap.answers import Atom, split
from blocker.mailbox.imap.connection import Connection
from blocker.mailbox.protocol import ConnectionLost, MailboxError, Status

LARGEST = 2**32 - 1
"""Of UIDVALIDITY and UIDs (RFC 9051, ``nz-number``)."""
WINDOW = 45_000
"""Messages in one search: imaplib takes no line above 1,000,000 octets, a UID has up to ten digits; half is left free
for what arrives meanwhile."""
_NUMBER = re.compile(rb"\d{1,10}")
_PERMANENT = re.compile(rb"\[PERMANENTFLAGS \((.*)\)\]", re.IGNORECASE)
_UIDNEXT = re.compile(rb"[ (]UIDNEXT (\d{1,10})[ )]", re.IGNORECASE)


def number(told: Iterable[Any] | None) -> int | None:
    """The number that was told last, of one kind of untagged response; None where there is none, or none that IMAP knows."""
    for one in reversed(list(told or ())):
        if isinstance(one, bytes) and _NUMBER.fullmatch(one.strip()) and int(one) <= LARGEST:
            return int(one)
    return None


def select(connection: Connection, folder: str, *, readonly: bool) -> Status:
    """SELECT, or EXAMINE where readonly; whatever was selected is left without expunging.

    Raises MailboxError where the folder's UIDs could not be relied on.

    UIDNEXT is optional in RFC 3501, and 163.com and Winmail leave it out; it is above every UID there is then.
    """
    imap = connection.imap
    connection.selected = None
    connection.command(f"open the folder {folder}", lambda: imap.select(connection.wire(folder), readonly))
    told = imap.answers
    uidvalidity = number(told.get("UIDVALIDITY"))
    if not uidvalidity:
        raise MailboxError(
            f"{connection.host} gives {folder} no UIDVALIDITY that can be used; such a folder cannot be worked on, "
            "tell the server's administrator."
        )
    exists, uidnext = number(told.get("EXISTS")) or 0, number(told.get("UIDNEXT"))
    kept = frozenset() if readonly else _permanent(told)
    # A folder may keep no count (RFC 7162, 3.1.2.2).
    modseq = connection.counts and bool(told.get("HIGHESTMODSEQ"))
    if uidnext is None:
        asked = windows(1, exists, None)
        uidnext = max((uid for one in asked for uid in connection.search(one)), default=0) + 1
    return Status(uidvalidity, uidnext, exists, kept, modseq)


def windows(first: int, messages: int, uidnext: int | None) -> Iterator[str]:
    """What to search for so that UIDs at or above `first` come in answers of bounded length, in a folder of so many messages.

    Bound by messages where these are fewer than UIDs could be: a folder of 45,001 may have UIDs near 4,000,000,000. From
    the last message to the first, as those above one that is taken away meanwhile get lower numbers: none is passed over.
    """
    above = f"UID {first}:*"
    if messages <= WINDOW or (uidnext is not None and uidnext - first <= WINDOW):
        yield above
        return
    for last in range(messages, 0, -WINDOW):
        end = "*" if last == messages else str(last)
        yield f"{max(1, last - WINDOW + 1)}:{end} {above}"


def _permanent(told: dict[str, list[Any]]) -> frozenset[str]:
    """PERMANENTFLAGS; without any, all flags last (RFC 9051, 7.1). imaplib ends them at a bracket in a keyword."""
    lines = [found[1] for line in told.get("OK", ()) if (found := _PERMANENT.search(line))]
    if not lines and "PERMANENTFLAGS" not in told:
        lines = [line.strip(b" ()") for line in told.get("FLAGS", ())[-1:] if isinstance(line, bytes)]
    return text.flag_set(tuple(Atom(flag) for line in lines for flag in line.split()))


def uidnext(connection: Connection, folder: str) -> int:
    """By STATUS, and by looking into the folder where the server does not tell; the selected one is left then."""
    told = told_uidnext(connection, folder)
    return select(connection, folder, readonly=True).uidnext if told is None else told


def told_uidnext(connection: Connection, folder: str) -> int | None:
    """By STATUS; None where the server does not tell."""
    imap = connection.imap
    doing = f"tell the next UID of {folder}"
    try:
        data = connection.command(doing, lambda: imap.status(connection.wire(folder), "(UIDNEXT)"))
    except ConnectionLost:
        raise
    except MailboxError:
        return None
    found = [_UIDNEXT.findall(answer[-1] if isinstance(answer[-1], bytes) else b"") for answer in split(data)]
    return max((int(uidnext) for one in found for uidnext in one[-1:]), default=None)
