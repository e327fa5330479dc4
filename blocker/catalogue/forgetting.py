"""Erasing what is known of messages, on a person's wish or when its time is up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select

from blocker.catalogue import contacts, patches, totals
from blocker.catalogue.errors import CatalogueError
from blocker.catalogue.model import CommandRow, ForgottenRow, MessageRow, SenderRow

STEP = 500
"""Messages erased in one transaction: whoever else writes to the database waits no longer than for these."""
_PLACE = ("account_id", "mailbox", "uidvalidity", "uid")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be forgotten: all conditions together.

    Raises CatalogueError where there is none, unless `everything` is meant.
    """

    sender: str | None = None
    """An organisational domain."""
    before: datetime | None = None
    """Aware; what arrived earlier."""
    everything: bool = False

    def __post_init__(self) -> None:
        if not self.everything and self.sender is None and self.before is None:
            raise CatalogueError(
                "Nothing was said to forget: name a sender, or a date before which to forget."
            )

    def select(self) -> Select[int]:
        """The ids of the messages that are meant."""
        wanted = select(MessageRow.id)
        if self.sender is not None:
            wanted = wanted.join(SenderRow).where(SenderRow.domain == self.sender.strip().lower())
        if self.before is not None:
            wanted = wanted.where(MessageRow.internal_date < self.before)
        return wanted


def count(connection: Connection, wish: Wish) -> int:
    """How many messages are meant."""
    return connection.scalar(select(func.count()).select_from(wish.select().subquery())) or 0


def forget_some(connection: Connection, wish: Wish) -> int:
    """Erase up to `STEP` of the messages, with all that hangs on them and all that was learnt from them; how many.

    Only the place (account, mailbox, UID) stays, as a bare number, so that the service does not take
    a forgotten mail for a new one.
    """
    ids = list(connection.scalars(wish.select().order_by(MessageRow.id).limit(STEP)))
    if not ids:
        return 0
    known = (
        select(ForgottenRow.uid)
        .where(*(getattr(ForgottenRow, name) == getattr(MessageRow, name) for name in _PLACE))
        .correlate(MessageRow)
    )
    places: Select[Any] = select(*(getattr(MessageRow, name) for name in _PLACE))
    fresh = places.where(MessageRow.id.in_(ids), ~known.exists())
    connection.execute(insert(ForgottenRow).from_select(list(_PLACE), fresh))
    with totals.erasing(connection, ids):
        return connection.execute(delete(MessageRow).where(MessageRow.id.in_(ids))).rowcount


def tidy(connection: Connection, wish: Wish) -> None:
    """Erase the names that no message bears any more, and the commands that were finished in the time meant."""
    used_senders = select(MessageRow.sender_id).where(MessageRow.sender_id.is_not(None))
    connection.execute(delete(SenderRow).where(SenderRow.id.not_in(used_senders)))
    contacts.tidy(connection)
    patches.forget(connection, wish.sender, wish.before)
    before = datetime.now(UTC) if wish.everything else wish.before
    if before is not None:
        connection.execute(delete(CommandRow).where(CommandRow.finished < before))
