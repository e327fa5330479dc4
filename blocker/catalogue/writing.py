"""Writing what was seen: every message once, with its references and reasons, in the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.orm import InstrumentedAttribute

from blocker.catalogue import contacts, rows, totals
from blocker.catalogue.errors import CatalogueError
from blocker.catalogue.learning import learn
from blocker.catalogue.model import (
    AccountRow,
    ForgottenRow,
    HostRow,
    LeakRow,
    MessageRow,
    ReferenceRow,
    SenderRow,
    VendorRow,
)
from blocker.catalogue.plain import CHUNK, insert_plain
from blocker.catalogue.values import ACTIONS, Seen
from blocker.pieces import pieces

Key = tuple[int, str, int, int]


def record(connection: Connection, seen: Sequence[Seen]) -> list[int]:
    """Record messages; their ids in the order given. A place that is there already keeps its row.

    Raises CatalogueError for an unknown account or action, before anything is written.
    """
    accounts = _accounts(connection, seen)
    latest = {_key(one, accounts): one for one in seen}
    known = _known(connection, latest)
    _update(connection, {known[key]: one for key, one in latest.items() if key in known})
    known |= _insert(connection, {key: one for key, one in latest.items() if key not in known})
    return [known[_key(one, accounts)] for one in seen]


def seen_uids(connection: Connection, account: str, mailbox: str, uidvalidity: int) -> set[int]:
    """Every UID of the mailbox that was recorded once, also where its row was forgotten since."""
    found: set[int] = set()
    for table in (MessageRow, ForgottenRow):
        query = (
            select(table.uid)
            .join(AccountRow, AccountRow.id == table.account_id)
            .where(AccountRow.name == account)
            .where(table.mailbox == rows.clean(mailbox), table.uidvalidity == uidvalidity)
        )
        found.update(connection.scalars(query))
    return found


def _key(one: Seen, accounts: Mapping[str, int]) -> Key:
    return (accounts[one.account], rows.clean(one.mailbox), one.uidvalidity, one.uid)


def _accounts(connection: Connection, seen: Sequence[Seen]) -> dict[str, int]:
    wrong = {one.action for one in seen} - set(ACTIONS)
    if wrong:
        raise CatalogueError(f"{wrong.pop()!r} is no action: use one of {', '.join(ACTIONS)}.")
    names = {one.account for one in seen}
    found = _ids(connection, AccountRow.name, AccountRow.id, names)
    if missing := names - set(found):
        raise CatalogueError(
            f"The catalogue knows no account {missing.pop()!r}: add it with ensure_account first."
        )
    return found


def _known(connection: Connection, keys: Iterable[Key]) -> dict[Key, int]:
    groups: dict[tuple[int, str, int], list[int]] = defaultdict(list)
    for account, mailbox, uidvalidity, uid in keys:
        groups[account, mailbox, uidvalidity].append(uid)
    found: dict[Key, int] = {}
    for (account, mailbox, uidvalidity), uids in groups.items():
        for part in pieces(uids, CHUNK):
            query = select(MessageRow.uid, MessageRow.id).where(
                MessageRow.account_id == account,
                MessageRow.mailbox == mailbox,
                MessageRow.uidvalidity == uidvalidity,
                MessageRow.uid.in_(part),
            )
            found |= {(account, mailbox, uidvalidity, uid): id_ for uid, id_ in connection.execute(query)}
    return found


def _update(connection: Connection, found: Mapping[int, Seen]) -> None:
    if not found:
        return
    statement = update(MessageRow).where(MessageRow.id == bindparam("row"))
    done = statement.values(action=bindparam("done"), detail=bindparam("why"))
    for part in pieces(list(found), CHUNK):
        with totals.acting(connection, part):
            connection.execute(
                done,
                [
                    {"row": id_, "done": found[id_].action, "why": rows.clean(found[id_].detail)}
                    for id_ in part
                ],
            )


def _insert(connection: Connection, new: Mapping[Key, Seen]) -> dict[Key, int]:
    if not new:
        return {}
    senders = _named(connection, SenderRow.domain, SenderRow.id, map(rows.sender_name, new.values()))
    names = (name for one in new.values() for name in rows.vendor_names(one))
    vendors = _named(connection, VendorRow.name, VendorRow.id, names, rows.vendor_values)
    hosts = _named(connection, HostRow.name, HostRow.id, _hosts(new.values()))
    values = [
        rows.message_values(one, key[0], senders.get(rows.sender_name(one))) | {"mailbox": key[1]}
        for key, one in new.items()
    ]
    returning = insert(MessageRow).returning(MessageRow.id, sort_by_parameter_order=True)
    ids = dict(zip(new, connection.scalars(returning, values), strict=True))
    references = (v for key, one in new.items() for v in rows.reference_values(one, ids[key], hosts, vendors))
    leaks = (v for key, one in new.items() for v in rows.leak_values(one, ids[key]))
    insert_plain(connection, ReferenceRow, list(references))
    insert_plain(connection, LeakRow, list(leaks))
    learn(connection, {ids[key]: one.report for key, one in new.items()})
    for part in pieces(list(ids.values()), CHUNK):
        contacts.make(connection, MessageRow.id.in_(part))
        totals.add(connection, part)
    return ids


def _hosts(new: Iterable[Seen]) -> Iterator[str]:
    return (rows.host_name(judged.url) for one in new for judged in rows.kept(one))


def _named(
    connection: Connection,
    name: InstrumentedAttribute[str],
    id_: InstrumentedAttribute[int],
    wanted: Iterable[str],
    more: Callable[[str], dict[str, Any]] = lambda _: {},
) -> dict[str, int]:
    """Ids of the named rows, made where they are missing, with `more` values. An empty name has no row."""
    names = set(wanted) - {""}
    found = _ids(connection, name, id_, names)
    missing: list[dict[str, Any]] = [{name.key: value} | more(value) for value in sorted(names - set(found))]
    if missing:
        connection.execute(insert(name.class_), missing)
        found = _ids(connection, name, id_, names)
    return found


def _ids(
    connection: Connection,
    name: InstrumentedAttribute[str],
    id_: InstrumentedAttribute[int],
    names: Iterable[str],
) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in pieces(sorted(names), CHUNK):
        pairs = connection.execute(select(name, id_).where(name.in_(part)))
        found |= {row[0]: row[1] for row in pairs}
    return found
