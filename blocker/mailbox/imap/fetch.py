"""UID FETCH, asked so that no message stands in another one's way.

A server may refuse a whole command for one message's sake, answer in a way that cannot be read, name no UID, or leave a
message out. Whatever of those asked for is missing then, and is still there, is asked for alone; what cannot be had alone
either is told, never taken for gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from blocker.mailbox.imap import text
from blocker.mailbox.imap.answers import Item, Malformed, fetched, split, uid_of
from blocker.mailbox.imap.connection import Connection
from blocker.mailbox.protocol import ConnectionLost, MailboxError


@dataclass(slots=True)
class Fetched:
    """What the server told of the messages asked for; those that are gone are in neither."""

    items: dict[int, Item] = field(default_factory=dict)
    unread: dict[int, str] = field(default_factory=dict)
    """Messages that are there and could not be had, each with why."""


def fetch(
    connection: Connection, doing: str, uids: Sequence[int], what: str, needed: Sequence[bytes]
) -> Fetched:
    """What the server tells of each message that exists; an item has data whose names begin with each of `needed`."""
    result = Fetched()
    for chunk in text.chunks(uids):
        _fetch(connection, doing, chunk, what, needed, result)
    return result


def _fetch(
    connection: Connection,
    doing: str,
    uids: Sequence[int],
    what: str,
    needed: Sequence[bytes],
    result: Fetched,
) -> None:
    data, why = _asked(connection, doing, uids, what)
    broken = _gather(data, uids, result)
    why = why or "its answer is not IMAP" * bool(broken) or "nothing was answered"
    missing = [uid for uid in uids if uid in broken or not _whole(result.items.get(uid, {}), needed)]
    for uid in connection.present(missing):
        result.items.pop(uid, None)
        if len(uids) == 1:
            result.unread[uid] = why
        else:
            _fetch(connection, doing, [uid], what, needed, result)
    for uid in missing:
        if uid not in result.unread and not _whole(result.items.get(uid, {}), needed):
            result.items.pop(uid, None)  # it went away between two answers


def _whole(item: Item, needed: Sequence[bytes]) -> bool:
    """Whether all is there; a message that went away may be told as NIL, an empty field too (RFC 2180, section 4.1.3)."""
    named = all(any(name.startswith(one) for name in item) for one in needed)
    return named and item.get(b"BODY[]", b"") is not None


def _asked(connection: Connection, doing: str, uids: Sequence[int], what: str) -> tuple[list[Any], str]:
    """The answers, and why the server would not give all of them; an empty text where it did."""
    listed = ",".join(map(str, uids))
    try:
        return connection.command(doing, lambda: connection.imap.uid("FETCH", listed, what)), ""
    except ConnectionLost:
        raise
    except MailboxError as error:
        # What was answered before counts (RFC 2180: another client may have taken some of them away).
        return connection.imap.answers.pop("FETCH", []), str(error)


def _gather(data: Sequence[Any], uids: Sequence[int], result: Fetched) -> set[int]:
    """Read answer by answer; which messages had one that is not IMAP, or two that contradict each other.

    Answers are gathered by the UID that stands in them: one without is unasked news about another message, unless a
    single one was asked for and it holds what no news does.
    """
    broken: set[int] = set()
    wanted = set(uids)
    for answer in split(data):
        try:
            item = fetched(answer)
        except Malformed:
            broken.update(wanted.intersection([uid_of(answer)]) or (uids if len(uids) == 1 else ()))
            continue
        uid = item.get(b"UID")
        if uid is None and len(uids) == 1 and item.keys() - {b"FLAGS", b"MODSEQ"}:
            uid = uids[0]
        if not isinstance(uid, int) or uid not in wanted:
            continue
        known = result.items.setdefault(uid, {})
        if any(known.get(name, value) != value for name, value in item.items() if name.startswith(b"BODY[")):
            broken.add(uid)  # two messages under one UID
        known.update(item)
    return broken
