"""Which messages a question is about: the filters of lists and figures, as conditions of a query."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, literal_column, select, true
from sqlalchemy.orm import InstrumentedAttribute

from blocker.catalogue.derived import ContactRow
from blocker.catalogue.model import AccountRow, HostRow, MessageRow, SenderRow, VendorRow
from blocker.catalogue.traits import KINDS, PARTLY, PROOF, TRACKED
from blocker.catalogue.values import EVERYTHING, PROOFS, Accounts, MessageFilter
from blocker.detect.report import BLOCKED
from blocker.detect.words import OWN_SYSTEMS

LONGEST = 200
"""Characters of the words that are looked for."""
SEARCHED = 10_000
"""Messages in which words are looked for: the newest of those that pass the other filters."""

NONE: ColumnElement[int] = literal_column("0")
"""Where a number stands for nothing; written out, so that an index of the others can be used."""
Facts = type[MessageRow] | type[ContactRow]
"""Tables that know of a message its account, sender, day and verdicts."""


def conditions(wanted: MessageFilter, accounts: Accounts = None) -> list[ColumnElement[bool]]:
    """What a row of `messages` must be to pass a filter, and to lie in one of these accounts."""
    facts = _facts(MessageRow, wanted, accounts)
    return [*facts, *_of_the_message(wanted, accounts), *_of_its_references(wanted)]


def within(accounts: Accounts, table: Any = MessageRow) -> tuple[ColumnElement[bool], ...]:
    """What a row with an `account_id` must be to lie in one of these accounts."""
    if accounts is None:
        return ()
    # Reckoned with, an account is no reason to take an index of accounts, which would lead to every row of one.
    return ((table.account_id + 0).in_(select(AccountRow.id).where(named(AccountRow.name, accounts))),)


def named(column: InstrumentedAttribute[str], accounts: Accounts) -> ColumnElement[bool]:
    """Whether a column holds the name of one of these accounts."""
    return true() if accounts is None else column.in_(sorted(accounts))


def of_contacts(wanted: MessageFilter, accounts: Accounts = None) -> list[ColumnElement[bool]]:
    """What a row of `contacts` must be, for its message to pass a filter."""
    found = [*_facts(ContactRow, wanted, accounts)]
    if more := [*_of_the_message(wanted, accounts)]:
        found.append(ContactRow.message.in_(select(MessageRow.id).where(*more)))
    return [*found, *(ContactRow.message.in_(having) for having in _having(wanted))]


def of_one_contact(wanted: MessageFilter, accounts: Accounts = None) -> list[ColumnElement[bool]]:
    """What a row of `contacts` must be that alone makes its message pass a filter for a host or a vendor."""
    found = [*_facts(ContactRow, wanted, accounts), *_named(wanted)]
    if more := [*_of_the_message(wanted, accounts)]:
        found.append(ContactRow.message.in_(select(MessageRow.id).where(*more)))
    return found


def asks_for_contacts(wanted: MessageFilter) -> bool:
    """Whether a filter is for a host or a vendor."""
    return bool(wanted.vendor or wanted.host)


def is_plain(wanted: MessageFilter, *, sender: bool = False, period: bool = False) -> bool:
    """Whether a filter asks for nothing but an account: nor, where it may, for a sender or a period."""
    rest = replace(wanted, account="")
    rest = replace(rest, sender="") if sender else rest
    rest = replace(rest, since=None, until=None) if period else rest
    return rest == EVERYTHING


def in_account(table: Any, wanted: MessageFilter, accounts: Accounts) -> Iterator[ColumnElement[bool]]:
    """What a row with an `account_id` must be to lie in the account of a filter, and in one of these."""
    yield from within(accounts, table)
    if wanted.account:
        yield from within(frozenset({wanted.account}), table)


def since(days: int | None, today: date) -> date | None:
    """The first of the last `days` days, `today` included; None for all of time."""
    return None if days is None else today - timedelta(days=days - 1)


def is_vendor(name: str) -> ColumnElement[bool]:
    """Whether a row of `vendors` is this vendor, or a sender's own mailing system."""
    return VendorRow.named.is_(False) if name == OWN_SYSTEMS else VendorRow.name == name


def _facts(table: Facts, wanted: MessageFilter, accounts: Accounts) -> Iterator[ColumnElement[bool]]:
    """What both tables tell."""
    yield from in_account(table, wanted, accounts)
    if wanted.sender:
        yield table.sender_id.in_(select(SenderRow.id).where(SenderRow.domain == wanted.sender))
    if wanted.since:
        yield table.internal_date >= midnight(wanted.since)
    if wanted.until and wanted.until < date.max:
        yield table.internal_date < midnight(wanted.until + timedelta(days=1))
    if wanted.tracked is True:
        yield _has(table, TRACKED)
    if wanted.tracked is False:
        # Of what was not looked at whole nobody knows.
        yield ~_has(table, TRACKED | PARTLY)
    if wanted.proof in PROOFS:
        yield table.traits.bitwise_and(PROOF["proven"] | PROOF["claimed"]) == PROOF[wanted.proof]
    if wanted.kind and not asks_for_contacts(wanted):
        yield _has(table, KINDS.get(wanted.kind, 0))


def midnight(day: date) -> datetime:
    """When a day begins (UTC)."""
    return datetime.combine(day, time(), UTC)


def _has(table: Facts, bits: int) -> ColumnElement[bool]:
    return table.traits.bitwise_and(bits) != 0


def _of_the_message(wanted: MessageFilter, accounts: Accounts) -> Iterator[ColumnElement[bool]]:
    """What the message's own row alone tells."""
    if wanted.action:
        yield MessageRow.action == wanted.action
    if words := wanted.text.strip()[:LONGEST]:
        yield MessageRow.id.in_(_saying(words, wanted, accounts))


def _saying(words: str, wanted: MessageFilter, accounts: Accounts) -> Select[int]:
    """Of the newest messages that pass the rest of the filter, those with these words in the subject or the From field."""
    rest = conditions(replace(wanted, text=""), accounts)
    newest = (
        select(MessageRow.id)
        .where(*rest)
        .order_by(MessageRow.internal_date.desc(), MessageRow.id.desc())
        .limit(SEARCHED)
        .subquery()
    )
    said: Any = MessageRow.subject.icontains(words, autoescape=True)
    said |= MessageRow.sender.icontains(words, autoescape=True)
    return select(MessageRow.id).join(newest, newest.c.id == MessageRow.id).where(said)


def _of_its_references(wanted: MessageFilter) -> Iterator[ColumnElement[bool]]:
    return (MessageRow.id.in_(having) for having in _having(wanted))


def _having(wanted: MessageFilter) -> Iterator[Select[int]]:
    """The messages that have what is asked of references."""
    if asks_for_contacts(wanted):
        yield select(ContactRow.message).where(*_named(wanted))


def _named(wanted: MessageFilter) -> Iterator[ColumnElement[bool]]:
    """All that is asked of references holds of one and the same."""
    if wanted.vendor:
        its = select(VendorRow.id).where(is_vendor(wanted.vendor))
        yield ContactRow.vendor_id.in_(its)
        yield ContactRow.vendor_id != NONE
        if not wanted.kind:
            yield ContactRow.verdict.in_(sorted(BLOCKED))
    if wanted.kind:
        yield ContactRow.verdict == wanted.kind
    if wanted.host:
        yield ContactRow.host_id.in_(select(HostRow.id).where(HostRow.name == wanted.host))
