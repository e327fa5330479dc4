"""Figures that are kept with the mail they count, so that a page need not count it: by day, by sender, by vendor.

Whoever adds, changes or erases messages does it through here, in the same transaction. Each table is what its `…_made`
says of all messages; a test holds it to that after any history.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    case,
    delete,
    exists,
    func,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute

from blocker.catalogue.derived import ContactRow, DayTotalRow, KindTotalRow, SenderTotalRow, VendorTotalRow
from blocker.catalogue.filtering import NONE
from blocker.catalogue.model import Base, LeakRow, MessageRow, VendorRow
from blocker.detect.report import BLOCKED

OWN_SYSTEM = -1
"""In place of a vendor's number: any mailing system that has no name."""
VENDOR = case((VendorRow.named, VendorRow.id), else_=literal_column(str(OWN_SYSTEM)))
"""The number that a vendor's mail is counted under."""


def days_made(which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """The rows of `day_totals` that count the messages which are meant."""
    key = (MessageRow.account_id, MessageRow.day, MessageRow.action, MessageRow.tracked)
    return (
        select(
            *key,
            func.count(),
            func.sum(MessageRow.blocked),
            func.sum(MessageRow.unjudged),
            func.count(MessageRow.error),
            func.count(case((exists().where(LeakRow.message == MessageRow.id), 1))),
        )
        .where(which)
        .group_by(*key)
    )


def senders_made(which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """The rows of `sender_totals` that count the messages which are meant."""
    key = (MessageRow.sender_id, MessageRow.account_id)
    tracked = func.count(case((MessageRow.tracked, 1)))
    proven, claimed = (func.count(case((MessageRow.proven.is_(is_it), 1))) for is_it in (True, False))
    return (
        select(*key, func.count(), tracked, proven, claimed, func.max(MessageRow.internal_date))
        .where(which, MessageRow.sender_id.is_not(None))
        .group_by(*key)
    )


def kinds_made(which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """The rows of `kind_totals` that count the messages which are meant, given as a condition on `contacts`."""
    key = (ContactRow.sender_id, ContactRow.account_id, ContactRow.verdict)
    return (
        select(*key, func.sum(ContactRow.number))
        .where(which, ContactRow.sender_id.is_not(None))
        .group_by(*key)
    )


def vendors_made(which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """The rows of `vendor_totals` that count the messages which are meant, given as a condition on `contacts`."""
    key = (VENDOR, func.coalesce(ContactRow.sender_id, NONE), ContactRow.account_id)
    messages = func.count(func.distinct(ContactRow.message))
    return (
        select(*key, messages, func.sum(ContactRow.number), func.max(ContactRow.internal_date))
        .join(VendorRow, VendorRow.id == ContactRow.vendor_id)
        .where(which, ContactRow.verdict.in_(sorted(BLOCKED)))
        .group_by(*key)
    )


def add(connection: Connection, ids: Sequence[int]) -> None:
    """Count messages that were just written, and their contacts."""
    _count(connection, ids, 1)


@contextmanager
def erasing(connection: Connection, ids: Sequence[int]) -> Iterator[None]:
    """Around the deletion of messages."""
    senders = list(connection.scalars(select(MessageRow.sender_id).where(MessageRow.id.in_(ids)).distinct()))
    _count(connection, ids, -1)
    yield
    for number in (
        DayTotalRow.messages,
        SenderTotalRow.messages,
        KindTotalRow.number,
        VendorTotalRow.messages,
    ):
        _drop_empty(connection, number)
    _renew_last(connection, senders)


@contextmanager
def acting(connection: Connection, ids: Sequence[int]) -> Iterator[None]:
    """Around a change of what was done with messages."""
    which = MessageRow.id.in_(ids)
    _add(connection, DayTotalRow, days_made(which), -1)
    yield
    _add(connection, DayTotalRow, days_made(which), 1)
    _drop_empty(connection, DayTotalRow.messages)


def _count(connection: Connection, ids: Sequence[int], times: int) -> None:
    if not ids:
        return
    which = MessageRow.id.in_(ids)
    _add(connection, DayTotalRow, days_made(which), times)
    _add(connection, SenderTotalRow, senders_made(which), times)
    its = ContactRow.message.in_(ids)
    _add(connection, KindTotalRow, kinds_made(its), times)
    _add(connection, VendorTotalRow, vendors_made(its), times)


def _add(connection: Connection, table: type[Base], made: Select[*tuple[Any, ...]], times: int) -> None:
    """Add the rows to those that are there, so many times."""
    columns, found = table.__table__.columns, made.subquery()
    names = [column.name for column in columns]
    numbers = [name for name in names if not columns[name].primary_key and name != "last"]
    values = [
        (column * times if name in numbers else column).label(name)
        for name, column in zip(names, found.c, strict=True)
    ]
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    adding = dialect.insert(table).from_select(names, select(*values).where(true()))
    taken = {name: columns[name] + adding.excluded[name] for name in numbers}
    if "last" in columns:
        taken["last"] = case((adding.excluded.last > columns.last, adding.excluded.last), else_=columns.last)
    connection.execute(adding.on_conflict_do_update(index_elements=list(columns_of_key(table)), set_=taken))


def columns_of_key(table: type[Base]) -> Iterator[str]:
    """The names of the columns by which a table of totals is grouped."""
    return (column.name for column in table.__table__.primary_key)


def _drop_empty(connection: Connection, number: InstrumentedAttribute[int]) -> None:
    connection.execute(delete(number.class_).where(number == 0))


def _renew_last(connection: Connection, senders: Sequence[int | None]) -> None:
    """When the last mail of these senders came, after some is gone."""
    known = [number for number in senders if number is not None]
    newest = select(MessageRow.internal_date).order_by(MessageRow.internal_date.desc()).limit(1)
    for table, having in ((SenderTotalRow, true()), (VendorTotalRow, _has_vendor())):
        its = newest.where(MessageRow.account_id == table.account_id, having).correlate(table)
        for numbers, is_its in ((known, MessageRow.sender_id == table.sender_id), ([0], _NOBODY)):
            last = its.where(is_its).scalar_subquery()
            connection.execute(update(table).where(table.sender_id.in_(numbers)).values(last=last))


_NOBODY = MessageRow.sender_id.is_(None)


def _has_vendor() -> ColumnElement[bool]:
    """Whether a message has a pixel or a beacon of the vendor that a row of `vendor_totals` is about."""
    return exists(
        select(ContactRow.message)
        .join(VendorRow, VendorRow.id == ContactRow.vendor_id)
        .where(ContactRow.message == MessageRow.id, ContactRow.verdict.in_(sorted(BLOCKED)))
        .where(VendorTotalRow.vendor_id == VENDOR)
        .correlate(MessageRow, VendorTotalRow)
    )
