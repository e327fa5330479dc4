"""Waiting for news by IDLE (RFC 2177), so that the end of the link is noticed and no wait is for ever.

imapclient's own waiting takes a connection that the peer closed for one without news, and waits without end for the
answer to DONE.
"""

from __future__ import annotations

import contextlib
import imaplib
import selectors
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from blocker.mailbox.imap import text
from blocker.mailbox.imap.append import continued
from blocker.mailbox.imap.connection import Connection
from blocker.mailbox.imap.notify import Others

SLICE = 0.5
"""Seconds after which it is asked whether to go on waiting."""
ANSWER = 15.0
"""Seconds that a server may take to begin IDLE, to end it, or to finish a line: silence beyond is a dead link."""
_NEWS = ("EXISTS", "EXPUNGE", "VANISHED")


def listen(connection: Connection, seconds: float, until: Callable[[], bool], others: Others) -> bool:
    """Whether the server told, within so many seconds, of messages that came or went in the selected folder.

    Or of new ones in `others`, which it was asked to tell of too; what it said of them just before counts.
    Ends early, with False, once `until()` is true. Raises ConnectionLost where the server closed the connection, said
    BYE or does not answer any more, MailboxError where it refuses to IDLE.
    """
    doing = "tell of new mail"

    def run() -> bool:
        imap: Any = connection.imap
        heard = others.news(imap)
        connection.forget()
        if heard:
            return True
        tag = imap._new_tag()
        with _patience(imap.sock, ANSWER):
            imap.send(tag + b" IDLE\r\n")
            idling = continued(imap, tag)
            if idling:
                heard = _wait(imap, seconds, until, others)
                imap.send(b"DONE\r\n")
            typ, data = imap._command_complete("IDLE", tag)
        if typ != "OK" or not idling:
            raise text.refused(connection.host, doing, text.last(data))
        return heard or _news(imap, others)

    return bool(connection.call(doing, run))


def _news(imap: Any, others: Others) -> bool:
    return others.news(imap) or any(name in imap.untagged_responses for name in _NEWS)


def _wait(imap: Any, seconds: float, until: Callable[[], bool], others: Others) -> bool:
    """Take line after line until one tells news, which is True, the time is over, or `until()` is true."""
    end = time.monotonic() + seconds
    while not (heard := _news(imap, others)) and not until():
        left = end - time.monotonic()
        if left <= 0:
            break
        if _speaks(imap, min(SLICE, left)):
            imap._get_response()
            imap._check_bye()
    return heard


def _speaks(imap: Any, seconds: float) -> bool:
    """Whether a line begins within so many seconds. Raises imaplib's abort where the peer has closed the link."""
    with contextlib.suppress(ssl.SSLWantReadError):
        if _pending(imap):
            return True
    with selectors.DefaultSelector() as selector:
        selector.register(imap.sock, selectors.EVENT_READ)
        if not selector.select(seconds):
            return False
    try:
        if _pending(imap):
            return True
    except ssl.SSLWantReadError:
        return False  # TLS said something to itself
    raise imaplib.IMAP4.abort("the server closed the connection")


def _pending(imap: Any) -> bool:
    """Whether octets are there, without waiting: a link that is readable and has none is a closed one."""
    with _patience(imap.sock, 0.0):
        return bool(imap.file.peek(1))


@contextmanager
def _patience(sock: socket.socket, seconds: float) -> Iterator[None]:
    """For a while, wait at most so long for the peer."""
    before = sock.gettimeout()
    sock.settimeout(seconds)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # closed meanwhile
            sock.settimeout(before)
