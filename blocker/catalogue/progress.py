"""How far the service has come in a folder: up to where it has looked at new mail, and how far down a sweep has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, select

from blocker.catalogue.model import FolderCursorRow, SweepRow
from blocker.catalogue.upsert import upsert


class Folder(NamedTuple):
    """A folder while its UIDs mean the same messages (RFC 9051, 2.3.1.1)."""

    account: str
    mailbox: str
    uidvalidity: int


class Asked(NamedTuple):
    """What a sweep was asked for: one that is asked for something else begins anew."""

    mode: str
    level: str
    since: date | None
    """Only mail that arrived on this day or later."""


@dataclass(frozen=True, slots=True)
class Passed:
    """How far a sweep that was cut short has come."""

    asked: Asked
    low: int
    """The lowest UID it has passed."""
    top: int
    """The highest."""


def cursor(connection: Connection, folder: Folder) -> int | None:
    """The first UID not looked at yet; None where this folder was never seen."""
    return connection.scalar(select(FolderCursorRow.uidnext).where(_is(FolderCursorRow, folder)))


def set_cursor(connection: Connection, folder: Folder, uid: int) -> None:
    """Note the first UID not looked at yet."""
    upsert(connection, FolderCursorRow, Folder._fields, [folder._asdict() | {"uidnext": uid}])


def passed(connection: Connection, folder: Folder) -> Passed | None:
    """How far a sweep of the folder has come; None where none is under way."""
    columns = (SweepRow.mode, SweepRow.level, SweepRow.since, SweepRow.low, SweepRow.top)
    row = connection.execute(select(*columns).where(_is(SweepRow, folder))).first()
    return Passed(Asked(row.mode, row.level, row.since), row.low, row.top) if row else None


def set_passed(connection: Connection, folder: Folder, sweep: Passed) -> None:
    """Note how far a sweep has come."""
    row = folder._asdict() | sweep.asked._asdict() | {"low": sweep.low, "top": sweep.top}
    upsert(connection, SweepRow, Folder._fields, [row])


def forget_passed(connection: Connection, folder: Folder) -> None:
    """Note that no sweep is under way."""
    connection.execute(delete(SweepRow).where(_is(SweepRow, folder)))


def _is(table: Any, folder: Folder) -> ColumnElement[bool]:
    return and_(
        table.account == folder.account,
        table.mailbox == folder.mailbox,
        table.uidvalidity == folder.uidvalidity,
    )
