"""A person can pause an account. What was called paused before, a sign-in that the server refuses, has a name of its own.

Revision ID: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the table, and rename the state."""
    op.create_table(
        "pauses",
        sa.Column("account", sa.String(200), primary_key=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
    )
    op.execute("UPDATE heartbeats SET state = 'refused' WHERE state = 'paused'")
