"""Waiting for news by IDLE (RFC 2177), so that the end of the link is noticed and no wait is for ever.

imapclient's own waiting takes a connection that the peer closed for one without news, and waits without end for the
answer to DONE.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from blocker.mailbox.imap import text
from blocker.mailbox.imap.connection import Connection
from blocker.mailbox.imap.notify import Others
from blocker.mailbox.imap.wire import Wire

SLICE = 0.5
"""Seconds after which it is asked whether to go on waiting."""
ANSWER = 15.0
"""Seconds that a server may take to begin IDLE, to end it, or to finish a line: silence beyond is a dead link."""
_NEWS = ("EXISTS", "EXPUNGE", "VANISHED")


def listen(
    connection: Connection,
    seconds: float,
    until: Callable[[], bool],
    others: Others,
    begun: Callable[[], object] = lambda: None,
) -> bool:
    """Whether the server told, within so many seconds, of messages that came or went in the selected folder.

    Or of new ones in `others`, which it was asked to tell of too; what it said of them just before counts.
    Ends early, with False, once `until()` is true. `begun` is called once the server listens.
    Raises ConnectionLost where the server closed the connection, said BYE or does not answer any more, MailboxError
    where it refuses to IDLE.
    """
    doing = "tell of new mail"

    def run() -> bool:
        imap = connection.imap
        heard = others.news(imap)
        imap.forget()
        if heard:
            return True
        tag = imap.begin()
        with imap.patience(ANSWER):
            imap.send(tag + b" IDLE\r\n")
            idling = imap.continued(tag)
            if idling:
                begun()
                heard = _wait(imap, seconds, until, others)
                imap.send(b"DONE\r\n")
            typ, data = imap.complete("IDLE", tag)
        if typ != "OK" or not idling:
            raise text.refused(connection.host, doing, text.last(data))
        return heard or _news(imap, others)

    return bool(connection.call(doing, run))


def _news(imap: Wire, others: Others) -> bool:
    return others.news(imap) or any(name in imap.answers for name in _NEWS)


def _wait(imap: Wire, seconds: float, until: Callable[[], bool], others: Others) -> bool:
    """Take answer after answer until one tells news, which is True, the time is over, or `until()` is true."""
    end = time.monotonic() + seconds
    while not (heard := _news(imap, others)) and not until():
        left = end - time.monotonic()
        if left <= 0:
            break
        imap.hear(min(SLICE, left))
    return heard
