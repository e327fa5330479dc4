"""What the pages ask: counts, lists and single messages. Each function reads in the caller's transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    desc,
    func,
    literal,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from blocker.catalogue import figures, pages, rows
from blocker.catalogue.derived import ContactRow, DayTotalRow, KindTotalRow
from blocker.catalogue.figures import TOP, SenderOrder
from blocker.catalogue.filtering import conditions, in_account, named, of_one_contact, since, within
from blocker.catalogue.model import AccountRow, LeakRow, MessageRow, ReferenceRow, SenderRow, VendorRow
from blocker.catalogue.news import new_senders
from blocker.catalogue.templates import templates
from blocker.catalogue.trend import trend
from blocker.catalogue.values import (
    EVERYTHING,
    Account,
    Accounts,
    MessageDetail,
    MessageFilter,
    Overview,
    SenderDetail,
    SenderLine,
    VendorDetail,
    VendorLine,
)

_COUNT = func.count(MessageRow.id)


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
    wanted = MessageFilter(account=account, since=first, until=last)
    its = DayTotalRow
    sums = map(figures.total, (its.messages, its.blocked, its.unjudged, its.unreadable, its.leaking))
    query = select(its.action, its.tracked, *sums).where(
        *in_account(its, wanted, only), *figures.in_period(wanted)
    )
    ended = [_End._make(row) for row in connection.execute(query.group_by(its.action, its.tracked))]
    actions = Counter[str]()
    for end in ended:
        actions[end.action] += end.messages
    step, bars = trend(figures.days(connection, wanted, only), first, min(today, last or today))
    return Overview(
        days=days,
        messages=sum(end.messages for end in ended),
        tracked=sum(end.messages for end in ended if end.tracked),
        blocked=sum(end.blocked for end in ended),
        unjudged=sum(end.unjudged for end in ended),
        unreadable=sum(end.unreadable for end in ended),
        leaking=sum(end.leaking for end in ended),
        total=connection.scalar(select(figures.total(its.messages)).where(*within(only, its))) or 0,
        step=step,
        trend=bars,
        senders=figures.senders(connection, "tracked", TOP, wanted, only, least=1),
        vendors=figures.vendors(connection, TOP, wanted, only),
        actions=dict(actions.most_common()),
        left=_left(connection, wanted, only),
        new=new_senders(connection, today, account, only),
        accounts=accounts(connection, only),
    )


class _End(NamedTuple):
    """Mail that came to the same end."""

    action: str
    tracked: bool
    messages: int
    blocked: int
    unjudged: int
    unreadable: int
    leaking: int


def _left(connection: Connection, wanted: MessageFilter, only: Accounts) -> tuple[tuple[str, int], ...]:
    """Why messages were left alone, the most frequent first."""
    query = select(MessageRow.detail, _COUNT).where(*conditions(wanted, only))
    # Written out, so that the index of these alone can be used.
    left = query.where(MessageRow.action == literal_column("'left'"), MessageRow.detail != "")
    return _pairs(connection, left.group_by(MessageRow.detail), MessageRow.detail)


def senders(
    connection: Connection,
    order: SenderOrder,
    limit: int,
    wanted: MessageFilter = EVERYTHING,
    accounts: Accounts = None,
) -> tuple[SenderLine, ...]:
    """Senders of the messages that pass a filter, in an order of `ORDERS`."""
    return figures.senders(connection, order, limit, wanted, accounts)


def sender(
    connection: Connection, domain: str, today: date, accounts: Accounts = None
) -> SenderDetail | None:
    """What an organisational domain has sent to these accounts; None where nothing came from it."""
    wanted = MessageFilter(sender=domain)
    line = next(iter(figures.senders(connection, "name", 1, wanted, accounts)), None)
    if line is None:
        return None
    first = select(func.min(MessageRow.internal_date)).where(
        MessageRow.sender_id == SenderRow.id, *within(accounts)
    )
    query = select(SenderRow.id, first.scalar_subquery()).where(SenderRow.domain == domain)
    number, moment = connection.execute(query).one()
    where = (MessageRow.sender_id == number, *within(accounts))
    addresses, leaks, kinds = _counted(connection, _addresses(where), _leaks(where), _kinds(number, accounts))
    step, bars = trend(figures.days(connection, wanted, accounts), None, today)
    return SenderDetail(
        line=line,
        first=moment,
        addresses=addresses,
        vendors=figures.vendors(connection, TOP, wanted, accounts),
        kinds=dict(kinds),
        trend=bars,
        step=step,
        templates=templates(connection, where),
        leaks=leaks,
        recent=pages.newest(connection, wanted, 2 * TOP, accounts),
    )


def _addresses(where: tuple[ColumnElement[bool], ...]) -> Select[str, int]:
    """The addresses that messages come from, with how many each."""
    name = MessageRow.sender_address
    return select(name, _COUNT).where(*where, name != "").group_by(name)


def _leaks(where: tuple[ColumnElement[bool], ...]) -> Select[str, int]:
    """The forms in which an address stands in messages, with how many have each."""
    its = select(LeakRow.form, _COUNT).join(MessageRow, MessageRow.id == LeakRow.message)
    return its.where(*where).group_by(LeakRow.form)


def _kinds(sender: int, accounts: Accounts) -> Select[str, int]:
    """The verdicts of a sender's references, with how many have each."""
    its = KindTotalRow
    its_mail = (its.sender_id == sender, *within(accounts, its))
    return select(its.verdict, figures.total(its.number)).where(*its_mail).group_by(its.verdict)


