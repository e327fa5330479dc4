"""The steps that concern the copies of messages under way: store, find, read back, bring up to date, take away."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Literal

from blocker.choices.modes import REMOVED
from blocker.judging.judge import token_of
from blocker.mailbox.protocol import Draft, Mailbox, MailboxError, Status
from blocker.rewrite import marker
from blocker.service.exchange import steps
from blocker.service.exchange.account import Account
from blocker.service.exchange.decide import Powers
from blocker.service.exchange.failures import NOT_THE_MESSAGE
from blocker.service.exchange.plan import lasting
from blocker.service.exchange.steps import Entry, Saw
from blocker.service.exchange.under_way import Group, UnderWay, together


class Copies:
    """The copies in one open folder. Each step notes in `saw` of its messages what was seen."""

    def __init__(self, account: Account, mailbox: Mailbox, powers: Powers) -> None:
        """`powers` are of that folder."""
        self._account = account
        self._mailbox = mailbox
        self._powers = powers
        self._known: Status | None = None
        """As it was told first."""

    @property
    def uidvalidity(self) -> int:
        """The folder's."""
        return self._status().uidvalidity

    def _status(self) -> Status:
        if self._known is None:
            self._known = self._mailbox.status()
        return self._known

    def next_uid(self) -> int:
        """Above the UID of everything that lies among the copies now; cheaper than to have the folder told anew."""
        first = self._status().uidnext
        self._known = replace(self._status(), uidnext=max(self._mailbox.uids(first), default=first - 1) + 1)
        return self._known.uidnext

    def append(self, group: Group) -> None:
        """All in one command where the server takes that: then all are stored, or none."""
        drafts = [self._draft(one, self._status()) for one, _ in group]
        if together(group) and self._mailbox.can_append_many():
            try:
                uids = self._mailbox.append_many(drafts)
            except NOT_THE_MESSAGE:
                raise
            except MailboxError:
                # Which of them it is shows one by one, once it is seen that none is there all the same.
                for one, _ in group:
                    one.saw = replace(one.saw, sent=None, found=None, alone=True)
                return
            for (one, _), uid in zip(group, uids, strict=True):
                one.saw = replace(one.saw, sent=True, answered=uid, found=None)
            return
        for (one, _), draft in zip(group, drafts, strict=True):
            try:
                uid = self._mailbox.append(draft.raw, draft.flags, draft.internal_date)
            except NOT_THE_MESSAGE:
                raise
            except MailboxError as error:
                one.saw = replace(one.saw, sent=None, refused=str(error))
            else:
                one.saw = replace(one.saw, sent=True, answered=uid, found=None)

    def _draft(self, one: UnderWay, status: Status) -> Draft:
        assert one.work.kept is not None
        flags = [flag for flag in lasting(one.entry.flags) if status.stores(flag)]
        if self._powers.keeps_removed:
            flags.append(REMOVED)
        return Draft(one.work.kept.copy, tuple(flags), datetime.fromisoformat(one.entry.internal_date))

    def locate(self, group: Group) -> None:
        """By the token in our header field, at or above the recorded UIDNEXT."""
        uids = self._mailbox.uids(min(one.entry.uidnext or 1 for one, _ in group))
        tokens = {uid: token_of(field) for uid, field in self._mailbox.headers(uids, marker.NAME).items()}
        for one, _ in group:
            found = (
                uid
                for uid, token in tokens.items()
                if token == one.entry.token
                and uid >= (one.entry.uidnext or 1)
                and (one.entry.copy_in or uid != one.entry.place.uid)
            )
            one.saw = replace(one.saw, found=tuple(sorted(found)))

    def verify(self, group: Group) -> None:
        """Read back, and compare with what was sent."""
        copies = {one.entry.copy_uid: one for one, _ in group if one.entry.copy_uid is not None}
        seen: dict[int, Literal["same", "differs"]] = {}
        for stored in self._mailbox.fetch(list(copies)):
            kept = copies[stored.uid].work.kept
            assert kept is not None
            seen[stored.uid] = "same" if _equal(stored.raw, kept.copy) else "differs"
        for uid, one in copies.items():
            one.saw = replace(one.saw, copy=seen.get(uid, "gone"))
        for what in seen.values():
            self._account.read_back(what == "same")

    def carry(self, step: steps.Carry, uid: int) -> None:
        """Give a copy the flags that its original got meanwhile, those that last here."""
        kept = [flag for flag in step.flags if self._status().stores(flag)]
        if kept:
            self._mailbox.add_flags([uid], kept)

    def remove(self, step: steps.RemoveCopy, entry: Entry, saw: Saw) -> Saw:
        """Only what carries our field for this very message is ever taken away, whatever UID a server named."""
        fields = self._mailbox.headers([step.uid], marker.NAME)
        if step.uid not in fields:
            return replace(saw, removed=True)
        if token_of(fields[step.uid]) != entry.token:
            return replace(saw, refused="it does not carry our field; delete it by hand")
        try:
            self._mailbox.remove([step.uid])
        except NOT_THE_MESSAGE:
            raise
        except MailboxError as error:
            return replace(saw, refused=str(error))
        return replace(saw, removed=True)


def _equal(stored: bytes, sent: bytes) -> bool:
    """Byte for byte, or with the line ends that IMAP prescribes (RFC 9051, 4.3) in place of bare LFs."""
    return stored == sent or stored.replace(b"\r\n", b"\n") == sent.replace(b"\r\n", b"\n")
