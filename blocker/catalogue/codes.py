"""What the journal's columns say in codes: how far a message has come, and what became of its original.

Code decides by these alone. The sentence beside them, `JournalRow.detail`, is for people.
"""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """How far the journal says a message has come."""

    JUDGING = "judging"
    """To be judged (again); counts attempts."""
    SPOOLED = "spooled"
    """Original and copy are on disk. Nothing was asked of the server: only this process knows this stage."""
    PLANNED = "planned"
    """UIDNEXT is recorded; the copy may or may not have been appended."""
    LOCATED = "located"
    """The copy's UID is recorded."""
    VERIFIED = "verified"
    """The copy was read back and is equal."""
    MOVING = "moving"
    """The original may or may not have been moved."""
    RELEASING = "releasing"
    """Mode hold: the original is let go unchanged, for the reason recorded; it may or may not have been moved."""
    UNDOING = "undoing"
    """Our copy is to be taken away, for the reason recorded."""
    DONE = "done"
    LEFT = "left"
    """Left alone, for the reason recorded."""
    RESTORED = "restored"
    """Its original was put back at its owner's wish, and stays as it is."""


FINISHED = frozenset({Stage.DONE, Stage.LEFT, Stage.RESTORED})
"""Stages after which nothing is under way."""


class Outcome(StrEnum):
    """What became of the original of a message whose stage is `DONE` or `RESTORED`."""

    COPIED = "copied"
    """It lies where it lay, a copy beside it."""
    KEPT = "kept"
    """Its copy took its place, and the original lies in the quarantine."""
    EMPTIED = "emptied"
    """It lay in the quarantine until its time was over."""
    MISSING = "missing"
    """It was looked for in the quarantine, and is no longer there."""
    TAKEN_BACK = "taken back"
    """Its owner moved it out of the quarantine. Where it lies now it has a row of its own, `PUT_BACK`."""
    RELEASED = "released"
    """It was held, and was let go to the inbox unchanged."""
    LEFT_BEHIND = "left behind"
    """It lies elsewhere; this row is of the place that it has left."""
    RESTORING = "restoring"
    """It is to be put back on request; it may still lie in the quarantine, and was not seen in its folder."""
    RETURNED = "returned"
    """It was put back and was seen in its folder; the copy may still lie beside it."""
    RESTORED = "restored"
    """It was put back on request, and the copy is gone."""
    PUT_BACK = "put back"
    """Its owner put it back by hand."""


EXCHANGED = frozenset({Outcome.KEPT, Outcome.EMPTIED, Outcome.MISSING, Outcome.TAKEN_BACK})
"""The message was replaced by its copy."""
BACK = frozenset({Outcome.RESTORING, Outcome.RETURNED, Outcome.RESTORED, Outcome.PUT_BACK})
"""The original is, or will be, in its folder again, and is never exchanged again."""
