"""Held mail: what is clean goes on to the inbox, and so does, unchanged, whatever cannot be made clean.

`screener` carries out the exchanges, `release` lets go what is not exchanged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from blocker.catalogue import CatalogueError
from blocker.catalogue.codes import Stage
from blocker.choices.modes import Mode
from blocker.judging.judge import Judgement, unread
from blocker.judging.worker import Outcome
from blocker.mailbox.protocol import Stored
from blocker.service.exchange.account import seen_of
from blocker.service.exchange.decide import Exchange, decide
from blocker.service.exchange.quota import Quota
from blocker.service.exchange.record import Batch
from blocker.service.exchange.screener import Screener
from blocker.service.exchange.senders import Applied
from blocker.service.exchange.steps import Entry, LeaveAlone, source_of
from blocker.service.looks.exchanges import Exchanges
from blocker.service.looks.folder import Folder
from blocker.service.looks.reading import Reader
from blocker.service.looks.release import Releases, UnreadHeld


class Held:
    """The policy of the screening folder."""

    def __init__(self, folder: Folder, instead: str) -> None:
        """`instead` is recorded of a message that would be exchanged, where `hold_seconds` is 0: nothing is then."""
        self._folder = folder
        self._account = folder.account
        self._instead = instead
        self._seconds = folder.config.hold_seconds
        account, mailbox, target = folder.account, folder.mailbox, folder.config.folders[0]
        inbox = folder.store.open(target)
        screener = Screener(account, folder.store, mailbox, inbox)
        self.releases = Releases(account, mailbox, folder.opened, inbox)
        self.exchanges = Exchanges(folder, screener, Quota(folder.store, target), self.releases.go_on)
        self.unread = UnreadHeld(account, mailbox, folder.opened, self.releases)
        # Read whole: what is let go is known again by its bytes, should a move be cut half-way.
        self.reader = Reader(account, mailbox, folder.opened, self.unread, folder.recorder, skims=False)

    def resumes(self, entry: Entry) -> bool:
        """Also what was to be judged again: no other look at this folder comes."""
        return entry.held or entry.stage == Stage.JUDGING

    def known(self, uids: Sequence[int]) -> set[int]:
        """Those that something is under way with; whatever else is here was not let go yet."""
        return {entry.place.uid for entry in self._under_way()}.intersection(uids)

    def busy(self) -> set[int]:
        """Those whose clean copy may lie in the inbox, or that are let go already; what is only to be read may go."""
        return {entry.place.uid for entry in self._under_way() if entry.stage != Stage.JUDGING}

    def _under_way(self) -> list[Entry]:
        entries = self._account.journal.unfinished(self._folder.config.name, self._folder.name)
        return [entry for entry in entries if entry.place.uidvalidity == self._folder.opened.uidvalidity]

    def once_more(self, entries: Mapping[int, Entry]) -> Mapping[int, Entry]:
        """What broke the connection is let go unread."""
        for uid, entry in entries.items():
            if entry.attempts:
                self.let_go_unread([uid], f"it could not be read ({entry.reason})")
        return {uid: entry for uid, entry in entries.items() if not entry.attempts}

    def stuck(self, entry: Entry, why: str) -> None:
        """It is let go."""
        batch, why = Batch(), f"its exchange could not be finished ({why})"
        self.unread.failed(batch, entry.place.uid, 0, datetime.now(UTC), None, why)
        batch.entries = [replace(e, sha256=entry.sha256, keeps_spool=True) for e in batch.entries]
        self.exchanges.write(batch, None)

    def deal_with(self, batch: Batch, stored: Stored, outcome: Outcome, before: Entry | None) -> None:
        """Exchange what spies and can be exchanged; release the rest. No message has a second try (`before`)."""
        del before
        place = self._folder.place(stored.uid)
        if not isinstance(outcome, Judgement):
            why = "a neutralised copy" if outcome is None else f"it could not be read ({outcome})"
            self._release(batch, stored, Applied(Judgement(unread(source_of(place), why))), why)
            return
        applied = self._folder.senders.applied(stored.raw, source_of(place), outcome)
        # What its owner puts back goes to the inbox: the same bytes here are another delivery.
        found = replace(self.exchanges.found(stored, applied.judgement), allowed=applied.allowed)
        decision = decide(Mode.REPLACE, found, self._folder.powers)
        if isinstance(decision, Exchange) and self._seconds > 0:
            digest = applied.judgement.report.message.sha256
            if digest in batch.exchange:
                self.exchanges.begin(batch)  # the same bytes were delivered twice: one after the other
            if self.exchanges.again.waits(digest):
                return  # held until the other has arrived, or for as long as any message may be
            self.exchanges.gather(batch, stored, place, applied, 0)
            return
        why = decision.reason if isinstance(decision, LeaveAlone) else getattr(decision, "detail", "")
        if isinstance(decision, Exchange):
            why = self._instead
        self._release(batch, stored, applied, why)

    def _release(self, batch: Batch, stored: Stored, applied: Applied, why: str) -> None:
        place, judgement = self._folder.place(stored.uid), applied.judgement
        action = "left" if why else "reported"
        said = "; ".join(filter(None, (why, applied.note)))
        batch.seen.append(seen_of(place, judgement, len(stored.raw), stored.internal_date, action, said))
        batch.entries.append(self.releases.to_record(place, hashlib.sha256(stored.raw).hexdigest(), why))

    def write(self, batch: Batch, cursor: int | None) -> None:
        """Record, then move on what is recorded."""
        letting = [entry for entry in batch.entries if entry.stage == Stage.RELEASING]
        self.exchanges.write(batch, cursor)
        self.releases.let_go(letting, fresh=True)

    def let_go_unread(self, uids: Sequence[int], why: str) -> None:
        """Let these go as they are, those that are still here, recorded where that is possible."""
        batch = Batch()
        here = set(self._folder.mailbox.uids())
        try:
            busy = self.busy()
        except CatalogueError:
            # The spool knows too; the journal goes on with them when it answers.
            begun = self._account.spool.places(self._folder.config.name, self._folder.name)
            busy = {place.uid for place in begun if place.uidvalidity == self._folder.opened.uidvalidity}
        uids = [uid for uid in uids if uid in here and uid not in busy]
        try:
            for uid in uids:
                self.unread.failed(batch, uid, 0, datetime.now(UTC), None, why)
            self.write(batch, None)
        except CatalogueError:
            # Nothing can be written down: a move is one act, and the message is worth more than its record.
            self._folder.mailbox.move(uids, self._folder.config.folders[0])
