"""What differs between looks: what becomes of the mail of a folder. `in_place` and `held` are the two policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from blocker.judging.worker import Outcome
from blocker.mailbox.protocol import Stored
from blocker.service.exchange.record import Batch
from blocker.service.exchange.steps import Entry
from blocker.service.looks.exchanges import Exchanges
from blocker.service.looks.reading import Reader
from blocker.service.looks.unread import Unread


class Policy(Protocol):
    """Decides over the messages of one open folder, and has done what was decided."""

    @property
    def exchanges(self) -> Exchanges:
        """Exchanges messages for it."""

    @property
    def reader(self) -> Reader:
        """Reads them, whole or without their attachments."""

    @property
    def unread(self) -> Unread:
        """Notes what becomes of those that cannot be read."""

    def resumes(self, entry: Entry) -> bool:
        """Whether a message under way is gone on with by this kind of look."""

    def known(self, uids: Sequence[int]) -> set[int]:
        """Those that were begun with, or dealt with, before."""

    def once_more(self, entries: Mapping[int, Entry]) -> Mapping[int, Entry]:
        """Of messages that are to be judged again, by UID: those that are indeed read another time."""

    def stuck(self, entry: Entry, why: str) -> None:
        """An exchange cannot be gone on with."""

    def deal_with(self, batch: Batch, stored: Stored, outcome: Outcome, before: Entry | None) -> None:
        """Do, or note down, what follows from a message's judgement; `before` where it was tried before."""

    def write(self, batch: Batch, cursor: int | None) -> None:
        """Do and record what was noted down; `cursor` is the UID that the next look begins with."""
