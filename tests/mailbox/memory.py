"""A mail store in memory that keeps the promises of a good IMAP server, for the tests.

`MemoryAccount` is the server's side and outlives connections; each `MemoryStore` is one connection to it, so that
two of them see each other's changes as two mail programs would. An account can be given the weaknesses that
real servers have: no room, few permanent flags, no MOVE, no APPENDUID, and faults at any operation.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Literal, TypeVar

from blocker.mailbox.imap.text import flag_list
from blocker.mailbox.protocol import (
    Changed,
    ConnectionLost,
    Draft,
    MailboxError,
    OverQuota,
    Recreated,
    Status,
    Stored,
)
from blocker.message.skim import without_attachments

T = TypeVar("T")

SYSTEM_FLAGS = frozenset({"\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"})
_SHORT = 0.01
EVERY_FLAG = SYSTEM_FLAGS | {"\\*"}

Moment = Literal["before", "after"]
Fault = Callable[[Moment, str, str], None]
"""Called before and after each operation with (moment, operation, folder). What it raises, the caller gets;
raised "after", the operation has happened, as when a server's answer is lost."""


@dataclass
class Folder:
    """A folder as the server keeps it."""

    uidvalidity: int
    uidnext: int = 1
    messages: dict[int, Stored] = field(default_factory=dict)
    """By UID, ascending."""
    recent: set[int] = field(default_factory=set)
    """UIDs no client was told of in a folder opened for writing (RFC 3501, ``\\Recent``)."""
    permanent_flags: frozenset[str] = EVERY_FLAG
    removable: bool = True
    """Whether the account's rights let messages be taken out."""

    def lasting(self, flags: Iterable[str]) -> frozenset[str]:
        """Those of `flags` that the folder keeps; a server drops the others in silence."""
        status = Status(self.uidvalidity, self.uidnext, len(self.messages), self.permanent_flags)
        return frozenset(flag for flag in flags if flag.lower() != "\\recent" and status.stores(flag))

    def add(self, raw: bytes, flags: frozenset[str], when: datetime) -> int:
        """Store under the next UID."""
        uid = self.uidnext
        self.uidnext += 1
        self.messages[uid] = Stored(uid, raw, flags, when)
        self.recent.add(uid)
        return uid


@dataclass
class MemoryAccount:
    """The server's side of one account."""

    quota: int | None = None
    """Octets that all messages together may take."""
    tells_quota: bool = False
    """Whether it says how much that is, and how much is used (QUOTA)."""
    append_limit: int | None = None
    """Octets of the largest message, as told (APPENDLIMIT); None where it does not tell."""
    moves: bool = True
    """Whether messages can be moved and taken away one by one (MOVE or UIDPLUS)."""
    moves_at_once: bool = True
    """Whether a move is one act (MOVE). It always is here; the account may deny it."""
    counts_changes: bool = True
    """Whether a removal can depend on the message being as it was read (CONDSTORE)."""
    appenduid: bool = True
    """Whether `append` and `move` tell the new UIDs."""
    appends_many: bool = True
    """Whether several messages can be stored as one act (MULTIAPPEND)."""
    alters: Callable[[bytes], bytes] | None = None
    """What the server makes of an appended message, as Exchange does."""
    folders: dict[str, Folder] = field(default_factory=dict)
    subscribed: set[str] = field(default_factory=set)
    fault: Fault | None = None
    idles: bool = False
    """Whether `listen` hears of new mail."""
    _validity: int = 1000

    def __post_init__(self) -> None:
        self.folders.setdefault("INBOX", self._new())

    def _new(self) -> Folder:
        self._validity += 1
        return Folder(self._validity)

    def create(self, name: str) -> Folder:
        """Make a folder, or make it anew: its UIDVALIDITY is one never given before."""
        self.folders[name] = self._new()
        return self.folders[name]

    def deliver(
        self, raw: bytes, folder: str = "INBOX", flags: Iterable[str] = (), when: datetime | None = None
    ) -> int:
        """What another program does: store a message, whatever the faults."""
        return self.folders[folder].add(raw, frozenset(flags), when or _now())

    def used(self) -> int:
        """Octets that all messages take."""
        return sum(len(m.raw) for f in self.folders.values() for m in f.messages.values())

    def room_for(self, octets: int) -> bool:
        """Whether the quota allows that much more."""
        return self.quota is None or self.used() + octets <= self.quota


