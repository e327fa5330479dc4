"""What the pages ask: counts, lists and single messages. Each function reads in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    SQLColumnExpression,
    case,
    desc,
    exists,
    func,
    select,
)
from sqlalchemy.orm import Session

from blocker.catalogue import rows
from blocker.catalogue.filtering import conditions, is_vendor, named, since, within
from blocker.catalogue.model import (
    AccountRow,
    LeakRow,
    MessageRow,
    ReferenceRow,
    SenderRow,
    VendorRow,
)
from blocker.catalogue.news import new_senders
from blocker.catalogue.templates import templates
from blocker.catalogue.trend import trend
from blocker.catalogue.values import (
    EVERYTHING,
    Account,
    Accounts,
    MessageDetail,
    MessageFilter,
    MessageLine,
    Overview,
    Page,
    SenderDetail,
    SenderLine,
    VendorDetail,
    VendorLine,
)
from blocker.detect.report import BLOCKED
from blocker.detect.words import OWN_SYSTEMS

SenderOrder = Literal["tracked", "messages", "share", "proven", "recent", "name"]
TOP = 10

_COUNT = func.count(MessageRow.id)
_TRACKED = func.count(case((MessageRow.tracked, 1)))
_LAST = func.max(MessageRow.internal_date)
_PROVEN = func.count(case((MessageRow.proven.is_(True), 1)))
_CLAIMED = func.count(case((MessageRow.proven.is_(False), 1)))
_ORDERS: dict[SenderOrder, SQLColumnExpression[Any]] = {
    "tracked": _TRACKED,
    "messages": _COUNT,
    "share": _TRACKED * 1.0 / _COUNT,
    "proven": _PROVEN,
    "recent": _LAST,
    "name": SenderRow.domain,
}
ORDERS: tuple[SenderOrder, ...] = tuple(_ORDERS)


def accounts(connection: Connection, only: Accounts = None) -> tuple[Account, ...]:
    """The accounts, all or those named, by name."""
    columns = (AccountRow.id, AccountRow.name, AccountRow.address, AccountRow.mode, AccountRow.level)
    query = select(*columns).where(named(AccountRow.name, only)).order_by(AccountRow.name)
    return tuple(Account(*row) for row in connection.execute(query))


def overview(
    connection: Connection,
    days: int | None,
    today: date,
    account: str = "",
    only: Accounts = None,
    own: tuple[date | None, date | None] | None = None,
) -> Overview:
    """The figures of the last `days` days, `today` included; of everything with None; or from one day to another."""
    days = None if own else days
    first, last = own or (since(days, today), None)
    where = tuple(conditions(MessageFilter(account=account, since=first, until=last), only))
    sums = select(
        _COUNT,
        _TRACKED,
        func.coalesce(func.sum(MessageRow.blocked), 0),
        func.coalesce(func.sum(MessageRow.unjudged), 0),
        func.count(MessageRow.error),
        func.count(case((exists().where(LeakRow.message == MessageRow.id), 1))),
        select(_COUNT).where(*within(only)).correlate(None).scalar_subquery(),
    ).where(*where)
    messages, tracked, blocked, unjudged, unreadable, leaking, total = connection.execute(sums).one()
    actions = select(MessageRow.action, _COUNT).where(*where).group_by(MessageRow.action)
    left = select(MessageRow.detail, _COUNT).where(
        *where, MessageRow.action == "left", MessageRow.detail != ""
    )
    step, bars = trend(_days(connection, where), first, min(today, last or today))
    return Overview(
        days=days,
        messages=messages,
        tracked=tracked,
        blocked=int(blocked),
        unjudged=int(unjudged),
        unreadable=unreadable,
        leaking=leaking,
        total=total,
        step=step,
        trend=bars,
        senders=_senders(connection, "tracked", TOP, where, least=1),
        vendors=vendors(connection, TOP, where),
        actions={name: count for name, count in connection.execute(actions.order_by(desc(_COUNT)))},  # noqa: C416 (typed)
        left=_pairs(connection, left.group_by(MessageRow.detail), MessageRow.detail),
        new=new_senders(connection, today, account, only),
        accounts=accounts(connection, only),
    )


def senders(
    connection: Connection,
    order: SenderOrder,
    limit: int,
    wanted: MessageFilter = EVERYTHING,
    accounts: Accounts = None,
) -> tuple[SenderLine, ...]:
    """Senders of the messages that pass a filter, in an order of `ORDERS`."""
    return _senders(connection, order, limit, tuple(conditions(wanted, accounts)))


def sender(
    connection: Connection, domain: str, today: date, accounts: Accounts = None
) -> SenderDetail | None:
    """What an organisational domain has sent to these accounts; None where nothing came from it."""
    number = connection.scalar(select(SenderRow.id).where(SenderRow.domain == domain))
    if number is None:
        return None
    where = (MessageRow.sender_id == number, *within(accounts))
    summary = select(_COUNT, _TRACKED, _LAST, func.min(MessageRow.internal_date), _PROVEN, _CLAIMED)
    messages, tracked, last, first, proven, claimed = connection.execute(summary.where(*where)).one()
    if not messages:
        return None
    address = select(MessageRow.sender_address, _COUNT).where(*where, MessageRow.sender_address != "")
    kinds = select(ReferenceRow.verdict, func.count()).join(MessageRow).where(*where)
    step, bars = trend(_days(connection, where), None, today)
    return SenderDetail(
        line=SenderLine(domain, messages, tracked, last, proven, claimed),
        first=first,
        addresses=_pairs(connection, address.group_by(MessageRow.sender_address), MessageRow.sender_address),
        vendors=vendors(connection, TOP, where),
        kinds={kind: n for kind, n in connection.execute(kinds.group_by(ReferenceRow.verdict))},  # noqa: C416 (typed)
        trend=bars,
        step=step,
        templates=templates(connection, where),
        leaks=_leaks(connection, where),
        recent=messages_page(connection, MessageFilter(sender=domain), 1, 2 * TOP, accounts).items,
    )


def vendors(
    connection: Connection, limit: int, where: tuple[ColumnElement[bool], ...] = ()
) -> tuple[VendorLine, ...]:
    """Vendors whose pixels and beacons were found, the one in most messages first; senders' own mailing systems as one, last."""
    name = case((VendorRow.named, VendorRow.name), else_=OWN_SYSTEMS).label("vendor")
    in_messages = func.count(func.distinct(ReferenceRow.message))
    query = (
        select(
            name,
            func.count(),
            in_messages,
            func.count(func.distinct(MessageRow.sender_id)),
            _LAST,
            VendorRow.named,
        )
        .select_from(ReferenceRow)
        .join(VendorRow, VendorRow.id == ReferenceRow.vendor_id)
        .join(MessageRow, MessageRow.id == ReferenceRow.message)
        .where(ReferenceRow.verdict.in_(sorted(BLOCKED)), *where)
        .group_by(name, VendorRow.named)
        .order_by(VendorRow.named.desc(), desc(in_messages), name)
        .limit(limit)
    )
    return tuple(VendorLine(*row) for row in connection.execute(query))


