"""The tables of the catalogue. No table holds a message's body.

The migrations in `migrations/versions` make these tables; a test compares the two.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from blocker.catalogue import derived as derived  # its tables belong to the same database
from blocker.catalogue.base import Base as Base
from blocker.catalogue.base import Big as Big
from blocker.catalogue.base import only
from blocker.catalogue.packing import Packed

_LISTED = ("day", "tracked", "traits", "action")
"""What lists are filtered and figures are grouped by."""


class AccountRow(Base):
    """A watched account."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    address: Mapped[str]
    mode: Mapped[str] = mapped_column(String(20))
    level: Mapped[str] = mapped_column(String(20))
    created: Mapped[dt.datetime]


class SenderRow(Base):
    """Who sends."""

    __tablename__ = "senders"

    id: Mapped[int] = mapped_column(primary_key=True)
    domain: Mapped[str] = mapped_column(String(253), unique=True)
    """An organisational domain, or an address at a domain that strangers to each other share."""


class VendorRow(Base):
    """Whose tracker it is."""

    __tablename__ = "vendors"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    named: Mapped[bool] = mapped_column(server_default=true())
    """Whether that is its name: of some mailing programs nothing but their URLs is known."""


class HostRow(Base):
    """Where references would be fetched from."""

    __tablename__ = "hosts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(253), unique=True)


class MessageRow(Base):
    """One message as it was found in a mailbox, and what was done with it."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("account_id", "mailbox", "uidvalidity", "uid", name="uq_messages_place"),
        # These two answer lists and figures without a look at the rows themselves.
        Index("ix_messages_newest", "internal_date", "id", "account_id", *_LISTED, "sender_id"),
        Index(
            "ix_messages_sender", "sender_id", "internal_date", "id", "account_id", *_LISTED, "sender_address"
        ),
        Index("ix_messages_left", "detail", "internal_date", "account_id", **only("action = 'left'")),
        Index("ix_messages_recorded", "account_id", "recorded"),
        Index("ix_messages_message_id", "message_id"),
        Index("ix_messages_sha256", "sha256"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    mailbox: Mapped[str] = mapped_column(String(1000))
    uidvalidity: Mapped[int]
    uid: Mapped[int]
    sender_id: Mapped[int | None] = mapped_column(ForeignKey("senders.id"))
    source: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    message_id: Mapped[str] = mapped_column(String(1000))
    sender: Mapped[str]
    """The From field as written, decoded."""
    sender_address: Mapped[str]
    sender_domain: Mapped[str] = mapped_column(String(253))
    recipient: Mapped[str]
    subject: Mapped[str]
    date: Mapped[str]
    """What the message says of itself: ISO 8601 with offset, or empty."""
    internal_date: Mapped[dt.datetime]
    day: Mapped[dt.date]
    """The UTC day of `internal_date`: what the trend is grouped by."""
    size: Mapped[int]
    signed: Mapped[bool]
    unjudged: Mapped[int]
    links_total: Mapped[int]
    links_tracked: Mapped[int]
    receipts: Mapped[list[Any]] = mapped_column(JSON)
    tracked: Mapped[bool]
    blocked: Mapped[int]
    """How many of its references are pixels or beacons."""
    traits: Mapped[int] = mapped_column(server_default=text("0"))
    """Bits of `traits`."""
    action: Mapped[str] = mapped_column(String(20))
    detail: Mapped[str]
    error: Mapped[str | None]
    view: Mapped[dict[str, Any] | None] = mapped_column(Packed())
    proven: Mapped[bool | None]
    """Whether it was proven to be its sender's when it was judged; NULL where that is not known."""
    recorded: Mapped[dt.datetime]


