"""What is learnt of URLs from one mail for the next.

Mail that was recorded before is not learnt from: to whom it was sent was not kept in full.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make two more tables."""
    op.create_table(
        "learnt_mails",
        sa.Column("message", BIG, nullable=False),
        sa.Column("copy", BIG, nullable=False),
        sa.Column("sender", BIG, nullable=False),
        sa.Column("sent", sa.Double(), nullable=False),
        sa.Column("reader", BIG, nullable=True),
        sa.Column("second", BIG, nullable=True),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message"),
    )
    op.create_index("ix_learnt_mails_copy", "learnt_mails", ["copy"])
    op.create_index("ix_learnt_mails_sender", "learnt_mails", ["sender", "sent"])
    op.create_table(
        "learnt_urls",
        sa.Column("message", BIG, autoincrement=False, nullable=False),
        sa.Column("url", BIG, autoincrement=False, nullable=False),
        sa.Column("template", BIG, nullable=False),
        sa.ForeignKeyConstraint(["message"], ["learnt_mails.message"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message", "url"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_learnt_urls_url", "learnt_urls", ["url", "message"])
    op.create_index("ix_learnt_urls_template", "learnt_urls", ["template", "message"])
