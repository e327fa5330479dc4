"""Mode hold: new mail waits in a screening folder until it is clean, and only then reaches the inbox.

A rule of the server files new mail there, so no other program is told of it before. What holds no tracker is moved on
as it is; the clean copy of any other is put into the inbox, read back and compared, and its original goes to the
quarantine. **Whatever goes wrong, the message is let go unchanged**: mail that does not arrive is worse than a pixel.

`screener` carries out the exchanges, `release` lets go what is not exchanged.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from blocker.catalogue import CatalogueError
from blocker.choices.modes import Mode
from blocker.judging.judge import Judgement, unread
from blocker.judging.pool import APART
from blocker.judging.worker import Outcome
from blocker.mailbox.protocol import Mailbox, MailboxError, Store, Stored
from blocker.output.log import logger
from blocker.service.exchange.account import Account, Stopped, seen_of
from blocker.service.exchange.decide import Exchange, decide
from blocker.service.exchange.failures import NOT_THE_MESSAGE
from blocker.service.exchange.quota import Quota
from blocker.service.exchange.record import Batch
from blocker.service.exchange.screener import Screener
from blocker.service.exchange.senders import Applied
from blocker.service.exchange.steps import Entry, LeaveAlone, Place, Stage, source_of
from blocker.service.looks.folder import Look, tidy
from blocker.service.looks.reading import Reader, pieces
from blocker.service.looks.release import Releases, UnreadHeld

AT_ONCE = 20
"""Messages after which the time is looked at, and what is clean moves on."""
_log = logger()


@dataclass
class Waiting:
    """Since when messages are held, as far as this process knows: in seconds of the monotonic clock."""

    since: dict[Place, float] = field(default_factory=dict)
    made: bool = False
    """Whether the screening folder was seen to exist: asked once a connection, as mail waits for the answer."""

    def keep(self, places: Sequence[Place]) -> None:
        """These are held now; all others are not any more."""
        now = time.monotonic()
        self.since = {place: self.since.get(place, now) for place in places}

    def too_long(self, place: Place, seconds: float) -> bool:
        """Whether a message was held for longer than that."""
        return time.monotonic() - self.since.get(place, time.monotonic()) >= seconds


class Hold(Look):
    """One look at the screening folder. Raises what the connection and a stop raise, and nothing for a message's sake."""

    _views_at_once = True

    def __init__(self, account: Account, store: Store, waiting: Waiting) -> None:
        config = account.config
        if not waiting.made:
            store.ensure(config.screening)
            waiting.made = True
        self._instead = "it is let go unchanged, as the configuration says"
        """Why nothing is exchanged, where `hold_seconds` is 0."""
        # To judge and to exchange is mode replace; where to, is decided here.
        held = replace(config, mode=Mode.REPLACE)
        try:
            super().__init__(replace(account, config=held), store, config.screening)
        except NOT_THE_MESSAGE:
            raise
        except MailboxError as error:
            # Most likely there can be no quarantine: mode copy needs none, and what is held is let go.
            self._instead = f"it is let go unchanged, as its original could not be kept ({error})"
            held = replace(held, mode=Mode.COPY, hold_seconds=0.0)
            super().__init__(replace(account, config=held), store, config.screening)
        self._waiting = waiting
        self._inbox: Mailbox = store.open(config.folders[0])
        self._quota = Quota(store, config.folders[0])
        self._exchanger = Screener(self._account, store, self._mailbox, self._inbox)
        self._releases = Releases(self._account, self._mailbox, self._opened, self._inbox)
        self._unread = UnreadHeld(self._account, self._mailbox, self._opened, self._releases)
        # Read whole: what is let go is known again by its bytes, should a move be cut half-way.
        self._reader = Reader(
            self._account, self._mailbox, self._opened, self._unread, self._recorder, skims=False
        )
        self._freed = False
        """Whether an exchange of this look ended in a release that waits for its move."""

    def new_mail(self) -> None:
        """Let everything go that is held: clean, or as it is."""
        uids = self._mailbox.uids()
        self._waiting.keep([self._opened.place(uid) for uid in uids])
        self._overdue(uids)
        tidy(self._account, self._folder)
        self.resume()
        for part in self._in_turn(uids):
            self._account.go_on()
            self._handle(self._overdue(part), advance=False)

    def resume(self) -> None:
        """Go on with what is under way, and move on what was to be released."""
        super().resume()
        self._releases.go_on()

    def _resumes(self, entry: Entry) -> bool:
        """Also what was to be judged again: no other look at this folder comes."""
        return entry.held or entry.stage == Stage.JUDGING

    def _in_turn(self, uids: Sequence[int]) -> Iterator[Sequence[int]]:
        """These in pieces, those last and singly that may take long to judge: no other waits for them, come when it may."""
        if len(uids) < 2:
            yield uids
            return
        sizes = self._mailbox.sizes(uids)
        large = [uid for uid in uids if sizes.get(uid, 0) > APART]
        yield from pieces([uid for uid in uids if uid not in large], AT_ONCE)
        met = set(uids)
        for uid in large:
            yield [uid]
            new = [uid for uid in self._mailbox.uids() if uid not in met]
            met.update(new)
            yield from pieces(new, AT_ONCE)

    def _overdue(self, uids: Sequence[int]) -> Sequence[int]:
        """Let go what was held for too long; the others."""
        busy = self._busy()
        late = [uid for uid in uids if self._late(uid) and uid not in busy]
        if late:
            self._let_go_unread(late, f"it was held for more than {self._config.hold_seconds:g} seconds")
        return [uid for uid in uids if uid not in late]

    def _late(self, uid: int) -> bool:
        seconds = self._config.hold_seconds
        return seconds > 0 and self._waiting.too_long(self._opened.place(uid), seconds)

    def _known(self, uids: Sequence[int]) -> set[int]:
        """Those that something is under way with; whatever else is here was not let go yet."""
        return self._unfinished().intersection(uids)

    def _unfinished(self) -> set[int]:
        return {entry.place.uid for entry in self._under_way()}

    def _busy(self) -> set[int]:
        """Those whose clean copy may lie in the inbox, or that are let go already; what is only to be read may go."""
        return {entry.place.uid for entry in self._under_way() if entry.stage != Stage.JUDGING}

    def _under_way(self) -> list[Entry]:
        entries = self._account.journal.unfinished(self._config.name, self._folder)
        return [entry for entry in entries if entry.place.uidvalidity == self._opened.uidvalidity]

    def _handle(self, uids: Sequence[int], *, advance: bool) -> None:
        """As for any folder; whatever goes wrong on the way lets all of these go."""
        if not uids:
            return
        try:
            super()._handle(uids, advance=advance)
        except (*NOT_THE_MESSAGE, Stopped):
            raise
        # A mistake of ours too: it is told with its trace, and no mail waits for its mending.
        except Exception as error:  # noqa: BLE001
            _log.exception("held mail is let go", account=self._config.name)
            self._let_go_unread(uids, f"it could not be dealt with ({error or type(error).__name__})")

    def _go_on_with(self, entry: Entry) -> None:
        if entry.stage != Stage.RELEASING:  # all of these are moved on at once
            super()._go_on_with(entry)

    def _again(self, entries: dict[int, Entry]) -> None:
        """What broke the connection is let go unread."""
        for uid, entry in entries.items():
            if entry.attempts:
                self._let_go_unread([uid], f"it could not be read ({entry.reason})")
        super()._again({uid: entry for uid, entry in entries.items() if not entry.attempts})

    def _stuck(self, entry: Entry, why: str) -> None:
        """It is let go."""
        batch, why = Batch(), f"its exchange could not be finished ({why})"
        self._unread.failed(batch, entry.place.uid, 0, datetime.now(UTC), None, why)
        batch.entries = [replace(e, sha256=entry.sha256, keeps_spool=True) for e in batch.entries]
        super()._write(batch, None)

    def _count(self, after: Entry) -> None:
        """Note what became of an exchange."""
        self._freed |= after.stage == Stage.RELEASING
        super()._count(after)

    def _exchange_all(self, batch: Batch) -> None:
        """Exchange, then move on what did not come about."""
        super()._exchange_all(batch)
        if self._freed:
            self._freed = False
            self._releases.go_on()

    def _deal_with(self, batch: Batch, stored: Stored, outcome: Outcome, before: Entry | None) -> None:
        """Exchange what spies and can be exchanged; release the rest. No message has a second try (`before`)."""
        del before
        place = self._opened.place(stored.uid)
        if not isinstance(outcome, Judgement):
            why = "a neutralised copy" if outcome is None else f"it could not be read ({outcome})"
            self._release(batch, stored, Applied(Judgement(unread(source_of(place), why))), why)
            return
        applied = self._senders.applied(stored.raw, source_of(place), outcome)
        # What its owner puts back goes to the inbox: the same bytes here are another delivery.
        found = replace(self._found(stored, applied.judgement), allowed=applied.allowed)
        decision = decide(Mode.REPLACE, found, self._powers)
        if isinstance(decision, Exchange) and self._config.hold_seconds > 0:
            digest = applied.judgement.report.message.sha256
            if digest in batch.exchange:
                self._exchange_all(batch)  # the same bytes were delivered twice: one after the other
            if self._again_of.waits(digest):
                return  # held until the other has arrived, or for as long as any message may be
            self._exchange(batch, stored, place, applied, 0)
            return
        why = decision.reason if isinstance(decision, LeaveAlone) else getattr(decision, "detail", "")
        if isinstance(decision, Exchange):
            why = self._instead
        self._release(batch, stored, applied, why)

    def _release(self, batch: Batch, stored: Stored, applied: Applied, why: str) -> None:
        place, judgement = self._opened.place(stored.uid), applied.judgement
        action = "left" if why else "reported"
        said = "; ".join(filter(None, (why, applied.note)))
        batch.seen.append(seen_of(place, judgement, len(stored.raw), stored.internal_date, action, said))
        batch.entries.append(self._releases.to_record(place, hashlib.sha256(stored.raw).hexdigest(), why))

    def _write(self, batch: Batch, cursor: int | None) -> None:
        """Record, then move on what is recorded."""
        letting = [entry for entry in batch.entries if entry.stage == Stage.RELEASING]
        super()._write(batch, cursor)
        self._releases.let_go(letting, fresh=True)

    def _let_go_unread(self, uids: Sequence[int], why: str) -> None:
        """Let these go as they are, those that are still here, recorded where that is possible."""
        batch = Batch()
        here = set(self._mailbox.uids())
        try:
            busy = self._busy()
        except CatalogueError:
            # The spool knows too; the journal goes on with them when it answers.
            begun = self._account.spool.places(self._config.name, self._folder)
            busy = {place.uid for place in begun if place.uidvalidity == self._opened.uidvalidity}
        uids = [uid for uid in uids if uid in here and uid not in busy]
        try:
            for uid in uids:
                self._unread.failed(batch, uid, 0, datetime.now(UTC), None, why)
            self._write(batch, None)
        except CatalogueError:
            # Nothing can be written down: a move is one act, and the message is worth more than its record.
            self._mailbox.move(uids, self._config.folders[0])
