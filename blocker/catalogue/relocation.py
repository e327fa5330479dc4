"""A message that lies elsewhere now keeps its row, which then says where."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, and_, delete, select, update

from blocker.catalogue import rows, totals
from blocker.catalogue.model import AccountRow, MessageRow
from blocker.catalogue.patches import Place


def relocate(connection: Connection, old: Place, new: Place, source: str) -> None:
    """Write the new place into the row of the old one; `source` is how its report names that.

    Where a message was recorded at the new place already, it is the same one, and one row of it is enough.
    """
    if old == new:
        return
    if _ids(connection, new):
        gone = _ids(connection, old)
        with totals.erasing(connection, gone):
            connection.execute(delete(MessageRow).where(MessageRow.id.in_(gone)))
        return
    _, mailbox, uidvalidity, uid = new
    values = {"mailbox": rows.clean(mailbox), "uidvalidity": uidvalidity, "uid": uid}
    connection.execute(update(MessageRow).where(_at(old)).values(**values, source=rows.clean(source)))


def note(connection: Connection, place: Place, action: str, detail: str) -> None:
    """Write what became of the message that is recorded at a place, if one is."""
    values = {"action": action, "detail": rows.clean(detail)}
    found = _ids(connection, place)
    with totals.acting(connection, found):
        connection.execute(update(MessageRow).where(MessageRow.id.in_(found)).values(**values))


def _ids(connection: Connection, place: Place) -> list[int]:
    return list(connection.scalars(select(MessageRow.id).where(_at(place))))


def _at(place: Place) -> ColumnElement[bool]:
    account, mailbox, uidvalidity, uid = place
    return and_(
        MessageRow.account_id == select(AccountRow.id).where(AccountRow.name == account).scalar_subquery(),
        MessageRow.mailbox == rows.clean(mailbox),
        MessageRow.uidvalidity == uidvalidity,
        MessageRow.uid == uid,
    )
