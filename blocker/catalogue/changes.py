"""What has come since somebody looked last: recorded messages, requests, and how it is with accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from blocker.catalogue import commands, heartbeats, pages
from blocker.catalogue.heartbeats import SILENT, Condition, Heartbeat
from blocker.catalogue.model import MessageRow
from blocker.catalogue.request import Command
from blocker.catalogue.values import Accounts, MessageLine

MOST = 100
"""Messages, and requests, that are told of at a time."""


class Since(NamedTuple):
    """Up to where somebody knows."""

    message: int
    """The highest number of a message."""
    moment: datetime
    """When something of the rest changed last."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What has come."""

    messages: tuple[MessageLine, ...]
    requests: tuple[Command, ...]
    accounts: tuple[Heartbeat, ...]
    upto: Since


def now(connection: Connection) -> Since:
    """For whoever knows all that there is."""
    return Since(_highest(connection), datetime.now(UTC))


def changes(connection: Connection, since: Since, accounts: Accounts = None) -> Changes:
    """What has come, oldest first, and up to where that is."""
    # Where the newest messages were forgotten, their numbers are given out again.
    known = min(since.message, _highest(connection))
    lines = pages.lines_after(connection, known, MOST, accounts)
    asked = commands.changed(connection, since.moment, MOST, accounts)
    beats = tuple(
        beat for beat in heartbeats.heartbeats(connection, accounts=accounts) if _changed(beat) > since.moment
    )
    moments = [since.moment, *map(commands.last_change, asked), *map(_changed, beats)]
    upto = Since(max([known, *(line.id for line in lines)]), max(moments))
    return Changes(lines, asked, beats, upto)


def _highest(connection: Connection) -> int:
    return connection.scalar(select(func.max(MessageRow.id))) or 0


def _changed(beat: Heartbeat) -> datetime:
    """When it became as it is with an account."""
    if beat.since is None:
        return datetime.min.replace(tzinfo=UTC)
    return beat.since + SILENT if beat.condition is Condition.SILENT else beat.since
