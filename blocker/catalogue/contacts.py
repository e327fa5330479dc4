"""Whom messages would contact: their references by host, vendor and verdict, so that a search reads three rows a message.

All of it is made of other tables. What is looked for among references is looked for here.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, select

from blocker.catalogue.derived import ContactRow
from blocker.catalogue.filtering import NONE
from blocker.catalogue.model import HostRow, MessageRow, ReferenceRow, VendorRow

_SHARED = ("account_id", "sender_id", "internal_date", "day", "traits")
"""Columns that `messages` has too."""


def made(which: ColumnElement[bool]) -> Select[Any]:
    """The rows of the messages that are meant, as they have to be."""
    key = (ReferenceRow.message, _or_zero(ReferenceRow.host_id), _or_zero(ReferenceRow.vendor_id))
    shared = tuple(getattr(MessageRow, name) for name in _SHARED)
    return (
        select(*key, ReferenceRow.verdict, func.count(), *shared)
        .join(MessageRow, MessageRow.id == ReferenceRow.message)
        .where(which)
        .group_by(*key, ReferenceRow.verdict, *shared)
    )


def make(connection: Connection, which: ColumnElement[bool]) -> None:
    """Make the rows of messages that have none."""
    columns = ("message", "host_id", "vendor_id", "verdict", "number", *_SHARED)
    connection.execute(insert(ContactRow).from_select(list(columns), made(which)))


def tidy(connection: Connection) -> None:
    """Erase the names of hosts and vendors that no message has any more."""
    connection.execute(delete(HostRow).where(HostRow.id.not_in(select(ContactRow.host_id))))
    used = select(ContactRow.vendor_id).where(ContactRow.vendor_id != 0)
    connection.execute(delete(VendorRow).where(VendorRow.id.not_in(used)))


def _or_zero(column: Any) -> ColumnElement[int]:
    return func.coalesce(column, NONE)
