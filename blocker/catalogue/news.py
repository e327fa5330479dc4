"""What is new: senders that tracked for the first time these days."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Connection, desc, exists, func, select
from sqlalchemy.orm import aliased

from blocker.catalogue.filtering import conditions, midnight, named
from blocker.catalogue.model import AccountRow, MessageRow, SenderRow
from blocker.catalogue.values import Accounts, MessageFilter, SenderLine

DAYS = 7
"""So long a sender is new."""
MOST = 10


def new_senders(
    connection: Connection, today: date, account: str = "", only: Accounts = None, most: int = MOST
) -> tuple[SenderLine, ...]:
    """Senders whose first tracked mail to an account, or to these, came within `DAYS` days; the figures are those of these
    days, most mail first."""
    first = today - timedelta(days=DAYS - 1)
    before = aliased(MessageRow)
    known = exists().where(
        before.sender_id == MessageRow.sender_id, before.internal_date < midnight(first), before.tracked
    )
    if account or only is not None:
        mine = select(AccountRow.id).where(named(AccountRow.name, only))
        known = known.where(
            before.account_id.in_(mine.where(AccountRow.name == account) if account else mine)
        )
    number = func.count(MessageRow.id)
    query = (
        select(SenderRow.domain, number, number, func.max(MessageRow.internal_date))
        .join(MessageRow, MessageRow.sender_id == SenderRow.id)
        .where(*conditions(MessageFilter(account=account, since=first, tracked=True), only), ~known)
        .group_by(SenderRow.domain)
        .order_by(desc(number), SenderRow.domain)
        .limit(most)
    )
    return tuple(SenderLine(*row) for row in connection.execute(query))
