"""The header views of tracked mail, made when there is nothing more urgent.

Reading a mail's header and foot for a person takes longer than judging it, so past mail in bulk is judged and
recorded first. What lies where it was found, or its neutralised copy, is then fetched again, a little at every look.
"""

from __future__ import annotations

from sqlalchemy import and_, case, func, select, update

from blocker.catalogue import Catalogue, HeaderView, JournalRow
from blocker.catalogue.model import AccountRow, MessageRow
from blocker.judging.warm import viewed
from blocker.mailbox.protocol import Mailbox, MailboxError, Store
from blocker.pieces import pieces
from blocker.service.exchange.account import Account
from blocker.service.exchange.failures import ELSEWHERE

AT_ONCE = 50
"""Messages at one look: about a quarter of a second."""
_GONE = "the message was no longer in its folder when its header was to be read"


def fill(account: Account, store: Store, catalogue: Catalogue, limit: int | None = AT_ONCE) -> int:
    """Make the views that are missing in an account's folders, newest first, at most `limit`; how many were made.

    A folder that fails is left for another time: what looks at its mail tells why.
    """
    made = 0
    for folder in account.config.folders:
        if limit is None or made < limit:
            try:
                made += _in_folder(account, store, catalogue, folder, None if limit is None else limit - made)
            except ELSEWHERE:
                raise
            except MailboxError:
                continue
    return made


def _in_folder(account: Account, store: Store, catalogue: Catalogue, folder: str, limit: int | None) -> int:
    mailbox = store.open(folder, readonly=True)
    missing = _missing(catalogue, account.config.name, folder, mailbox.status().uidvalidity, limit)
    return _make(account, mailbox, catalogue, missing)


def _make(account: Account, mailbox: Mailbox, catalogue: Catalogue, missing: dict[int, int]) -> int:
    """`missing`: rows of the catalogue by UID."""
    uids = list(missing)
    for part in pieces(uids, AT_ONCE):
        views = dict.fromkeys(part, HeaderView(reason=_GONE))
        for stored in mailbox.fetch(part):
            account.begin()
            views[stored.uid] = viewed(stored.raw)
        with catalogue.writing() as connection:
            for uid, view in views.items():
                row = update(MessageRow).where(MessageRow.id == missing[uid])
                connection.execute(row.values(view=view.as_dict()))
    return len(uids)


def _missing(
    catalogue: Catalogue, account: str, mailbox: str, uidvalidity: int, limit: int | None
) -> dict[int, int]:
    lies = func.coalesce(case((MessageRow.action == "replaced", JournalRow.copy_uid)), MessageRow.uid)
    journaled = and_(
        JournalRow.account == account,
        JournalRow.mailbox == MessageRow.mailbox,
        JournalRow.uidvalidity == MessageRow.uidvalidity,
        JournalRow.uid == MessageRow.uid,
    )
    query = (
        select(lies.label("lies"), MessageRow.id)
        .join(AccountRow, AccountRow.id == MessageRow.account_id)
        .outerjoin(JournalRow, journaled)
        .where(
            AccountRow.name == account,
            MessageRow.mailbox == mailbox,
            MessageRow.uidvalidity == uidvalidity,
            MessageRow.tracked,
            MessageRow.view.is_(None),
        )
        .order_by(MessageRow.id.desc())
        .limit(limit)
    )
    with catalogue.reading() as connection:
        return {row.lies: row.id for row in connection.execute(query)}
