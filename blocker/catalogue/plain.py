"""Inserting many rows of plain values: a message has many references, and this is most of what recording costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from blocker.catalogue.model import Base
from blocker.pieces import pieces

CHUNK = 500
"""Values in one statement; SQLite allows 32,766 parameters, older ones 999."""


def insert_plain(connection: Connection, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the same keys, in the same order, and no value that a column type converts.

    The drivers take them as they are, several times faster than by way of a statement's parameters. SQLite's is asked
    row by row, which costs it nothing; a server is asked for many rows at once.
    """
    if not rows:
        return
    names = ", ".join(rows[0])
    begin = f"INSERT INTO {table.__tablename__} ({names}) VALUES "
    if connection.dialect.paramstyle == "qmark":
        marks = ", ".join("?" * len(rows[0]))
        connection.exec_driver_sql(f"{begin}({marks})", [tuple(row.values()) for row in rows])
        return
    marks = f"({', '.join(['%s'] * len(rows[0]))})"
    for part in pieces(rows, CHUNK):
        values = tuple(value for row in part for value in row.values())
        connection.exec_driver_sql(begin + ", ".join([marks] * len(part)), values)
