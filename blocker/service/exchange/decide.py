"""What an account's mode asks for a message that was just judged, decided from facts alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from blocker.choices.modes import TRACKED, Mode
from blocker.service.exchange.steps import LeaveAlone


@dataclass(frozen=True, slots=True)
class Powers:
    """What can be done in a folder, as the server says."""

    writable: bool = True
    """Whether messages can be marked and taken out there: who may not do both cannot move one or take a copy back."""
    can_move: bool = True
    keeps_tracked: bool = True
    """Whether the keyword `$Tracked` lasts there."""
    keeps_removed: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """What was found out about one message."""

    tracked: bool = False
    """It holds a pixel or a beacon."""
    changed: bool = False
    """Neutralising it at the account's level changes it."""
    refused: str | None = None
    """Why it cannot be rewritten: signed, encrypted, uncertain."""
    no_copy: str = ""
    """Why the server is sent no copy of it: it has no room, or changes what is stored. Empty where nothing is known against it."""
    ours: bool = False
    """It is a neutralised copy of ours."""
    flags: frozenset[str] = frozenset()
    allowed: bool = False
    """Its sender's mail is left as it is: a person wants it so, and the mail is proven to be the sender's."""
    put_back: bool = False
    """It was exchanged before, and its owner put it back: it was recorded, and stays as it is."""


@dataclass(frozen=True, slots=True)
class Skip:
    """Dealt with already: a copy of ours, or an original that was put back."""


@dataclass(frozen=True, slots=True)
class Report:
    """Record what was seen."""

    action: Literal["reported", "flagged"] = "reported"


@dataclass(frozen=True, slots=True)
class Flag:
    """Set `$Tracked`; `detail` says why no more than that is done."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Put a neutralised copy beside the original, or in its place."""


Decision: TypeAlias = Skip | Report | Flag | Exchange | LeaveAlone


def decide(mode: Mode, found: Found, powers: Powers) -> Decision:
    """What the account's mode asks for a message that was judged."""
    if found.ours or found.put_back:
        return Skip()
    if not mode.writes or found.allowed or not (found.tracked or found.changed or found.refused):
        return Report()
    if not mode.copies:
        return _flag(found, powers, "")
    if found.refused:
        return LeaveAlone(found.refused)
    if not found.changed:
        return Report()
    if "\\Deleted" in found.flags:
        return LeaveAlone("it is marked as deleted")
    if not powers.writable:
        return LeaveAlone("this account may not change the folder")
    if mode.replaces and not powers.can_move:
        return _flag(found, powers, "the server cannot move a message without risk to others")
    if found.no_copy:
        return _flag(found, powers, found.no_copy)
    return Exchange()


def _flag(found: Found, powers: Powers, detail: str) -> Decision:
    if not found.tracked:
        return Report()
    if TRACKED in found.flags:
        return Report("flagged")
    if powers.keeps_tracked:
        return Flag(detail)
    return LeaveAlone(detail or f"the folder keeps no keyword {TRACKED}")
