"""Hearing of several folders over one connection: NOTIFY (RFC 5465), for as long as one of them is listened to.

A server that was told to notify goes by that alone: after ``NOTIFY NONE`` Dovecot answers a NOOP without saying what
another program took away. So the usual way is asked for again, in as many words, before anything else is done; a
connection on which that fails is not used again. Dovecot 2.3 tells nothing of a folder whose name is not ASCII: like
every folder of a server without NOTIFY, it is looked at now and then.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from blocker.mailbox.imap.connection import Connection
from blocker.mailbox.imap.wire import Wire
from blocker.mailbox.protocol import ConnectionLost, MailboxError

_EVENTS = "(MessageNew MessageExpunge)"
_USUAL = "SET (SELECTED-DELAYED (MessageNew MessageExpunge FlagChange))"
"""What every server does that was never told to notify: news of the selected folder, with the answers to commands."""
_STATUS = re.compile(rb'(?:"((?:[^"\\]|\\.)*)"|([^ "(]+)) \((?:[^)]* )?UIDNEXT (\d{1,10})\b', re.IGNORECASE)


class Others:
    """Folders that are listened to beside the selected one, each with the UID from which a message there is new."""

    def __init__(self, connection: Connection, uidnexts: Mapping[str, int]) -> None:
        self.names = [connection.wire(folder) for folder in uidnexts]
        self._next = {
            _plain(name[1:-1].encode()): uidnext
            for name, uidnext in zip(self.names, uidnexts.values(), strict=True)
        }

    def news(self, imap: Wire) -> bool:
        """Whether the server has told, since this was asked last, of a message that is new in one of them."""
        told = map(_STATUS.match, _lines(imap.answers.pop("STATUS", ())))
        return any(int(one[3]) > self._next.get(_plain(one[1] or one[2]), int(one[3])) for one in told if one)


def _lines(data: Iterable[Any]) -> Iterator[bytes]:
    """What imaplib keeps, a name that came as a literal put between quotes."""
    name = b""
    for part in data:
        if isinstance(part, tuple):
            name = b'"%b"' % re.sub(rb'(["\\])', rb"\\\1", part[1])
        else:
            yield name + (part or b"")
            name = b""


def _plain(name: bytes) -> bytes:
    """A name out of its quotes, INBOX in whatever case being one."""
    name = re.sub(rb"\\(.)", rb"\1", name)
    return b"INBOX" if name.upper() == b"INBOX" else name


@contextmanager
def notified(connection: Connection, uidnexts: Mapping[str, int]) -> Iterator[Others]:
    """Have the server tell of these folders too, where it offers that and takes it; by the server's own names.

    It tells at once how they are, so that nothing that came before is waited for. Raises ConnectionLost.
    """
    others, none = Others(connection, uidnexts), Others(connection, {})
    if not (uidnexts and connection.notifies and connection.can("NOTIFY")):
        yield none
        return
    wanted = f"SET STATUS (SELECTED {_EVENTS}) (MAILBOXES ({' '.join(others.names)}) {_EVENTS})"
    try:
        _notify(connection, wanted)
    except ConnectionLost:
        raise
    except MailboxError:
        connection.notifies = False  # nothing has changed: they are looked at now and then, as without it
        yield none
        return
    try:
        yield others
    except ConnectionLost:
        raise  # there is nothing left to put right
    except MailboxError:
        _usual(connection)
        raise
    _usual(connection)


def _usual(connection: Connection) -> None:
    try:
        _notify(connection, _USUAL)
    except MailboxError as error:
        connection.drop()
        raise ConnectionLost(f"{error} The connection is not used again.") from None


def _notify(connection: Connection, what: str) -> None:
    connection.command("tell of news", lambda: connection.imap.xatom("NOTIFY", what))
