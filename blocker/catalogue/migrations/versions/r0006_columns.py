"""Facts that stood in prose, in JSON text and in UIDs that no message has get columns and tables of their own.

What a journal row kept as JSON in `detail` is a column each; `detail` keeps the reason alone. A folder's cursor was a
row of the journal with UID 0, a sweep under way one with UID -1.

Revision ID: 0006
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT_ONCE = 1000
"""Rows that are carried over in one go."""
NEW: dict[str, Any] = {
    "outcome": sa.String(20),
    "mode": sa.String(20),
    "sha256": sa.String(64),
    "flags": sa.JSON(),
    "internal_date": sa.String(40),
    "copy_in": sa.String(1000),
    "quarantine_next": BIG,
    "again": sa.Boolean(),
    "keeps_spool": sa.Boolean(),
}
"""The new columns of the journal."""
MAY_BE_EMPTY = ("outcome", "quarantine_next")
JOURNAL = sa.table(
    "journal",
    *(sa.column(name, BIG) for name in ("id", "uidvalidity", "uid", "copy_uid", "uidnext")),
    *(sa.column(name, sa.Text()) for name in ("account", "mailbox", "step", "token", "detail")),
    *(sa.column(name, kind) for name, kind in NEW.items()),
)
SWEEPS = sa.table(
    "sweeps",
    *(sa.column(name, sa.Text()) for name in ("account", "mailbox", "mode", "level")),
    *(sa.column(name, BIG) for name in ("uidvalidity", "low", "top")),
    sa.column("since", sa.Date()),
)
STILL_REPLACED = sa.text(
    "SELECT j.id FROM journal j JOIN accounts a ON a.name = j.account JOIN messages m ON m.account_id = a.id"
    " AND m.mailbox = j.mailbox AND m.uidvalidity = j.uidvalidity AND m.uid = j.uid"
    " WHERE j.step = 'restored' AND m.action = 'replaced'"
)
"""Rows of restores that were begun: an end is recorded in `messages` too."""


def upgrade() -> None:
    """Make two tables and the columns, carry over what the journal holds, and say what is never empty."""
    op.create_table("folder_cursors", *_folder(), sa.Column("uidnext", BIG, nullable=False))
    op.create_table(
        "sweeps",
        *_folder(),
        sa.Column("mode", sa.String(20), nullable=False),
        sa.Column("level", sa.String(20), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("low", BIG, nullable=False),
        sa.Column("top", BIG, nullable=False),
    )
    for name, kind in NEW.items():
        op.add_column("journal", sa.Column(name, kind, nullable=True))
    connection = op.get_bind()
    _cursors(connection)
    _sweeps(connection)
    _entries(connection)
    with op.batch_alter_table("journal") as table:
        for name, kind in NEW.items():
            table.alter_column(name, existing_type=kind, nullable=name in MAY_BE_EMPTY)
    op.add_column("vendors", sa.Column("named", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.execute("UPDATE vendors SET named = (name NOT LIKE 'Unnamed mailer%')")
    op.execute("UPDATE messages SET view = NULL WHERE CAST(view AS TEXT) = 'null'")


def _folder() -> tuple[sa.Column[Any] | sa.PrimaryKeyConstraint, ...]:
    """A folder while it has a UIDVALIDITY, as the key of a table."""
    return (
        sa.Column("account", sa.String(200), nullable=False),
        sa.Column("mailbox", sa.String(1000), nullable=False),
        sa.Column("uidvalidity", BIG, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("account", "mailbox", "uidvalidity"),
    )


def _cursors(connection: sa.Connection) -> None:
    connection.execute(
        sa.text(
            "INSERT INTO folder_cursors (account, mailbox, uidvalidity, uidnext)"
            " SELECT account, mailbox, uidvalidity, uidnext FROM journal WHERE uid = 0 AND uidnext IS NOT NULL"
        )
    )
    connection.execute(sa.text("DELETE FROM journal WHERE uid = 0"))


def _sweeps(connection: sa.Connection) -> None:
    """One that cannot be read begins anew, as one that was asked for something else."""
    found = connection.execute(sa.select(JOURNAL).where(JOURNAL.c.uid == -1)).all()
    swept = [row for row in map(_sweep, found) if row is not None]
    if swept:
        connection.execute(SWEEPS.insert(), swept)
    connection.execute(sa.text("DELETE FROM journal WHERE uid = -1"))


def _sweep(row: Any) -> dict[str, Any] | None:
    said = _said(row.detail)
    try:
        mode, level, day = said["wish"].split("/")
        since = date.fromisoformat(day) if day else None
        asked = {
            "mode": mode,
            "level": level,
            "since": since,
            "low": int(said["low"]),
            "top": int(said["top"]),
        }
    except (KeyError, TypeError, ValueError):
        return None
    return asked | {"account": row.account, "mailbox": row.mailbox, "uidvalidity": row.uidvalidity}


def _entries(connection: sa.Connection) -> None:
    begun = set(connection.scalars(STILL_REPLACED))
    values: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in (*NEW, "detail")}
    update = JOURNAL.update().where(JOURNAL.c.id == sa.bindparam("new_row")).values(values)
    last = 0
    while True:
        query = sa.select(JOURNAL).where(JOURNAL.c.id > last).order_by(JOURNAL.c.id).limit(AT_ONCE)
        found = connection.execute(query).all()
        if not found:
            return
        connection.execute(update, [_entry(row, row.id in begun) for row in found])
        last = found[-1].id


def _entry(row: Any, begun: bool) -> dict[str, Any]:
    said = _said(row.detail)
    columns = {
        "row": row.id,
        "outcome": _outcome(row, said, begun),
        "mode": said.get("mode", "report"),
        "sha256": said.get("sha256", ""),
        "flags": said.get("flags", []),
        "internal_date": said.get("internal_date", ""),
        "copy_in": said.get("copy_in", ""),
        "quarantine_next": said.get("quarantine_next"),
        "again": said.get("again", False),
        "keeps_spool": said.get("keeps_spool", False),
        "detail": said.get("reason", ""),
    }
    return {f"new_{name}": value for name, value in columns.items()}


def _said(detail: str) -> dict[str, Any]:
    """What a row's JSON says; what is none was written by nobody, and is kept as the reason."""
    try:
        found = json.loads(detail or "{}")
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"reason": detail}


def _outcome(row: Any, said: dict[str, Any], begun: bool) -> str | None:
    if row.step == "restored":
        return _restored(row, said, begun)
    if row.step != "done":
        return None
    if said.get("mode") == "copy":
        return "copied"
    if said.get("mode") != "replace":
        return "left behind" if said.get("reason") == "its copy took its place" else "released"
    return "kept" if row.uidnext is not None else _gone(said.get("reason", ""))


def _restored(row: Any, said: dict[str, Any], begun: bool) -> str:
    if row.copy_uid is None:
        return "restored" if row.token else "put back"
    # From the copy's own place an original is called back, and it has one of its own once it was seen.
    unseen = begun or said.get("copy_in") or row.copy_uid == row.uid
    return "restoring" if unseen else "returned"


def _gone(reason: str) -> str:
    """An original that is no longer in the quarantine had lost its UIDNEXT, and only the reason told why."""
    if "its owner put" in reason:
        return "taken back"
    return "emptied" if "was removed after" in reason else "missing"
