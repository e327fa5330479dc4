"""The list of senders as its page asks for it: filtered, in any order, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from blocker.catalogue import figures
from blocker.catalogue.figures import SenderOrder
from blocker.catalogue.model import SenderLevelRow, SenderRow
from blocker.catalogue.settings import EVERY, SenderLevel, of_senders, visible
from blocker.catalogue.values import EVERYTHING, Accounts, MessageFilter, SenderLine


@dataclass(frozen=True, slots=True)
class SenderFilter:
    """Which senders a list shows, and in which order."""

    messages: MessageFilter = EVERYTHING
    """Their messages that count."""
    level: str = ""
    """What was set for them, for all accounts or for the one of `messages`."""
    order: SenderOrder = "tracked"
    rising: bool | None = None
    """The lowest first; None as is usual in this order."""


ALL_SENDERS = SenderFilter()


@dataclass(frozen=True, slots=True)
class SenderPage:
    """One page of a list of senders; pages count from 1."""

    items: tuple[SenderLine, ...]
    page: int
    pages: int
    total: int
    settings: dict[str, tuple[SenderLevel, ...]] = field(default_factory=dict)
    """What was set for them, by their names."""

    def as_dict(self) -> dict[str, Any]:
        """JSON for pages."""
        return {
            "senders": [
                line.as_dict() | {"settings": [one.as_dict() for one in self.settings.get(line.domain, ())]}
                for line in self.items
            ],
            "page": self.page,
            "pages": self.pages,
            "total": self.total,
        }


def page_of(
    connection: Connection, wanted: SenderFilter, page: int, size: int, accounts: Accounts = None
) -> SenderPage:
    """One page of the senders that pass a filter; a page beyond the last is the last."""
    found = figures.of_senders(wanted.messages, accounts).subquery()
    lines = figures.lines(found).where(*_set(wanted, accounts))
    total = connection.scalar(select(func.count()).select_from(lines.subquery())) or 0
    pages = max(1, -(-total // size))
    page = min(max(page, 1), pages)
    query = lines.order_by(*figures.ordered(found, wanted.order, rising=wanted.rising))
    rows = connection.execute(query.limit(size).offset((page - 1) * size))
    items = tuple(SenderLine(*row) for row in rows)
    return SenderPage(
        items, page, pages, total, of_senders(connection, [line.domain for line in items], accounts)
    )


def _set(wanted: SenderFilter, accounts: Accounts) -> list[ColumnElement[bool]]:
    if not wanted.level:
        return []
    its = select(SenderLevelRow.domain).where(SenderLevelRow.level == wanted.level, visible(accounts))
    if wanted.messages.account:
        its = its.where(SenderLevelRow.account.in_({EVERY, wanted.messages.account}))
    return [SenderRow.domain.in_(its)]
