"""Looking through one folder: what is new is judged, recorded, and dealt with as the account's mode asks."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from blocker.catalogue import Seen
from blocker.judging.judge import Judgement, concerns, of_skimmed
from blocker.judging.pool import Item, Pool, alone
from blocker.judging.worker import Outcome
from blocker.mailbox.protocol import Mailbox, Store, Stored
from blocker.output.log import logger
from blocker.service.exchange.account import Account, event_of, powers, seen_of
from blocker.service.exchange.act import Exchanger
from blocker.service.exchange.again import BY_HAND, Again, by_hand, settle
from blocker.service.exchange.decide import Exchange, Flag, Found, Powers, Report, Skip, decide
from blocker.service.exchange.failures import ELSEWHERE, reason_of
from blocker.service.exchange.quota import Quota
from blocker.service.exchange.record import Batch, Recorder
from blocker.service.exchange.senders import Applied, Senders
from blocker.service.exchange.steps import (
    FINISHED,
    Entry,
    LeaveAlone,
    Opened,
    Place,
    Stage,
    exchanged,
    source_of,
)
from blocker.service.exchange.under_way import Wanted
from blocker.service.looks.reading import Reader, pieces
from blocker.service.looks.unread import Unread

CHUNK = 100
"""Messages in one transaction of the catalogue."""
AT_ONCE = 50
AT_ONCE_OCTETS = 8 * 1024 * 1024
"""Messages, and about how many octets of them, that are exchanged together."""
TURN = 500
"""Messages of past mail after which new mail gets its turn."""
MANY = 200
"""Messages for which judges of their own are started: that takes a second of every core."""
_log = logger()

Progress = Callable[[int, int], None]
"""Called with how many messages were looked at, and of how many."""


class Look:
    """One look at one folder over an open connection. Raises what the mailbox and the catalogue raise."""

    _views_at_once = False
    """Whether the header views of many messages are made at once, as `header_views` does not find them later."""

    def __init__(
        self, account: Account, store: Store, folder: str, *, dry_run: bool = False, finishing: bool = False
    ) -> None:
        """With `finishing` the folder is opened so that an exchange of any mode can be brought to its end."""
        self._account = account
        self._config = account.config
        self._dry_run = dry_run
        readonly = dry_run or (not account.config.mode.writes and not finishing)
        self._mailbox: Mailbox = store.open(folder, readonly=readonly)
        status = self._mailbox.status()
        self._opened = Opened(account.config.name, folder, status.uidvalidity)
        self._folder = folder
        if finishing or (account.config.mode.replaces and not dry_run):
            store.ensure(account.config.quarantine)
        able = Powers(can_move=store.can_move())
        self._powers = able if readonly else powers(store, self._mailbox, status)
        self._exchanger = Exchanger(account, store, self._mailbox, self._powers)
        self._again_of = Again(account, store, self._mailbox)
        self._senders = Senders(account)
        self._quota = Quota(store, folder)
        self._pool: Pool | None = None
        self._looked_at: set[int] = set()
        """UIDs that were looked at again: new mail, perhaps, that is not to be looked at twice."""
        self.uidnext = status.uidnext
        """What arrives from now on has this UID or a higher one."""
        self.done: Counter[str] = Counter()
        """How many messages were dealt with, by action."""
        self.octets = 0
        """Octets of the messages that were read so far."""
        self._recorder = Recorder(account, self._mailbox, self._opened, self.done, dry_run=dry_run)
        self._unread = Unread(account, self._mailbox, self._opened)
        recorder = None if dry_run else self._recorder
        self._reader = Reader(account, self._mailbox, self._opened, self._unread, recorder)

    @property
    def uidvalidity(self) -> int:
        """The folder's, as it was opened."""
        return self._opened.uidvalidity

    def close(self) -> None:
        """End the judges. The folder stays selected: opening another one leaves it, and asks for less."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def new_mail(self) -> None:
        """Look at what arrived since the last look; what was under way was finished before (see `finish`).

        A folder that was never seen, or was made anew, begins with what arrives from now on.
        """
        name, validity = self._config.name, self._opened.uidvalidity
        cursor = self._account.journal.cursor(name, self._folder, validity)
        if cursor is None:
            self._account.journal.set_cursor(name, self._folder, validity, self.uidnext)
            return
        new = self._mailbox.uids(cursor)
        self._many(len(new))
        if new:
            self._handle(new, advance=True)

    def past_mail(self, uids: Sequence[int], progress: Progress) -> None:
        """Look at messages that were there before, in the order given."""
        count = 0
        self._many(len(uids))
        progress(0, len(uids))
        for chunk in pieces(uids, TURN):
            with self._account.turn:
                self._handle(chunk, advance=False)
            count += len(chunk)
            progress(count, len(uids))

    def uids(self, since: datetime | None) -> list[int]:
        """Every message of the folder, or those that arrived on or after a day; newest first."""
        found = self._mailbox.uids(since=since.date() if since else None)
        if not self._config.mode.writes and not self._dry_run:
            recorded = self._account.journal.recorded(
                self._config.name, self._folder, self._opened.uidvalidity
            )
            found = [uid for uid in found if uid not in recorded]
        return found[::-1]

    def resume(self) -> None:
        """Go on with what is under way."""
        again: dict[int, Entry] = {}
        for entry in self._account.journal.unfinished(self._config.name, self._folder):
            self._account.go_on()
            if not self._resumes(entry):
                continue
            if entry.place.uidvalidity != self._opened.uidvalidity:
                self._exchanger.abandon(entry, "the folder was made anew")
            elif entry.stage == Stage.JUDGING:
                again[entry.place.uid] = entry
            else:
                self._go_on_with(entry)
        if again:
            self._again(again)

    def _resumes(self, entry: Entry) -> bool:
        """Whether this kind of look goes on with it."""
        return not entry.held

    def _go_on_with(self, entry: Entry) -> None:
        try:
            self._count(self._exchanger.resume(entry))
        except ELSEWHERE:
            raise
        except Exception as error:  # noqa: BLE001 (all others would wait behind it at every look)
            self._stuck(entry, reason_of(error))

    def _stuck(self, entry: Entry, why: str) -> None:
        """An exchange cannot be gone on with."""
        self._count(self._exchanger.failed(entry, why))

    def _again(self, entries: dict[int, Entry]) -> None:
        """Each asked for alone: over one of them the connection may have broken."""
        batch = Batch()
        gone = dict(entries)
        self._looked_at.update(entries)
        alone = (stored for uid in entries for stored in self._reader.whole(batch, [uid], entries))
        for stored, outcome in self._judged(alone):
            self._one(batch, stored, outcome, gone.pop(stored.uid))
        unread_again = {entry.place for entry in batch.entries}
        batch.settled += [entry.place for entry in gone.values() if entry.place not in unread_again]
        self._write(batch, cursor=None)

    def _count(self, after: Entry) -> None:
        """Note what became of an exchange."""
        if after.stage == Stage.DONE:
            self.done[exchanged(after.mode)] += 1
        elif after.stage == Stage.LEFT:
            self.done["left"] += 1

    def _handle(self, uids: Sequence[int], *, advance: bool) -> None:
        """Judge these, and record them in batches; with `advance`, note each time up to where all were."""
        batch = Batch()
        judged = self._complete(batch, self._judged(self._reader.readable(batch, uids, self._known)))
        for count, (stored, outcome) in enumerate(judged, 1):
            self._account.go_on()
            self.octets += len(stored.raw)
            self._one(batch, stored, outcome)
            if count % CHUNK == 0:
                self._write(batch, stored.uid + 1 if advance else None)
                batch.clear()
        self._write(batch, uids[-1] + 1 if advance else None)

    def _complete(
        self, batch: Batch, judged: Iterable[tuple[Stored, Outcome]]
    ) -> Iterator[tuple[Stored, Outcome]]:
        """What was judged without its attachments, judged whole where it may have to be changed."""
        for stored, outcome in judged:
            if stored.size is None or not isinstance(outcome, Judgement):
                yield stored, outcome
                continue
            changed = self._config.mode.copies and concerns(outcome.report, self._config.level)
            if (changed or self._senders.concerns(outcome)) and stored.size <= self._account.limit:
                yield from self._alone(self._reader.whole(batch, [stored.uid], {}))
                continue
            refused = self._unread.limit() if changed else None
            yield stored, Judgement(of_skimmed(outcome.report), outcome.view, refused=refused)

    def _known(self, uids: Sequence[int]) -> set[int]:
        """Those of `uids` that were begun with, or dealt with, before."""
        known = self._account.journal.known(self._config.name, self._folder, self._opened.uidvalidity, uids)
        return known | self._looked_at.intersection(uids)

    def _judged(self, messages: Iterable[Stored]) -> Iterator[tuple[Stored, Outcome]]:
        """Each message with what is thought of it."""
        if self._pool is not None:
            return self._pool.judge(self._named(messages))
        return self._alone(messages)

    def _alone(self, messages: Iterable[Stored]) -> Iterator[tuple[Stored, Outcome]]:
        return alone(self._named(messages), self._config, self._account.key, self._account.memory.recall_many)

    def _named(self, messages: Iterable[Stored]) -> Iterator[Item[Stored]]:
        return ((stored, source_of(self._opened.place(stored.uid))) for stored in messages)

    def _many(self, count: int) -> None:
        """Have processes judge, where that saves more time than it takes to start them."""
        if count >= MANY and self._pool is None and (os.cpu_count() or 1) > 1:
            recall, views = self._account.memory.recall_many, self._views_at_once
            self._pool = Pool(self._config, self._account.key, recall, views=views)

    def _one(self, batch: Batch, stored: Stored, outcome: Outcome, before: Entry | None = None) -> None:
        """Do, or note down, what follows from a message's judgement; a mistake of ours over it leaves it alone."""
        try:
            self._deal_with(batch, stored, outcome, before)
        except (*ELSEWHERE, OSError):
            raise
        except Exception as error:  # noqa: BLE001 (as said)
            why = reason_of(error)
            self._unread.failed(batch, stored.uid, stored.octets, stored.internal_date, before, why)

    def _deal_with(self, batch: Batch, stored: Stored, outcome: Outcome, before: Entry | None) -> None:
        place = self._opened.place(stored.uid)
        if isinstance(outcome, str):
            _log.warning("message not read", account=place.account, uid=place.uid, error=outcome)
            self._unread.failed(batch, stored.uid, stored.octets, stored.internal_date, before, outcome)
            return
        if before is not None:
            batch.settled.append(place)
        if outcome is None:
            batch.entries.append(Entry(place, Stage.LEFT, reason="a neutralised copy"))
        else:
            self._follow(batch, stored, place, outcome, before)

    def _follow(
        self, batch: Batch, stored: Stored, place: Place, judgement: Judgement, before: Entry | None
    ) -> None:
        """Do, or note down, what the mode asks for a message that was judged."""
        if judgement.report.message.sha256 in batch.exchange:
            self._exchange_all(batch)
        applied = self._senders.applied(stored.raw, source_of(place), judgement)
        judgement = applied.judgement
        former = None
        if judgement.copy is not None and not applied.allowed:
            digest = judgement.report.message.sha256
            if self._again_of.waits(digest):
                batch.entries.append(self._waiting_for_its_like(place, before))
                return
            former = self._again_of.former(place, digest, len(stored.raw), stored.internal_date)
        found = replace(self._found(stored, judgement), allowed=applied.allowed, put_back=former is not None)
        decision = decide(self._config.mode, found, self._powers)

        def seen(action: str, detail: str = "") -> Seen:
            said = "; ".join(filter(None, (detail, applied.note)))
            return seen_of(place, judgement, stored.octets, stored.internal_date, action, said)

        match decision:
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
                if self._dry_run:
                    batch.seen.append(seen(exchanged(self._config.mode)))
                else:
                    self._exchange(batch, stored, place, applied, before.attempts if before else 0)

    def _waiting_for_its_like(self, place: Place, before: Entry | None) -> Entry:
        why = "another message of the same bytes is under way"
        return Entry(place, Stage.JUDGING, attempts=before.attempts if before else 0, reason=why)

    def _put_back(self, batch: Batch, place: Place, former: Entry, seen: Seen) -> None:
        """Recorded at once: the next message of these bytes is another one."""
        if place in batch.settled:
            batch.settled.remove(place)
        known = former.stage == Stage.RESTORED or former.mode.doubles
        if self._dry_run:
            batch.seen += [] if known else [seen]
            return
        if known:
            settle(self._account, former, place)
            return
        by_hand(self._account, former, place, seen)
        self.done[seen.action] += 1
        self._account.observer(event_of(seen))

    def _exchange(self, batch: Batch, stored: Stored, place: Place, applied: Applied, attempts: int) -> None:
        """From here on the journal's row is the exchange's own."""
        if place in batch.settled:
            batch.settled.remove(place)
        entry = Entry(
            place,
            Stage.JUDGING,
            flags=stored.flags,
            internal_date=stored.internal_date.isoformat(),
            attempts=attempts,
        )
        batch.exchange[applied.judgement.report.message.sha256] = Wanted(
            entry, stored.raw, applied.judgement, applied.note
        )
        batch.octets += len(stored.raw)
        if len(batch.exchange) == AT_ONCE or batch.octets > AT_ONCE_OCTETS:
            self._exchange_all(batch)

    def _exchange_all(self, batch: Batch) -> None:
        wanted, batch.exchange, batch.octets = list(batch.exchange.values()), {}, 0
        if wanted:
            for after in self._exchanger.begin(wanted):
                self._again_of.begun(after)
                self._count(after)

    def _found(self, stored: Stored, judgement: Judgement) -> Found:
        copy = judgement.copy
        return Found(
            tracked=judgement.report.tracked,
            changed=copy is not None,
            refused=judgement.refused,
            no_copy="" if copy is None else self._account.fidelity.doubt or self._quota.take(len(copy)),
            flags=stored.flags,
        )

    def _write(self, batch: Batch, cursor: int | None) -> None:
        """Exchange, set keywords, then record everything in one transaction, then tell."""
        self._exchange_all(batch)
        self._recorder.flag(batch)
        self._quota.forget()
        self._recorder.record(batch, cursor)


def tidy(account: Account, folder: str) -> None:
    """Let go what a process that ended just after its last record still has of a folder in the spool."""
    for place in account.spool.places(account.config.name, folder):
        entry = account.journal.get(place)
        if entry and entry.stage in FINISHED:
            account.spool.end(place, keep=entry.keeps_spool)
