"""Erasing what is known of messages, on a person's wish."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from blocker.catalogue.errors import CatalogueError
from blocker.catalogue.model import CommandRow, ForgottenRow, MessageRow, ReferenceRow, SenderRow, VendorRow


def forget(connection: Connection, sender: str | None, before: datetime | None) -> int:
    """Erase the messages of an organisational domain, or older than an instant, or both; how many.

    Only the place (account, mailbox, UID) stays, as a bare number, so that the service does not take
    a forgotten mail for a new one. Raises CatalogueError where neither is given.
    """
    if sender is None and before is None:
        raise CatalogueError("Nothing was said to forget: name a sender, or a date before which to forget.")
    wanted = select(MessageRow.id)
    if sender is not None:
        wanted = wanted.join(SenderRow).where(SenderRow.domain == sender.strip().lower())
    if before is not None:
        wanted = wanted.where(MessageRow.internal_date < before)
    columns = ("account_id", "mailbox", "uidvalidity", "uid")
    places = select(MessageRow.account_id, MessageRow.mailbox, MessageRow.uidvalidity, MessageRow.uid)
    known = (
        select(ForgottenRow.uid)
        .where(*(getattr(ForgottenRow, name) == getattr(MessageRow, name) for name in columns))
        .correlate(MessageRow)
    )
    fresh = places.where(MessageRow.id.in_(wanted), ~known.exists())
    connection.execute(insert(ForgottenRow).from_select(list(columns), fresh))
    gone = connection.execute(delete(MessageRow).where(MessageRow.id.in_(wanted))).rowcount
    _tidy(connection, before)
    return gone


def _tidy(connection: Connection, before: datetime | None) -> None:
    """Names that no message bears any more, and old commands, go too."""
    used_senders = select(MessageRow.sender_id).where(MessageRow.sender_id.is_not(None))
    used_vendors = select(ReferenceRow.vendor_id).where(ReferenceRow.vendor_id.is_not(None))
    connection.execute(delete(SenderRow).where(SenderRow.id.not_in(used_senders)))
    connection.execute(delete(VendorRow).where(VendorRow.id.not_in(used_vendors)))
    if before is not None:
        connection.execute(delete(CommandRow).where(CommandRow.finished < before))
