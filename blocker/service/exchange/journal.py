"""The service's durable memory: how far each message has come, and up to which UID a folder was looked at.

It lies in the catalogue's database, where every commit reaches the disk before the next step is taken. A
folder's own row has UID 0, which no message has (RFC 9051); its `uidnext` is the first UID not yet looked at.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from blocker.catalogue import Catalogue, JournalRow, Seen, patches, relocation
from blocker.catalogue.model import AccountRow, MessageRow
from blocker.catalogue.writing import record
from blocker.choices.levels import Setting
from blocker.choices.modes import Mode
from blocker.service.exchange.steps import FINISHED, Entry, Place, Stage, source_of

RESTORED = "its original was restored on request"
"""What the catalogue says of a message whose original was put back."""
_CURSOR = "cursor"
_SWEEP = "sweep"
_SWEEP_UID = -1
"""A folder's row of a sweep under way has a UID that no message has."""
_CHUNK = 500
"""UIDs in one query: SQLite allows a limited number of parameters."""


@dataclass(frozen=True, slots=True)
class Swept:
    """How far a sweep that was cut short has come."""

    wish: str
    """What it was asked for: one that is asked for something else begins anew."""
    low: int
    """The lowest UID it has passed."""
    top: int
    """The highest."""


class Journal:
    """Journal rows of a catalogue. Each method is one transaction; raises CatalogueError."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def cursor(self, account: str, mailbox: str, uidvalidity: int) -> int | None:
        """The first UID not looked at yet; None where this folder was never seen."""
        with self._catalogue.reading() as connection:
            return connection.scalar(
                select(JournalRow.uidnext).where(_at(Place(account, mailbox, uidvalidity, 0)))
            )

    def set_cursor(self, account: str, mailbox: str, uidvalidity: int, uid: int) -> None:
        """Note the first UID not looked at yet."""
        with self._catalogue.writing() as connection:
            _put(connection, _cursor_values(account, mailbox, uidvalidity, uid))

    def swept(self, account: str, mailbox: str, uidvalidity: int) -> Swept | None:
        """How far a sweep of the folder has come; None where none is under way."""
        with self._catalogue.reading() as connection:
            detail = connection.scalar(
                select(JournalRow.detail).where(_at(Place(account, mailbox, uidvalidity, _SWEEP_UID)))
            )
        return Swept(**json.loads(detail)) if detail else None

    def set_swept(self, account: str, mailbox: str, uidvalidity: int, swept: Swept) -> None:
        """Note how far a sweep has come."""
        values = _cursor_values(account, mailbox, uidvalidity, swept.low)
        values |= {"uid": _SWEEP_UID, "step": _SWEEP, "detail": json.dumps(asdict(swept))}
        with self._catalogue.writing() as connection:
            _put(connection, values)

    def forget_swept(self, account: str, mailbox: str, uidvalidity: int) -> None:
        """Note that no sweep is under way."""
        with self._catalogue.writing() as connection:
            connection.execute(
                delete(JournalRow).where(_at(Place(account, mailbox, uidvalidity, _SWEEP_UID)))
            )

    def get(self, place: Place) -> Entry | None:
        """What is known of a message."""
        with self._catalogue.reading() as connection:
            row = connection.execute(select(*_COLUMNS).where(_at(place))).first()
        return _entry(row) if row else None

    def put(self, *entries: Entry) -> None:
        """Record how far messages have come. When this returns, it is on the disk."""
        with self._catalogue.writing() as connection:
            _put(connection, *map(_values, entries))

    def unfinished(self, account: str, mailbox: str) -> list[Entry]:
        """Messages of a folder that are under way, oldest first, under any UIDVALIDITY."""
        return self._under_way(JournalRow.account == account, JournalRow.mailbox == mailbox)

    def under_way(self, account: str) -> list[Entry]:
        """The same for all folders of an account."""
        return self._under_way(JournalRow.account == account)

    def _under_way(self, *where: ColumnElement[bool]) -> list[Entry]:
        query = select(*_COLUMNS).where(*where, JournalRow.uid > 0, JournalRow.step.not_in(FINISHED))
        with self._catalogue.reading() as connection:
            return [_entry(row) for row in connection.execute(query.order_by(JournalRow.uid))]

    def exchanged_before(self, account: str, before: datetime, limit: int) -> list[Entry]:
        """Messages that were replaced before an instant and whose originals were not let go since, oldest first."""
        query = select(*_COLUMNS).where(
            JournalRow.account == account,
            JournalRow.uid > 0,
            JournalRow.step == Stage.DONE.value,
            JournalRow.uidnext.is_not(None),
            JournalRow.updated < before,
            JournalRow.detail.contains('"mode": "replace"'),
        )
        with self._catalogue.reading() as connection:
            return [
                _entry(row) for row in connection.execute(query.order_by(JournalRow.updated).limit(limit))
            ]

    def known(self, account: str, mailbox: str, uidvalidity: int, uids: Sequence[int]) -> set[int]:
        """Those of `uids` that the journal knows: messages under way or finished, and our own copies."""
        found: set[int] = set()
        with self._catalogue.reading() as connection:
            for start in range(0, len(uids), _CHUNK):
                part = uids[start : start + _CHUNK]
                for column in (JournalRow.uid, JournalRow.copy_uid):
                    query = select(column).where(
                        JournalRow.account == account,
                        JournalRow.mailbox == mailbox,
                        JournalRow.uidvalidity == uidvalidity,
                        column.in_(part),
                    )
                    found.update(uid for uid in connection.scalars(query) if uid is not None)
        return found

    def recorded(self, account: str, mailbox: str, uidvalidity: int) -> set[int]:
        """Every UID of a folder that the catalogue has, or had before its row was forgotten."""
        return self._catalogue.seen_uids(account, mailbox, uidvalidity)

    def sender_levels(self, account: str) -> dict[str, Setting]:
        """What was set for senders and holds for an account, by organisational domain."""
        return self._catalogue.sender_levels(account)

    def of_bytes(self, account: str, sha256: str) -> list[Entry]:
        """What is known of messages of these very bytes, oldest first: those that are recorded."""
        with self._catalogue.reading() as connection:
            found = connection.execute(_BY_BYTES, {"owner": account, "digest": sha256})
            return [_entry(row) for row in found]

    @contextmanager
    def batch(self) -> Iterator[Batch]:
        """Several records in one transaction: all are written, or none."""
        with self._catalogue.writing() as connection:
            yield Batch(connection)


class Batch:
    """What is written together."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, *entries: Entry) -> None:
        """Record how far messages have come."""
        _put(self._connection, *map(_values, entries))

    def set_cursor(self, account: str, mailbox: str, uidvalidity: int, uid: int) -> None:
        """Note the first UID of a folder not looked at yet."""
        _put(self._connection, _cursor_values(account, mailbox, uidvalidity, uid))

    def record(self, seen: Sequence[Seen]) -> None:
        """Record messages in the catalogue."""
        if seen:
            record(self._connection, seen)

    def note(self, place: Place, action: str, detail: str) -> None:
        """Record what became of a message that the catalogue has."""
        relocation.note(self._connection, _known_as(place), action, detail)

    def relocate(self, old: Place, new: Place) -> None:
        """Record that a message lies elsewhere now."""
        relocation.relocate(self._connection, _known_as(old), _known_as(new), source_of(new))

    def keep_patch(self, place: Place, neutralised: str, patch: bytes, from_domain: str) -> None:
        """Keep what undoes the copy of a message that was recorded, by the digest of the copy."""
        patches.keep_at(self._connection, _known_as(place), neutralised, patch, from_domain)

    def drop(self, places: Collection[Place]) -> None:
        """Forget messages."""
        for place in places:
            self._connection.execute(delete(JournalRow).where(_at(place)))


