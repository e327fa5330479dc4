"""What a table for other programs is made of: columns with their types, and how an instant is written in them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal, NamedTuple, TypeAlias

Type: TypeAlias = Literal["text", "integer", "number", "boolean", "instant"]
"""What the cells of a column hold."""


class Column(NamedTuple):
    """One column of a table."""

    name: str
    """No reserved word of SQL, so that nobody has to quote it."""
    type: Type
    meaning: str
    optional: bool = False
    """Whether a cell may be empty (CSV) or null (JSON, Parquet)."""


Columns: TypeAlias = tuple[Column, ...]


def names(columns: Columns) -> tuple[str, ...]:
    """The names alone, in their order."""
    return tuple(column.name for column in columns)


def iso(instant: datetime) -> str:
    """An aware instant as ISO 8601 in UTC, to the second: 2026-01-31T09:30:00Z."""
    return f"{instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"
