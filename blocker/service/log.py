"""What the service tells, as entries of its log."""

from __future__ import annotations

from blocker.output.log import logger
from blocker.service.exchange.events import Event

_log = logger()


def log_event(event: Event) -> None:
    """Log what the service tells, without anything that stands in a mail: place, action, reason."""
    write = _log.warning if event.action in ("refused", "trouble") else _log.info
    more = {"mailbox": event.mailbox, "uid": event.uid} if event.uid else {}
    write(event.action, account=event.account, detail=event.detail, **more)
