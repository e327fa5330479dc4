"""Carrying out the steps of an exchange on a mailbox, one at a time, each recorded before the next."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from blocker.detect.judge import opened
from blocker.mailbox.protocol import ConnectionLost, LoginRefused, Mailbox, MailboxError, Recreated, Store
from blocker.rewrite import marker
from blocker.service import steps
from blocker.service.decide import REMOVED, TRACKED, Powers
from blocker.service.desk import Desk, event_of, seen_of, source_of
from blocker.service.judge import FIELD, Judgement, judge, token_of, unread
from blocker.service.log import logger
from blocker.service.plan import ATTEMPTS, lasting, next_step
from blocker.service.senders import Senders
from blocker.service.spool import Kept
from blocker.service.steps import Entry, Place, Saw, Stage

_log = logger()
NOT_THE_MESSAGE = (ConnectionLost, LoginRefused, Recreated)
"""Failures that say nothing about the message under way: the journal goes on later."""


Choose = Callable[[Entry, Saw], "steps.Step | None"]
"""Decides the next step of an exchange."""


@dataclass(slots=True)
class Work:
    """What this process holds of a message under way; all of it can be had again from the spool."""

    kept: Kept | None = None
    judgement: Judgement | None = None
    note: str = ""
    """Which setting of the sender's was looked at, and whether it applies."""


