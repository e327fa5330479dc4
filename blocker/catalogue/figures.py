"""Figures of senders, vendors and days: from the totals that are kept where these answer, else counted from what passes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal, get_args

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    SQLColumnExpression,
    Subquery,
    case,
    cast,
    desc,
    distinct,
    func,
    select,
)

from blocker.catalogue.derived import ContactRow, DayTotalRow, SenderTotalRow, VendorTotalRow
from blocker.catalogue.filtering import (
    NONE,
    asks_for_contacts,
    conditions,
    in_account,
    is_plain,
    of_contacts,
    of_one_contact,
)
from blocker.catalogue.model import HostRow, MessageRow, SenderRow, VendorRow
from blocker.catalogue.totals import VENDOR
from blocker.catalogue.traits import PROOF, TRACKED
from blocker.catalogue.values import Accounts, MessageFilter, SenderLine, VendorLine
from blocker.detect.report import BLOCKED
from blocker.detect.words import OWN_SYSTEMS

SenderOrder = Literal["tracked", "messages", "share", "proven", "recent", "name"]
ORDERS: tuple[SenderOrder, ...] = get_args(SenderOrder)
Days = dict[date, tuple[int, int]]
"""Messages and tracked ones by day of arrival."""
TOP = 10


def total(number: Any) -> ColumnElement[int]:
    """The sum of a column, as a whole number on every database."""
    return cast(func.sum(number), BigInteger)


def senders(
    connection: Connection,
    order: SenderOrder,
    limit: int,
    wanted: MessageFilter,
    accounts: Accounts = None,
    least: int = 0,
) -> tuple[SenderLine, ...]:
    """Senders with at least `least` tracked messages among those that pass a filter."""
    found = of_senders(wanted, accounts).subquery()
    query = lines(found).where(found.c.tracked >= least).order_by(*ordered(found, order)).limit(limit)
    return tuple(SenderLine(*row) for row in connection.execute(query))


def lines(found: Subquery) -> Select[str, int, int, datetime, int, int]:
    """The values of a `SenderLine` for each of the senders that were found."""
    its = found.c
    columns = (SenderRow.domain, its.messages, its.tracked, its.last, its.proven, its.claimed)
    return select(*columns).join(found, its.sender_id == SenderRow.id)


def ordered(
    found: Subquery, order: SenderOrder, *, rising: bool | None = None
) -> tuple[SQLColumnExpression[Any], ...]:
    """How senders are put in order; names from A on and figures from the highest down, unless `rising` says otherwise."""
    its = found.c
    keys: dict[SenderOrder, SQLColumnExpression[Any]] = {
        "share": its.tracked * 1.0 / its.messages,
        "recent": its.last,
        "name": SenderRow.domain,
    }
    key = keys[order] if order in keys else its[order]
    up = order == "name" if rising is None else rising
    ties = () if order in {"recent", "name"} else (its.tracked.desc(), its.messages.desc())
    return (key.asc() if up else key.desc(), *ties, SenderRow.domain)


def of_senders(wanted: MessageFilter, accounts: Accounts) -> Select[*tuple[Any, ...]]:
    """Each sender's number, messages, tracked ones, last moment, proven and claimed ones among what passes a filter."""
    if is_plain(wanted, sender=True):
        kept = SenderTotalRow
        sums = map(total, (kept.messages, kept.tracked, kept.proven, kept.claimed))
        query = _labelled(kept.sender_id, func.max(kept.last), *sums)
        where = (*in_account(kept, wanted, accounts), *_of_sender(kept, wanted))
        return query.where(*where).group_by(kept.sender_id)
    if asks_for_contacts(wanted):
        number, last = ContactRow.sender_id, func.max(ContactRow.internal_date)
        query = _labelled(number, last, func.count(distinct(ContactRow.message)), *map(_with, _COUNTED))
        return query.where(*of_one_contact(wanted, accounts)).group_by(number)
    number = MessageRow.sender_id
    counted = (func.count(case((MessageRow.traits.bitwise_and(bits) != 0, 1))) for bits in _COUNTED)
    query = _labelled(number, func.max(MessageRow.internal_date), func.count(), *counted)
    return query.where(*conditions(wanted, accounts)).group_by(number)


_COUNTED = (TRACKED, PROOF["proven"], PROOF["claimed"])


def _with(bits: int) -> ColumnElement[int]:
    """How many messages of some contacts have one of these traits."""
    return func.count(distinct(case((ContactRow.traits.bitwise_and(bits) != 0, ContactRow.message))))


def _labelled(number: Any, last: Any, *sums: Any) -> Select[*tuple[Any, ...]]:
    names = ("messages", "tracked", "proven", "claimed")
    labelled = (column.label(name) for name, column in zip(names, sums, strict=True))
    return select(number.label("sender_id"), last.label("last"), *labelled)


