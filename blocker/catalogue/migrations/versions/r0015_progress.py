"""A request tells how far it has come, and a server's profile holds the doctor's table.

Revision ID: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns; what was found before has no table."""
    op.add_column("commands", sa.Column("passed", BIG, nullable=True))
    op.add_column("commands", sa.Column("total", BIG, nullable=True))
    op.add_column("server_profiles", sa.Column("why", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("server_profiles", sa.Column("checks", sa.JSON(), nullable=False, server_default="[]"))
