"""Accounts that a person has paused: for a while, or until resumed. A wish, which the service reads and keeps."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select

from blocker.catalogue.filtering import named
from blocker.catalogue.model import PauseRow
from blocker.catalogue.values import Accounts


@dataclass(frozen=True, slots=True)
class Pause:
    """One account's pause, while it lasts."""

    account: str
    since: datetime
    until: datetime | None
    """When it ends by itself; None where only `unpixel resume` or a page ends it."""

    def as_dict(self) -> dict[str, Any]:
        """JSON for pages and the API."""
        return {"since": self.since.isoformat(), "until": self.until.isoformat() if self.until else None}


def put(connection: Connection, accounts: Collection[str], until: datetime | None) -> None:
    """Pause accounts from now on, in place of a pause that they have."""
    drop(connection, accounts)
    now = datetime.now(UTC)
    rows = [{"account": account, "since": now, "until": until} for account in dict.fromkeys(accounts)]
    if rows:
        connection.execute(insert(PauseRow), rows)


def drop(connection: Connection, accounts: Collection[str]) -> int:
    """End the pauses of accounts, and forget those that ended by themselves; how many were ended before their time."""
    now = datetime.now(UTC)
    connection.execute(delete(PauseRow).where(PauseRow.until <= now))
    return connection.execute(delete(PauseRow).where(PauseRow.account.in_(accounts))).rowcount


def lasting(connection: Connection, accounts: Accounts = None) -> dict[str, Pause]:
    """The pauses that last now, by account: of all, or of those named."""
    query = select(PauseRow.account, PauseRow.since, PauseRow.until).where(
        named(PauseRow.account, accounts), or_(PauseRow.until.is_(None), PauseRow.until > datetime.now(UTC))
    )
    return {row.account: Pause(*row) for row in connection.execute(query.order_by(PauseRow.account))}
