"""A message says whether it was proven to be its sender's; who writes from a shared domain is a sender of his own.

Of messages that are there already nobody knows whether they were proven. What was set for a shared domain stays: it
holds for all who write from there.

Revision ID: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from blocker.message.domains import sender_of, shared

revision = "0009"
down_revision = "0008"

SENDERS = sa.table("senders", sa.column("id", sa.BigInteger()), sa.column("domain", sa.Text()))
MESSAGES = sa.table(
    "messages",
    sa.column("sender_id", sa.BigInteger()),
    sa.column("sender_address", sa.Text()),
    sa.column("sender_domain", sa.Text()),
)


def upgrade() -> None:
    """Add the column, then give each address at a shared domain a row of its own."""
    op.add_column("messages", sa.Column("proven", sa.Boolean(), nullable=True))
    connection = op.get_bind()
    found = connection.execute(sa.select(SENDERS.c.id, SENDERS.c.domain)).all()
    for id_, domain in found:
        if shared(domain):
            _split(connection, id_, domain)


def _split(connection: sa.Connection, id_: int, domain: str) -> None:
    its = MESSAGES.c.sender_id == id_
    columns = (MESSAGES.c.sender_address, MESSAGES.c.sender_domain)
    for address, written in connection.execute(sa.select(*columns).where(its).distinct()).all():
        name = sender_of(address, written)
        if name == domain:
            continue
        same = (MESSAGES.c.sender_address == address, MESSAGES.c.sender_domain == written)
        values = {"sender_id": _numbered(connection, name)}
        connection.execute(MESSAGES.update().where(its, *same).values(values))
    if not connection.scalar(sa.select(sa.func.count()).select_from(MESSAGES).where(its)):
        connection.execute(SENDERS.delete().where(SENDERS.c.id == id_))


def _numbered(connection: sa.Connection, name: str) -> int | None:
    """The number of a sender's row, made where there is none."""
    known = sa.select(SENDERS.c.id).where(SENDERS.c.domain == name)
    found: int | None = connection.scalar(known)
    if found is None:
        connection.execute(SENDERS.insert().values(domain=name))
        found = connection.scalar(known)
    return found
