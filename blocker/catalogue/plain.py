"""Inserting many rows of plain values: a message has many references, and this is most of what recording costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert

from blocker.catalogue.model import Base

CHUNK = 500
"""Values in one statement; SQLite allows 32,766 parameters, older ones 999."""


def insert_plain(connection: Connection, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the same keys, in the same order, and no value that a column type converts.

    SQLite's driver takes them as they are, several times faster than by way of a statement's parameters.
    """
    if not rows:
        return
    if connection.dialect.paramstyle != "qmark":
        connection.execute(insert(table), rows)
        return
    names = ", ".join(rows[0])
    marks = ", ".join("?" * len(rows[0]))
    statement = f"INSERT INTO {table.__tablename__} ({names}) VALUES ({marks})"
    connection.exec_driver_sql(statement, [tuple(row.values()) for row in rows])
