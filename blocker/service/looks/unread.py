"""What becomes of messages that cannot be read, or are too large to be: noted, so that none keeps the others back."""

from __future__ import annotations

from datetime import UTC, datetime

from blocker.catalogue.codes import Stage
from blocker.detect.report import Report
from blocker.judging.judge import Judgement, headers_only, unread
from blocker.mailbox.protocol import Mailbox
from blocker.message.dates import zoned
from blocker.service.exchange.account import Account, seen_of
from blocker.service.exchange.plan import ATTEMPTS
from blocker.service.exchange.record import Batch
from blocker.service.exchange.steps import Entry, Opened, source_of

_SAID = ("From", "To", "Subject", "Date", "Message-ID")


class Unread:
    """Notes in a batch what could not be read: it is tried again, and left alone after the last time."""

    def __init__(self, account: Account, mailbox: Mailbox, opened: Opened) -> None:
        self._account = account
        self._mailbox = mailbox
        self._opened = opened

    def failed(
        self, batch: Batch, uid: int, size: int, date: datetime, before: Entry | None, why: str
    ) -> None:
        """Count the failure; after the last the message is left alone."""
        place = self._opened.place(uid)
        attempts = (before.attempts if before else 0) + 1
        if attempts < ATTEMPTS:
            batch.entries.append(Entry(place, Stage.JUDGING, attempts=attempts, reason=why))
            return
        reason = f"it could not be read {ATTEMPTS} times ({why})"
        judgement = Judgement(unread(source_of(place), reason))
        batch.seen.append(seen_of(place, judgement, size, date, "left", reason))
        batch.entries.append(Entry(place, Stage.LEFT, attempts=attempts, reason=reason))

    def broke(self, batch: Batch, uid: int, before: Entry | None, why: str) -> None:
        """A message that was asked for alone broke the connection. Nothing can be asked of the server now."""
        self.failed(batch, uid, 0, datetime.now(UTC), before, why)

    def too_large(self, batch: Batch, uid: int, size: int) -> None:
        """Record who wrote it and what it is called, without its body."""
        place = self._opened.place(uid)
        reason = self.limit()
        fields = b"".join(self._mailbox.headers([uid], name).get(uid, b"") for name in _SAID)
        report = headers_only(fields, source_of(place), reason)
        batch.seen.append(seen_of(place, Judgement(report), size, _said_date(report), "left", reason))
        batch.entries.append(Entry(place, Stage.LEFT, reason=reason))

    def limit(self) -> str:
        """Why a message is too large, in words."""
        return f"it is larger than {self._account.limit / 1024 / 1024:.2g} MB"


def _said_date(report: Report) -> datetime:
    """When a message that is not fetched says it was written; its arrival is not asked for."""
    return zoned(datetime.fromisoformat(report.message.date)) if report.message.date else datetime.now(UTC)