def _counted(connection: Connection, *queries: Select[str, int]) -> list[tuple[tuple[str, int], ...]]:
    """What each of some queries counts, the most frequent first; asked for in one statement."""
    parts = []
    for place, query in enumerate(queries):
        name, number = query.selected_columns
        its = query.order_by(desc(number), name).limit(TOP).subquery()
        parts.append(select(literal(place).label("place"), *its.c))
    found: list[list[tuple[str, int]]] = [[] for _ in queries]
    for place, text, count in connection.execute(union_all(*parts)):
        found[place].append((text, count))
    return [tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0]))) for pairs in found]


def vendors(
    connection: Connection, limit: int, wanted: MessageFilter = EVERYTHING, accounts: Accounts = None
) -> tuple[VendorLine, ...]:
    """Vendors whose pixels and beacons were found, the one in most messages first; unnamed ones as one."""
    return figures.vendors(connection, limit, wanted, accounts)


def vendor(connection: Connection, name: str, today: date, accounts: Accounts = None) -> VendorDetail | None:
    """Where a vendor's pixels and beacons were found in the mail of these accounts; None where none was."""
    wanted = MessageFilter(vendor=name)
    line = next(iter(figures.vendors(connection, 1, EVERYTHING, accounts, only=name)), None)
    if line is None:
        return None
    step, bars = trend(figures.days(connection, wanted, accounts), None, today)
    first = select(func.min(ContactRow.internal_date)).where(*of_one_contact(wanted, accounts))
    return VendorDetail(
        line=line,
        first=connection.scalars(first).one(),
        hosts=figures.hosts(connection, wanted, accounts),
        senders=figures.senders(connection, "tracked", 2 * TOP, wanted, accounts),
        trend=bars,
        step=step,
        recent=pages.newest(connection, wanted, 2 * TOP, accounts),
    )


def ids_of(connection: Connection, message_id: str, accounts: Accounts = None) -> list[int]:
    """The rows of a Message-ID, newest first, with or without its angle brackets."""
    query = select(MessageRow.id).where(called([message_id]), *within(accounts))
    return list(connection.scalars(query.order_by(MessageRow.id.desc()).limit(100)))


def called(message_ids: Iterable[str]) -> ColumnElement[bool]:
    """Whether a row of `messages` has one of these Message-IDs, with or without its angle brackets."""
    bare = [each.strip().removeprefix("<").removesuffix(">") for each in message_ids]
    return MessageRow.message_id.in_({*message_ids, *bare, *(f"<{each}>" for each in bare)})


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


def _pairs(
    connection: Connection, query: Select[str, int], name: ColumnElement[str] | Any, number: Any = _COUNT
) -> tuple[tuple[str, int], ...]:
    ordered = query.order_by(desc(number), name).limit(TOP)
    return tuple((text, count) for text, count in connection.execute(ordered))