class Exchanger:
    """Carries out exchanges in one open folder. `mailbox` is open for writing."""

    def __init__(
        self,
        desk: Desk,
        store: Store,
        mailbox: Mailbox,
        powers: Powers,
        *,
        copies: Mailbox | None = None,
        choose: Choose = next_step,
    ) -> None:
        self._desk = desk
        self._store = store
        self._mailbox = mailbox
        self._copies = copies or mailbox
        """Where copies go, if not beside their originals; `powers` are of that folder."""
        self._powers = powers
        self._choose = choose
        self._quarantine_next: int | None = None

    def begin(self, entry: Entry, original: bytes, judgement: Judgement, note: str = "") -> Entry:
        """Exchange a message that was just judged; `entry` names its place, flags and date, `note` is for its record.

        Raises OSError where the spool's disk is full: nothing was asked of the server then.
        """
        assert judgement.copy is not None
        kept = Kept(original, judgement.copy)
        self._desk.spool.keep(entry.place, kept)
        spooled = replace(
            entry,
            stage=Stage.SPOOLED,
            mode=self._desk.account.mode,
            copy_in="" if self._copies is self._mailbox else self._copies.name,
            token=token_of(judgement.copy),
            sha256=hashlib.sha256(original).hexdigest(),
        )
        return self._run(spooled, Saw(), Work(kept, judgement, note))

    def resume(self, entry: Entry) -> Entry:
        """Go on with a message from where the journal says it is."""
        kept = self._desk.spool.read(entry.place, entry.sha256)
        return self._run(entry, Saw(spooled=kept is not None), Work(kept))

    def failed(self, entry: Entry, why: str) -> Entry:
        """Count a refusal that no step foresaw; after the last one the message is left alone."""
        attempts = entry.attempts + 1
        if attempts < ATTEMPTS:
            return self._put(replace(entry, attempts=attempts, reason=why))
        if entry.stage in (Stage.LOCATED, Stage.VERIFIED):
            return self._put(replace(entry, stage=Stage.UNDOING, attempts=0, reason=why))
        # While a move may have happened, taking the copy away could take the last one in the folder.
        return self.abandon(replace(entry, attempts=attempts), why)

    def abandon(self, entry: Entry, why: str) -> Entry:
        """Leave a message as it is now, without asking the server for anything."""
        kept = self._desk.spool.read(entry.place, entry.sha256)
        return self._leave(steps.LeaveAlone(why, keep_spool=True), entry, Work(kept))

    def _run(self, entry: Entry, saw: Saw, work: Work) -> Entry:
        while (step := self._choose(entry, saw)) is not None:
            self._desk.go_on()
            _log.debug("step", account=entry.place.account, uid=entry.place.uid, step=type(step).__name__)
            if isinstance(step, steps.Postpone):
                return self._put(replace(entry, attempts=entry.attempts + 1, reason=step.reason))
            entry, saw = self._carry_out(step, entry, saw, work)
        return entry

    def _carry_out(self, step: steps.Step, entry: Entry, saw: Saw, work: Work) -> tuple[Entry, Saw]:
        """Do one step; what is recorded then, and what was seen."""
        match step:
            case steps.Append():
                return entry, self._append(entry, saw, work)
            case steps.Locate():
                return entry, replace(saw, found=self._locate(entry))
            case steps.Verify():
                return entry, replace(saw, copy=self._verify(entry, work))
            case steps.Recheck():
                return entry, replace(saw, original=self._recheck(entry))
            case steps.Carry():
                return self._carry(step, entry), saw
            case steps.MarkOriginal():
                self._mark(entry, saw)
                return entry, replace(saw, marked=True)
            case steps.MoveOriginal():
                return entry, self._move(entry, saw)
            case steps.LookInQuarantine():
                return entry, replace(saw, quarantined=self._in_quarantine(entry))
            case steps.RemoveStray():
                return entry, self._remove_stray(step, saw)
            case steps.RemoveCopy():
                return entry, self._remove_copy(step, entry, saw)
            case _:
                return self._record(step, entry, saw, work)

    def _record(self, step: steps.Step, entry: Entry, saw: Saw, work: Work) -> tuple[Entry, Saw]:
        """Steps that only write the journal: what was seen before belongs to the stage before."""
        spooled = saw.spooled or work.kept is not None
        match step:
            case steps.Plan():
                uidnext = self._copies.status().uidnext
                planned = replace(entry, stage=Stage.PLANNED, uidnext=uidnext)
                return self._put(planned), Saw(spooled=spooled, sent=False)
            case steps.Located():
                return self._put(replace(entry, stage=Stage.LOCATED, copy_uid=step.uid)), Saw(spooled=spooled)
            case steps.Verified():
                return self._put(replace(entry, stage=Stage.VERIFIED)), Saw(spooled=spooled)
            case steps.Moving():
                moving = replace(entry, stage=Stage.MOVING, quarantine_next=self._quarantine_uidnext())
                return self._put(moving), Saw(spooled=spooled, moved=False)
            case steps.Undo():
                undoing = replace(entry, stage=Stage.UNDOING, reason=step.reason, again=step.again)
                return self._put(undoing), Saw(spooled=spooled)
            case steps.JudgeAgain():
                anew = Entry(entry.place, Stage.JUDGING, attempts=entry.attempts + 1, reason=step.reason)
                return self._put(anew), Saw()
            case steps.Done():
                return self._finish(replace(entry, stage=Stage.DONE), step.action, work), Saw()
            case steps.LeaveAlone():
                return self._leave(step, entry, work), Saw()
            case steps.Release():
                return self._release(step, entry, work), Saw()
        raise AssertionError(f"nothing carries out {step}")

    def _append(self, entry: Entry, saw: Saw, work: Work) -> Saw:
        assert work.kept is not None
        status = self._copies.status()
        flags = [flag for flag in lasting(entry.flags) if status.stores(flag)]
        if self._powers.keeps_removed:
            flags.append(REMOVED)
        try:
            uid = self._copies.append(work.kept.copy, flags, datetime.fromisoformat(entry.internal_date))
        except NOT_THE_MESSAGE:
            raise
        except MailboxError as error:
            return replace(saw, sent=None, refused=str(error))
        return replace(saw, sent=True, answered=uid, found=None)

    def _locate(self, entry: Entry) -> tuple[int, ...]:
        assert entry.uidnext is not None
        uids = [uid for uid in self._copies.uids(entry.uidnext) if entry.copy_in or uid != entry.place.uid]
        fields = self._copies.headers(uids, FIELD)
        return tuple(sorted(uid for uid, field in fields.items() if token_of(field) == entry.token))

    def _verify(self, entry: Entry, work: Work) -> Literal["same", "differs", "gone"]:
        assert work.kept is not None
        assert entry.copy_uid is not None
        for stored in self._copies.fetch([entry.copy_uid]):
            return "same" if _equal(stored.raw, work.kept.copy) else "differs"
        return "gone"

    def _recheck(self, entry: Entry) -> frozenset[str] | Literal["gone"]:
        now = self._mailbox.flags([entry.place.uid])
        return now.get(entry.place.uid, "gone")

    def _carry(self, step: steps.Carry, entry: Entry) -> Entry:
        assert entry.copy_uid is not None
        status = self._copies.status()
        kept = [flag for flag in step.flags if status.stores(flag)]
        if kept:
            self._copies.add_flags([entry.copy_uid], kept)
        return self._put(replace(entry, flags=step.now))

    def _mark(self, entry: Entry, saw: Saw) -> None:
        marked = saw.original is not None and TRACKED in saw.original
        if self._powers.keeps_tracked and not marked:
            self._mailbox.add_flags([entry.place.uid], [TRACKED])

    def _move(self, entry: Entry, saw: Saw) -> Saw:
        try:
            self._mailbox.move([entry.place.uid], self._desk.account.quarantine)
        except NOT_THE_MESSAGE:
            raise
        except MailboxError as error:
            return Saw(spooled=saw.spooled, refused=str(error))
        return Saw(spooled=saw.spooled, moved=True)

    def _in_quarantine(self, entry: Entry) -> tuple[int, ...]:
        quarantine = self._store.open(self._desk.account.quarantine, readonly=True)
        try:
            uids = quarantine.uids(entry.quarantine_next or 1)
            return tuple(s.uid for s in quarantine.fetch(uids) if _digest(s.raw) == entry.sha256)
        finally:
            quarantine.close()

    def _quarantine_uidnext(self) -> int:
        """A lower bound is enough, and UIDNEXT only grows: asked for once."""
        if self._quarantine_next is None:
            quarantine = self._store.open(self._desk.account.quarantine, readonly=True)
            self._quarantine_next = quarantine.status().uidnext
            quarantine.close()
        return self._quarantine_next

    def _remove_stray(self, step: steps.RemoveStray, saw: Saw) -> Saw:
        quarantine = self._store.open(self._desk.account.quarantine)
        try:
            quarantine.remove(step.uids)
        finally:
            quarantine.close()
        return replace(saw, quarantined=())

    def _remove_copy(self, step: steps.RemoveCopy, entry: Entry, saw: Saw) -> Saw:
        """Only what carries our field for this very message is ever taken away, whatever UID a server named."""
        fields = self._copies.headers([step.uid], FIELD)
        if step.uid not in fields:
            return replace(saw, removed=True)
        if token_of(fields[step.uid]) != entry.token:
            return replace(saw, refused="it does not carry our field; delete it by hand")
        try:
            self._copies.remove([step.uid])
        except NOT_THE_MESSAGE:
            raise
        except MailboxError as error:
            return replace(saw, refused=str(error))
        return replace(saw, removed=True)

    def _leave(self, step: steps.LeaveAlone, entry: Entry, work: Work) -> Entry:
        reason = step.reason
        if step.keep_spool and work.kept is not None:
            reason += f"; its bytes are kept in {self._desk.spool.path(entry.place).name}"
        left = replace(entry, stage=Stage.LEFT, reason=reason, keeps_spool=step.keep_spool)
        return self._finish(left, "left", work)

    def release(self, entry: Entry, why: str) -> Entry:
        """Mode hold: record that the original is to be let go unchanged, without asking the server for anything."""
        kept = self._desk.spool.read(entry.place, entry.sha256)
        return self._release(steps.Release(why), entry, Work(kept))

    def _release(self, step: steps.Release, entry: Entry, work: Work) -> Entry:
        uidnext = self._copies.status().uidnext
        kept = step.keep_spool or entry.keeps_spool
        letting = replace(
            entry, stage=Stage.RELEASING, mode="report", reason=step.reason, quarantine_next=uidnext
        )
        return self._finish(replace(letting, keeps_spool=kept), "left", work)

    def _finish(self, entry: Entry, action: str, work: Work) -> Entry:
        """Journal and catalogue in one transaction; only then is the spool let go."""
        if work.judgement is None:
            self._judge_again(entry.place, work)
        judgement = work.judgement or Judgement(
            unread(source_of(entry.place), "its spooled bytes are missing")
        )
        detail = entry.reason if action == "left" else work.note
        size = len(work.kept.original) if work.kept else 0
        seen = seen_of(entry.place, judgement, size, _date(entry), action, detail)
        with self._desk.journal.batch() as batch:
            batch.record([seen])
            batch.put(entry)
            if judgement.patch is not None and work.kept is not None and judgement.copy == work.kept.copy:
                domain = judgement.report.message.from_domain
                batch.keep_patch(entry.place, marker.digest(work.kept.copy), judgement.patch, domain)
        if not entry.keeps_spool:
            self._desk.spool.drop(entry.place)
        self._desk.observer(event_of(seen))
        return entry

    def _judge_again(self, place: Place, work: Work) -> None:
        if work.kept is None:
            return
        original, account, source = work.kept.original, self._desk.account, source_of(place)
        context = opened(original, recipients=account.addresses, memory=self._desk.memory)
        judged = judge(context, account, self._desk.key, source)
        found = Senders(self._desk).applied(original, source, judged)
        work.judgement, work.note = found.judgement, found.note

    def _put(self, entry: Entry) -> Entry:
        self._desk.journal.put(entry)
        return entry


def _equal(stored: bytes, sent: bytes) -> bool:
    """Byte for byte, or with the line ends that IMAP prescribes (RFC 9051, 4.3) in place of bare LFs."""
    return stored == sent or stored.replace(b"\r\n", b"\n") == sent.replace(b"\r\n", b"\n")


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _date(entry: Entry) -> datetime:
    return datetime.fromisoformat(entry.internal_date) if entry.internal_date else datetime.now(UTC)


def flag_all(mailbox: Mailbox, uids: Iterable[int]) -> dict[int, str]:
    """Set `$Tracked`; for each UID that is still there an empty text, or why the keyword did not last."""
    asked = list(uids)
    if not asked:
        return {}
    try:
        flags = mailbox.add_flags(asked, [TRACKED])
    except NOT_THE_MESSAGE:
        raise
    except MailboxError as error:
        return dict.fromkeys(asked, f"the keyword {TRACKED} could not be set ({error})")
    lost = f"the server did not keep the keyword {TRACKED}"
    return {uid: "" if TRACKED.lower() in {f.lower() for f in now} else lost for uid, now in flags.items()}
