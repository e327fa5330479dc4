"""Letting old originals go: out of the quarantine, after as many days as the account's owner said. Off unless said.

An original goes only where its copy still lies where it was put, carries our field unbroken, and gives the very bytes
back: whoever wants the original again makes it from the copy with `unpixel restore FILE`. A copy that was deleted,
moved to an archive or changed keeps its original, for as long as the quarantine stands. Only originals that the
journal knows are ever looked at; what a person put into the folder stays.
"""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import blocker
from blocker.catalogue.codes import Outcome
from blocker.mailbox.protocol import Changed, Mailbox, MailboxError, Store
from blocker.output.log import logger
from blocker.pieces import pieces
from blocker.rewrite import marker
from blocker.service.exchange.account import Account
from blocker.service.exchange.failures import NOT_THE_MESSAGE
from blocker.service.exchange.steps import Entry

EVERY = 24 * 3600.0
"""Seconds between two looks, the first of which is at the start."""
AT_ONCE = 200
"""Originals at one look, so that new mail is not kept waiting; more are due at the next one."""
_BATCH = 50
_log = logger()


class Emptying:
    """Looks after one account's quarantine, once a day."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._next = 0.0

    def look(self, store: Store) -> int:
        """Let go what is due, where the account says so and a day has passed; how many. Raises what the mailbox raises."""
        days = self._account.config.quarantine_days
        if days is None or time.monotonic() < self._next:
            return 0
        with self._account.turn:
            due, gone = empty(self._account, store, days)
        self._next = 0.0 if due == AT_ONCE else time.monotonic() + EVERY
        return gone


def empty(account: Account, store: Store, days: float) -> tuple[int, int]:
    """Let go originals that were replaced more than `days` ago; how many were due, and how many went."""
    due = account.journal.kept_before(account.config.name, datetime.now(UTC) - timedelta(days=days), AT_ONCE)
    if not due:
        return 0, 0
    verified = []
    for entry, why in _checked(account, store, due):
        if why:
            # Recorded anew, so that it is due again after as many days, behind the others.
            account.journal.put(replace(entry, reason=f"its original stays: {why}"))
        else:
            verified.append(entry)
    gone = _let_go(account, store, verified, days) if verified else 0
    _log.info("quarantine", account=account.config.name, due=len(due), removed=gone)
    return len(due), gone


def _checked(account: Account, store: Store, due: Iterable[Entry]) -> Iterator[tuple[Entry, str]]:
    """Each entry with why its original must stay; an empty text where its copy is as it should be."""
    folders = defaultdict(list)
    for entry in due:
        here = (entry.copy_in, None) if entry.copy_in else (entry.place.mailbox, entry.place.uidvalidity)
        folders[here].append(entry)
    there = set(store.folders())
    for (name, uidvalidity), entries in folders.items():
        if name not in there:
            yield from ((entry, f"the folder {name} is gone") for entry in entries)
            continue
        folder = store.open(name, readonly=True)
        # Of a folder that copies were released to, no UIDVALIDITY is known: their bytes tell enough.
        same = uidvalidity is None or folder.status().uidvalidity == uidvalidity
        for entry in entries:
            account.begin()
            yield entry, _why_not(folder, entry, account.key) if same else f"the folder {name} was made anew"
        folder.close()


def _why_not(folder: Mailbox, entry: Entry, key: bytes) -> str:
    try:
        copies = list(folder.fetch([entry.copy_uid])) if entry.copy_uid is not None else []
    except NOT_THE_MESSAGE:
        raise
    except MailboxError as error:
        return f"its copy could not be read ({error})"  # the others are looked at all the same
    return fault_of(copies[0].raw if copies else None, entry.sha256, key)


def fault_of(copy: bytes | None, sha256: str, key: bytes) -> str:
    """Why a copy cannot stand for its original any more, whose digest is given; empty where it can. Pure."""
    if copy is None:
        return "its copy is no longer where it was put"
    field = marker.read(copy, key)
    if field is None or not field.valid:
        return "its copy was changed"
    try:
        original = blocker.restore(copy, key=key)
    except blocker.RestoreError:
        return "its copy does not give it back"
    return "" if hashlib.sha256(original).hexdigest() == sha256 else "its copy is another message's"


def _let_go(account: Account, store: Store, entries: list[Entry], days: float) -> int:
    """Take these originals away, each found by the digest of its bytes; how many were there."""
    wanted: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        wanted[entry.sha256].append(entry)
    quarantine = store.open(account.config.quarantine)
    gone = 0
    try:
        uids = quarantine.uids(min(entry.quarantine_next or 1 for entry in entries))
        for part in pieces(uids, _BATCH):
            if not wanted:
                break
            account.begin()
            for uid, entry in list(_found(quarantine, part, wanted)):
                try:
                    quarantine.remove([uid])
                except Changed as error:  # its owner still uses it: due again after as many days, as above
                    account.journal.put(replace(entry, reason=f"its original stays: {error}"))
                    continue
                why = f"its original was removed after {days:g} days"
                account.journal.put(replace(entry, outcome=Outcome.EMPTIED, reason=why))
                gone += 1
    finally:
        quarantine.close()
    for entry in (entry for left in wanted.values() for entry in left):
        why = "its original is no longer in the quarantine"
        account.journal.put(replace(entry, outcome=Outcome.MISSING, reason=why))
    return gone


def _found(
    quarantine: Mailbox, uids: Sequence[int], wanted: dict[str, list[Entry]]
) -> Iterator[tuple[int, Entry]]:
    for stored in quarantine.fetch(uids):
        digest = hashlib.sha256(stored.raw).hexdigest()
        if digest in wanted:
            yield stored.uid, wanted[digest].pop()
            if not wanted[digest]:
                del wanted[digest]
