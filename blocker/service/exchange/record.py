"""What became of some messages of a folder: kept until it is written down, then written in one transaction and told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from blocker.catalogue import Seen
from blocker.catalogue.codes import Stage
from blocker.choices.modes import TRACKED
from blocker.judging.judge import unread
from blocker.mailbox.protocol import Mailbox, MailboxError
from blocker.service.exchange.account import Account, event_of
from blocker.service.exchange.failures import ELSEWHERE, NOT_THE_MESSAGE, reason_of
from blocker.service.exchange.steps import Entry, Opened, Place
from blocker.service.exchange.under_way import Wanted


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


class Recorder:
    """Writes batches of one open folder down."""

    def __init__(
        self, account: Account, mailbox: Mailbox, opened: Opened, done: Counter[str], *, dry_run: bool
    ) -> None:
        """`done` counts the messages by action. With `dry_run` nothing is written, only told."""
        self._account = account
        self._mailbox = mailbox
        self._opened = opened
        self._done = done
        self._dry_run = dry_run

    def flag(self, batch: Batch) -> None:
        """Set the keyword; a message on which it does not last is left alone."""
        lost = {} if self._dry_run else _flag_all(self._mailbox, [seen.uid for seen, _ in batch.flag])
        for seen, detail in batch.flag:
            if reason := lost.get(seen.uid, ""):
                batch.seen.append(replace(seen, action="left", detail=reason))
                batch.entries.append(Entry(self._opened.place(seen.uid), Stage.LEFT, reason=reason))
            else:
                batch.seen.append(replace(seen, detail=detail))

    def record(self, batch: Batch, cursor: int | None) -> None:
        """Write everything in one transaction, then tell; `cursor` is the UID that the next look begins with."""
        if not self._dry_run:
            try:
                self._put(batch, cursor)
            except (*ELSEWHERE, OSError):
                raise
            except Exception as error:  # noqa: BLE001 (what one message says could not be written)
                self._without(batch, reason_of(error))
                self._put(batch, cursor)
        for seen in batch.seen:
            self._done[seen.action] += 1
            self._account.observer(event_of(seen))

    def _put(self, batch: Batch, cursor: int | None) -> None:
        with self._account.journal.batch() as record:
            record.record(batch.seen)
            record.drop(batch.settled)
            record.put(*batch.entries)
            if cursor is not None:
                opened = self._opened
                record.set_cursor(opened.account, opened.mailbox, opened.uidvalidity, cursor)

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


def _flag_all(mailbox: Mailbox, uids: Iterable[int]) -> dict[int, str]:
    """Set `$Tracked`; for each UID that is still there an empty text, or why the keyword did not last."""
    asked = list(uids)
    if not asked:
        return {}
    try:
        flags = mailbox.add_flags(asked, [TRACKED])
    except NOT_THE_MESSAGE:
        raise
    except MailboxError as error:
        if len(asked) == 1:
            return {asked[0]: f"the keyword {TRACKED} could not be set ({error})"}
        return {uid: why for one in asked for uid, why in _flag_all(mailbox, [one]).items()}
    lost = f"the server did not keep the keyword {TRACKED}"
    return {uid: "" if TRACKED.lower() in {f.lower() for f in now} else lost for uid, now in flags.items()}