class MemoryStore:
    """One connection to a `MemoryAccount`."""

    def __init__(self, account: MemoryAccount | None = None) -> None:
        self.account = account or MemoryAccount()
        self._open = True

    def open(self, folder: str, *, readonly: bool = False) -> MemoryMailbox:
        """Select a folder."""
        name = "INBOX" if folder.upper() == "INBOX" else folder
        return self.run("open", name, lambda: MemoryMailbox(self, name, readonly=readonly))

    def folders(self) -> list[str]:
        """All names, sorted."""
        return self.run("folders", "", lambda: sorted(self.account.folders))

    def ensure(self, folder: str) -> None:
        """Make it where missing, not subscribed."""

        def make() -> None:
            if folder.upper() != "INBOX" and folder not in self.account.folders:
                self.account.create(folder)

        self.run("ensure", folder, make)

    def uidnext(self, folder: str) -> int:
        """The next UID."""
        return self.run("status", folder, lambda: self.folder(folder).uidnext)

    def can_move(self) -> bool:
        """As the account says."""
        return self.account.moves

    def moves_at_once(self) -> bool:
        """As the account says."""
        return self.account.moves and self.account.moves_at_once

    def room(self, folder: str) -> tuple[int, int] | None:
        """All folders share one quota."""
        told = self.account.quota if self.account.tells_quota else None
        return self.run("room", folder, lambda: None if told is None else (self.account.used(), told))

    def largest(self) -> int | None:
        """As the account says."""
        return self.account.append_limit

    def can_listen(self) -> bool:
        """As the account says."""
        return self.account.idles

    def listen(self, folders: Mapping[str, int], seconds: float, until: Callable[[], bool]) -> bool:
        """Looks at the folders again and again."""
        end, first = time.monotonic() + seconds, next(iter(folders))

        def heard() -> bool:
            return any(self.folder(name).uidnext > uidnext for name, uidnext in folders.items())

        while not self.run("listen", first, heard):
            if until() or time.monotonic() > end:
                return False
            time.sleep(_SHORT)
        return True

    def close(self) -> None:
        """End this connection."""
        self._open = False

    def folder(self, name: str) -> Folder:
        """The server's side of a folder. Raises MailboxError where there is none."""
        try:
            return self.account.folders[name]
        except KeyError:
            raise MailboxError(
                f"There is no folder {name} in this account; check the folder's name."
            ) from None

    def run(self, operation: str, folder: str, act: Callable[[], T]) -> T:
        """One operation, with the account's faults around it. After ConnectionLost the connection is over."""
        if not self._open:
            raise ConnectionLost("The connection to the memory store has ended; connect again.")
        fault = self.account.fault
        try:
            if fault:
                fault("before", operation, folder)
            result = act()
            if fault:
                fault("after", operation, folder)
        except ConnectionLost:
            self._open = False
            raise
        return result


