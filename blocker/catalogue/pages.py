"""Pages of messages, newest first: which rows they have is found in indexes alone, and only those are looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, func, select

from blocker.catalogue.derived import ContactRow
from blocker.catalogue.filtering import asks_for_contacts, conditions, of_one_contact, within
from blocker.catalogue.model import AccountRow, MessageRow, SenderRow
from blocker.catalogue.values import Accounts, MessageFilter, MessageLine, Page

_LINE = (
    MessageRow.id,
    AccountRow.name,
    MessageRow.mailbox,
    MessageRow.internal_date,
    MessageRow.sender,
    func.coalesce(SenderRow.domain, ""),
    MessageRow.subject,
    MessageRow.tracked,
    MessageRow.blocked,
    MessageRow.action,
    MessageRow.detail,
    func.json_array_length(MessageRow.receipts),
    MessageRow.proven,
)


def page_of(
    connection: Connection, wanted: MessageFilter, page: int, size: int, accounts: Accounts = None
) -> Page:
    """One page of the messages that pass a filter, newest first; a page beyond the last is the last."""
    found = passing(wanted, accounts)
    total = connection.scalar(select(func.count()).select_from(found.query.subquery())) or 0
    pages = max(1, -(-total // size))
    page = min(max(page, 1), pages)
    some = found.newest().limit(size).offset((page - 1) * size)
    return Page(_found(connection, some), page, pages, total)


def newest(
    connection: Connection, wanted: MessageFilter, size: int, accounts: Accounts = None
) -> tuple[MessageLine, ...]:
    """The newest messages that pass a filter."""
    return _found(connection, passing(wanted, accounts).newest().limit(size))


def lines_of(connection: Connection, ids: Sequence[int]) -> Iterator[MessageLine]:
    """The lines of messages, in the order of `ids`."""
    found = {row[0]: MessageLine(*row) for row in connection.execute(_lines().where(MessageRow.id.in_(ids)))}
    return (found[id_] for id_ in ids if id_ in found)


def lines_after(
    connection: Connection, last: int, limit: int, accounts: Accounts = None
) -> tuple[MessageLine, ...]:
    """The next rows by number: for whoever waits for new ones."""
    query = _lines().where(MessageRow.id > last, *within(accounts)).order_by(MessageRow.id).limit(limit)
    return tuple(MessageLine(*row) for row in connection.execute(query))


class Passing(NamedTuple):
    """The messages that pass a filter, as a query for their moments and numbers."""

    query: Select[*tuple[Any, ...]]
    moment: ColumnElement[datetime]
    number: ColumnElement[int]

    def newest(self, *where: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
        """Those for which this holds too, newest first."""
        return self.query.where(*where).order_by(self.moment.desc(), self.number.desc())


def passing(wanted: MessageFilter, accounts: Accounts) -> Passing:
    """The messages that pass a filter; a condition on `moment` and `number` may be added."""
    if asks_for_contacts(wanted):
        moment, number = ContactRow.internal_date, ContactRow.message
        query = select(moment, number).where(*of_one_contact(wanted, accounts)).distinct()
        return Passing(query, moment.expression, number.expression)
    moment, number = MessageRow.internal_date, MessageRow.id
    query = select(moment, number).where(*conditions(wanted, accounts))
    return Passing(query, moment.expression, number.expression)


def _found(connection: Connection, some: Select[*tuple[Any, ...]]) -> tuple[MessageLine, ...]:
    its = some.subquery()
    _, number = its.c
    query = _lines().join(its, number == MessageRow.id)
    ordered = query.order_by(MessageRow.internal_date.desc(), MessageRow.id.desc())
    return tuple(MessageLine(*row) for row in connection.execute(ordered))


def _lines() -> Select[*tuple[Any, ...]]:
    """The values of a `MessageLine` for each message."""
    return (
        select(*_LINE)
        .join(AccountRow, AccountRow.id == MessageRow.account_id)
        .outerjoin(SenderRow, SenderRow.id == MessageRow.sender_id)
    )
