"""Catalogues as unpixel 0.1.0 wrote them, one a schema revision, with what lay on the disk and on the servers beside.

In `fixtures/catalogues`: `0003.sql` holds the rows, `0003.json` the installation's key, the spool's files and each account's
mailbox. An account is named by what was under way in it when the process was killed. Of revision 0005 there are two, as
the same tables were written in two ways.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from sqlalchemy import Connection, create_engine, text

from blocker.catalogue import schema

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "catalogues"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.sql")))
NUMBERED = ("accounts", "senders", "vendors", "messages", "journal", "commands")


@cache
def beside(name: str) -> dict[str, Any]:
    """What lay beside a catalogue."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found


def make(url: str, name: str) -> None:
    """Make the catalogue of that name in an empty database."""
    parsed = schema._parse(url)
    schema._make_private_file(parsed)
    engine = create_engine(parsed)
    with engine.begin() as connection:
        made = schema.config()
        made.attributes["connection"] = connection
        command.upgrade(made, name[:4])
        postgres = connection.dialect.name == "postgresql"
        if postgres:
            connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")
        for line in (FOLDER / f"{name}.sql").read_text("utf-8").splitlines():
            connection.exec_driver_sql(line.removesuffix(";"))
        if postgres:
            _number_on(connection)
    engine.dispose()


def _number_on(connection: Connection) -> None:
    """What was inserted with its number does not count for PostgreSQL."""
    for table in NUMBERED:
        highest = connection.scalar(text(f"SELECT MAX(id) FROM {table}")) or 0
        sequence = f"pg_get_serial_sequence('{table}', 'id')"
        connection.exec_driver_sql(f"SELECT setval({sequence}, {highest + 1}, false)")
