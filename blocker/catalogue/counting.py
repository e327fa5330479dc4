"""Figures for monitoring: how much of what there is, by account; nothing that names a sender or a message."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import func, select

from blocker.catalogue.catalogue import Catalogue
from blocker.catalogue.codes import FINISHED
from blocker.catalogue.derived import DayTotalRow
from blocker.catalogue.figures import total
from blocker.catalogue.filtering import named
from blocker.catalogue.model import AccountRow, CommandRow, JournalRow, MessageRow


@dataclass(frozen=True, slots=True)
class Messages:
    """Some messages of an account that have come to the same end."""

    account: str
    action: str
    tracked: bool
    number: int


@dataclass(frozen=True, slots=True)
class Counts:
    """All figures, read in one transaction."""

    messages: tuple[Messages, ...] = ()
    trackers: int = 0
    """Pixels and beacons in all messages."""
    newest: dict[str, float] = field(default_factory=dict)
    """When each account's last message was recorded, in seconds since 1970."""
    under_way: dict[tuple[str, ...], int] = field(default_factory=dict)
    """By account and step."""
    commands: dict[tuple[str, ...], int] = field(default_factory=dict)
    """Open ones, by account."""


def counts(store: Catalogue) -> Counts:
    """Count. Raises CatalogueError."""
    its = DayTotalRow
    grouped = (
        select(AccountRow.name, its.action, its.tracked, total(its.messages), total(its.blocked))
        .join(AccountRow, AccountRow.id == its.account_id)
        .where(named(AccountRow.name, store.only))
        .group_by(AccountRow.name, its.action, its.tracked)
    )
    last = select(func.max(MessageRow.recorded)).where(MessageRow.account_id == AccountRow.id)
    recorded = select(AccountRow.name, last.scalar_subquery()).where(named(AccountRow.name, store.only))
    steps = (
        select(JournalRow.account, JournalRow.step, func.count())
        .where(JournalRow.step.not_in(FINISHED), named(JournalRow.account, store.only))
        .group_by(JournalRow.account, JournalRow.step)
    )
    waiting = (
        select(CommandRow.account, func.count())
        .where(CommandRow.finished.is_(None), named(CommandRow.account, store.only))
        .group_by(CommandRow.account)
    )
    with store.reading() as connection:
        rows = connection.execute(grouped.order_by(AccountRow.name, its.action)).all()
        return Counts(
            tuple(Messages(account, action, tracked, n) for account, action, tracked, n, _ in rows),
            sum(blocked for _, _, _, _, blocked in rows),
            {account: moment.timestamp() for account, moment in connection.execute(recorded) if moment},
            {(account, step): n for account, step, n in connection.execute(steps)},
            {(account,): n for account, n in connection.execute(waiting)},
        )
