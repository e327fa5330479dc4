"""A weekly mail says who tracked: up to which week an account has it.

Revision ID: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "digests",
        sa.Column("account", sa.String(200), primary_key=True),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("sent", sa.Boolean(), nullable=False),
    )
