"""A recorded message shown to the person who asks: fetched as it lies now, read in a process of its own, sealed for the pages."""

from __future__ import annotations

import json
from contextlib import closing

from blocker.catalogue import Catalogue, previews
from blocker.catalogue.codes import EXCHANGED
from blocker.judging.preview import previewed
from blocker.mailbox.protocol import Store
from blocker.rewrite import marker
from blocker.sealed import seal
from blocker.service.exchange.account import Account
from blocker.service.exchange.steps import Place
from blocker.service.looks.once_more import NotDone

LARGEST = 10 * 1024 * 1024
"""Octets of a message that is shown."""


def preview(
    account: Account, store: Store, catalogue: Catalogue, request: int, message: int, address: str
) -> str:
    """Keep both forms of a message, sealed for the page that asked. Raises NotDone, and what the mailbox raises."""
    raw = _as_it_lies(account, store, catalogue, message)
    found = previewed(raw, account.key, catalogue.patch(marker.digest(raw)))
    if isinstance(found, str):
        raise NotDone(f"The message cannot be shown: {found}.")
    original = found.original
    content = json.dumps(
        {
            "original": original and {"html": original.html, "taken": original.taken},
            "now": {"html": found.now.html, "taken": found.now.taken},
            "why": found.why,
        }
    ).encode()
    try:
        sealed = seal(address, content)
    except ValueError:
        raise NotDone(
            "The page that asked for this preview did not say to whom to send it: ask again."
        ) from None
    if len(sealed) > previews.LARGEST:
        raise NotDone("The message is too large to be shown here: look at it in your mail program.")
    with catalogue.writing() as connection:
        previews.keep(connection, request, sealed)
    return f"It can be looked at for {previews.LASTS.seconds // 60} minutes."


def _as_it_lies(account: Account, store: Store, catalogue: Catalogue, message: int) -> bytes:
    """The bytes of the message, or of the copy that took its place."""
    detail = catalogue.message(message)
    if detail is None or detail.account != account.config.name:
        raise NotDone(f"The catalogue has no message {message} of this account: look at its page again.")
    mailbox, uid, uidvalidity = detail.mailbox, detail.uid, detail.uidvalidity
    entry = account.journal.get(Place(detail.account, mailbox, uidvalidity, uid))
    if entry is not None and entry.outcome in EXCHANGED and entry.copy_uid is not None:
        uid, uidvalidity = entry.copy_uid, 0 if entry.copy_in else uidvalidity
        mailbox = entry.copy_in or mailbox
    with closing(store.open(mailbox, readonly=True)) as box:
        if uidvalidity and box.status().uidvalidity != uidvalidity:
            raise NotDone(f"The folder {mailbox} was made anew since: the message cannot be found there.")
        size = box.sizes([uid]).get(uid)
        if size is None:
            raise NotDone(f"The message is no longer in {mailbox}: look for it in the account's trash.")
        if size > LARGEST:
            raise NotDone("The message is too large to be shown here: look at it in your mail program.")
        found = [stored.raw for stored in box.fetch([uid])]
    if not found:
        raise NotDone(f"The message is no longer in {mailbox}: look for it in the account's trash.")
    return found[0]
