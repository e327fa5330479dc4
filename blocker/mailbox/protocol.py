"""The one door to stored mail.

A `Mailbox` is one open folder. Every implementation keeps the same promises, which one test suite
checks against each of them:

- fetching never changes a flag: no ``\\Seen``, and where the folder was opened readonly no ``\\Recent`` is
  taken from other clients either;
- nothing is ever expunged, except by `remove`, which takes away only the given UIDs;
- bytes come back as they were stored, and dates are aware.

A mailbox stays valid while others of its store are opened. Where its folder is made anew meanwhile, every call
raises `Recreated`, so that an old UID never reaches another message.

Failures are `MailboxError`s whose text is one sentence with the next step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol


class MailboxError(Exception):
    """A mailbox could not do what was asked; the text says what to do next."""


class WrongSetting(MailboxError):
    """A setting of the account stands in the way of the connection."""

    def __init__(self, before: str, key: str, after: str) -> None:
        super().__init__(before + key + after)
        self._said = before, key, after

    def of(self, table: str) -> WrongSetting:
        """The same sentence, with the setting's key as it is written in a table of the configuration."""
        before, key, after = self._said
        return WrongSetting(before, f"{table}.{key}", after)


class LoginRefused(MailboxError):
    """The server does not accept the user name or password. Never retried."""


class ConnectionLost(MailboxError):
    """The link broke; what was under way may or may not have happened."""


class TryLater(ConnectionLost):
    """The server is busy or wants less to do; `seconds` is how long it wants to be left alone."""

    def __init__(self, sentence: str, seconds: float) -> None:
        super().__init__(sentence)
        self.seconds = seconds


class OverQuota(MailboxError):
    """The server has no room, or the message is above its limit; nothing was stored."""


class Changed(MailboxError):
    """Another program changed a message since it was read, so it was not taken away."""


class Recreated(MailboxError):
    """The folder was deleted and made anew (UIDVALIDITY changed): known UIDs mean other messages now."""


@dataclass(frozen=True, slots=True)
class Status:
    """The state of a mailbox when it was selected (RFC 9051, section 6.3.2)."""

    uidvalidity: int
    uidnext: int
    messages: int
    permanent_flags: frozenset[str]
    """Flags and keywords that can be stored; holds ``\\*`` where new keywords may be made. Empty where readonly."""
    modseq: bool = False
    """Whether the server counts the changes of each message (RFC 7162, CONDSTORE)."""

    def stores(self, flag: str) -> bool:
        """Whether setting this flag or keyword will last."""
        lowered = {f.lower() for f in self.permanent_flags}
        return flag.lower() in lowered or ("\\*" in lowered and not flag.startswith("\\"))


