"""The letter box between the pages and the service: rows of things to do, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from blocker.catalogue.errors import CatalogueError
from blocker.catalogue.filtering import named
from blocker.catalogue.model import CommandRow
from blocker.catalogue.request import Command
from blocker.catalogue.rows import clean
from blocker.catalogue.values import Accounts

_COLUMNS = (
    CommandRow.id,
    CommandRow.kind,
    CommandRow.account,
    CommandRow.arguments,
    CommandRow.requested,
    CommandRow.started,
    CommandRow.finished,
    CommandRow.outcome,
    CommandRow.error,
    CommandRow.passed,
    CommandRow.total,
)


def request(connection: Connection, kind: str, account: str, arguments: Mapping[str, Any]) -> int:
    """Ask for something; the command's id. What is asked for twice while it waits is one command."""
    open_ = select(CommandRow.id, CommandRow.arguments).where(
        CommandRow.kind == kind, CommandRow.account == account, CommandRow.started.is_(None)
    )
    for id_, waiting in connection.execute(open_.where(CommandRow.finished.is_(None))):
        if waiting == dict(arguments):
            return int(id_)
    made = insert(CommandRow).returning(CommandRow.id)
    values = {"kind": kind, "account": account, "arguments": dict(arguments), "requested": datetime.now(UTC)}
    return int(connection.scalars(made, [values]).one())


def pending(connection: Connection, account: str, accounts: Accounts = None) -> list[Command]:
    """What is not finished yet, oldest first; also what was started before a crash."""
    query = select(*_COLUMNS).where(
        CommandRow.account == account, named(CommandRow.account, accounts), CommandRow.finished.is_(None)
    )
    return [_command(row) for row in connection.execute(query.order_by(CommandRow.id))]


def recent(connection: Connection, limit: int, accounts: Accounts = None) -> list[Command]:
    """The newest commands of all accounts, or of those named."""
    query = (
        select(*_COLUMNS)
        .where(named(CommandRow.account, accounts))
        .order_by(CommandRow.id.desc())
        .limit(limit)
    )
    return [_command(row) for row in connection.execute(query)]


def find(connection: Connection, command: int, accounts: Accounts = None) -> Command | None:
    """One command of these accounts; None where there is none of this number."""
    query = select(*_COLUMNS).where(CommandRow.id == command, named(CommandRow.account, accounts))
    row = connection.execute(query).first()
    return None if row is None else _command(row)


def changed(
    connection: Connection, since: datetime, limit: int, accounts: Accounts = None
) -> tuple[Command, ...]:
    """Commands that were asked for, begun or ended after an instant, oldest first."""
    moments = (CommandRow.requested, CommandRow.started, CommandRow.finished)
    query = select(*_COLUMNS).where(
        or_(*(moment > since for moment in moments)), named(CommandRow.account, accounts)
    )
    return tuple(_command(row) for row in connection.execute(query.order_by(CommandRow.id).limit(limit)))


def last_change(command: Command) -> datetime:
    """When something became of a command last."""
    return command.finished or command.started or command.requested


def start(connection: Connection, command: int) -> None:
    """Note that the service has begun."""
    _set(connection, command, started=datetime.now(UTC))


def progress(connection: Connection, command: int, passed: int, total: int) -> None:
    """Note how far the service has come."""
    _set(connection, command, passed=passed, total=total)


def finish(connection: Connection, command: int, outcome: str, error: str | None) -> None:
    """Note how it ended."""
    said = None if error is None else clean(error)
    _set(connection, command, finished=datetime.now(UTC), outcome=clean(outcome), error=said)


def _set(connection: Connection, command: int, **values: Any) -> None:
    changed = connection.execute(update(CommandRow).where(CommandRow.id == command).values(**values))
    if not changed.rowcount:
        raise CatalogueError(f"The catalogue has no command {command}: ask for it again.")


def _command(row: Row[Any]) -> Command:
    return Command(**row._mapping)