_COLUMNS = (
    JournalRow.account,
    JournalRow.mailbox,
    JournalRow.uidvalidity,
    JournalRow.uid,
    JournalRow.step,
    JournalRow.token,
    JournalRow.copy_uid,
    JournalRow.uidnext,
    JournalRow.attempts,
    JournalRow.detail,
)


_BY_BYTES = (
    select(*_COLUMNS)
    .join(
        MessageRow,
        and_(
            MessageRow.mailbox == JournalRow.mailbox,
            MessageRow.uidvalidity == JournalRow.uidvalidity,
            MessageRow.uid == JournalRow.uid,
        ),
    )
    .join(AccountRow, and_(AccountRow.id == MessageRow.account_id, AccountRow.name == JournalRow.account))
    .where(AccountRow.name == bindparam("owner"), MessageRow.sha256 == bindparam("digest"))
    .order_by(MessageRow.id)
)
"""Made once: it is asked for every message that is to be changed."""
_PLACE = ("account", "mailbox", "uidvalidity", "uid")
_TAKEN_OVER = ("step", "token", "copy_uid", "uidnext", "attempts", "detail", "updated")


def _known_as(place: Place) -> tuple[str, str, int, int]:
    return place.account, place.mailbox, place.uidvalidity, place.uid


def _at(place: Place) -> ColumnElement[bool]:
    return and_(
        JournalRow.account == place.account,
        JournalRow.mailbox == place.mailbox,
        JournalRow.uidvalidity == place.uidvalidity,
        JournalRow.uid == place.uid,
    )


