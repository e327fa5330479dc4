"""The tables that are made of others, so that lists and figures need not look at those: see `contacts` and `totals`."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from blocker.catalogue.base import Base, only


class ContactRow(Base):
    """How many references of a message have one host, vendor and verdict: what is looked for among them.

    Made of `message_references`, and of the columns that it shares with `messages`: see `contacts`.
    """

    __tablename__ = "contacts"
    __table_args__ = (
        Index(
            "ix_contacts_host", "host_id", "internal_date", "message", "verdict", "vendor_id", "account_id"
        ),
        Index(
            "ix_contacts_vendor",
            *(
                "vendor_id",
                "internal_date",
                "message",
                "host_id",
                "verdict",
                "number",
                "account_id",
                "sender_id",
                "day",
                "traits",
            ),
            **only("vendor_id <> 0"),
        ),
        {"sqlite_with_rowid": False},
    )

    message: Mapped[int] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    host_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Zero where there is none."""
    vendor_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Zero where there is none."""
    verdict: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[int]
    account_id: Mapped[int]
    sender_id: Mapped[int | None]
    internal_date: Mapped[dt.datetime]
    day: Mapped[dt.date]
    traits: Mapped[int]


class DayTotalRow(Base):
    """Mail of one account and day that came to the same end. Kept by `totals`, as are the three below."""

    __tablename__ = "day_totals"
    __table_args__ = ({"sqlite_with_rowid": False},)

    account_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    action: Mapped[str] = mapped_column(String(20), primary_key=True)
    tracked: Mapped[bool] = mapped_column(primary_key=True)
    messages: Mapped[int]
    blocked: Mapped[int]
    unjudged: Mapped[int]
    unreadable: Mapped[int]
    leaking: Mapped[int]
    """Messages in whose URLs an address stands."""


class SenderTotalRow(Base):
    """Mail of one sender in one account."""

    __tablename__ = "sender_totals"
    __table_args__ = ({"sqlite_with_rowid": False},)

    sender_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    messages: Mapped[int]
    tracked: Mapped[int]
    proven: Mapped[int]
    """How many were proven to be its own."""
    claimed: Mapped[int]
    """How many were not, though proof was looked for."""
    last: Mapped[dt.datetime]


class KindTotalRow(Base):
    """References of one sender's mail in one account that have a verdict."""

    __tablename__ = "kind_totals"
    __table_args__ = ({"sqlite_with_rowid": False},)

    sender_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    verdict: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[int]


class VendorTotalRow(Base):
    """Mail of one sender in one account that has a vendor's pixels and beacons."""

    __tablename__ = "vendor_totals"
    __table_args__ = ({"sqlite_with_rowid": False},)

    vendor_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """`OWN_SYSTEM` for all mailing systems without a name."""
    sender_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Zero where there is none."""
    account_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    messages: Mapped[int]
    found: Mapped[int]
    """Pixels and beacons."""
    last: Mapped[dt.datetime]