def vendor(connection: Connection, name: str, today: date, accounts: Accounts = None) -> VendorDetail | None:
    """Where a vendor's pixels and beacons were found in the mail of these accounts; None where none was."""
    where = (is_vendor(name), ReferenceRow.verdict.in_(sorted(BLOCKED)))
    its = select(ReferenceRow.message).join(VendorRow, VendorRow.id == ReferenceRow.vendor_id).where(*where)
    mail = (MessageRow.id.in_(its), *within(accounts))
    line = next(iter(vendors(connection, 1, (*where, *within(accounts)))), None)
    if line is None:
        return None
    found = select(ReferenceRow.host, func.count()).join(VendorRow, VendorRow.id == ReferenceRow.vendor_id)
    if accounts is not None:
        found = found.join(MessageRow, MessageRow.id == ReferenceRow.message)
    hosts = found.where(*where, *within(accounts), ReferenceRow.host != "").group_by(ReferenceRow.host)
    step, bars = trend(_days(connection, mail), None, today)
    return VendorDetail(
        line=line,
        first=connection.scalars(select(func.min(MessageRow.internal_date)).where(*mail)).one(),
        hosts=_pairs(connection, hosts, ReferenceRow.host, func.count()),
        senders=_senders(connection, "tracked", 2 * TOP, mail),
        trend=bars,
        step=step,
        recent=messages_page(connection, MessageFilter(vendor=name), 1, 2 * TOP, accounts).items,
    )


