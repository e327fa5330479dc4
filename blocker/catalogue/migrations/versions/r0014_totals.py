"""Lists and figures are read from what is kept for them, and a reference takes half the room.

What a reference's reasons and a message's view say is packed; how a URL is written is kept only where it is written
otherwise; hosts have numbers. Made of what is there: which hosts, vendors and verdicts each message has, and totals by day,
sender, verdict and vendor.

Revision ID: 0014
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from blocker.catalogue.packing import packed

revision = "0014"
down_revision = "0013"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
AT_ONCE = 500
"""Messages that are carried over in one go: memory holds no more."""
LISTED = ("day", "tracked", "traits", "action")
REFERENCE = ("message", "position", "url", "raw", "vector", "element", "part", "span_start", "span_end")
JUDGED = ("verdict", "confidence", "vendor_id")
BITS = {"pixel": 1, "beacon": 2, "personal": 4, "content": 8, "spacer": 16}
PARTLY = 32
PROOF = {True: 64, False: 128, None: 0}
OWN_SYSTEM = -1
BLOCKED = "('beacon', 'pixel')"
VENDOR = f"CASE WHEN v.named THEN v.id ELSE {OWN_SYSTEM} END"
TOTALS = (
    "INSERT INTO day_totals SELECT account_id, day, action, tracked, COUNT(*), SUM(blocked), SUM(unjudged), COUNT(error),"
    " COUNT(CASE WHEN EXISTS (SELECT 1 FROM leaks WHERE leaks.message = messages.id) THEN 1 END)"
    " FROM messages GROUP BY account_id, day, action, tracked",
    "INSERT INTO sender_totals SELECT sender_id, account_id, COUNT(*), COUNT(CASE WHEN tracked THEN 1 END),"
    " COUNT(CASE WHEN proven THEN 1 END), COUNT(CASE WHEN NOT proven THEN 1 END), MAX(internal_date) FROM messages WHERE sender_id IS NOT NULL GROUP BY sender_id, account_id",
    "INSERT INTO kind_totals SELECT sender_id, account_id, verdict, SUM(number) FROM contacts"
    " WHERE sender_id IS NOT NULL GROUP BY sender_id, account_id, verdict",
    f"INSERT INTO vendor_totals SELECT {VENDOR}, COALESCE(c.sender_id, 0), c.account_id, COUNT(DISTINCT c.message),"
    " SUM(c.number), MAX(c.internal_date) FROM contacts c JOIN vendors v ON v.id = c.vendor_id"
    f" WHERE c.verdict IN {BLOCKED} GROUP BY {VENDOR}, COALESCE(c.sender_id, 0), c.account_id",
)


def upgrade() -> None:
    """Make the tables, carry the references over, pack the views, then count."""
    connection = op.get_bind()
    _make_references()
    _make_contacts()
    _make_totals()
    op.add_column("messages", sa.Column("traits", BIG, server_default="0", nullable=False))
    op.add_column("messages", sa.Column("packed", sa.LargeBinary(), nullable=True))
    last = connection.scalar(sa.text("SELECT MAX(id) FROM messages")) or 0
    connection.execute(
        sa.text(
            "INSERT INTO hosts (name) SELECT host FROM message_references WHERE host <> '' GROUP BY host ORDER BY host"
        )
    )
    for start in range(0, last + 1, AT_ONCE):
        _carry(connection, start)
    op.drop_table("message_references")
    op.rename_table("new_references", "message_references")
    _finish_messages()
    _count(connection)


def _make_references() -> None:
    op.create_table(
        "hosts",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("name", sa.String(253), nullable=False),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "new_references",
        sa.Column("message", BIG, autoincrement=False, nullable=False),
        sa.Column("position", BIG, autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("url", "raw")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("vector", "element", "part")),
        *(sa.Column(name, BIG, nullable=False) for name in ("span_start", "span_end")),
        sa.Column("host_id", BIG, nullable=True),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("vendor_id", BIG, nullable=True),
        sa.Column("reasons", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message", "position"),
        sqlite_with_rowid=False,
    )


def _make_contacts() -> None:
    op.create_table(
        "contacts",
        *(
            sa.Column(name, BIG, autoincrement=False, nullable=False)
            for name in ("message", "host_id", "vendor_id")
        ),
        sa.Column("verdict", sa.String(20), nullable=False),
        *(sa.Column(name, BIG, nullable=False) for name in ("number", "account_id")),
        sa.Column("sender_id", BIG, nullable=True),
        sa.Column("internal_date", MOMENT, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("traits", BIG, nullable=False),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message", "host_id", "vendor_id", "verdict"),
        sqlite_with_rowid=False,
    )


def _make_totals() -> None:
    account, sender, vendor = (_key(name) for name in ("account_id", "sender_id", "vendor_id"))
    last = sa.Column("last", MOMENT, nullable=False)
    day: tuple[sa.Column[Any], ...] = (
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("tracked", sa.Boolean(), nullable=False),
    )
    verdict = sa.Column("verdict", sa.String(20), nullable=False)
    _total("day_totals", [account, *day], ["messages", "blocked", "unjudged", "unreadable", "leaking"])
    _total("sender_totals", [sender, account], ["messages", "tracked", "proven", "claimed"], last)
    _total("kind_totals", [sender, account, verdict], ["number"])
    _total("vendor_totals", [vendor, sender, account], ["messages", "found"], last)


def _key(name: str) -> sa.Column[int]:
    return sa.Column(name, BIG, autoincrement=False, nullable=False)


def _total(name: str, key: list[sa.Column[Any]], numbers: list[str], *more: sa.Column[Any]) -> None:
    op.create_table(
        name,
        *(column._copy() for column in key),
        *(sa.Column(number, BIG, nullable=False) for number in numbers),
        *(column._copy() for column in more),
        sa.PrimaryKeyConstraint(*(column.name for column in key)),
        sqlite_with_rowid=False,
    )


def _carry(connection: sa.Connection, start: int) -> None:
    """Carry over the references of some messages, with their view and what their references are."""
    span = {"start": start, "end": start + AT_ONCE}
    found = connection.execute(
        sa.text(
            f"SELECT {', '.join(f'r.{name}' for name in (*REFERENCE, *JUDGED))}, r.reasons, h.id AS host_id"
            " FROM message_references r LEFT JOIN hosts h ON h.name = r.host"
            " WHERE r.message >= :start AND r.message < :end ORDER BY r.message, r.position"
        ),
        span,
    )
    traits: dict[int, int] = {}
    new = [_reference(row, traits) for row in found]
    if new:
        columns = list(new[0])
        table = sa.table("new_references", *map(sa.column, columns))
        connection.execute(table.insert(), new)
    query = sa.text(
        "SELECT id, view, error, unjudged, proven FROM messages WHERE id >= :start AND id < :end ORDER BY id"
    )
    rows = [_message(row, traits) for row in connection.execute(query, span)]
    if rows:
        connection.execute(
            sa.text("UPDATE messages SET traits = :traits, packed = :packed WHERE id = :row"), rows
        )


def _reference(row: Any, traits: dict[int, int]) -> dict[str, Any]:
    traits[row.message] = traits.get(row.message, 0) | BITS.get(row.verdict, 0)
    values = {name: getattr(row, name) for name in (*REFERENCE, *JUDGED, "host_id")}
    values["raw"] = None if row.raw == row.url else row.raw
    return values | {"reasons": packed(json.loads(row.reasons))}


def _message(row: Any, traits: dict[int, int]) -> dict[str, Any]:
    partly = PARTLY if row.error is not None or row.unjudged else 0
    view = json.loads(row.view) if isinstance(row.view, str) else row.view
    return {
        "row": row.id,
        "traits": traits.get(row.id, 0) | partly | PROOF[None if row.proven is None else bool(row.proven)],
        "packed": None if view is None else packed(view),
    }


def _finish_messages() -> None:
    for name in ("day", "sender", "internal_date"):
        op.drop_index(f"ix_messages_{name}", "messages")
    op.drop_column("messages", "view")
    op.alter_column("messages", "packed", new_column_name="view")


def _indexes() -> Iterator[tuple[str, str, list[str], dict[str, Any]]]:
    newest = ["internal_date", "id", "account_id", *LISTED]
    left, named = sa.text("action = 'left'"), sa.text("vendor_id <> 0")
    yield "ix_messages_newest", "messages", [*newest, "sender_id"], {}
    yield "ix_messages_sender", "messages", ["sender_id", *newest, "sender_address"], {}
    yield "ix_messages_left", "messages", ["detail", "internal_date", "account_id"], _only(left)
    yield "ix_messages_recorded", "messages", ["account_id", "recorded"], {}
    host = ["host_id", "internal_date", "message", "verdict", "vendor_id", "account_id"]
    yield "ix_contacts_host", "contacts", host, {}
    vendor = ["vendor_id", "internal_date", "message", "host_id", "verdict", "number", "account_id"]
    yield "ix_contacts_vendor", "contacts", [*vendor, "sender_id", "day", "traits"], _only(named)


def _only(condition: sa.TextClause) -> dict[str, Any]:
    return {"sqlite_where": condition, "postgresql_where": condition}


def _count(connection: sa.Connection) -> None:
    connection.execute(
        sa.text(
            "INSERT INTO contacts SELECT r.message, COALESCE(r.host_id, 0), COALESCE(r.vendor_id, 0), r.verdict, COUNT(*),"
            " m.account_id, m.sender_id, m.internal_date, m.day, m.traits"
            " FROM message_references r JOIN messages m ON m.id = r.message"
            " GROUP BY r.message, COALESCE(r.host_id, 0), COALESCE(r.vendor_id, 0), r.verdict,"
            " m.account_id, m.sender_id, m.internal_date, m.day, m.traits"
        )
    )
    for name, table, columns, more in _indexes():
        op.create_index(name, table, columns, **more)
    for statement in TOTALS:
        connection.execute(sa.text(statement))
