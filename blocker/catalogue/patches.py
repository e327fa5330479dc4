"""Undo patches that are too large for a message's own header, kept until their message is forgotten.

A patch holds what was taken out of one message: the addresses of what it would have loaded, and the bytes beside them
that had to change with them. It is found by the digest of the neutralised message, as `restore` works it out.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, delete, insert, select

from blocker.catalogue.model import AccountRow, MessageRow, PatchRow
from blocker.message.domains import organisational

Place = tuple[str, str, int, int]
"""Account, mailbox, UIDVALIDITY and UID."""


def keep(
    connection: Connection, neutralised: str, patch: bytes, from_domain: str, message: int | None = None
) -> None:
    """Keep a patch under the hexadecimal SHA-256 of the neutralised message, without its field and what precedes that."""
    same = (PatchRow.neutralised == neutralised, PatchRow.message.is_not_distinct_from(message))
    connection.execute(delete(PatchRow).where(*same))
    values = {"neutralised": neutralised, "message": message, "sender": organisational(from_domain)}
    connection.execute(insert(PatchRow), [values | {"kept": datetime.now(UTC), "patch": patch}])


def keep_at(connection: Connection, place: Place, neutralised: str, patch: bytes, from_domain: str) -> None:
    """The same for a message that was recorded at a place."""
    account, mailbox, uidvalidity, uid = place
    query = (
        select(MessageRow.id)
        .join(AccountRow, AccountRow.id == MessageRow.account_id)
        .where(AccountRow.name == account, MessageRow.mailbox == mailbox)
        .where(MessageRow.uidvalidity == uidvalidity, MessageRow.uid == uid)
    )
    keep(connection, neutralised, patch, from_domain, connection.scalar(query))


def find(connection: Connection, neutralised: str) -> bytes | None:
    """The patch of a neutralised message; None where none is kept."""
    return connection.scalar(select(PatchRow.patch).where(PatchRow.neutralised == neutralised).limit(1))


def forget(connection: Connection, sender: str | None, before: datetime | None) -> None:
    """Erase patches of messages that were never recorded: a sender's, or older ones, or both, or all.

    The others go with their messages.
    """
    wanted = delete(PatchRow).where(PatchRow.message.is_(None))
    if sender is not None:
        wanted = wanted.where(PatchRow.sender == sender.strip().lower())
    if before is not None:
        wanted = wanted.where(PatchRow.kept < before)
    connection.execute(wanted)
