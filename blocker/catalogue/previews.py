"""Previews of messages on their way from the service to the pages: sealed, few, and erased after minutes.

This is the one place where a message's text lies in the database, because the service and the pages share nothing else.
It lies there as bytes that only the memory of the pages' own process can open (`blocker.sealed`): whoever reads the file,
its log or a backup has noise. `heartbeats.beat` erases what has expired, twice a minute while a service runs, and so does
every new preview; on SQLite what is erased is overwritten.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, ForeignKey, LargeBinary, delete, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from blocker.catalogue.filtering import named
from blocker.catalogue.model import Base, CommandRow
from blocker.catalogue.request import Command
from blocker.catalogue.values import Accounts

LASTS = timedelta(minutes=10)
MOST = 8
"""Previews that are kept at once; the oldest goes."""
LARGEST = 8 * 1024 * 1024
"""Octets of one."""


class PreviewRow(Base):
    """A sealed preview, by the request that asked for it."""

    __tablename__ = "previews"

    request: Mapped[int] = mapped_column(
        ForeignKey("commands.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    expires: Mapped[datetime]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


def keep(connection: Connection, request: int, sealed: bytes) -> None:
    """Keep a preview for some minutes."""
    now = datetime.now(UTC)
    erase(connection, now)
    newest = select(PreviewRow.request).order_by(PreviewRow.request.desc()).limit(MOST - 1)
    kept = list(connection.scalars(newest))
    connection.execute(delete(PreviewRow).where(PreviewRow.request.not_in(kept)))
    values = {"request": request, "expires": now + LASTS, "sealed": sealed}
    connection.execute(insert(PreviewRow), [values])


def find(
    connection: Connection, request: int, accounts: Accounts = None
) -> tuple[Command, bytes | None] | None:
    """A request for a preview, of all accounts or of those named, with what came of it, as long as that lasts."""
    query = select(CommandRow.__table__, PreviewRow.sealed, PreviewRow.expires).outerjoin(
        PreviewRow, PreviewRow.request == CommandRow.id
    )
    its = (CommandRow.id == request, CommandRow.kind == "preview", named(CommandRow.account, accounts))
    row = connection.execute(query.where(*its)).first()
    if row is None:
        return None
    *values, sealed, expires = row
    there = sealed is not None and expires > datetime.now(UTC)
    return Command(*values), sealed if there else None


def erase(connection: Connection, now: datetime) -> None:
    """Erase what has expired."""
    connection.execute(delete(PreviewRow).where(PreviewRow.expires <= now))
