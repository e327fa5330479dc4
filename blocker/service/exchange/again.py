"""Whether a message of known bytes is one that its owner put back, or moved, and not another delivery of them.

The bytes alone do not tell, and a date can be the same or lost. So it is counted: each message that was exchanged, or put back,
is known to lie somewhere. While all of them lie there, one more is another delivery. Where one is missing there, the
new one is taken for it, and from then on this is where it lies. In doubt a message is left as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from blocker.catalogue import Seen
from blocker.catalogue.codes import BACK, Outcome, Stage
from blocker.mailbox.protocol import Mailbox, MailboxError, Store
from blocker.service.exchange.account import Account
from blocker.service.exchange.failures import NOT_THE_MESSAGE
from blocker.service.exchange.journal import RESTORED
from blocker.service.exchange.steps import Entry, Place

BY_HAND = "it is taken for an original that its owner put back"
"""What is recorded where an original of these bytes is missing in the quarantine."""


class Again:
    """Looks after messages of the same bytes, for one look at one folder. Raises what the connection raises."""

    def __init__(self, account: Account, store: Store, mailbox: Mailbox) -> None:
        self._account = account
        self._store = store
        self._mailbox = mailbox
        self._under_way: set[str] | None = None
        self._compared: dict[tuple[str, int], bool] = {}
        """By digest and UID: whether a message of the quarantine has these bytes."""
        self._met: set[Place] = set()
        """Where the known messages were that this look has met elsewhere."""

    def waits(self, sha256: str) -> bool:
        """Whether a message of these bytes is under way: until it ends, two of them could not be told apart."""
        if self._under_way is None:
            entries = self._account.journal.under_way(self._account.config.name)
            self._under_way = {e.sha256 for e in entries if e.stage != Stage.RELEASING}
        return sha256 in self._under_way

    def begun(self, after: Entry) -> None:
        """Note an exchange that this look began and could not finish."""
        if self._under_way is not None and after.stage in (Stage.DONE, Stage.LEFT, Stage.RELEASING):
            self._under_way.discard(after.sha256)
        elif self._under_way is not None:
            self._under_way.add(after.sha256)

    def former(self, place: Place, sha256: str, size: int, when: datetime) -> Entry | None:
        """The known message that the one at `place` is, told once; None where it is another delivery."""
        found = self._former(place, sha256, size, when)
        if found is not None:
            self._met.add(found.place)
        return found

    def _former(self, place: Place, sha256: str, size: int, when: datetime) -> Entry | None:
        known = self._account.journal.of_bytes(place.account, sha256)
        known = [entry for entry in known if entry.place not in self._met]
        kept = [e for e in known if e.kept]
        lying = [e for e in known if e.outcome in BACK or _copied(e, when)]
        gone = [e for e in lying if e.place != place and not self._lies(e)]
        if not kept and not gone:
            return None
        more = self._quarantined(sha256, size, [*kept, *gone]) - len(kept)
        if more > 0:
            # Of one that is to be restored, and was not moved yet, the original is still there.
            to_come = [e for e in gone if e.outcome == Outcome.RESTORING]
            gone = [e for e in gone if e.outcome != Outcome.RESTORING] + to_come[more:]
        if gone:
            return gone[0]
        return kept[0] if more < 0 else None

    def _lies(self, entry: Entry) -> bool:
        """Whether what is known of a place is still true."""
        if entry.outcome == Outcome.RESTORING:
            return False  # its copy still stands at its place
        place = entry.place
        if place.mailbox == self._mailbox.name:
            return _has(self._mailbox, place)
        try:
            mailbox = self._store.open(place.mailbox, readonly=True)
            try:
                return _has(mailbox, place)
            finally:
                mailbox.close()
        except NOT_THE_MESSAGE:
            raise
        except MailboxError:
            return False

    def _quarantined(self, sha256: str, size: int, entries: Sequence[Entry]) -> int:
        """How many messages of these bytes lie in the quarantine."""
        first = min((entry.quarantine_next or 1 for entry in entries), default=1)
        try:
            quarantine = self._store.open(self._account.config.quarantine, readonly=True)
            try:
                sizes = quarantine.sizes(quarantine.uids(first))
                same = [uid for uid, octets in sizes.items() if octets == size]
                for stored in quarantine.fetch([uid for uid in same if (sha256, uid) not in self._compared]):
                    found = hashlib.sha256(stored.raw).hexdigest() == sha256
                    self._compared[sha256, stored.uid] = found
            finally:
                quarantine.close()
        except NOT_THE_MESSAGE:
            raise
        except MailboxError:
            return 0
        return sum(self._compared.get((sha256, uid), False) for uid in same)


def settle(account: Account, former: Entry, place: Place) -> None:
    """Record that a known message, which was moved, lies here now."""
    beside = place.mailbox == former.place.mailbox
    here = replace(former, place=place, copy_in="", copy_uid=former.copy_uid if beside else None)
    with account.journal.batch() as record:
        if former.outcome in BACK:
            here = replace(here, outcome=_outcome_of(here))
            record.note(former.place, "reported", RESTORED)
        record.relocate(former.place, place)
        record.drop([former.place])
        record.put(here)


def _outcome_of(here: Entry) -> Outcome:
    """What became of an original that was seen where it lies now."""
    if here.outcome == Outcome.PUT_BACK:
        return Outcome.PUT_BACK
    return Outcome.RESTORED if here.copy_uid is None else Outcome.RETURNED


def _copied(entry: Entry, when: datetime) -> bool:
    """Whether it has a copy beside it and arrived at that instant: who has a copy may well delete the original."""
    known = entry.outcome == Outcome.COPIED and bool(entry.internal_date)
    return known and datetime.fromisoformat(entry.internal_date) == when


def _has(mailbox: Mailbox, place: Place) -> bool:
    return mailbox.status().uidvalidity == place.uidvalidity and place.uid in mailbox.flags([place.uid])


def by_hand(account: Account, former: Entry, place: Place, seen: Seen) -> None:
    """Record an original that its owner moved here out of the quarantine; its copy stays what it is."""
    with account.journal.batch() as record:
        record.record([seen])
        record.put(replace(former, outcome=Outcome.TAKEN_BACK, reason="its owner put the original back"))
        here = Entry(
            place, Stage.RESTORED, former.mode, Outcome.PUT_BACK, sha256=former.sha256, reason=BY_HAND
        )
        record.put(here)
