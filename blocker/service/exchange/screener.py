"""The exchange of held mail: `plan`'s own, its copy in another folder than its original.

Every end that would leave the message where it is becomes a release.
"""

from __future__ import annotations

from dataclasses import replace

from blocker.catalogue.codes import Stage
from blocker.choices.modes import Mode
from blocker.mailbox.protocol import Mailbox, Store
from blocker.service.exchange import plan
from blocker.service.exchange.account import Account, powers
from blocker.service.exchange.act import Ending, Exchanger
from blocker.service.exchange.steps import Entry, JudgeAgain, LeaveAlone, Postpone, Release, Saw, Step
from blocker.service.exchange.under_way import Group, UnderWay, Work


def next_step(entry: Entry, saw: Saw) -> Step | None:
    """The next step of an exchange of held mail, from facts alone; None when it is finished, or is to be let go."""
    if entry.stage == Stage.RELEASING:
        return None
    step = plan.next_step(entry, saw)
    match step:
        case LeaveAlone(reason=reason, keep_spool=keep) if saw.original != "gone":
            return Release(reason, keep)
        case Postpone(reason=reason) | JudgeAgain(reason=reason):
            return Release(reason)
    return step


class Screener(Exchanger):
    """Exchanges held mail: the copy goes into the inbox, and what does not come about is let go."""

    def __init__(self, account: Account, store: Store, mailbox: Mailbox, inbox: Mailbox) -> None:
        super().__init__(account, store, mailbox, powers(store, inbox, inbox.status()), inbox=inbox)
        self._inbox = inbox

    def _decide(self, entry: Entry, saw: Saw) -> Step | None:
        return next_step(entry, saw)

    def _carry_out(self, group: Group) -> None:
        if isinstance(group[0][1], Release):
            self._finish(group)
        else:
            super()._carry_out(group)

    def _ended(self, one: UnderWay, step: Ending) -> Entry:
        if not isinstance(step, Release):
            return super()._ended(one, step)
        return replace(
            one.entry,
            stage=Stage.RELEASING,
            mode=Mode.REPORT,
            reason=step.reason,
            quarantine_next=self._inbox.status().uidnext,
            keeps_spool=step.keep_spool,
        )

    def abandon(self, entry: Entry, why: str) -> Entry:
        """What was to be let go is in the catalogue already, with all that is known of it."""
        if entry.stage == Stage.RELEASING:
            return self._put(replace(entry, stage=Stage.LEFT))
        return super().abandon(entry, why)

    def failed(self, entry: Entry, why: str) -> Entry:
        """A refusal that no step foresaw: our copy is taken away, then the message goes."""
        if entry.stage == Stage.MOVING and entry.attempts + 1 < plan.ATTEMPTS:
            # Its copy has arrived, so nobody waits; the original beside it would be the message a second time.
            return self._put(replace(entry, attempts=entry.attempts + 1, reason=why))
        if entry.stage in (Stage.LOCATED, Stage.VERIFIED):
            return self.resume(self._put(replace(entry, stage=Stage.UNDOING, reason=why)))
        kept = self._account.spool.read(entry.place, entry.sha256)
        under = UnderWay(entry, Saw(), Work(kept))
        self._finish([(under, Release(why))])
        return under.entry
