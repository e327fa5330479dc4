"""What this process holds of the messages under way, and in which order their steps are taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from blocker.judging.judge import Judgement
from blocker.service.exchange import steps
from blocker.service.exchange.spool import Kept
from blocker.service.exchange.steps import Entry, Saw


@dataclass(slots=True)
class Work:
    """What this process holds of a message under way; all of it can be had again from the spool."""

    kept: Kept | None = None
    judgement: Judgement | None = None
    note: str = ""
    """Which setting of the sender's was looked at, and whether it applies."""


@dataclass(slots=True)
class UnderWay:
    """A message under way."""

    entry: Entry
    saw: Saw
    work: Work
    over: bool = False
    """Nothing more is done with it at this look."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A message to be exchanged, just judged."""

    entry: Entry
    """Its place, flags and date."""
    original: bytes
    judgement: Judgement
    note: str = ""
    """For its record."""


Group = Sequence[tuple[UnderWay, Any]]
"""Messages whose next step is of one kind, each with its step."""
ORDER = (
    steps.Plan,
    steps.Append,
    steps.Locate,
    steps.Located,
    steps.Verify,
    steps.Verified,
    steps.Recheck,
    steps.Carry,
    steps.MarkOriginal,
    steps.Moving,
    steps.MoveOriginal,
    steps.LookInQuarantine,
    steps.RemoveStray,
    steps.Undo,
    steps.RemoveCopy,
    steps.JudgeAgain,
    steps.LeaveAlone,
    steps.Release,
    steps.Done,
)
"""Those that are behind go first, so that all are together again soon."""


def together(group: Group) -> bool:
    """Whether these are asked for in one command: not where the server refused that before."""
    return len(group) > 1 and not any(one.saw.alone for one, _ in group)
