"""Looking through one folder: what is new is judged, recorded, and dealt with as the account's mode asks."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import TypeVar

from blocker.catalogue import Seen
from blocker.detect.report import Report as MailReport
from blocker.mailbox.protocol import ConnectionLost, Mailbox, Store, Stored, TryLater
from blocker.service.act import ELSEWHERE, NOT_THE_MESSAGE, Exchanger, flag_all, reason_of
from blocker.service.again import BY_HAND, Again, by_hand, settle
from blocker.service.decide import Exchange, Flag, Found, Powers, Report, Skip, decide
from blocker.service.desk import Desk, event_of, powers, seen_of
from blocker.service.judge import Judgement, concerns, headers_only, of_skimmed, token_of, unread
from blocker.service.judges import Item, Judges, alone
from blocker.service.log import logger
from blocker.service.plan import ATTEMPTS
from blocker.service.room import Room
from blocker.service.senders import Applied, Senders
from blocker.service.steps import FINISHED, Entry, LeaveAlone, Place, Stage, source_of
from blocker.service.under import Wanted
from blocker.service.worker import Outcome

CHUNK = 100
"""Messages in one transaction of the catalogue."""
AT_ONCE = 50
AT_ONCE_OCTETS = 8 * 1024 * 1024
"""Messages, and about how many octets of them, that are exchanged together."""
TURN = 500
"""Messages of past mail after which new mail gets its turn."""
LARGE = 256 * 1024
"""Octets above which a message is read without its attachments, where that is enough: it takes two answers more."""
MANY = 200
"""Messages for which judges of their own are started: that takes a second of every core."""
_SAID = ("From", "To", "Subject", "Date", "Message-ID")
_log = logger()
_T = TypeVar("_T")

Progress = Callable[[int, int], None]
"""Called with how many messages were looked at, and of how many."""


@dataclass(slots=True)
class Batch:
    """What became of some messages, until it is recorded."""

    seen: list[Seen] = field(default_factory=list)
    flag: list[tuple[Seen, str]] = field(default_factory=list)
    """To be marked as tracked; with the detail to record."""
    entries: list[Entry] = field(default_factory=list)
    settled: list[Place] = field(default_factory=list)
    """Journal rows that say nothing any more."""
    exchange: dict[str, Wanted] = field(default_factory=dict)
    """To be exchanged; by their bytes' digest, as two of the same bytes could not be told apart meanwhile."""
    octets: int = 0
    """Of those."""

    def clear(self) -> None:
        """It was recorded."""
        for part in (self.seen, self.flag, self.entries, self.settled):
            part.clear()


