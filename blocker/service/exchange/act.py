"""Carrying out the steps of exchanges on a mailbox, each recorded before the next."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from blocker.catalogue import Seen
from blocker.catalogue.codes import Outcome, Stage
from blocker.choices.levels import Level
from blocker.choices.modes import TRACKED, Mode
from blocker.judging.judge import Judgement, token_of, unread
from blocker.judging.warm import judged
from blocker.mailbox.protocol import Mailbox, MailboxError, Store
from blocker.output.log import logger
from blocker.rewrite import marker
from blocker.service.exchange import steps
from blocker.service.exchange.account import Account, event_of, seen_of
from blocker.service.exchange.copies import Copies
from blocker.service.exchange.decide import Powers
from blocker.service.exchange.failures import ELSEWHERE, NOT_THE_MESSAGE, reason_of
from blocker.service.exchange.plan import ATTEMPTS, next_step
from blocker.service.exchange.senders import Senders
from blocker.service.exchange.spool import Kept
from blocker.service.exchange.steps import Entry, Place, Saw, source_of
from blocker.service.exchange.under_way import ORDER, Group, UnderWay, Wanted, Work, together

_log = logger()

Ending = steps.Done | steps.LeaveAlone | steps.Release
"""Steps after which a message is recorded in the catalogue."""


class Exchanger:
    """Carries out exchanges in one open folder, many at once. `mailbox` is open for writing.

    Each message keeps the order that `plan` prescribes, and its own row in the journal; what is asked of the server
    and what is recorded is only done for several in one go.
    """

    def __init__(
        self,
        account: Account,
        store: Store,
        mailbox: Mailbox,
        powers: Powers,
        *,
        inbox: Mailbox | None = None,
    ) -> None:
        """Copies go beside their originals, or to `inbox`; `powers` are of the folder where they go."""
        self._account = account
        self._store = store
        self._mailbox = mailbox
        self._copies = Copies(account, mailbox if inbox is None else inbox, powers)
        self._copy_in = "" if inbox is None else inbox.name
        self._powers = powers

    def begin(self, wanted: Sequence[Wanted]) -> list[Entry]:
        """Exchange messages, no two of them of the same bytes; how far each has come.

        Raises OSError where the spool's disk is full: nothing was asked of the server then.
        """
        under = [self._spooled(one) for one in wanted]
        self._account.spool.keep({one.entry.place: one.work.kept for one in under if one.work.kept})
        try:
            return self._run(under)
        except Exception:
            for one in under:
                if one.entry.stage == Stage.SPOOLED and not one.over:
                    # Its plan is not recorded, so nothing was asked of the server: it is no message under way.
                    self._account.spool.end(one.entry.place, keep=False)
            raise

    def _spooled(self, wanted: Wanted) -> UnderWay:
        copy = wanted.judgement.copy
        assert copy is not None
        entry = replace(
            wanted.entry,
            stage=Stage.SPOOLED,
            mode=self._account.config.mode,
            copy_in=self._copy_in,
            token=token_of(copy),
            sha256=_digest(wanted.original),
        )
        return UnderWay(entry, Saw(), Work(Kept(wanted.original, copy), wanted.judgement, wanted.note))

    def resume(self, entry: Entry) -> Entry:
        """Go on with a message from where the journal says it is."""
        kept = self._account.spool.read(entry.place, entry.sha256)
        return self._run([UnderWay(entry, Saw(spooled=kept is not None), Work(kept))])[0]

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
        kept = self._account.spool.read(entry.place, entry.sha256)
        under = UnderWay(entry, Saw(), Work(kept))
        self._finish([(under, steps.LeaveAlone(why, keep_spool=True))])
        return under.entry

    def _run(self, under: list[UnderWay]) -> list[Entry]:
        while group := self._next(under):
            self._account.go_on()
            try:
                self._carry_out(group)
            except (*ELSEWHERE, OSError):
                raise
            except Exception:  # noqa: BLE001 (whose fault it is, and what it is, shows one by one)
                for one in group:
                    self._carry_out_alone(one)
        return [one.entry for one in under]

    def _decide(self, entry: Entry, saw: Saw) -> steps.Step | None:
        return next_step(entry, saw)

    def _next(self, under: list[UnderWay]) -> Group:
        """The messages whose next step is of the kind that is most behind."""
        found: list[tuple[UnderWay, steps.Step]] = []
        for one in under:
            step = None if one.over else self._decide(one.entry, one.saw)
            if isinstance(step, steps.Postpone):
                one.entry = self._put(replace(one.entry, attempts=one.entry.attempts + 1, reason=step.reason))
            if step is None or isinstance(step, steps.Postpone):
                one.over = True
            else:
                found.append((one, step))
        if not found:
            return ()
        kind = min((type(step) for _, step in found), key=ORDER.index)
        group = [(one, step) for one, step in found if type(step) is kind]
        for one, _ in group:
            place = one.entry.place
            _log.debug("step", account=place.account, uid=place.uid, step=kind.__name__)
        return group

    def _carry_out_alone(self, one: tuple[UnderWay, steps.Step]) -> None:
        """A refusal that no step foresaw counts as a failure of this message alone."""
        under = one[0]
        try:
            self._carry_out([one])
        except (*ELSEWHERE, OSError):
            raise
        except Exception as error:  # noqa: BLE001 (a mistake of ours over one message is told, and the others go on)
            under.entry, under.over = self.failed(under.entry, reason_of(error)), True

    def _carry_out(self, group: Group) -> None:
        """Do one step of each message; what is recorded then, and what was seen."""
        match group[0][1]:
            case steps.Append():
                self._copies.append(group)
            case steps.Locate():
                self._copies.locate(group)
            case steps.Verify():
                self._copies.verify(group)
            case steps.Recheck():
                self._recheck(group)
            case steps.MoveOriginal():
                self._move(group)
            case steps.Done() | steps.LeaveAlone():
                self._finish(group)
            case steps.Carry() | steps.MarkOriginal() | steps.LookInQuarantine():
                self._one_by_one(group)
            case steps.RemoveStray() | steps.RemoveCopy():
                self._one_by_one(group)
            case _:
                self._record(group)

    def _one_by_one(self, group: Group) -> None:
        """What is done rarely, or for each message with other arguments."""
        for one, step in group:
            match step:
                case steps.Carry():
                    assert one.entry.copy_uid is not None
                    self._copies.carry(step, one.entry.copy_uid)
                    one.entry = self._put(replace(one.entry, flags=step.now))
                case steps.MarkOriginal():
                    self._mark(one)
                case steps.LookInQuarantine():
                    one.saw = replace(one.saw, quarantined=self._in_quarantine(one.entry))
                case steps.RemoveStray():
                    one.saw = self._remove_stray(step, one.saw)
                case steps.RemoveCopy():
                    one.saw = self._copies.remove(step, one.entry, one.saw)

    def _record(self, group: Group) -> None:
        """Steps that only write the journal: what was seen before belongs to the stage before."""
        uidnext = self._copies.next_uid() if isinstance(group[0][1], steps.Plan) else 0
        next_in_quarantine = self._quarantine_uidnext() if isinstance(group[0][1], steps.Moving) else None
        after: list[tuple[Entry, Saw]] = []
        for one, step in group:
            entry, saw = one.entry, Saw(spooled=one.saw.spooled or one.work.kept is not None)
            match step:
                case steps.Plan():
                    entry, saw = (
                        replace(entry, stage=Stage.PLANNED, uidnext=uidnext),
                        replace(saw, sent=False),
                    )
                case steps.Located():
                    entry = replace(entry, stage=Stage.LOCATED, copy_uid=step.uid)
                case steps.Verified():
                    entry = replace(entry, stage=Stage.VERIFIED)
                case steps.Moving():
                    entry = replace(entry, stage=Stage.MOVING, quarantine_next=next_in_quarantine)
                    saw = replace(saw, moved=False)
                case steps.Undo():
                    entry = replace(entry, stage=Stage.UNDOING, reason=step.reason, again=step.again)
                case steps.JudgeAgain():
                    entry = Entry(entry.place, Stage.JUDGING, attempts=entry.attempts + 1, reason=step.reason)
                    saw = Saw()
                case _:
                    raise AssertionError(f"nothing carries out {step}")
            after.append((entry, saw))
        self._account.journal.put(*(entry for entry, _ in after))
        for (one, _), (entry, saw) in zip(group, after, strict=True):
            one.entry, one.saw = entry, saw

    def _recheck(self, group: Group) -> None:
        now = self._mailbox.flags([one.entry.place.uid for one, _ in group])
        for one, _ in group:
            one.saw = replace(one.saw, original=now.get(one.entry.place.uid, "gone"))

    def _mark(self, one: UnderWay) -> None:
        marked = one.saw.original is not None and TRACKED in one.saw.original
        if self._powers.keeps_tracked and not marked:
            self._mailbox.add_flags([one.entry.place.uid], [TRACKED])
        one.saw = replace(one.saw, marked=True)

    def _move(self, group: Group) -> None:
        """All in one command; where that is refused, each alone, once it is seen what became of it."""
        parts: list[Group] = [group] if together(group) else [[pair] for pair in group]
        for part in parts:
            moved: bool | None = True
            refused, alone = None, False
            try:
                self._mailbox.move([one.entry.place.uid for one, _ in part], self._account.config.quarantine)
            except NOT_THE_MESSAGE:
                raise
            except MailboxError as error:
                moved, alone = None, True
                refused = str(error) if len(part) == 1 else None
            for one, _ in part:
                one.saw = Saw(spooled=one.saw.spooled, moved=moved, refused=refused, alone=alone)

    def _in_quarantine(self, entry: Entry) -> tuple[int, ...]:
        quarantine = self._store.open(self._account.config.quarantine, readonly=True)
        try:
            uids = quarantine.uids(entry.quarantine_next or 1)
            return tuple(s.uid for s in quarantine.fetch(uids) if _digest(s.raw) == entry.sha256)
        finally:
            quarantine.close()

    def _quarantine_uidnext(self) -> int:
        """Asked for anew each time: an original of the same bytes that was moved before must lie below it."""
        return self._store.uidnext(self._account.config.quarantine)

    def _remove_stray(self, step: steps.RemoveStray, saw: Saw) -> Saw:
        quarantine = self._store.open(self._account.config.quarantine)
        try:
            quarantine.remove(step.uids)
        finally:
            quarantine.close()
        return replace(saw, quarantined=())

    def _finish(self, group: Group) -> None:
        """Journal and catalogue in one transaction; only then is the spool let go."""
        ended = [(one, self._ended(one, step)) for one, step in group]
        seen = [self._seen(one, step, entry) for (one, step), (_, entry) in zip(group, ended, strict=True)]
        with self._account.journal.batch() as batch:
            for one, entry in ended:
                # It may have been recorded where it lay, by another mode.
                batch.relocate(one.entry.place, entry.place)
            batch.record(seen)
            batch.put(*(entry for _, entry in ended))
            batch.put(*(_left_behind(one) for one, entry in ended if one.entry.place != entry.place))
            for one, entry in ended:
                judgement, kept = one.work.judgement, one.work.kept
                if judgement and judgement.patch is not None and kept and judgement.copy == kept.copy:
                    domain = judgement.report.message.from_domain
                    batch.keep_patch(entry.place, marker.digest(kept.copy), judgement.patch, domain)
        for (one, entry), told in zip(ended, seen, strict=True):
            self._account.spool.end(one.entry.place, keep=entry.keeps_spool)
            one.entry, one.saw = entry, Saw()
            self._account.observer(event_of(told))

    def _ended(self, one: UnderWay, step: Ending) -> Entry:
        if isinstance(step, steps.Done):
            if step.action == "copied":
                return replace(one.entry, stage=Stage.DONE, outcome=Outcome.COPIED, copy_in="")
            place = self._lies(one.entry)
            return replace(one.entry, stage=Stage.DONE, outcome=Outcome.KEPT, place=place, copy_in="")
        reason = step.reason
        if step.keep_spool and one.work.kept is not None:
            reason += f"; its bytes are kept in {self._account.spool.apart(one.entry.place).name}"
        return replace(one.entry, stage=Stage.LEFT, reason=reason, keeps_spool=step.keep_spool)

    def _lies(self, entry: Entry) -> Place:
        """Where a message that was replaced lies from now on: its copy does."""
        assert entry.copy_uid is not None
        if not entry.copy_in:
            return replace(entry.place, uid=entry.copy_uid)
        return Place(entry.place.account, entry.copy_in, self._copies.uidvalidity, entry.copy_uid)

    def _seen(self, one: UnderWay, step: Ending, entry: Entry) -> Seen:
        work = one.work
        if work.judgement is None:
            self._judge_again(one.entry, work)
        judgement = work.judgement or Judgement(
            unread(source_of(entry.place), "its spooled bytes are missing")
        )
        action, detail = (step.action, work.note) if isinstance(step, steps.Done) else ("left", entry.reason)
        size = len(work.kept.original) if work.kept else 0
        return seen_of(entry.place, judgement, size, _date(entry), action, detail)

    def _judge_again(self, entry: Entry, work: Work) -> None:
        """As the copy was made, whatever the account's mode and level are now."""
        if work.kept is None:
            return
        made = marker.read(work.kept.copy, self._account.key)
        config = replace(self._account.config, mode=entry.mode if entry.mode.doubles else Mode.REPLACE)
        if made is not None and made.level in set(Level):
            config = replace(config, level=Level(made.level))
        original, source = work.kept.original, source_of(entry.place)
        key, recall = self._account.key, self._account.memory.recall_many
        outcome = judged(original, source, config, key, recall)
        if not isinstance(outcome, Judgement):
            outcome = Judgement(unread(source, outcome or ""))
        found = Senders(self._account).applied(original, source, outcome)
        work.judgement, work.note = found.judgement, found.note

    def _put(self, entry: Entry) -> Entry:
        self._account.journal.put(entry)
        return entry


def _left_behind(one: UnderWay) -> Entry:
    """The row of the place that a message has left: nothing is under way there any more."""
    why = "its copy took its place"
    return Entry(one.entry.place, Stage.DONE, outcome=Outcome.LEFT_BEHIND, reason=why)


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _date(entry: Entry) -> datetime:
    return datetime.fromisoformat(entry.internal_date) if entry.internal_date else datetime.now(UTC)
