"""Mail where it lies: what is found in a folder is recorded, marked or exchanged there, as the account's mode asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from blocker.catalogue import Seen
from blocker.catalogue.codes import Stage
from blocker.choices.modes import DIGEST
from blocker.judging.judge import Judgement
from blocker.judging.worker import Outcome
from blocker.mailbox.protocol import Store, Stored
from blocker.output.log import logger
from blocker.service.exchange.account import Account, event_of, seen_of
from blocker.service.exchange.act import Exchanger
from blocker.service.exchange.again import BY_HAND, by_hand, settle
from blocker.service.exchange.decide import Exchange, Flag, Report, Skip, decide
from blocker.service.exchange.quota import Quota
from blocker.service.exchange.record import Batch
from blocker.service.exchange.steps import Entry, LeaveAlone, Place, exchanged, source_of
from blocker.service.looks.exchanges import Exchanges
from blocker.service.looks.folder import Folder
from blocker.service.looks.look import Look
from blocker.service.looks.reading import Reader
from blocker.service.looks.unread import Unread

_log = logger()


def look_at(
    account: Account, store: Store, name: str, *, dry_run: bool = False, finishing: bool = False
) -> Look:
    """A look at a folder whose mail is dealt with where it lies.

    With `finishing` the folder is opened so that an exchange of any mode can be brought to its end.
    """
    folder = Folder.open(account, store, name, dry_run=dry_run, finishing=finishing)
    return Look(folder, InPlace(folder))


class InPlace:
    """The policy of folders that a person reads."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._account = folder.account
        account, mailbox = folder.account, folder.mailbox
        exchanger = Exchanger(account, folder.store, mailbox, folder.powers)
        self.exchanges = Exchanges(folder, exchanger, Quota(folder.store, folder.name))
        self.unread = Unread(account, mailbox, folder.opened)
        recorder = None if folder.dry_run else folder.recorder
        self.reader = Reader(account, mailbox, folder.opened, self.unread, recorder)
        self._looked_at: set[int] = set()
        """UIDs that were looked at again: new mail, perhaps, that is not to be looked at twice."""

    def resumes(self, entry: Entry) -> bool:
        """All but held mail."""
        return not entry.held

    def known(self, uids: Sequence[int]) -> set[int]:
        """Those that the journal knows, and those that were looked at again."""
        opened = self._folder.opened
        known = self._account.journal.known(opened.account, opened.mailbox, opened.uidvalidity, uids)
        return known | self._looked_at.intersection(uids)

    def once_more(self, entries: Mapping[int, Entry]) -> Mapping[int, Entry]:
        """All of them."""
        self._looked_at.update(entries)
        return entries

    def stuck(self, entry: Entry, why: str) -> None:
        """It is tried again, and undone after the last time."""
        self.exchanges.failed(entry, why)

    def write(self, batch: Batch, cursor: int | None) -> None:
        """Exchange, set keywords, record."""
        self.exchanges.write(batch, cursor)

    def deal_with(self, batch: Batch, stored: Stored, outcome: Outcome, before: Entry | None) -> None:
        """What cannot be read is tried again later; a copy of ours is left; the rest is as the mode asks."""
        place = self._folder.place(stored.uid)
        if isinstance(outcome, str):
            _log.warning("message not read", account=place.account, uid=place.uid, error=outcome)
            self.unread.failed(batch, stored.uid, stored.octets, stored.internal_date, before, outcome)
            return
        if before is not None:
            batch.settled.append(place)
        if DIGEST.lower() in {flag.lower() for flag in stored.flags}:
            batch.entries.append(Entry(place, Stage.LEFT, reason="a digest of ours"))
        elif outcome is None:
            batch.entries.append(Entry(place, Stage.LEFT, reason="a neutralised copy"))
        else:
            self._follow(batch, stored, place, outcome, before)

    def _follow(
        self, batch: Batch, stored: Stored, place: Place, judgement: Judgement, before: Entry | None
    ) -> None:
        """Do, or note down, what the mode asks for a message that was judged."""
        if judgement.report.message.sha256 in batch.exchange:
            self.exchanges.begin(batch)
        applied = self._folder.senders.applied(stored.raw, source_of(place), judgement)
        judgement = applied.judgement
        former = None
        if judgement.copy is not None and not applied.allowed:
            digest = judgement.report.message.sha256
            if self.exchanges.again.waits(digest):
                batch.entries.append(_waiting_for_its_like(place, before))
                return
            former = self.exchanges.again.former(place, digest, len(stored.raw), stored.internal_date)
        found = self.exchanges.found(stored, judgement)
        found = replace(found, allowed=applied.allowed, put_back=former is not None)
        mode = self._folder.config.mode

        def seen(action: str, detail: str = "") -> Seen:
            said = "; ".join(filter(None, (detail, applied.note)))
            return seen_of(place, judgement, stored.octets, stored.internal_date, action, said)

        match decide(mode, found, self._folder.powers):
            case Skip():
                if former is not None:
                    self._put_back(batch, place, former, seen("left", BY_HAND))
            case Report(action=action):
                batch.seen.append(seen(action))
            case Flag(detail=detail):
                marked = seen("flagged", detail)
                batch.flag.append((marked, marked.detail))
            case LeaveAlone(reason=reason):
                batch.seen.append(seen("left", reason))
                batch.entries.append(Entry(place, Stage.LEFT, reason=reason))
            case Exchange():
                if self._folder.dry_run:
                    batch.seen.append(seen(exchanged(mode)))
                else:
                    self.exchanges.gather(batch, stored, place, applied, before.attempts if before else 0)

    def _put_back(self, batch: Batch, place: Place, former: Entry, seen: Seen) -> None:
        """Recorded at once: the next message of these bytes is another one."""
        if place in batch.settled:
            batch.settled.remove(place)
        if self._folder.dry_run:
            batch.seen += [seen] if former.kept else []
            return
        if not former.kept:
            settle(self._account, former, place)
            return
        by_hand(self._account, former, place, seen)
        self._folder.done[seen.action] += 1
        self._account.observer(event_of(seen))


def _waiting_for_its_like(place: Place, before: Entry | None) -> Entry:
    why = "another message of the same bytes is under way"
    return Entry(place, Stage.JUDGING, attempts=before.attempts if before else 0, reason=why)