class Look:
    """One look at one folder over an open connection. Raises what the mailbox and the catalogue raise."""

    _views_at_once = False
    """Whether the header views of many messages are made at once, as `blocker.service.views` does not find them later."""

    def __init__(
        self, desk: Desk, store: Store, folder: str, *, dry_run: bool = False, finishing: bool = False
    ) -> None:
        """With `finishing` the folder is opened so that an exchange of any mode can be brought to its end."""
        self._desk = desk
        self._account = desk.account
        self._dry_run = dry_run
        readonly = dry_run or (desk.account.mode == "report" and not finishing)
        self._mailbox: Mailbox = store.open(folder, readonly=readonly)
        self._status = self._mailbox.status()
        self._folder = folder
        if finishing or (desk.account.mode == "replace" and not dry_run):
            store.ensure(desk.account.quarantine)
        able = Powers(can_move=store.can_move())
        self._powers = able if readonly else powers(store, self._mailbox, self._status)
        self._exchanger = Exchanger(desk, store, self._mailbox, self._powers)
        self._again_of = Again(desk, store, self._mailbox)
        self._senders = Senders(desk)
        self._room = Room(store, folder)
        self._judges: Judges | None = None
        self._looked_at: set[int] = set()
        """UIDs that were looked at again: new mail, perhaps, that is not to be looked at twice."""
        self.uidnext = self._status.uidnext
        """What arrives from now on has this UID or a higher one."""
        self.done: Counter[str] = Counter()
        self.octets = 0
        """Octets of the messages that were read so far."""
        """How many messages were dealt with, by action."""

    @property
    def uidvalidity(self) -> int:
        """The folder's, as it was opened."""
        return self._status.uidvalidity

    def close(self) -> None:
        """End the judges. The folder stays selected: opening another one leaves it, and asks for less."""
        if self._judges is not None:
            self._judges.close()
            self._judges = None

    def new_mail(self) -> None:
        """Look at what arrived since the last look; what was under way was finished before (see `finish`).

        A folder that was never seen, or was made anew, begins with what arrives from now on.
        """
        name, validity = self._account.name, self._status.uidvalidity
        cursor = self._desk.journal.cursor(name, self._folder, validity)
        if cursor is None:
            self._desk.journal.set_cursor(name, self._folder, validity, self._status.uidnext)
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
            with self._desk.turn:
                self._handle(chunk, advance=False)
            count += len(chunk)
            progress(count, len(uids))

    def uids(self, since: datetime | None) -> list[int]:
        """Every message of the folder, or those that arrived on or after a day; newest first."""
        found = self._mailbox.uids(since=since.date() if since else None)
        if self._account.mode == "report" and not self._dry_run:
            recorded = self._desk.journal.recorded(self._account.name, self._folder, self._status.uidvalidity)
            found = [uid for uid in found if uid not in recorded]
        return found[::-1]

    def resume(self) -> None:
        """Go on with what is under way."""
        again: dict[int, Entry] = {}
        for entry in self._desk.journal.unfinished(self._account.name, self._folder):
            self._desk.go_on()
            if not self._resumes(entry):
                continue
            if entry.place.uidvalidity != self._status.uidvalidity:
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
        alone = (stored for uid in entries for stored in self._fetched(batch, [uid], entries))
        for stored, outcome in self._judged(alone):
            self._one(batch, stored, outcome, gone.pop(stored.uid))
        unread_again = {entry.place for entry in batch.entries}
        batch.settled += [entry.place for entry in gone.values() if entry.place not in unread_again]
        self._write(batch, cursor=None)

    def _count(self, after: Entry) -> None:
        """Note what became of an exchange."""
        if after.stage == Stage.DONE:
            self.done["replaced" if after.mode == "replace" else "copied"] += 1
        elif after.stage == Stage.LEFT:
            self.done["left"] += 1

    def _handle(self, uids: Sequence[int], *, advance: bool) -> None:
        """Judge these, and record them in batches; with `advance`, note each time up to where all were."""
        batch = Batch()
        judged = self._complete(batch, self._judged(self._readable(batch, uids)))
        for count, (stored, outcome) in enumerate(judged, 1):
            self._desk.go_on()
            self.octets += len(stored.raw)
            self._one(batch, stored, outcome)
            if count % CHUNK == 0:
                self._write(batch, stored.uid + 1 if advance else None)
                batch.clear()
        self._write(batch, uids[-1] + 1 if advance else None)

    def _readable(self, batch: Batch, uids: Sequence[int]) -> Iterator[Stored]:
        """Those that the journal does not know and that are not too large; large ones without their attachments."""
        large = min(LARGE, self._desk.limit)
        for part in pieces(uids, CHUNK):
            self._desk.go_on()
            known = self._known(part)
            sizes = self._mailbox.sizes([uid for uid in part if uid not in known])
            here = [uid for uid in part if uid in sizes]
            for skimmed, some in groupby(here, lambda uid: sizes[uid] > large):  # noqa: B023 (used up at once)
                if not skimmed:
                    yield from self._fetched(batch, list(some), {})
                    continue
                for uid in some:
                    yield from self._large(batch, uid, sizes[uid])

    def _large(self, batch: Batch, uid: int, size: int) -> Iterator[Stored]:
        """A large message without its attachments; whole where it cannot be had so and is not too large for that."""
        stored = self._skimmed(self._place(uid))
        if stored is not None:
            yield stored
        elif size > self._desk.limit:
            self._too_large(batch, uid, size)
        else:
            yield from self._fetched(batch, [uid], {})

    def _skimmed(self, place: Place) -> Stored | None:
        if place in self._desk.whole:
            return None
        try:
            found = next(self._mailbox.skim([place.uid], self._desk.limit), None)
        except ConnectionLost:
            self._desk.whole.add(place)  # perhaps over the very answer: it is not asked for again
            raise
        except NOT_THE_MESSAGE:
            raise
        except Exception as error:  # noqa: BLE001 (it is fetched whole then)
            _log.info("message not read in parts", account=place.account, uid=place.uid, error=str(error))
            return None
        # What a field of ours says counts for the whole message.
        return None if found is None or token_of(found.raw) else found

    def _complete(
        self, batch: Batch, judged: Iterable[tuple[Stored, Outcome]]
    ) -> Iterator[tuple[Stored, Outcome]]:
        """What was judged without its attachments, judged whole where it may have to be changed."""
        for stored, outcome in judged:
            if stored.size is None or not isinstance(outcome, Judgement):
                yield stored, outcome
                continue
            changed = self._account.mode in ("copy", "replace") and concerns(
                outcome.report, self._account.level
            )
            if (changed or self._senders.concerns(outcome)) and stored.size <= self._desk.limit:
                yield from self._alone(self._fetched(batch, [stored.uid], {}))
                continue
            refused = self._limit() if changed else None
            yield stored, Judgement(of_skimmed(outcome.report), outcome.view, refused=refused)

    def _known(self, uids: Sequence[int]) -> set[int]:
        """Those of `uids` that were begun with, or dealt with, before."""
        known = self._desk.journal.known(self._account.name, self._folder, self._status.uidvalidity, uids)
        return known | self._looked_at.intersection(uids)

    def _judged(self, messages: Iterable[Stored]) -> Iterator[tuple[Stored, Outcome]]:
        """Each message with what is thought of it."""
        if self._judges is not None:
            return self._judges.judge(self._named(messages))
        return self._alone(messages)

    def _alone(self, messages: Iterable[Stored]) -> Iterator[tuple[Stored, Outcome]]:
        return alone(self._named(messages), self._account, self._desk.key, self._desk.memory.recall_many)

    def _named(self, messages: Iterable[Stored]) -> Iterator[Item]:
        return ((stored, source_of(self._place(stored.uid))) for stored in messages)

    def _many(self, count: int) -> None:
        """Have processes judge, where that saves more time than it takes to start them."""
        if count >= MANY and self._judges is None and (os.cpu_count() or 1) > 1:
            recall, views = self._desk.memory.recall_many, self._views_at_once
            self._judges = Judges(self._account, self._desk.key, recall, views=views)

    def _fetched(self, batch: Batch, uids: Sequence[int], before: Mapping[int, Entry]) -> Iterator[Stored]:
        """The messages; one that the server will not give does not keep the others back."""
        left = list(uids)
        try:
            for stored in self._mailbox.fetch(uids):
                left = left[left.index(stored.uid) + 1 :]
                yield stored
            return
        except ConnectionLost as error:
            if left and not self._dry_run and not isinstance(error, TryLater):
                self._suspect(left, len(uids) == 1, before, str(error))
            raise
        except NOT_THE_MESSAGE:
            raise
        except Exception as error:  # noqa: BLE001 (whatever an answer raises)
            if len(uids) == 1:
                self._not_read(batch, uids[0], 0, datetime.now(UTC), before.get(uids[0]), reason_of(error))
                return
        for uid in left:
            yield from self._fetched(batch, [uid], before)

    def _suspect(self, uids: Sequence[int], alone: bool, before: Mapping[int, Entry], why: str) -> None:
        """The connection broke over these, perhaps over the answer for one: next time each is asked for alone.

        It is recorded now, as what was read before them is not; asked for alone, one that breaks it counts as unread.
        """
        batch = Batch()
        for uid in uids:
            if alone:
                self._broke(batch, uid, before.get(uid), why)
            else:
                attempts = before[uid].attempts if uid in before else 0
                batch.entries.append(Entry(self._place(uid), Stage.JUDGING, attempts=attempts, reason=why))
        self._record(batch, None)

    def _broke(self, batch: Batch, uid: int, before: Entry | None, why: str) -> None:
        """A message that was asked for alone broke the connection. Nothing can be asked of the server now."""
        self._not_read(batch, uid, 0, datetime.now(UTC), before, why)

    def _place(self, uid: int) -> Place:
        return Place(self._account.name, self._folder, self._status.uidvalidity, uid)

    def _one(self, batch: Batch, stored: Stored, outcome: Outcome, before: Entry | None = None) -> None:
        """Do, or note down, what follows from a message's judgement; a mistake of ours over it leaves it alone."""
        try:
            self._deal_with(batch, stored, outcome, before)
        except (*ELSEWHERE, OSError):
            raise
        except Exception as error:  # noqa: BLE001 (as said)
            why = reason_of(error)
            self._not_read(batch, stored.uid, stored.octets, stored.internal_date, before, why)

    def _deal_with(self, batch: Batch, stored: Stored, outcome: Outcome, before: Entry | None) -> None:
        place = self._place(stored.uid)
        if isinstance(outcome, str):
            _log.warning("message not read", account=place.account, uid=place.uid, error=outcome)
            self._not_read(batch, stored.uid, stored.octets, stored.internal_date, before, outcome)
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
        decision = decide(self._account.mode, found, self._powers)

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
                    batch.seen.append(seen("replaced" if self._account.mode == "replace" else "copied"))
                else:
                    self._exchange(batch, stored, place, applied, before.attempts if before else 0)

    def _waiting_for_its_like(self, place: Place, before: Entry | None) -> Entry:
        why = "another message of the same bytes is under way"
        return Entry(place, Stage.JUDGING, attempts=before.attempts if before else 0, reason=why)

    def _put_back(self, batch: Batch, place: Place, former: Entry, seen: Seen) -> None:
        """Recorded at once: the next message of these bytes is another one."""
        if place in batch.settled:
            batch.settled.remove(place)
        known = former.stage == Stage.RESTORED or former.mode == "copy"
        if self._dry_run:
            batch.seen += [] if known else [seen]
            return
        if known:
            settle(self._desk, former, place)
            return
        by_hand(self._desk, former, place, seen)
        self.done[seen.action] += 1
        self._desk.observer(event_of(seen))

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
            no_copy="" if copy is None else self._desk.fidelity.doubt or self._room.take(len(copy)),
            flags=stored.flags,
        )

    def _not_read(
        self, batch: Batch, uid: int, size: int, date: datetime, before: Entry | None, why: str
    ) -> None:
        """Count the failure; after the last the message is left alone."""
        place = self._place(uid)
        attempts = (before.attempts if before else 0) + 1
        if attempts < ATTEMPTS:
            batch.entries.append(Entry(place, Stage.JUDGING, attempts=attempts, reason=why))
            return
        reason = f"it could not be read {ATTEMPTS} times ({why})"
        judgement = Judgement(unread(source_of(place), reason))
        batch.seen.append(seen_of(place, judgement, size, date, "left", reason))
        batch.entries.append(Entry(place, Stage.LEFT, attempts=attempts, reason=reason))

    def _limit(self) -> str:
        return f"it is larger than {self._desk.limit / 1024 / 1024:.2g} MB"

    def _too_large(self, batch: Batch, uid: int, size: int) -> None:
        """Record who wrote it and what it is called, without its body."""
        place = self._place(uid)
        reason = self._limit()
        fields = b"".join(self._mailbox.headers([uid], name).get(uid, b"") for name in _SAID)
        report = headers_only(fields, source_of(place), reason)
        batch.seen.append(seen_of(place, Judgement(report), size, _said_date(report), "left", reason))
        batch.entries.append(Entry(place, Stage.LEFT, reason=reason))

    def _write(self, batch: Batch, cursor: int | None) -> None:
        """Exchange, set keywords, then record everything in one transaction, then tell."""
        self._exchange_all(batch)
        self._flag(batch)
        self._room.forget()
        self._record(batch, cursor)

    def _record(self, batch: Batch, cursor: int | None) -> None:
        if not self._dry_run:
            try:
                self._put(batch, cursor)
            except (*ELSEWHERE, OSError):
                raise
            except Exception as error:  # noqa: BLE001 (what one message says could not be written)
                self._without(batch, reason_of(error))
                self._put(batch, cursor)
        for seen in batch.seen:
            self.done[seen.action] += 1
            self._desk.observer(event_of(seen))

    def _put(self, batch: Batch, cursor: int | None) -> None:
        with self._desk.journal.batch() as record:
            record.record(batch.seen)
            record.drop(batch.settled)
            record.put(*batch.entries)
            if cursor is not None:
                record.set_cursor(self._account.name, self._folder, self._status.uidvalidity, cursor)

    def _without(self, batch: Batch, why: str) -> None:
        """Put, in place of each record that cannot be written, one that says so."""
        for at, seen in enumerate(batch.seen):
            try:
                self._put(Batch(seen=[seen]), None)
            except (*ELSEWHERE, OSError):
                raise
            except Exception:  # noqa: BLE001 (as above)
                report = unread(seen.report.message.source, why)
                batch.seen[at] = replace(seen, report=report, view=None, action="left", detail=why)

    def _flag(self, batch: Batch) -> None:
        lost = {} if self._dry_run else flag_all(self._mailbox, [seen.uid for seen, _ in batch.flag])
        for seen, detail in batch.flag:
            if reason := lost.get(seen.uid, ""):
                batch.seen.append(replace(seen, action="left", detail=reason))
                batch.entries.append(Entry(self._place(seen.uid), Stage.LEFT, reason=reason))
            else:
                batch.seen.append(replace(seen, detail=detail))


def tidy(desk: Desk, folder: str) -> None:
    """Let go what a process that ended just after its last record still has of a folder in the spool."""
    for place in desk.spool.places(desk.account.name, folder):
        entry = desk.journal.get(place)
        if entry and entry.stage in FINISHED:
            desk.spool.end(place, keep=entry.keeps_spool)


def pieces(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    """Consecutive pieces of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _said_date(report: MailReport) -> datetime:
    """When a message that is not fetched says it was written; its arrival is not asked for."""
    said = datetime.fromisoformat(report.message.date) if report.message.date else datetime.now(UTC)
    return said if said.tzinfo else said.replace(tzinfo=UTC)
