"""Up to which week an account has its digest: written down before it is sent, and after."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, String, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from blocker.catalogue.model import Base


class DigestRow(Base):
    """Up to which week an account has its digest."""

    __tablename__ = "digests"

    account: Mapped[str] = mapped_column(String(200), primary_key=True)
    week: Mapped[date]
    """The Monday with which the week begins."""
    sent: Mapped[bool]
    """False while it is being sent."""


def sent(connection: Connection, account: str, week: date) -> bool:
    """Whether the digest of the week that begins on this day, or of a later one, was sent."""
    row = connection.execute(
        select(DigestRow.week, DigestRow.sent).where(DigestRow.account == account)
    ).one_or_none()
    return row is not None and (row.week > week or (row.week == week and row.sent))


def put(connection: Connection, account: str, week: date, *, sent: bool) -> None:
    """Note that the digest of a week is about to be sent, or was."""
    values = {"week": week, "sent": sent}
    if not connection.execute(
        update(DigestRow).where(DigestRow.account == account).values(**values)
    ).rowcount:
        connection.execute(insert(DigestRow).values(account=account, **values))