def messages_page(
    connection: Connection, wanted: MessageFilter, page: int, size: int, accounts: Accounts = None
) -> Page:
    """One page of the messages that pass a filter, newest first; a page beyond the last is the last."""
    where = conditions(wanted, accounts)
    total = connection.scalar(select(_COUNT).where(*where)) or 0
    pages = max(1, -(-total // size))
    page = min(max(page, 1), pages)
    query = _lines(where).order_by(MessageRow.internal_date.desc(), MessageRow.id.desc())
    found = connection.execute(query.limit(size).offset((page - 1) * size))
    return Page(tuple(MessageLine(*row) for row in found), page, pages, total)


def lines_of(connection: Connection, ids: Sequence[int]) -> Iterator[MessageLine]:
    """The lines of messages, in the order of `ids`."""
    found = {row[0]: MessageLine(*row) for row in connection.execute(_lines([MessageRow.id.in_(ids)]))}
    return (found[id_] for id_ in ids if id_ in found)


def lines_after(
    connection: Connection, last: int, limit: int, accounts: Accounts = None
) -> tuple[MessageLine, ...]:
    """The next rows by number: for whoever waits for new ones."""
    query = _lines([MessageRow.id > last, *within(accounts)]).order_by(MessageRow.id).limit(limit)
    return tuple(MessageLine(*row) for row in connection.execute(query))


def _lines(where: Iterable[ColumnElement[bool]]) -> Select[*tuple[Any, ...]]:
    """The values of a `MessageLine` for each message that passes `where`."""
    return (
        select(
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
        .join(AccountRow)
        .outerjoin(SenderRow)
        .where(*where)
    )


def ids_of(connection: Connection, message_id: str, accounts: Accounts = None) -> list[int]:
    """The rows of a Message-ID, newest first, with or without its angle brackets."""
    bare = message_id.strip().removeprefix("<").removesuffix(">")
    query = select(MessageRow.id).where(
        MessageRow.message_id.in_({bare, f"<{bare}>", message_id}), *within(accounts)
    )
    return list(connection.scalars(query.order_by(MessageRow.id.desc()).limit(100)))


def ids_after(connection: Connection, last: int, limit: int, accounts: Accounts = None) -> list[int]:
    """The next rows by number: for walking through all of them."""
    query = (
        select(MessageRow.id)
        .where(MessageRow.id > last, *within(accounts))
        .order_by(MessageRow.id)
        .limit(limit)
    )
    return list(connection.scalars(query))


def details(connection: Connection, ids: Sequence[int], accounts: Accounts = None) -> Iterator[MessageDetail]:
    """Recorded messages of these accounts with all their references and reasons, in the order of `ids`."""
    with Session(bind=connection) as session:
        found = {
            row.id: (row, account, organisation or "")
            for row, account, organisation in session.execute(
                select(MessageRow, AccountRow.name, SenderRow.domain)
                .join(AccountRow)
                .outerjoin(SenderRow)
                .where(MessageRow.id.in_(ids), *within(accounts))
            )
        }
        names = {row.id: row.name for row in session.execute(select(VendorRow.id, VendorRow.name))}
        references = _grouped(
            session.scalars(
                select(ReferenceRow)
                .where(ReferenceRow.message.in_(ids))
                .order_by(ReferenceRow.message, ReferenceRow.position)
            ),
            lambda row: row.message,
        )
        for id_ in ids:
            if id_ in found:
                row, account, organisation = found[id_]
                judged = tuple(
                    rows.judged_value(r, names.get(r.vendor_id or 0)) for r in references.get(id_, ())
                )
                yield rows.message_value(row, account, organisation, judged)


def _grouped(items: Iterable[Any], key: Any) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Any]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def _senders(
    connection: Connection,
    order: SenderOrder,
    limit: int,
    where: tuple[ColumnElement[bool], ...],
    least: int = 0,
) -> tuple[SenderLine, ...]:
    """Senders with at least `least` tracked messages among those that pass `where`."""
    query = lines(where).having(least <= _TRACKED).order_by(*ordered(order)).limit(limit)
    return tuple(SenderLine(*row) for row in connection.execute(query))


def lines(where: Iterable[ColumnElement[bool]]) -> Select[str, int, int, datetime, int, int]:
    """The values of a `SenderLine` for each sender of the messages that pass `where`."""
    return (
        select(SenderRow.domain, _COUNT, _TRACKED, _LAST, _PROVEN, _CLAIMED)
        .join(MessageRow, MessageRow.sender_id == SenderRow.id)
        .where(*where)
        .group_by(SenderRow.domain)
    )


def ordered(order: SenderOrder, *, rising: bool | None = None) -> tuple[SQLColumnExpression[Any], ...]:
    """How senders are put in order; names from A on and figures from the highest down, unless `rising` says otherwise."""
    key = _ORDERS[order]
    up = order == "name" if rising is None else rising
    ties = () if order in {"recent", "name"} else (_TRACKED.desc(), _COUNT.desc())
    return (key.asc() if up else key.desc(), *ties, SenderRow.domain)


def _days(connection: Connection, where: tuple[ColumnElement[bool], ...]) -> dict[date, tuple[int, int]]:
    query = select(MessageRow.day, _COUNT, _TRACKED).where(*where).group_by(MessageRow.day)
    return {day: (messages, tracked) for day, messages, tracked in connection.execute(query)}


def _leaks(connection: Connection, where: tuple[ColumnElement[bool], ...]) -> tuple[tuple[str, int], ...]:
    query = (
        select(LeakRow.form, _COUNT)
        .join(MessageRow, MessageRow.id == LeakRow.message)
        .where(*where)
        .group_by(LeakRow.form)
        .order_by(desc(_COUNT), LeakRow.form)
        .limit(TOP)
    )
    return tuple((form, count) for form, count in connection.execute(query))


def _pairs(
    connection: Connection, query: Select[str, int], name: ColumnElement[str] | Any, number: Any = _COUNT
) -> tuple[tuple[str, int], ...]:
    ordered = query.order_by(desc(number), name).limit(TOP)
    return tuple((text, count) for text, count in connection.execute(ordered))
