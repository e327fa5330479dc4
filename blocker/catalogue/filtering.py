"""Which messages a question is about: the filters of lists and figures, as conditions of a query."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import InstrumentedAttribute

from blocker.catalogue.model import AccountRow, MessageRow, ReferenceRow, SenderRow, VendorRow
from blocker.catalogue.values import PROOFS, Accounts, MessageFilter
from blocker.detect.report import BLOCKED
from blocker.detect.words import OWN_SYSTEMS

LONGEST = 200
"""Characters of the words that are looked for."""


def conditions(wanted: MessageFilter, accounts: Accounts = None) -> list[ColumnElement[bool]]:
    """What a row of `messages` must be to pass a filter, and to lie in one of these accounts."""
    return [*within(accounts), *_of_the_message(wanted), *_of_its_references(wanted)]


def within(accounts: Accounts) -> tuple[ColumnElement[bool], ...]:
    """What a row of `messages` must be to lie in one of these accounts."""
    if accounts is None:
        return ()
    return (MessageRow.account_id.in_(select(AccountRow.id).where(named(AccountRow.name, accounts))),)


def named(column: InstrumentedAttribute[str], accounts: Accounts) -> ColumnElement[bool]:
    """Whether a column holds the name of one of these accounts."""
    return true() if accounts is None else column.in_(sorted(accounts))


def since(days: int | None, today: date) -> date | None:
    """The first of the last `days` days, `today` included; None for all of time."""
    return None if days is None else today - timedelta(days=days - 1)


def is_vendor(name: str) -> ColumnElement[bool]:
    """Whether a row of `vendors` is this vendor, or a sender's own mailing system."""
    return VendorRow.named.is_(False) if name == OWN_SYSTEMS else VendorRow.name == name


def _of_the_message(wanted: MessageFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.account:
        yield MessageRow.account_id.in_(select(AccountRow.id).where(AccountRow.name == wanted.account))
    if wanted.sender:
        yield MessageRow.sender_id.in_(select(SenderRow.id).where(SenderRow.domain == wanted.sender))
    if wanted.action:
        yield MessageRow.action == wanted.action
    if wanted.proof in PROOFS:
        yield MessageRow.proven.is_({"proven": True, "claimed": False, "unknown": None}[wanted.proof])
    if wanted.since:
        yield MessageRow.day >= wanted.since
    if wanted.until:
        yield MessageRow.day <= wanted.until
    if wanted.tracked is not None:
        yield MessageRow.tracked.is_(wanted.tracked)
    if wanted.tracked is False:
        # Of what was not looked at whole nobody knows.
        yield MessageRow.error.is_(None)
        yield MessageRow.unjudged == 0
    if text := wanted.text.strip()[:LONGEST]:
        yield MessageRow.subject.icontains(text, autoescape=True) | MessageRow.sender.icontains(
            text, autoescape=True
        )


def _of_its_references(wanted: MessageFilter) -> Iterator[ColumnElement[bool]]:
    """All that is asked of references holds of one and the same."""
    found = select(ReferenceRow.message)
    if not (wanted.vendor or wanted.kind or wanted.host):
        return
    if wanted.vendor:
        found = found.join(VendorRow, VendorRow.id == ReferenceRow.vendor_id).where(is_vendor(wanted.vendor))
        if not wanted.kind:
            found = found.where(ReferenceRow.verdict.in_(sorted(BLOCKED)))
    if wanted.kind:
        found = found.where(ReferenceRow.verdict == wanted.kind)
    if wanted.host:
        found = found.where(ReferenceRow.host == wanted.host)
    yield MessageRow.id.in_(found)