class MemoryMailbox:
    """One open folder."""

    def __init__(self, store: MemoryStore, name: str, *, readonly: bool) -> None:
        self._store = store
        self._name = name
        self._readonly = readonly
        self._uidvalidity = store.folder(name).uidvalidity
        self._read: dict[int, Stored] = {}
        """As messages were when they were read."""
        self._claim()

    @property
    def name(self) -> str:
        """The folder's name."""
        return self._name

    def status(self) -> Status:
        """The folder's state now."""

        def act() -> Status:
            folder = self._folder()
            self._claim()
            flags = frozenset() if self._readonly else folder.permanent_flags
            counts = self._store.account.counts_changes
            return Status(folder.uidvalidity, folder.uidnext, len(folder.messages), flags, counts)

        return self._run("status", act)

    def uids(self, first: int = 1, *, since: date | None = None) -> list[int]:
        """UIDs at or above `first`."""
        return self._run(
            "uids",
            lambda: [
                uid
                for uid, stored in self._folder().messages.items()
                if uid >= first and (since is None or stored.internal_date.date() >= since)
            ],
        )

    def fetch(self, uids: Sequence[int]) -> Iterator[Stored]:
        """The messages that still exist, one operation each."""
        for uid in dict.fromkeys(uids):
            stored = self._run("fetch", lambda uid=uid: self._folder().messages.get(uid))  # type: ignore[misc]
            if stored is not None:
                self._read[uid] = stored
                yield stored

    def skim(self, uids: Sequence[int], most: int) -> Iterator[Stored]:
        """Those that still exist and have large attachments, one operation each."""
        for uid in dict.fromkeys(uids):
            stored = self._run("skim", lambda uid=uid: self._folder().messages.get(uid))  # type: ignore[misc]
            raw = without_attachments(stored.raw) if stored is not None else None
            if stored is not None and raw is not None and len(raw) <= min(most, len(stored.raw) // 2):
                yield replace(stored, raw=raw, size=len(stored.raw))

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """Octets of those that still exist."""
        return self._run("sizes", lambda: {uid: len(stored.raw) for uid, stored in self._known(uids)})

    def flags(self, uids: Sequence[int]) -> dict[int, frozenset[str]]:
        """Flags of those that still exist."""
        return self._run("flags", lambda: {uid: stored.flags for uid, stored in self._known(uids)})

    def headers(self, uids: Sequence[int], field: str) -> dict[int, bytes]:
        """One header field of those that still exist."""

        def act() -> dict[int, bytes]:
            self._read |= self._known(uids)
            return {uid: header(stored.raw, field) for uid, stored in self._known(uids)}

        return self._run("headers", act)

    def append(
        self, raw: bytes, flags: Iterable[str] = (), internal_date: datetime | None = None
    ) -> int | None:
        """Store a message."""
        return self._append("append", [Draft(raw, tuple(flags), internal_date)])[0]

    def can_append_many(self) -> bool:
        """As the account says."""
        return self._store.account.appends_many

    def append_many(self, drafts: Sequence[Draft]) -> list[int | None]:
        """Store several messages."""
        return self._append("append_many", drafts)

    def _append(self, operation: str, drafts: Sequence[Draft]) -> list[int | None]:
        for draft in drafts:
            if draft.internal_date is not None and draft.internal_date.utcoffset() is None:
                raise ValueError("an INTERNALDATE needs a time zone")
            flag_list(draft.flags)

        def act() -> list[int]:
            folder, account = self._store.folder(self._name), self._store.account
            if not account.room_for(sum(len(draft.raw) for draft in drafts)):
                raise OverQuota(
                    f"The account has no room to store a message in {self._name}; free some space, nothing was changed."
                )
            uids = []
            for draft in drafts:
                kept = folder.lasting(flag for flag in draft.flags if flag.lower() != "\\deleted")
                when = (draft.internal_date or _now()).replace(microsecond=0)
                raw = account.alters(draft.raw) if account.alters else draft.raw
                uids.append(folder.add(raw, kept, when))
            return uids

        uids = self._run(operation, act)
        told = (
            self._store.account.appenduid and self._store.folder(self._name).uidvalidity == self._uidvalidity
        )
        return list(uids) if told else [None] * len(uids)

    def add_flags(self, uids: Sequence[int], flags: Iterable[str]) -> dict[int, frozenset[str]]:
        """Set flags; those the folder does not keep are dropped in silence, as servers do."""
        wanted = list(flags)
        flag_list(wanted)

        def act() -> dict[int, frozenset[str]]:
            self._may_write()
            folder = self._folder()
            for uid, stored in self._known(uids):
                folder.messages[uid] = replace(stored, flags=stored.flags | folder.lasting(wanted))
                self._read.pop(uid, None)
            return {uid: stored.flags for uid, stored in self._known(uids)}

        return self._run("add_flags", act)

    def may_remove(self) -> bool:
        """As the folder says."""
        return self._folder().removable

    def move(self, uids: Sequence[int], folder: str) -> dict[int, int]:
        """Move, all or nothing."""

        def act() -> dict[int, int]:
            if not uids:
                return {}
            self._may_write()
            self._may_remove()
            source, target = self._folder(), self._store.folder(folder)
            moved: dict[int, int] = {}
            for uid, stored in self._known(uids):
                moved[uid] = target.add(stored.raw, target.lasting(stored.flags), stored.internal_date)
                _drop(source, uid)
            return moved

        moved = self._run("move", act)
        return moved if self._store.account.appenduid else {}

    def remove(self, uids: Sequence[int]) -> None:
        """Take away exactly these."""

        def act() -> None:
            if not uids:
                return
            self._may_write()
            self._may_remove()
            changed = []
            for uid, stored in self._known(uids):
                if self._store.account.counts_changes and self._read.pop(uid, stored) is not stored:
                    changed.append(uid)
                else:
                    _drop(self._folder(), uid)
            if changed:
                raise Changed(
                    f"Another program changed message {changed[0]} of {self._name} meanwhile; it stays, look at it again."
                )

        self._run("remove", act)

    def close(self) -> None:
        """Leave the folder; nothing is expunged."""

    def _run(self, operation: str, act: Callable[[], T]) -> T:
        return self._store.run(operation, self._name, act)

    def _folder(self) -> Folder:
        folder = self._store.folder(self._name)
        if folder.uidvalidity != self._uidvalidity:
            raise Recreated(
                f"{self._name} was made anew, its UIDs now mean other messages; open it again and start from what is there."
            )
        return folder

    def _known(self, uids: Sequence[int]) -> list[tuple[int, Stored]]:
        messages = self._folder().messages
        return [(uid, messages[uid]) for uid in dict.fromkeys(uids) if uid in messages]

    def _claim(self) -> None:
        if not self._readonly:
            self._store.folder(self._name).recent.clear()

    def _may_write(self) -> None:
        if self._readonly:
            raise MailboxError(f"{self._name} was opened for reading only; open it for writing to change it.")

    def _may_remove(self) -> None:
        if not (self._store.account.moves and self._folder().removable):
            raise MailboxError(
                'This account can move no message without risk to others; use mode "flag" or "report" for it.'
            )


def header(raw: bytes, field: str) -> bytes:
    """All fields of this name with their folded lines, as they stand; empty bytes where there is none."""
    wanted = field.lower().encode("ascii")
    found, taking = [], False
    for line in raw.splitlines(keepends=True):
        if not line.strip(b"\r\n"):
            break
        if line[:1] not in (b" ", b"\t"):
            taking = line.partition(b":")[0].strip().lower() == wanted
        if taking:
            found.append(line)
    return b"".join(found)


def _drop(folder: Folder, uid: int) -> None:
    del folder.messages[uid]
    folder.recent.discard(uid)


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
