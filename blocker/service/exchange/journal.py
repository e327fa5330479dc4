"""The service's durable memory: how far each message has come, and up to which UID a folder was looked at.

It lies in the catalogue's database, where every commit reaches the disk before the next step is taken.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, select

from blocker.catalogue import Catalogue, JournalRow, Seen, overrides, patches, progress, relocation
from blocker.catalogue.codes import FINISHED, Outcome, Stage
from blocker.catalogue.model import AccountRow, MessageRow
from blocker.catalogue.plain import CHUNK
from blocker.catalogue.progress import Folder, Passed
from blocker.catalogue.upsert import upsert
from blocker.catalogue.writing import record
from blocker.choices.levels import Setting
from blocker.choices.modes import Mode
from blocker.pieces import pieces
from blocker.service.exchange.steps import Entry, Place, source_of

RESTORED = "its original was restored on request"
"""What the catalogue says of a message whose original was put back."""


class Journal:
    """Journal rows of a catalogue. Each method is one transaction; raises CatalogueError."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def cursor(self, account: str, mailbox: str, uidvalidity: int) -> int | None:
        """The first UID not looked at yet; None where this folder was never seen."""
        with self._catalogue.reading() as connection:
            return progress.cursor(connection, Folder(account, mailbox, uidvalidity))

    def set_cursor(self, account: str, mailbox: str, uidvalidity: int, uid: int) -> None:
        """Note the first UID not looked at yet."""
        with self._catalogue.writing() as connection:
            progress.set_cursor(connection, Folder(account, mailbox, uidvalidity), uid)

    def passed(self, folder: Folder) -> Passed | None:
        """How far a sweep of the folder has come; None where none is under way."""
        with self._catalogue.reading() as connection:
            return progress.passed(connection, folder)

    def set_passed(self, folder: Folder, sweep: Passed) -> None:
        """Note how far a sweep has come."""
        with self._catalogue.writing() as connection:
            progress.set_passed(connection, folder, sweep)

    def forget_passed(self, folder: Folder) -> None:
        """Note that no sweep is under way."""
        with self._catalogue.writing() as connection:
            progress.forget_passed(connection, folder)

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
        query = select(*_COLUMNS).where(*where, JournalRow.step.not_in(FINISHED))
        with self._catalogue.reading() as connection:
            return [_entry(row) for row in connection.execute(query.order_by(JournalRow.uid))]

    def kept_before(self, account: str, before: datetime, limit: int) -> list[Entry]:
        """Messages that were replaced before an instant and whose originals are in the quarantine, oldest first."""
        query = select(*_COLUMNS).where(
            JournalRow.account == account,
            JournalRow.outcome == Outcome.KEPT,
            JournalRow.updated < before,
        )
        with self._catalogue.reading() as connection:
            return [
                _entry(row) for row in connection.execute(query.order_by(JournalRow.updated).limit(limit))
            ]

    def known(self, account: str, mailbox: str, uidvalidity: int, uids: Sequence[int]) -> set[int]:
        """Those of `uids` that the journal knows: messages under way or finished, and our own copies."""
        found: set[int] = set()
        with self._catalogue.reading() as connection:
            for part in pieces(uids, CHUNK):
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

    def said(self, account: str) -> dict[str, Mapping[str, bool]]:
        """What was said of verdicts on an account's mail: sender → template → whether it tracks."""
        with self._catalogue.reading() as connection:
            return overrides.of_account(connection, account)

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
        progress.set_cursor(self._connection, Folder(account, mailbox, uidvalidity), uid)

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


_NAMES = (
    *("account", "mailbox", "uidvalidity", "uid", "step", "outcome", "mode", "token", "sha256", "flags"),
    *("internal_date", "copy_uid", "copy_in", "uidnext", "quarantine_next", "attempts", "again"),
    *("keeps_spool", "detail"),
)
_COLUMNS = tuple(getattr(JournalRow, name) for name in _NAMES)
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
    """Make the rows, or update those that are there."""
    now = datetime.now(UTC)
    upsert(connection, JournalRow, _PLACE, [row | {"updated": now} for row in rows])


def _values(entry: Entry) -> dict[str, Any]:
    """The row of an entry."""
    place = entry.place
    return {
        "account": place.account,
        "mailbox": place.mailbox,
        "uidvalidity": place.uidvalidity,
        "uid": place.uid,
        "step": entry.stage.value,
        "outcome": entry.outcome.value if entry.outcome else None,
        "mode": entry.mode.value,
        "token": entry.token or None,
        "sha256": entry.sha256,
        "flags": sorted(entry.flags),
        "internal_date": entry.internal_date,
        "copy_uid": entry.copy_uid,
        "copy_in": entry.copy_in,
        "uidnext": entry.uidnext,
        "quarantine_next": entry.quarantine_next,
        "attempts": entry.attempts,
        "again": entry.again,
        "keeps_spool": entry.keeps_spool,
        "detail": entry.reason,
    }


def _entry(row: Any) -> Entry:
    return Entry(
        Place(row.account, row.mailbox, row.uidvalidity, row.uid),
        Stage(row.step),
        Mode(row.mode),
        Outcome(row.outcome) if row.outcome else None,
        token=row.token or "",
        sha256=row.sha256,
        flags=frozenset(row.flags),
        internal_date=row.internal_date,
        copy_uid=row.copy_uid,
        copy_in=row.copy_in,
        uidnext=row.uidnext,
        quarantine_next=row.quarantine_next,
        attempts=row.attempts,
        again=row.again,
        keeps_spool=row.keeps_spool,
        reason=row.detail,
    )
