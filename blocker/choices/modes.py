"""The modes: what the service may do to an account's mail. This table is the one place that knows them."""

from __future__ import annotations

from enum import Flag, StrEnum, auto
from typing import Final

TRACKED: Final = "$Tracked"
"""Keyword of a message that holds a tracker."""
REMOVED: Final = "$TrackerRemoved"
"""Keyword of a neutralised copy."""
DIGEST: Final = "$UnpixelDigest"
"""Keyword of a mail that unpixel wrote itself: only the mailbox's owner can set one, so it is not judged."""


class Does(Flag):
    """What a mode does to a mailbox."""

    WRITES = auto()
    COPIES = auto()
    REPLACES = auto()
    HOLDS = auto()


NOTHING: Final = Does(0)


class Mode(StrEnum):
    """A mode, in the order of what each asks of a server. As text it is the word that people write."""

    does: Does
    summary: str
    """What it does, for people: a verb and its objects, in Markdown."""
    afterwards: str
    """What a tracked message has become in the mailbox, for people."""

    def __new__(cls, word: str, does: Does = NOTHING, summary: str = "", afterwards: str = "") -> Mode:
        # The defaults are for `Mode(word)`, which gives the one of that name.
        made = str.__new__(cls, word)
        made._value_ = word
        made.does, made.summary, made.afterwards = does, summary, afterwards
        return made

    REPORT = ("report", NOTHING, "reads, records, changes nothing", "as before")
    FLAG = (
        "flag",
        Does.WRITES,
        f"also sets the keyword `{TRACKED}` on tracked mail, where the server keeps keywords",
        "as before, with keywords",
    )
    COPY = (
        "copy",
        Does.WRITES | Does.COPIES,
        f"puts a neutralised copy, marked `{REMOVED}`, beside the original",
        "two messages",
    )
    REPLACE = (
        "replace",
        Does.WRITES | Does.COPIES | Does.REPLACES,
        "appends the copy, reads it back, compares it, and only then moves the original to quarantine",
        "the copy; its original in quarantine",
    )
    HOLD = (
        "hold",
        Does.WRITES | Does.COPIES | Does.REPLACES | Does.HOLDS,
        "new mail waits in a folder of its own until it is clean, and only then reaches the inbox",
        "one message, clean from the start; its original in quarantine",
    )

    @property
    def rank(self) -> int:
        """Its place in the order of what the modes ask of a server, from 0."""
        return list(Mode).index(self)

    @property
    def writes(self) -> bool:
        """Whether anything at all is changed in the mailbox."""
        return Does.WRITES in self.does

    @property
    def copies(self) -> bool:
        """Whether neutralised copies are made and stored."""
        return Does.COPIES in self.does

    @property
    def replaces(self) -> bool:
        """Whether a copy takes the place of its original, which goes to the quarantine."""
        return Does.REPLACES in self.does

    @property
    def doubles(self) -> bool:
        """Whether a copy stands beside its original, so that the mailbox then has both."""
        return self.copies and not self.replaces

    @property
    def holds(self) -> bool:
        """Whether new mail waits in a screening folder until it was dealt with."""
        return Does.HOLDS in self.does


DEFAULT_MODE: Final = Mode.REPORT
"""Where nobody says otherwise: mail is only looked at."""
