"""What a person set for a sender, and undo patches that are too large for a message's header.

Revision ID: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make two further tables."""
    op.create_table(
        "sender_levels",
        sa.Column("account", sa.String(200), nullable=False),
        sa.Column("domain", sa.String(253), nullable=False),
        sa.Column("level", sa.String(20), nullable=False),
        sa.Column("changed", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("account", "domain"),
    )
    op.create_table(
        "patches",
        sa.Column("id", BIG, nullable=False),
        sa.Column("neutralised", sa.String(64), nullable=False),
        sa.Column("message", BIG, nullable=True),
        sa.Column("sender", sa.String(253), nullable=False),
        sa.Column("kept", MOMENT, nullable=False),
        sa.Column("patch", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_patches_neutralised", "patches", ["neutralised"])
    op.create_index("ix_patches_message", "patches", ["message"])
