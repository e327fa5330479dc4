"""How it is with an account: what the service that watches it last said, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select, update

from blocker.catalogue.filtering import named
from blocker.catalogue.model import AccountRow, HeartbeatRow
from blocker.catalogue.values import Accounts

EVERY = timedelta(seconds=30)
"""How often a service says that it lives, at least while it waits for mail."""
SILENT = timedelta(minutes=5)
"""Without a word for so long it does not run."""


class Condition(StrEnum):
    """How it is with an account."""

    CONNECTING = "connecting"
    """The service has begun with it."""
    WATCHING = "watching"
    """New mail is heard of."""
    TROUBLE = "trouble"
    """The mailbox or the catalogue could not be reached; it is tried again."""
    PAUSED = "paused"
    """A person paused it: nothing is judged or changed."""
    REFUSED = "refused"
    """The server refuses the sign-in: nothing happens until a person has seen to it."""
    STOPPED = "stopped"
    """The service was ended by a person, or with the machine."""
    SILENT = "silent"
    """Nothing was heard of the service for long: it was killed, or the machine is off."""
    NEVER = "never"
    """No service has watched it yet."""

    @property
    def runs(self) -> bool:
        """Whether a service looks after the account."""
        return self in {Condition.CONNECTING, Condition.WATCHING, Condition.TROUBLE, Condition.PAUSED}


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What is known of the service of one account."""

    account: str
    condition: Condition
    detail: str = ""
    """Why, in a sentence."""
    since: datetime | None = None
    """When it became so."""
    at: datetime | None = None
    """When the service was heard of last."""

    def as_dict(self) -> dict[str, Any]:
        """JSON for pages, beside what is known of the account itself."""
        return {
            "state": self.condition,
            "detail": self.detail,
            "since": self.since.isoformat() if self.since else None,
            "at": self.at.isoformat() if self.at else None,
        }


def beat(connection: Connection, account: str, condition: Condition, detail: str, now: datetime) -> None:
    """Note how it is with an account; `since` stays where nothing has changed."""
    known = connection.execute(
        select(HeartbeatRow.state, HeartbeatRow.detail).where(HeartbeatRow.account == account)
    ).first()
    values = {"state": condition.value, "detail": detail, "at": now}
    if known is None:
        connection.execute(insert(HeartbeatRow).values(account=account, since=now, **values))
        return
    if tuple(known) != (condition.value, detail):
        values["since"] = now
    connection.execute(update(HeartbeatRow).where(HeartbeatRow.account == account).values(**values))


def heartbeats(
    connection: Connection, now: datetime | None = None, accounts: Accounts = None
) -> tuple[Heartbeat, ...]:
    """How it is with every account of the catalogue, or with those named, by name."""
    query = (
        select(AccountRow.name, HeartbeatRow.state, HeartbeatRow.detail, HeartbeatRow.since, HeartbeatRow.at)
        .outerjoin(HeartbeatRow, HeartbeatRow.account == AccountRow.name)
        .where(named(AccountRow.name, accounts))
        .order_by(AccountRow.name)
    )
    moment = now or datetime.now(UTC)
    return tuple(_heartbeat(moment, *row) for row in connection.execute(query))


def _heartbeat(
    now: datetime, account: str, state: str | None, detail: str, since: datetime, at: datetime
) -> Heartbeat:
    if state is None:
        return Heartbeat(account, Condition.NEVER)
    condition = Condition(state)
    if condition.runs and now - at > SILENT:
        return Heartbeat(account, Condition.SILENT, "", at, at)
    return Heartbeat(account, condition, detail, since, at)
