"""What every table of the catalogue shares: its types, and where they are registered."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, Date, DateTime, Dialect, Integer, Text, TypeDecorator, text
from sqlalchemy.orm import DeclarativeBase

from blocker.message.dates import zoned

Big = BigInteger().with_variant(Integer(), "sqlite")
"""Sixty-four bits everywhere; SQLite numbers rows only in a column called INTEGER."""


class Moment(TypeDecorator[dt.datetime]):
    """An aware instant, kept in UTC (SQLite itself forgets the offset)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002
        """To UTC; a naive value is a mistake of the caller."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant in the catalogue needs a time zone")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002
        """Aware again."""
        if value is None:
            return None
        return zoned(value).astimezone(dt.UTC)


def only(condition: str) -> dict[str, Any]:
    """Arguments of an index that has the rows of a condition alone."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class Base(DeclarativeBase):
    """The base of every table."""

    type_annotation_map = {dt.datetime: Moment(), dt.date: Date(), int: Big, str: Text()}  # noqa: RUF012