class ReferenceRow(Base):
    """One reference of a message with its verdict; `position` is its place in the report."""

    __tablename__ = "message_references"
    __table_args__ = ({"sqlite_with_rowid": False},)

    message: Mapped[int] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    url: Mapped[str | None]
    raw: Mapped[str | None]
    """As it is written; NULL where that is the URL."""
    vector: Mapped[str]
    element: Mapped[str]
    part: Mapped[str]
    span_start: Mapped[int]
    span_end: Mapped[int]
    host_id: Mapped[int | None]
    verdict: Mapped[str] = mapped_column(String(20))
    confidence: Mapped[float]
    vendor_id: Mapped[int | None]
    reasons: Mapped[list[Any]] = mapped_column(Packed())
    """An array of [rule, weight, text, values…], in the order the verdict gives them."""


class LeakRow(Base):
    """A form in which the reader's address, or another one, stands in a message's URLs."""

    __tablename__ = "leaks"

    message: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    form: Mapped[str] = mapped_column(String(1000), primary_key=True)
    """As the reason says it."""


class ForgottenRow(Base):
    """A place whose message was erased: it stays seen, so that forgetting a mail never handles it twice."""

    __tablename__ = "forgotten"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    mailbox: Mapped[str] = mapped_column(String(1000), primary_key=True)
    uidvalidity: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    uid: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class LearntMailRow(Base):
    """A mail that later ones are compared with: one row for all its copies, at the first that was recorded."""

    __tablename__ = "learnt_mails"
    __table_args__ = (
        Index("ix_learnt_mails_copy", "copy"),
        Index("ix_learnt_mails_sender", "sender", "sent"),
    )

    message: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    copy: Mapped[int]
    """Digest that every copy of the mail has."""
    sender: Mapped[int]
    """Digest of the domain of its From address."""
    sent: Mapped[float]
    """Seconds since 1970, by its Date field."""
    reader: Mapped[int | None]
    """Digest of the address that it reached."""
    second: Mapped[int | None]
    """Digest of another address that it was sent to."""
    words: Mapped[bytes] = mapped_column(LargeBinary)
    """Digests of the words of its subject, one behind the other."""


