"""What a person set for single senders. Wishes, not findings: forgetting mail does not forget them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from blocker.catalogue.errors import CatalogueError
from blocker.catalogue.model import SenderLevelRow
from blocker.catalogue.values import Accounts
from blocker.choices.levels import SETTINGS, Setting, setting_of
from blocker.message.domains import organisational

EVERY = ""
"""In place of an account's name: for all accounts."""


class NoDomain(CatalogueError):
    """What was given is no sender's domain."""


@dataclass(frozen=True, slots=True)
class SenderLevel:
    """What was set for one sender."""

    domain: str
    level: Setting
    account: str
    """Empty where it holds for all accounts."""
    changed: datetime

    def as_dict(self) -> dict[str, Any]:
        """JSON for pages and `unpixel sender --json`."""
        return {
            "domain": self.domain,
            "level": self.level,
            "account": self.account or None,
            "changed": self.changed.isoformat(),
        }


def put(connection: Connection, domain: str, level: str | None, account: str) -> str:
    """Set a sender's level, or with None take it back; the organisational domain that it is kept under.

    Raises CatalogueError for what is no domain or no level.
    """
    name = _named(domain)
    if level is not None and level not in SETTINGS:
        raise CatalogueError(f"{level!r} is no level: use one of {', '.join(SETTINGS)}.")
    row = (SenderLevelRow.domain == name, SenderLevelRow.account == account)
    connection.execute(delete(SenderLevelRow).where(*row))
    if level is not None:
        values = {"account": account, "domain": name, "level": level, "changed": datetime.now(UTC)}
        connection.execute(insert(SenderLevelRow), [values])
    return name


def of_sender(connection: Connection, domain: str, accounts: Accounts = None) -> tuple[SenderLevel, ...]:
    """What is set for a sender: for all accounts first, then by account (all, or those named)."""
    query = select(*_COLUMNS).where(SenderLevelRow.domain == _named(domain)).order_by(SenderLevelRow.account)
    if accounts is not None:
        query = query.where(SenderLevelRow.account.in_([EVERY, *sorted(accounts)]))
    return tuple(SenderLevel(row[0], setting_of(row[1]), *row[2:]) for row in connection.execute(query))


def of_account(connection: Connection, account: str) -> dict[str, Setting]:
    """What holds for an account, by organisational domain: its own settings come before those for all accounts."""
    query = select(SenderLevelRow.domain, SenderLevelRow.level).where(
        SenderLevelRow.account.in_({EVERY, account})
    )
    return {
        row.domain: setting_of(row.level)
        for row in connection.execute(query.order_by(SenderLevelRow.account))
    }


_COLUMNS = (SenderLevelRow.domain, SenderLevelRow.level, SenderLevelRow.account, SenderLevelRow.changed)


def _named(domain: str) -> str:
    name = organisational(domain.rpartition("@")[2])
    if not name or "." not in name or any(c.isspace() or c in "/:" for c in name):
        raise NoDomain(f"{domain!r} is no sender's domain: write it like shop.example.")
    return name
