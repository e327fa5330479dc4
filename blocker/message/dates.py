"""What a date of a mail means."""

from __future__ import annotations

from datetime import UTC, datetime


def zoned(when: datetime) -> datetime:
    """The same date as an instant: one that names no zone is read as UTC (RFC 5322, 3.3, of ``-0000``)."""
    return when if when.tzinfo is not None else when.replace(tzinfo=UTC)