class LearntUrlRow(Base):
    """A URL of such a mail, as digests; `template` is of the URL with its varying parts masked, and the sender."""

    __tablename__ = "learnt_urls"
    __table_args__ = (
        Index("ix_learnt_urls_url", "url", "message"),
        Index("ix_learnt_urls_template", "template", "message"),
        {"sqlite_with_rowid": False},
    )

    message: Mapped[int] = mapped_column(
        ForeignKey("learnt_mails.message", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    url: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    template: Mapped[int]


class SenderLevelRow(Base):
    """What a person set for a sender; `account` is empty where it holds for all."""

    __tablename__ = "sender_levels"

    account: Mapped[str] = mapped_column(String(200), primary_key=True)
    domain: Mapped[str] = mapped_column(String(253), primary_key=True)
    level: Mapped[str] = mapped_column(String(20))
    changed: Mapped[dt.datetime]


class PatchRow(Base):
    """An undo patch that is too large for its message's header."""

    __tablename__ = "patches"
    __table_args__ = (
        Index("ix_patches_neutralised", "neutralised"),
        Index("ix_patches_message", "message"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    neutralised: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the neutralised message, from the end of its field on."""
    message: Mapped[int | None] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    """The recorded message; none where a message was neutralised in passing."""
    sender: Mapped[str] = mapped_column(String(253))
    """The organisational domain of its sender."""
    kept: Mapped[dt.datetime]
    patch: Mapped[bytes] = mapped_column(LargeBinary)


class HeartbeatRow(Base):
    """How it is with an account, as the service that watches it last said."""

    __tablename__ = "heartbeats"

    account: Mapped[str] = mapped_column(String(200), primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    """A `Condition` of `heartbeats`."""
    detail: Mapped[str]
    since: Mapped[dt.datetime]
    at: Mapped[dt.datetime]


class PauseRow(Base):
    """An account that a person has paused."""

    __tablename__ = "pauses"

    account: Mapped[str] = mapped_column(String(200), primary_key=True)
    since: Mapped[dt.datetime]
    until: Mapped[dt.datetime | None]


class CommandRow(Base):
    """What a person asked for on a page; the service carries it out and reports back here."""

    __tablename__ = "commands"
    __table_args__ = (Index("ix_commands_open", "account", "finished"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    account: Mapped[str] = mapped_column(String(200))
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON)
    requested: Mapped[dt.datetime]
    started: Mapped[dt.datetime | None]
    finished: Mapped[dt.datetime | None]
    outcome: Mapped[str | None]
    error: Mapped[str | None]
    passed: Mapped[int | None]
    total: Mapped[int | None]
    """So many messages of so many were looked at, where that can be told."""


class JournalRow(Base):
    """How far the service has come with one message: its durable memory across a crash. See `codes`."""

    __tablename__ = "journal"
    __table_args__ = (
        UniqueConstraint("account", "mailbox", "uidvalidity", "uid", name="uq_journal_place"),
        Index("ix_journal_step", "account", "mailbox", "step"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(200))
    mailbox: Mapped[str] = mapped_column(String(1000))
    uidvalidity: Mapped[int]
    uid: Mapped[int]
    step: Mapped[str] = mapped_column(String(40))
    """A `Stage`."""
    outcome: Mapped[str | None] = mapped_column(String(20))
    """An `Outcome`, once the stage is done or restored."""
    mode: Mapped[str] = mapped_column(String(20))
    """The mode in which it was begun, and in which it ends."""
    token: Mapped[str | None]
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the original's bytes; empty where they are not known."""
    flags: Mapped[list[Any]] = mapped_column(JSON)
    internal_date: Mapped[str] = mapped_column(String(40))
    """ISO 8601 with its offset, which the copy gets too; empty where it is not known."""
    copy_uid: Mapped[int | None]
    copy_in: Mapped[str] = mapped_column(String(1000))
    """The folder that the copy lies in; empty where that is the original's own."""
    uidnext: Mapped[int | None]
    quarantine_next: Mapped[int | None]
    attempts: Mapped[int]
    again: Mapped[bool]
    keeps_spool: Mapped[bool]
    updated: Mapped[dt.datetime]
    detail: Mapped[str]
    """Why, as one clause for people."""


class FolderCursorRow(Base):
    """Up to where a folder was looked at, while it has this UIDVALIDITY."""

    __tablename__ = "folder_cursors"

    account: Mapped[str] = mapped_column(String(200), primary_key=True)
    mailbox: Mapped[str] = mapped_column(String(1000), primary_key=True)
    uidvalidity: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    uidnext: Mapped[int]
    """The first UID not looked at yet."""


class SweepRow(Base):
    """A sweep of a folder that has not come to its end: what was asked for, and the UIDs it has passed."""

    __tablename__ = "sweeps"

    account: Mapped[str] = mapped_column(String(200), primary_key=True)
    mailbox: Mapped[str] = mapped_column(String(1000), primary_key=True)
    uidvalidity: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    mode: Mapped[str] = mapped_column(String(20))
    level: Mapped[str] = mapped_column(String(20))
    since: Mapped[dt.date | None]
    """Only mail that arrived on this day or later; everything where there is none."""
    low: Mapped[int]
    """The lowest UID it has passed."""
    top: Mapped[int]
    """The highest."""


class ProfileRow(Base):
    """What the doctor found out about an account's server."""

    __tablename__ = "server_profiles"

    account: Mapped[str] = mapped_column(String(200), primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    mode: Mapped[str] = mapped_column(String(20))
    checked: Mapped[dt.datetime]
    findings: Mapped[dict[str, Any]] = mapped_column(JSON)
    why: Mapped[list[Any]] = mapped_column(JSON)
    checks: Mapped[list[Any]] = mapped_column(JSON)
    """As a `ServerProfile` has them."""
