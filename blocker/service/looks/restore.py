"""Putting an original back: out of the quarantine, into its folder, in place of its neutralised copy.

The order loses nothing at any moment: the journal says first that this original stays as it is; then it is moved;
only when it was found in its folder does it get its copy's flags and is the copy, which adds nothing to it, taken
away. Asked for again after a crash, it goes on from where it was.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from blocker.catalogue import Catalogue
from blocker.catalogue.codes import BACK, EXCHANGED, Outcome, Stage
from blocker.judging.judge import token_of
from blocker.mailbox.protocol import Mailbox, MailboxError, Store
from blocker.rewrite import marker
from blocker.service.exchange.account import Account
from blocker.service.exchange.events import Event
from blocker.service.exchange.failures import NOT_THE_MESSAGE
from blocker.service.exchange.journal import RESTORED
from blocker.service.exchange.plan import lasting
from blocker.service.exchange.steps import Entry, Place


class NotRestored(Exception):
    """An original cannot be put back; the text is one sentence with the next step."""


def restore(account: Account, store: Store, catalogue: Catalogue, message: int) -> str:
    """Put back the original of a recorded message, by its number in the catalogue; what became of it.

    Raises NotRestored, or what the mailbox raises.
    """
    detail = catalogue.message(message)
    if detail is None or detail.account != account.config.name:
        raise NotRestored(f"The catalogue has no message {message} of this account: look at its page again.")
    place = Place(detail.account, detail.mailbox, detail.uidvalidity, detail.uid)
    entry = account.journal.get(place)
    if entry is None or entry.outcome not in EXCHANGED | BACK:
        raise NotRestored("The original of this message was never moved: it lies where it was.")
    folder = store.open(entry.copy_in or place.mailbox)
    try:
        if not entry.copy_in and folder.status().uidvalidity != place.uidvalidity:
            raise NotRestored(
                f"The folder {place.mailbox} was made anew since: move the original there by hand, from "
                f"{account.config.quarantine}."
            )
        if entry.outcome in (Outcome.RESTORED, Outcome.PUT_BACK):
            return "The original is back in its folder."
        entry = _bring_back(account, store, folder, entry, detail.size)
        original = _settle(folder, entry, detail.size)
        _note(account, entry, folder, original)
    finally:
        folder.close()
    envelope = detail.report.message
    account.observer(
        Event(account.config.name, "restored", place.mailbox, place.uid, envelope.subject, envelope.from_)
    )
    return "The original is back in its folder."


def _note(account: Account, entry: Entry, folder: Mailbox, original: int | None) -> None:
    """Record that it is back, and where; the journal knows it there, so that no look takes it for new."""
    with account.journal.batch() as record:
        record.note(entry.place, "reported", RESTORED)
        if original is None:
            return
        place = Place(entry.place.account, folder.name, folder.status().uidvalidity, original)
        record.relocate(entry.place, place)
        record.drop([entry.place])
        record.put(replace(entry, place=place, outcome=Outcome.RESTORED, copy_uid=None, copy_in=""))


def _bring_back(account: Account, store: Store, folder: Mailbox, entry: Entry, size: int) -> Entry:
    """Move the original out of the quarantine; its UID will not be below the entry's `uidnext`."""
    quarantine = store.open(account.config.quarantine)
    try:
        # Another one of the same bytes, that came before, lies below.
        found = _find(quarantine, entry.quarantine_next or 1, entry, size) or _find(
            quarantine, 1, entry, size
        )
        if found is None:
            if entry.outcome in BACK:
                return entry
            if not entry.kept:
                raise NotRestored(
                    f"The original cannot be moved back: {entry.reason}. Save the message to a file, and "
                    "`unpixel restore FILE` makes the original from it."
                )
            raise NotRestored(
                f"The original is no longer in {account.config.quarantine}: look for it in the account's trash."
            )
        uidnext = folder.status().uidnext
        entry = replace(entry, stage=Stage.RESTORED, outcome=Outcome.RESTORING, uidnext=uidnext)
        account.journal.put(entry)
        quarantine.move([found], entry.copy_in or entry.place.mailbox)
        return entry
    finally:
        quarantine.close()


def _settle(folder: Mailbox, entry: Entry, size: int) -> int | None:
    """Give the original its copy's flags, then take the copy away; the original's UID, None where it is gone again.

    A copy that is gone or foreign is let be.
    """
    original, copy = _find(folder, entry.uidnext or 1, entry, size), entry.copy_uid
    if original is None or copy is None:
        return original
    field = folder.headers([copy], marker.NAME).get(copy)
    if field is None or token_of(field) != entry.token:
        return original
    gained = lasting(folder.flags([copy]).get(copy, frozenset()))
    if gained:
        folder.add_flags([original], gained)
    try:
        folder.remove([copy])
    except NOT_THE_MESSAGE:
        raise
    except MailboxError as error:
        raise NotRestored(
            f"The original is back, but its copy could not be taken away ({error}) Delete it by hand."
        ) from error
    return original


def _find(mailbox: Mailbox, first: int, entry: Entry, size: int) -> int | None:
    """The message with the original's bytes, at or above a UID: those of its size are read."""
    sizes = mailbox.sizes(mailbox.uids(first))
    for stored in mailbox.fetch([uid for uid, octets in sizes.items() if octets == size]):
        if hashlib.sha256(stored.raw).hexdigest() == entry.sha256:
            return stored.uid
    return None
