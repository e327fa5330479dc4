"""The values that an exchange is made of: where a message is, how far it has come, what was seen, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from blocker.catalogue.codes import Outcome, Stage
from blocker.choices.modes import DEFAULT_MODE, Mode


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message lies. A UID means nothing without its mailbox's UIDVALIDITY (RFC 9051, 2.3.1.1)."""

    account: str
    mailbox: str
    uidvalidity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A folder as it was opened: its UIDs mean these messages while it has this UIDVALIDITY."""

    account: str
    mailbox: str
    uidvalidity: int

    def place(self, uid: int) -> Place:
        """Where the message of a UID lies."""
        return Place(self.account, self.mailbox, self.uidvalidity, uid)


def source_of(place: Place) -> str:
    """How a report names where its message lies."""
    return f"{place.account}/{place.mailbox};{place.uid}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One message in the journal."""

    place: Place
    stage: Stage
    mode: Mode = DEFAULT_MODE
    outcome: Outcome | None = None
    """What became of the original, once the stage is done or restored."""
    token: str = ""
    """Digest of the copy's own header field: tells our copy from every other message."""
    sha256: str = ""
    """Of the original's bytes."""
    uidnext: int | None = None
    """The mailbox's UIDNEXT before the append: the copy's UID is not below it."""
    copy_uid: int | None = None
    flags: frozenset[str] = frozenset()
    """Of the original when they were last seen."""
    internal_date: str = ""
    """ISO 8601 with offset."""
    quarantine_next: int | None = None
    """UIDNEXT, before the move, of the folder it goes to: the quarantine, or the inbox where it is let go."""
    copy_in: str = ""
    """The folder its copy lies in; empty where that is the original's own."""
    attempts: int = 0
    reason: str = ""
    again: bool = False
    """Whether the message is judged anew once our copy is gone."""
    keeps_spool: bool = False
    """Whether its spooled bytes stay for good: they may be the last."""

    @property
    def kept(self) -> bool:
        """Whether its copy took its place, and the original lies in the quarantine."""
        return self.outcome == Outcome.KEPT

    @property
    def held(self) -> bool:
        """Whether it is, or was, held in a screening folder on its way to the inbox."""
        return bool(self.copy_in) or self.stage == Stage.RELEASING


# Observations: None always means "not looked at yet".
@dataclass(frozen=True, slots=True)
class Saw:
    """What this process has seen of an exchange since its stage was recorded."""

    spooled: bool | None = None
    """Whether original and copy are on disk, whole."""
    sent: bool | None = None
    """False: certainly nothing was appended. True: the server accepted the copy. None: unknown."""
    answered: int | None = None
    """The UID in the append's answer (APPENDUID)."""
    found: tuple[int, ...] | None = None
    """UIDs at or above UIDNEXT that carry our token."""
    copy: Literal["same", "differs", "gone"] | None = None
    original: frozenset[str] | Literal["gone"] | None = None
    """Its flags now."""
    marked: bool | None = None
    """Copy mode: whether the original was marked as tracked, as far as the folder allows."""
    moved: bool | None = None
    """False: certainly not asked for. True: the server said yes. None: unknown."""
    refused: str | None = None
    """Why the server would not do the last thing it was asked for."""
    quarantined: tuple[int, ...] | None = None
    """Where the original's bytes lie in the quarantine, at or above its UIDNEXT."""
    removed: bool | None = None
    alone: bool = False
    """The server refused what was asked for several messages at once: from now on it is asked for this one alone."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Record UIDNEXT and the token."""


@dataclass(frozen=True, slots=True)
class Append:
    """Append the copy. Asked for only where nothing of ours can be there."""


@dataclass(frozen=True, slots=True)
class Locate:
    """Look for our token at or above the recorded UIDNEXT."""


@dataclass(frozen=True, slots=True)
class Located:
    """Record the copy's UID."""

    uid: int


@dataclass(frozen=True, slots=True)
class Verify:
    """Read the copy back and compare it with what was sent."""


@dataclass(frozen=True, slots=True)
class Verified:
    """Record that the copy is right."""


@dataclass(frozen=True, slots=True)
class Recheck:
    """Is the original still there, and with which flags?"""


@dataclass(frozen=True, slots=True)
class Carry:
    """Set flags on the copy that its original got meanwhile, and record the original's flags."""

    flags: frozenset[str]
    now: frozenset[str]


@dataclass(frozen=True, slots=True)
class MarkOriginal:
    """Copy mode: mark the original as tracked."""


@dataclass(frozen=True, slots=True)
class Moving:
    """Record that the move is about to be asked for."""


@dataclass(frozen=True, slots=True)
class MoveOriginal:
    """Move the original to the quarantine."""


@dataclass(frozen=True, slots=True)
class LookInQuarantine:
    """Look for the original's bytes in the quarantine, at or above its recorded UIDNEXT."""


@dataclass(frozen=True, slots=True)
class RemoveStray:
    """Take away what an interrupted move left in the quarantine while the original is still in place."""

    uids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Undo:
    """Record that our copy is to be taken away, and why."""

    reason: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class RemoveCopy:
    """Take our copy away, by its UID."""

    uid: int


@dataclass(frozen=True, slots=True)
class Postpone:
    """Count the failure and go on at the next look."""

    reason: str


@dataclass(frozen=True, slots=True)
class JudgeAgain:
    """Begin anew with this message at the next look."""

    reason: str


Exchanged: TypeAlias = Literal["copied", "replaced"]


def exchanged(mode: Mode) -> Exchanged:
    """What is recorded of a message that was exchanged in this mode."""
    return "replaced" if mode.replaces else "copied"


@dataclass(frozen=True, slots=True)
class Done:
    """Record the end: journal and catalogue in one transaction."""

    action: Exchanged


@dataclass(frozen=True, slots=True)
class LeaveAlone:
    """Record that the message stays as it is, and why; `keep_spool` where its spooled bytes may be the last."""

    reason: str
    keep_spool: bool = False


@dataclass(frozen=True, slots=True)
class Release:
    """Mode hold: record that the original is let go unchanged, and why."""

    reason: str
    keep_spool: bool = False


Step: TypeAlias = (
    Plan
    | Append
    | Locate
    | Located
    | Verify
    | Verified
    | Recheck
    | Carry
    | MarkOriginal
    | Moving
    | MoveOriginal
    | LookInQuarantine
    | RemoveStray
    | Undo
    | RemoveCopy
    | Postpone
    | JudgeAgain
    | Done
    | LeaveAlone
    | Release
)
