"""Sending a digest: never twice for one week, wherever it is cut short.

The catalogue notes that the digest is about to be appended, then it is appended, then the catalogue notes that it was. Cut
short in between, the next run looks for its Message-ID in the inbox, which tells whether it had come so far.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from blocker.catalogue import Catalogue, digests
from blocker.choices.modes import DIGEST
from blocker.config import AccountConfig
from blocker.mailbox.protocol import Mailbox, Store
from blocker.service.digest.letter import letter, message_id
from blocker.service.digest.week import monday_before, week_of

INBOX = "INBOX"
"""Every account has a folder of this name (RFC 9051, 5.1)."""
_DAY = timedelta(days=1)


def send(config: AccountConfig, key: bytes, store: Store, catalogue: Catalogue, now: datetime) -> bool:
    """Append the digest of the last whole week to the inbox; False where it is there, or there is nothing to tell.

    `now` is aware. Raises MailboxError and CatalogueError; asked again, it goes on.
    """
    monday = monday_before(now.astimezone(UTC).date())
    with catalogue.reading() as connection:
        if digests.sent(connection, config.name, monday):
            return False
    week = week_of(catalogue, config.name, monday)
    told = bool(week.messages) and _appended(
        config, key, store, catalogue, letter(week, config, key, now), monday
    )
    with catalogue.writing() as connection:
        digests.put(connection, config.name, monday, sent=True)
    return told


def _appended(
    config: AccountConfig, key: bytes, store: Store, catalogue: Catalogue, raw: bytes, monday: date
) -> bool:
    """Append it where it is not there; whether that was done."""
    with catalogue.writing() as connection:
        digests.put(connection, config.name, monday, sent=False)
    inbox = store.open(INBOX, readonly=True)
    try:
        if _there(inbox, message_id(key, config.name, monday), monday + 6 * _DAY):
            return False
        # A server that keeps no keywords has it judged as any mail: it holds nothing that could be found.
        inbox.append(raw, [DIGEST])
    finally:
        inbox.close()
    return True


def _there(inbox: Mailbox, wanted: str, since: date) -> bool:
    """Whether a message of this Message-ID came since a day."""
    found = inbox.headers(inbox.uids(since=since), "Message-ID")
    return any(wanted.encode() in field for field in found.values())
