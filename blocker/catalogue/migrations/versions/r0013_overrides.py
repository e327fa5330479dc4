"""What a person said of verdicts.

Revision ID: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "overrides",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("account", sa.String(200), nullable=False),
        sa.Column("sender", sa.String(253), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("tracks", sa.Boolean(), nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("vendor", sa.String(200), nullable=False),
        sa.Column("vector", sa.String(200), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_overrides_place", "overrides", ["account", "sender"])