def vendors(
    connection: Connection,
    limit: int,
    wanted: MessageFilter,
    accounts: Accounts = None,
    only: str | None = None,
) -> tuple[VendorLine, ...]:
    """Vendors whose pixels and beacons were found in messages that pass a filter, the one in most of them first.

    Mailing systems without a name are one line, the last. With `only` a name, that vendor alone.
    """
    found = _of_vendors(wanted, accounts).subquery()
    name = func.coalesce(VendorRow.name, OWN_SYSTEMS)
    named = VendorRow.id.is_not(None)
    query = (
        select(name, found.c.found, found.c.messages, found.c.senders, found.c.last, named)
        .outerjoin_from(found, VendorRow, VendorRow.id == found.c.vendor_id)
        .order_by(named.desc(), desc(found.c.messages), name)
        .limit(limit)
    )
    if only is not None:
        query = query.where(name == only)
    return tuple(VendorLine(*row) for row in connection.execute(query))


def _of_vendors(wanted: MessageFilter, accounts: Accounts) -> Select[*tuple[Any, ...]]:
    """Number, references, messages, senders and the last moment of each vendor."""
    if is_plain(wanted, sender=True):
        its = VendorTotalRow
        senders_ = func.count(distinct(func.nullif(its.sender_id, 0)))
        return (
            select(
                its.vendor_id,
                total(its.found).label("found"),
                total(its.messages).label("messages"),
                senders_.label("senders"),
                func.max(its.last).label("last"),
            )
            .where(*in_account(its, wanted, accounts), *_of_sender(its, wanted))
            .group_by(its.vendor_id)
        )
    return (
        select(
            VENDOR.label("vendor_id"),
            total(ContactRow.number).label("found"),
            func.count(distinct(ContactRow.message)).label("messages"),
            func.count(distinct(ContactRow.sender_id)).label("senders"),
            func.max(ContactRow.internal_date).label("last"),
        )
        .join(VendorRow, VendorRow.id == ContactRow.vendor_id)
        .where(
            ContactRow.vendor_id != NONE,
            ContactRow.verdict.in_(sorted(BLOCKED)),
            *of_contacts(wanted, accounts),
        )
        .group_by(VENDOR)
    )


def _of_sender(table: Any, wanted: MessageFilter) -> tuple[ColumnElement[bool], ...]:
    if not wanted.sender:
        return ()
    return (table.sender_id.in_(select(SenderRow.id).where(SenderRow.domain == wanted.sender)),)


def hosts(
    connection: Connection, wanted: MessageFilter, accounts: Accounts = None
) -> tuple[tuple[str, int], ...]:
    """The hosts of the references that pass a filter for a vendor, with how many there are, the most frequent first."""
    number = total(ContactRow.number)
    query = (
        select(HostRow.name, number)
        .join(HostRow, HostRow.id == ContactRow.host_id)
        .where(*of_one_contact(wanted, accounts))
        .group_by(HostRow.name)
        .order_by(desc(number), HostRow.name)
        .limit(TOP)
    )
    return tuple((name, count) for name, count in connection.execute(query))


def days(connection: Connection, wanted: MessageFilter, accounts: Accounts = None) -> Days:
    """Messages that pass a filter, by day."""
    return {
        day: (messages, tracked) for day, messages, tracked in connection.execute(_of_days(wanted, accounts))
    }


def _of_days(wanted: MessageFilter, accounts: Accounts) -> Select[*tuple[Any, ...]]:
    if is_plain(wanted, period=True):
        its = DayTotalRow
        tracked = total(case((its.tracked, its.messages), else_=0))
        query = select(its.day, total(its.messages), tracked).where(*in_account(its, wanted, accounts))
        return query.where(*in_period(wanted)).group_by(its.day)
    if asks_for_contacts(wanted):
        day = ContactRow.day
        query = select(day, func.count(distinct(ContactRow.message)), _with(TRACKED))
        return query.where(*of_one_contact(wanted, accounts)).group_by(day)
    tracked = func.count(case((MessageRow.tracked, 1)))
    return (
        select(MessageRow.day, func.count(), tracked)
        .where(*conditions(wanted, accounts))
        .group_by(MessageRow.day)
    )


def in_period(wanted: MessageFilter) -> list[ColumnElement[bool]]:
    """What a row of `day_totals` must be to lie in the days of a filter."""
    found = []
    if wanted.since:
        found.append(DayTotalRow.day >= wanted.since)
    if wanted.until:
        found.append(DayTotalRow.day <= wanted.until)
    return found
