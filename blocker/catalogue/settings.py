"""What a person set for single senders. Wishes, not findings: forgetting mail does not forget them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, true

from blocker.catalogue.errors import CatalogueError
from blocker.catalogue.model import SenderLevelRow
from blocker.catalogue.values import Accounts
from blocker.choices.levels import SETTINGS, Setting, setting_of
from blocker.message.domains import sender_of

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
    name = _named(domain)
    return of_senders(connection, [name], accounts).get(name, ())


def of_senders(
    connection: Connection, names: Sequence[str], accounts: Accounts = None
) -> dict[str, tuple[SenderLevel, ...]]:
    """What is set for each of some senders, as they are named; those for whom nothing is are left out."""
    its = (SenderLevelRow.domain.in_(names), visible(accounts))
    query = select(*_COLUMNS).where(*its).order_by(SenderLevelRow.account)
    found: dict[str, tuple[SenderLevel, ...]] = {}
    for row in connection.execute(query):
        found[row[0]] = (*found.get(row[0], ()), SenderLevel(row[0], setting_of(row[1]), *row[2:]))
    return found


def visible(accounts: Accounts) -> ColumnElement[bool]:
    """Whether a row holds for all accounts, or for one of these."""
    return true() if accounts is None else SenderLevelRow.account.in_([EVERY, *sorted(accounts)])


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


def _named(given: str) -> str:
    """The name under which a sender is known, of a domain or an address of his."""
    domain = given.strip().rpartition("@")[2].lower()
    name = sender_of(given, domain)
    if not name or "." not in domain or name[:1] == "@" or any(c.isspace() or c in "/:" for c in name):
        raise NoDomain(f"{given!r} is no sender's domain: write it like shop.example.")
    return name
