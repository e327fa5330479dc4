"""Rows that are made, or brought up to date where they are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from blocker.catalogue.model import Base


def upsert(
    connection: Connection, table: type[Base], key: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Make the rows, or update those whose `key` columns are there: one statement for all.

    All rows have the same columns; no two of them have the same key.
    """
    if not rows:
        return
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    made = dialect.insert(table)
    taken = {name: made.excluded[name] for name in rows[0] if name not in key}
    connection.execute(made.on_conflict_do_update(index_elements=key, set_=taken), list(rows))
