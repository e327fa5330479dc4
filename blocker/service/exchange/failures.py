"""Which failures end a look, and what is recorded of those that cost one message alone."""

from __future__ import annotations

from blocker.catalogue import CatalogueError
from blocker.mailbox.protocol import ConnectionLost, LoginRefused, MailboxError, Recreated
from blocker.output.log import logger
from blocker.service.exchange.account import Stopped
from blocker.service.exchange.lock import Unlocked

_log = logger()
NOT_THE_MESSAGE = (ConnectionLost, LoginRefused, Recreated, Unlocked)
"""Failures that say nothing about the message under way: the journal goes on later."""
ELSEWHERE = (*NOT_THE_MESSAGE, CatalogueError, Stopped)
"""These, and those of the catalogue and of a stop. Whatever else is raised over a message costs that message alone."""


def reason_of(error: Exception) -> str:
    """What is recorded of a failure over one message; a mistake of ours is told with its trace besides."""
    if isinstance(error, MailboxError):
        return str(error)
    _log.exception("message left alone")
    return f"unexpected failure ({type(error).__name__}): please report it with the log"
