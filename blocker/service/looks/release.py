"""Letting held mail go: moved to the inbox as it is, once and only once, and recorded where it lies then.

A release is on the disk before the move is asked for, so that one whose answer was lost is not repeated: what lies in
the inbox then with the original's bytes, while the original is still held, is an interrupted copy of it and is taken
away first.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from blocker.catalogue.codes import Outcome, Stage
from blocker.judging.judge import Judgement, unread
from blocker.mailbox.protocol import Mailbox, MailboxError
from blocker.service.exchange.account import Account, seen_of
from blocker.service.exchange.failures import NOT_THE_MESSAGE
from blocker.service.exchange.record import Batch
from blocker.service.exchange.steps import Entry, Opened, Place, source_of
from blocker.service.looks.arrivals import Arrivals
from blocker.service.looks.unread import Unread


class Releases:
    """Releases from one open screening folder to the inbox."""

    def __init__(self, account: Account, screening: Mailbox, opened: Opened, inbox: Mailbox) -> None:
        """`opened` is the screening folder."""
        self._account = account
        self._screening = screening
        self._opened = opened
        self._inbox = inbox
        self._target = account.config.folders[0]
        self._arrivals = Arrivals(account, inbox)

    def to_record(self, place: Place, sha256: str, why: str) -> Entry:
        """What is recorded before a message is let go; `sha256` is empty where its bytes are not known."""
        uidnext = self._inbox.status().uidnext
        return Entry(place, Stage.RELEASING, sha256=sha256, quarantine_next=uidnext, reason=why)

    def go_on(self) -> None:
        """Let go what is recorded and may have been moved before."""
        unfinished = self._account.journal.unfinished(self._opened.account, self._opened.mailbox)
        self.let_go([entry for entry in unfinished if entry.stage == Stage.RELEASING], fresh=False)

    def let_go(self, entries: Sequence[Entry], *, fresh: bool) -> None:
        """Move these to the inbox, all at once, and record that; those that are gone were moved before."""
        entries = [e for e in entries if e.place.uidvalidity == self._opened.uidvalidity]
        if not entries:
            return
        if not fresh:
            self._take_strays(entries)
        here = self._held(entries)
        if here and (why := self._moved(here)):
            if len(here) > 1:  # which of them it is shows one by one
                self._take_strays(entries)
                why = next(filter(None, [self._moved([entry]) for entry in here]), "")
            if why:
                self._account.tell("trouble", f"Held mail could not be released: {why}", self._opened.mailbox)
        left = {entry.place for entry in self._held(here)}
        went = [entry for entry in entries if entry.place not in left]
        arrived, places = {entry.sha256 for entry in went}, self._arrivals.places(went)
        with self._account.journal.batch() as batch:
            for entry in entries:
                if entry.place not in left:
                    batch.put(replace(entry, stage=Stage.DONE, outcome=Outcome.RELEASED))
                    batch.relocate(entry.place, places.get(entry.place, entry.place))
                elif entry.sha256 in arrived:
                    batch.put(replace(entry, sha256=""))  # another of its bytes arrived: no stray of this one

    def _held(self, entries: Sequence[Entry]) -> list[Entry]:
        """Those that are still in the screening folder: by a search, as flags may be what cannot be read of one."""
        here = set(self._screening.uids(min((entry.place.uid for entry in entries), default=1)))
        return [entry for entry in entries if entry.place.uid in here]

    def _moved(self, entries: Sequence[Entry]) -> str:
        """Move these to the inbox; why the server refused, or an empty text."""
        try:
            uids = [entry.place.uid for entry in entries]
            self._arrivals.told(self._screening.move(uids, self._target))
        except NOT_THE_MESSAGE:
            raise
        except MailboxError as error:
            return str(error)
        return ""

    def _take_strays(self, entries: Sequence[Entry]) -> None:
        """Take out of the inbox what an interrupted move put there while its original is still held.

        Not where two of `entries` have the same bytes: what lies in the inbox may be the one that has arrived. A
        stray that cannot be read or removed keeps no mail waiting: the message is in the inbox twice then.
        """
        count = Counter(entry.sha256 for entry in entries)
        single = [entry for entry in self._held(entries) if entry.sha256 and count[entry.sha256] == 1]
        if not single:
            return
        wanted = {entry.sha256 for entry in single}
        try:
            new = self._inbox.uids(min(entry.quarantine_next or 1 for entry in single))
            strays = [s.uid for s in self._inbox.fetch(new) if hashlib.sha256(s.raw).hexdigest() in wanted]
            self._inbox.remove(strays)
        except NOT_THE_MESSAGE:
            raise
        except MailboxError as error:
            why = f"Held mail may be in the inbox twice: {error}"
            self._account.tell("trouble", why, self._target)


class UnreadHeld(Unread):
    """Held mail that cannot be read is not tried a second time: it goes."""

    def __init__(self, account: Account, screening: Mailbox, opened: Opened, releases: Releases) -> None:
        super().__init__(account, screening, opened)
        self._releases = releases

    def failed(
        self, batch: Batch, uid: int, size: int, date: datetime, before: Entry | None, why: str
    ) -> None:
        """To be released."""
        del before
        place = self._opened.place(uid)
        judgement = Judgement(unread(source_of(place), f"it was not read ({why})"))
        batch.seen.append(seen_of(place, judgement, size, date, "left", why))
        batch.entries.append(self._releases.to_record(place, "", why))

    def broke(self, batch: Batch, uid: int, before: Entry | None, why: str) -> None:
        """It goes at the next look, which does not ask for it again."""
        del before
        batch.entries.append(Entry(self._opened.place(uid), Stage.JUDGING, attempts=1, reason=why))

    def too_large(self, batch: Batch, uid: int, size: int) -> None:
        """Recorded as in any folder, then released."""
        super().too_large(batch, uid, size)
        left = batch.entries.pop()
        batch.entries.append(self._releases.to_record(left.place, "", left.reason))
