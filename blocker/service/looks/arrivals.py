"""Where released mail came to lie in the inbox: as the server says, else found by its bytes."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence

from blocker.mailbox.protocol import Mailbox, MailboxError
from blocker.service.exchange.account import Account
from blocker.service.exchange.failures import NOT_THE_MESSAGE
from blocker.service.exchange.steps import Entry, Place


class Arrivals:
    """The new places of messages that were moved to the inbox."""

    def __init__(self, account: Account, inbox: Mailbox) -> None:
        self._account = account
        self._inbox = inbox
        self._told: dict[int, int] = {}

    def told(self, moved: Mapping[int, int] | None) -> None:
        """Note what the server said of a move."""
        self._told.update(moved or {})

    def places(self, entries: Sequence[Entry]) -> dict[Place, Place]:
        """The new places of messages that have left the screening folder, as far as they are found."""
        found = {e.place: self._told[e.place.uid] for e in entries if e.place.uid in self._told}
        unknown = [entry for entry in entries if entry.place not in found and entry.sha256]
        if unknown:
            found |= self._by_bytes(unknown)
        if not found:
            return {}
        name, uidvalidity = self._inbox.name, self._inbox.status().uidvalidity
        return {old: Place(old.account, name, uidvalidity, uid) for old, uid in found.items()}

    def _by_bytes(self, entries: Sequence[Entry]) -> dict[Place, int]:
        """After a move whose answer was lost, or where the server tells no UIDs."""
        wanted: dict[str, list[Place]] = defaultdict(list)
        for entry in entries:
            wanted[entry.sha256].append(entry.place)
        found: dict[Place, int] = {}
        try:
            for stored in self._inbox.fetch(self._new(entries)):
                if places := wanted.get(hashlib.sha256(stored.raw).hexdigest()):
                    found[places.pop(0)] = stored.uid
        except NOT_THE_MESSAGE:
            raise
        except MailboxError:
            return found  # the message has arrived, which matters more than where
        return found

    def _new(self, entries: Sequence[Entry]) -> list[int]:
        """Messages that came to the inbox since then, of which nothing is recorded."""
        uids = self._inbox.uids(min(entry.quarantine_next or 1 for entry in entries))
        account, name, uidvalidity = (
            self._account.config.name,
            self._inbox.name,
            self._inbox.status().uidvalidity,
        )
        known = self._account.journal.known(account, name, uidvalidity, uids)
        known |= self._account.journal.recorded(account, name, uidvalidity)
        sizes = self._inbox.sizes([uid for uid in uids if uid not in known])
        return [uid for uid, octets in sizes.items() if octets <= self._account.limit]