def _put(connection: Connection, *rows: dict[str, Any]) -> None:
    """Make the rows, or update those that are there: one statement for all."""
    if not rows:
        return
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    made = dialect.insert(JournalRow)
    taken = {name: made.excluded[name] for name in _TAKEN_OVER}
    made = made.on_conflict_do_update(index_elements=_PLACE, set_=taken)
    now = datetime.now(UTC)
    connection.execute(made, [{"token": None, "copy_uid": None} | row | {"updated": now} for row in rows])


def _cursor_values(account: str, mailbox: str, uidvalidity: int, uid: int) -> dict[str, Any]:
    return {
        "account": account,
        "mailbox": mailbox,
        "uidvalidity": uidvalidity,
        "uid": 0,
        "step": _CURSOR,
        "uidnext": uid,
        "attempts": 0,
        "detail": "",
    }


def _values(entry: Entry) -> dict[str, Any]:
    """The row of an entry; what has no column of its own stands as JSON in `detail`."""
    place = entry.place
    more = {
        "mode": entry.mode,
        "sha256": entry.sha256,
        "flags": sorted(entry.flags),
        "internal_date": entry.internal_date,
        "copy_in": entry.copy_in,
        "quarantine_next": entry.quarantine_next,
        "reason": entry.reason,
        "again": entry.again,
        "keeps_spool": entry.keeps_spool,
    }
    return {
        "account": place.account,
        "mailbox": place.mailbox,
        "uidvalidity": place.uidvalidity,
        "uid": place.uid,
        "step": entry.stage.value,
        "token": entry.token or None,
        "copy_uid": entry.copy_uid,
        "uidnext": entry.uidnext,
        "attempts": entry.attempts,
        "detail": json.dumps(more),
    }


def _entry(row: Any) -> Entry:
    place = Place(row.account, row.mailbox, row.uidvalidity, row.uid)
    entry = Entry(
        place,
        Stage(row.step),
        token=row.token or "",
        copy_uid=row.copy_uid,
        uidnext=row.uidnext,
        attempts=row.attempts,
    )
    more = json.loads(row.detail or "{}")
    return replace(
        entry,
        **more | {"mode": Mode(more.get("mode", entry.mode)), "flags": frozenset(more.get("flags", ()))},
    )
