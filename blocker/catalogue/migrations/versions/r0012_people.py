"""Several people may get in, each with a role and accounts, and what opens the pages says whose it is.

The password that there was becomes the owner's, and the tokens that there were keep what they could do. Who was logged in
logs in again.

Revision ID: 0012
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the owner, and the table of what opens the pages anew."""
    connection = op.get_bind()
    kept = connection.execute(sa.text("SELECT kind, digest, created FROM credentials ORDER BY id")).all()
    owner = _owner(connection, [digest for kind, digest, _ in kept if kind == "password"])
    op.drop_index("ix_credentials_digest", "credentials")
    op.drop_table("credentials")
    table = op.create_table(
        "credentials",
        sa.Column("id", BIG, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("person", BIG, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("origin", sa.String(length=300), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("expires", MOMENT, nullable=True),
        sa.Column("used", MOMENT, nullable=True),
        sa.Column("tries", BIG, nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_credentials_digest", "credentials", ["kind", "digest"], unique=True)
    op.create_index("ix_credentials_person", "credentials", ["person", "kind"])
    rows = [(digest, created) for kind, digest, created in kept if kind == "token"]
    if rows:
        connection.execute(
            sa.insert(table), [_token(number, owner, *row) for number, row in enumerate(rows, 1)]
        )


def _owner(connection: sa.Connection, passwords: list[str]) -> int:
    people = op.create_table(
        "people",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("accounts", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("password", sa.String(length=300), nullable=True),
        sa.Column("created", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    password = passwords[-1] if passwords else None
    row = {"name": "owner", "role": "owner", "accounts": None, "password": password}
    made = sa.insert(people).values(row | {"created": datetime.now(UTC)}).returning(people.c.id)
    return int(connection.execute(made).scalar_one())


def _token(number: int, owner: int, digest: str, created: Any) -> dict[str, Any]:
    moment = datetime.fromisoformat(created) if isinstance(created, str) else created
    return {
        "kind": "token",
        "digest": digest,
        "person": owner,
        "name": f"token {number}",
        "scopes": ["read", "scan"],
        "origin": "",
        "created": moment.replace(tzinfo=moment.tzinfo or UTC),
        "expires": None,
        "used": None,
        "tries": 0,
    }