@dataclass(frozen=True, slots=True)
class Stored:
    """One stored message."""

    uid: int
    raw: bytes
    flags: frozenset[str]
    internal_date: datetime
    """Aware; when the message reached the mailbox (INTERNALDATE)."""
    size: int | None = None
    """Octets of the whole message where `raw` is without its attachments' contents; None where `raw` is all of it."""

    @property
    def octets(self) -> int:
        """Of the whole message."""
        return len(self.raw) if self.size is None else self.size


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be appended."""

    raw: bytes
    flags: tuple[str, ...] = ()
    internal_date: datetime | None = None
    """Aware; without one it is now."""


class Mailbox(Protocol):
    """One open folder of an account."""

    @property
    def name(self) -> str:
        """The folder's name, decoded."""

    def status(self) -> Status:
        """The folder's state now (asks the server)."""

    def uids(self, first: int = 1, *, since: date | None = None) -> list[int]:
        """UIDs at or above `first`, ascending; with `since`, only those that arrived on or after that day."""

    def fetch(self, uids: Sequence[int]) -> Iterator[Stored]:
        """The messages that still exist among `uids`, in batches behind the scenes; order as given."""

    def skim(self, uids: Sequence[int], most: int) -> Iterator[Stored]:
        """As `fetch`, but without the contents of large attachments, `size` set; order as given.

        Gives only messages more than half of which can be left out and of which then no more than `most` octets are
        left; the others are to be fetched.
        """

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """Octets of each message that still exists."""

    def flags(self, uids: Sequence[int]) -> dict[int, frozenset[str]]:
        """Flags now, of those that still exist: a UID that is missing here is gone."""

    def append(
        self, raw: bytes, flags: Iterable[str] = (), internal_date: datetime | None = None
    ) -> int | None:
        """Store a message byte for byte; its UID where the server tells. Never retried here.

        ``\\Recent`` and ``\\Deleted`` are left out. `internal_date` is aware; without one it is now.
        """

    def can_append_many(self) -> bool:
        """Whether `append_many` stores all or none."""

    def append_many(self, drafts: Sequence[Draft]) -> list[int | None]:
        """Store several messages as one act; their UIDs in the same order, where the server tells.

        Raises MailboxError where it takes one of them not: then none is stored.
        """

    def headers(self, uids: Sequence[int], field: str) -> dict[int, bytes]:
        """One header field of each message that still exists, as it stands: name, folded lines, line ends.

        Empty bytes where a message has none; all of them, one after the other, where it has several.
        """

    def add_flags(self, uids: Sequence[int], flags: Iterable[str]) -> dict[int, frozenset[str]]:
        """Set flags or keywords; the flags read back afterwards (a server may refuse in silence)."""

    def may_remove(self) -> bool:
        """Whether our rights let messages be taken out of this folder; True where the server does not tell."""

    def move(self, uids: Sequence[int], folder: str) -> Mapping[int, int]:
        """Move to another folder of the account, as one act (MOVE), or copy + mark + targeted expunge.

        The new UIDs by the old, of those that the server tells (COPYUID, RFC 4315).

        Raises MailboxError before changing anything where the server can do neither safely.
        """

    def remove(self, uids: Sequence[int]) -> None:
        """Take away exactly these UIDs.

        Where the server counts changes (`Status.modseq`), what another program changed since it was read here by
        `fetch` or `headers` stays: Changed is raised once the others are gone.
        """

    def close(self) -> None:
        """Leave the folder without expunging, and end the connection if it is this mailbox's own."""


class Store(Protocol):
    """An account's mail store: it opens folders."""

    def open(self, folder: str, *, readonly: bool = False) -> Mailbox:
        """Select a folder. Raises MailboxError with a sentence where it does not exist."""

    def folders(self) -> list[str]:
        """Names of all folders, decoded."""

    def ensure(self, folder: str) -> None:
        """Make a folder if it is missing; it stays unsubscribed (its pixels live)."""

    def uidnext(self, folder: str) -> int:
        """What arrives in a folder from now on has this UID or a higher one. For a folder that is not opened."""

    def can_move(self) -> bool:
        """Whether messages can be moved without any risk to other messages (MOVE, or UIDPLUS)."""

    def moves_at_once(self) -> bool:
        """Whether a move is one act (MOVE): cut short, it leaves no message in both folders."""

    def room(self, folder: str) -> tuple[int, int] | None:
        """(used, limit) in octets of the quota that holds for a folder; None where there is none, or it is not told."""

    def largest(self) -> int | None:
        """Octets of the largest message that can be stored; None where the server does not tell."""

    def can_listen(self) -> bool:
        """Whether `listen` hears of new mail at once."""

    def listen(self, folders: Mapping[str, int], seconds: float, until: Callable[[], bool]) -> bool:
        """Wait, at most so many seconds, until a folder has a message at or above its UIDNEXT; whether there is news.

        The first folder is always heard, the others where the server can tell of them. News may also be that a message went. Ends early once `until()` is true, which is asked about twice a second.
        Raises ConnectionLost where the link turns out to be dead, MailboxError where the server refuses.
        """

    def close(self) -> None:
        """End the connection."""
