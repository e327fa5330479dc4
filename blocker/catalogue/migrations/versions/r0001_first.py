"""The first schema.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "accounts",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("mode", sa.String(length=20), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "commands",
        sa.Column("id", BIG, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("requested", MOMENT, nullable=False),
        sa.Column("started", MOMENT, nullable=True),
        sa.Column("finished", MOMENT, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_commands_open", "commands", ["account", "finished"])
    op.create_table(
        "credentials",
        sa.Column("id", BIG, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("digest", sa.String(length=300), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("expires", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_credentials_digest", "credentials", ["kind", "digest"], unique=True)
    op.create_table(
        "journal",
        sa.Column("id", BIG, nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("mailbox", sa.String(length=1000), nullable=False),
        sa.Column("uidvalidity", BIG, nullable=False),
        sa.Column("uid", BIG, nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("copy_uid", BIG, nullable=True),
        sa.Column("uidnext", BIG, nullable=True),
        sa.Column("attempts", BIG, nullable=False),
        sa.Column("updated", MOMENT, nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account", "mailbox", "uidvalidity", "uid", name="uq_journal_place"),
    )
    op.create_index("ix_journal_step", "journal", ["account", "mailbox", "step"])
    op.create_table(
        "senders",
        sa.Column("id", BIG, nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("domain"),
    )
    op.create_table(
        "vendors",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "forgotten",
        sa.Column("account_id", BIG, nullable=False),
        sa.Column("mailbox", sa.String(length=1000), nullable=False),
        sa.Column("uidvalidity", BIG, autoincrement=False, nullable=False),
        sa.Column("uid", BIG, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("account_id", "mailbox", "uidvalidity", "uid"),
    )
    op.create_table(
        "messages",
        sa.Column("id", BIG, nullable=False),
        sa.Column("account_id", BIG, nullable=False),
        sa.Column("mailbox", sa.String(length=1000), nullable=False),
        sa.Column("uidvalidity", BIG, nullable=False),
        sa.Column("uid", BIG, nullable=False),
        sa.Column("sender_id", BIG, nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.String(length=1000), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("sender_address", sa.Text(), nullable=False),
        sa.Column("sender_domain", sa.String(length=253), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("date", sa.Text(), nullable=False),
        sa.Column("internal_date", MOMENT, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("signed", sa.Boolean(), nullable=False),
        sa.Column("unjudged", BIG, nullable=False),
        sa.Column("links_total", BIG, nullable=False),
        sa.Column("links_tracked", BIG, nullable=False),
        sa.Column("receipts", sa.JSON(), nullable=False),
        sa.Column("tracked", sa.Boolean(), nullable=False),
        sa.Column("blocked", BIG, nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("view", sa.JSON(), nullable=True),
        sa.Column("recorded", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["sender_id"], ["senders.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "mailbox", "uidvalidity", "uid", name="uq_messages_place"),
    )
    op.create_index("ix_messages_day", "messages", ["day", "tracked"])
    op.create_index("ix_messages_internal_date", "messages", ["internal_date"])
    op.create_index("ix_messages_message_id", "messages", ["message_id"])
    op.create_index("ix_messages_sender", "messages", ["sender_id", "day"])
    op.create_index("ix_messages_sha256", "messages", ["sha256"])
    op.create_table(
        "message_references",
        sa.Column("message", BIG, nullable=False),
        sa.Column("position", BIG, autoincrement=False, nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("vector", sa.Text(), nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("span_start", BIG, nullable=False),
        sa.Column("span_end", BIG, nullable=False),
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("vendor_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendors.id"]),
        sa.PrimaryKeyConstraint("message", "position"),
    )
    op.create_index("ix_references_vendor", "message_references", ["vendor_id", "message"])
    op.create_table(
        "reasons",
        sa.Column("message", BIG, nullable=False),
        sa.Column("reference", BIG, autoincrement=False, nullable=False),
        sa.Column("position", BIG, autoincrement=False, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message", "reference", "position"),
    )
