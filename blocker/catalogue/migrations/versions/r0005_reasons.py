"""A verdict's reasons stand with its reference, and forms of addresses in a table of their own.

Revision ID: 0005
"""

from __future__ import annotations

import json
from itertools import groupby

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT_ONCE = 1000
"""Messages whose reasons are moved in one go."""


def upgrade() -> None:
    """Make a table and a column, move what the old table holds, and drop it."""
    op.create_table(
        "leaks",
        sa.Column("message", BIG, autoincrement=False, nullable=False),
        sa.Column("form", sa.String(1000), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message", "form"),
    )
    op.add_column("message_references", sa.Column("reasons", sa.Text(), nullable=True))
    connection = op.get_bind()
    last = connection.scalar(sa.text("SELECT MAX(id) FROM messages")) or 0
    for start in range(0, last + 1, AT_ONCE):
        _move(connection, start)
    op.drop_table("reasons")
    with op.batch_alter_table("message_references") as table:
        table.alter_column("reasons", existing_type=sa.Text(), nullable=False)


def _move(connection: sa.Connection, start: int) -> None:
    rows = connection.execute(
        sa.text(
            "SELECT message, reference, rule, detail, weight FROM reasons"
            " WHERE message >= :start AND message < :end ORDER BY message, reference, position"
        ),
        {"start": start, "end": start + AT_ONCE},
    ).all()
    found = {
        place: json.dumps([[rule, detail, weight] for _, _, rule, detail, weight in group])
        for place, group in groupby(rows, key=lambda row: (row[0], row[1]))
    }
    forms = {
        (message, detail)
        for message, _, rule, detail, weight in rows
        if rule[:8] == "identity" and weight > 0
    }
    places = connection.execute(
        sa.text(
            "SELECT message, position FROM message_references WHERE message >= :start AND message < :end"
        ),
        {"start": start, "end": start + AT_ONCE},
    ).all()
    if places:
        connection.execute(
            sa.text(
                "UPDATE message_references SET reasons = :reasons WHERE message = :message AND position = :at"
            ),
            [{"message": m, "at": p, "reasons": found.get((m, p), "[]")} for m, p in places],
        )
    if forms:
        connection.execute(
            sa.text("INSERT INTO leaks (message, form) VALUES (:message, :form)"),
            [{"message": message, "form": form} for message, form in sorted(forms)],
        )
