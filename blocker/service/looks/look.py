"""Looking through one folder: its messages are read, judged in batches, and dealt with as a policy says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from blocker.catalogue.codes import Stage
from blocker.judging.judge import Judgement, concerns, of_skimmed
from blocker.judging.worker import Outcome
from blocker.mailbox.protocol import Stored
from blocker.pieces import pieces
from blocker.service.exchange.failures import ELSEWHERE, reason_of
from blocker.service.exchange.record import Batch
from blocker.service.exchange.steps import Entry
from blocker.service.looks.folder import Folder
from blocker.service.looks.judges import Judges
from blocker.service.looks.policy import Policy

CHUNK = 100
"""Messages in one transaction of the catalogue."""
TURN = 500
"""Messages of past mail after which new mail gets its turn."""

Progress = Callable[[int, int], None]
"""Called with how many messages were looked at, and of how many."""


class Look:
    """One look at one folder over an open connection. Raises what the mailbox and the catalogue raise."""

    def __init__(self, folder: Folder, policy: Policy) -> None:
        self.folder = folder
        self._policy = policy
        self._account = folder.account
        self._config = folder.config
        self._mailbox = folder.mailbox
        self._judges = Judges(folder)
        self.octets = 0
        """Octets of the messages that were read so far."""

    @property
    def done(self) -> Counter[str]:
        """How many messages were dealt with, by action."""
        return self.folder.done

    def close(self) -> None:
        """End the judges. The folder stays selected: opening another one leaves it, and asks for less."""
        self._judges.close()

    def new_mail(self) -> None:
        """Look at what arrived since the last look; what was under way was finished before (see `finish`).

        A folder that was never seen, or was made anew, begins with what arrives from now on.
        """
        opened, journal = self.folder.opened, self._account.journal
        cursor = journal.cursor(opened.account, opened.mailbox, opened.uidvalidity)
        if cursor is None:
            journal.set_cursor(opened.account, opened.mailbox, opened.uidvalidity, self.folder.uidnext)
            return
        new = self._mailbox.uids(cursor)
        self._judges.expect(len(new))
        if new:
            self.handle(new, advance=True)

    def past_mail(self, uids: Sequence[int], progress: Progress) -> None:
        """Look at messages that were there before, in the order given."""
        count = 0
        self._judges.expect(len(uids))
        progress(0, len(uids))
        for chunk in pieces(uids, TURN):
            with self._account.turn:
                self.handle(chunk, advance=False)
            count += len(chunk)
            progress(count, len(uids))

    def uids(self, since: datetime | None) -> list[int]:
        """Every message of the folder, or those that arrived on or after a day; newest first."""
        found = self._mailbox.uids(since=since.date() if since else None)
        if not self._config.mode.writes and not self.folder.dry_run:
            opened = self.folder.opened
            recorded = self._account.journal.recorded(opened.account, opened.mailbox, opened.uidvalidity)
            found = [uid for uid in found if uid not in recorded]
        return found[::-1]

    def resume(self) -> None:
        """Go on with what is under way; in a pause, with what was begun to be changed alone."""
        again: dict[int, Entry] = {}
        for entry in self._account.journal.unfinished(self._config.name, self.folder.name):
            self._account.go_on()
            if not self._policy.resumes(entry):
                continue
            if entry.place.uidvalidity != self.folder.opened.uidvalidity:
                self._policy.exchanges.abandon(entry, "the folder was made anew")
            elif entry.stage == Stage.JUDGING:
                again[entry.place.uid] = entry
            elif entry.stage != Stage.RELEASING:  # all of these are moved on at once
                self._go_on_with(entry)
        if again and not self._account.pausing.is_set():
            self._again(again)

    def _go_on_with(self, entry: Entry) -> None:
        try:
            self._policy.exchanges.resume(entry)
        except ELSEWHERE:
            raise
        except Exception as error:  # noqa: BLE001 (all others would wait behind it at every look)
            self._policy.stuck(entry, reason_of(error))

    def _again(self, entries: dict[int, Entry]) -> None:
        """Each asked for alone: over one of them the connection may have broken."""
        batch, read = Batch(), self._policy.once_more(entries)
        gone = dict(read)
        alone = (stored for uid in read for stored in self._policy.reader.whole(batch, [uid], read))
        for stored, outcome in self._judges.judge(alone):
            self._one(batch, stored, outcome, gone.pop(stored.uid))
        unread_again = {entry.place for entry in batch.entries}
        batch.settled += [entry.place for entry in gone.values() if entry.place not in unread_again]
        self._policy.write(batch, None)

    def handle(self, uids: Sequence[int], *, advance: bool) -> None:
        """Judge these, and record them in batches; with `advance`, note each time up to where all were."""
        batch = Batch()
        readable = self._policy.reader.readable(batch, uids, self._policy.known)
        judged = self._complete(batch, self._judges.judge(readable))
        for count, (stored, outcome) in enumerate(judged, 1):
            self._account.begin()
            self.octets += len(stored.raw)
            self._one(batch, stored, outcome)
            if count % CHUNK == 0:
                self._policy.write(batch, stored.uid + 1 if advance else None)
                batch.clear()
        self._policy.write(batch, uids[-1] + 1 if advance else None)

    def _complete(
        self, batch: Batch, judged: Iterable[tuple[Stored, Outcome]]
    ) -> Iterator[tuple[Stored, Outcome]]:
        """What was judged without its attachments, judged whole where it may have to be changed."""
        for stored, outcome in judged:
            if stored.size is None or not isinstance(outcome, Judgement):
                yield stored, outcome
                continue
            changed = self._config.mode.copies and concerns(outcome.report, self._config.level)
            wanted = changed or self.folder.senders.concerns(outcome)
            if wanted and stored.size <= self._account.limit:
                yield from self._judges.alone(self._policy.reader.whole(batch, [stored.uid], {}))
                continue
            refused = self._policy.unread.limit() if changed else None
            report = of_skimmed(outcome.report)
            yield stored, Judgement(report, outcome.view, refused=refused, proven=outcome.proven)

    def _one(self, batch: Batch, stored: Stored, outcome: Outcome, before: Entry | None = None) -> None:
        """Have a message dealt with; a mistake of ours over it leaves it alone."""
        try:
            self._policy.deal_with(batch, stored, outcome, before)
        except (*ELSEWHERE, OSError):
            raise
        except Exception as error:  # noqa: BLE001 (as said)
            why = reason_of(error)
            self._policy.unread.failed(batch, stored.uid, stored.octets, stored.internal_date, before, why)
