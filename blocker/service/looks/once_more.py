"""Messages that were dealt with before, dealt with once more at a person's wish: as the account's mode asks now."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing

from blocker.catalogue import Catalogue, MessageFilter
from blocker.catalogue.codes import BACK, FINISHED
from blocker.mailbox.protocol import Store
from blocker.service.exchange.account import Account
from blocker.service.exchange.steps import Entry, Place
from blocker.service.looks.finish import sweeping
from blocker.service.looks.in_place import look_at
from blocker.service.looks.restore import NotRestored, restore
from blocker.service.looks.sweep import CAP, nobody, nothing

_CHANGED = ("replaced", "copied")


class NotDone(Exception):
    """What was asked for cannot be done; the text is one sentence with the next step."""


def neutralise(account: Account, store: Store, catalogue: Catalogue, message: int) -> str:
    """Deal with one recorded message once more, also where its original was put back; what became of it.

    `account.turn` is free when this is called. Raises NotDone, and what the mailbox and the catalogue raise.
    """
    place = _place(account, catalogue, message)
    entry = account.journal.get(place)
    if entry is not None and entry.stage not in FINISHED:
        raise NotDone("Something is under way with this message: wait until it is done.")
    if entry is not None and entry.outcome not in BACK and entry.outcome is not None:
        raise NotDone("This message is neutralised already.")
    done = _treated(account, store, {place: entry})
    if any(done[action] for action in _CHANGED):
        return "The message is neutralised."
    detail = catalogue.message(message)
    why = detail.detail if detail is not None else ""
    raise NotDone(f"The message stays as it is: {why or 'nothing in it is neutralised at this level'}.")


def neutralise_sender(
    account: Account, store: Store, catalogue: Catalogue, sender: str, between: Callable[[], object]
) -> str:
    """Deal with a sender's recorded mail once more, at most `CAP` messages; how many were changed.

    What its owner put back stays as it is.
    """
    _allowed(account)
    wanted: dict[Place, Entry | None] = {}
    for action in ("reported", "flagged", "left"):
        for message in _numbers(catalogue, account.config.name, sender, action):
            place = _place(account, catalogue, message)
            entry = account.journal.get(place)
            if entry is None or (entry.stage in FINISHED and entry.outcome is None):
                wanted[place] = entry
    done = _treated(account, store, dict(list(wanted.items())[:CAP]), between)
    changed = sum(done[action] for action in _CHANGED)
    left = max(0, len(wanted) - CAP)
    more = f" {left} are left: ask again to go on." if left else ""
    return f"{done.total()} messages were looked at, {changed} of them changed.{more}"


def restore_sender(
    account: Account, store: Store, catalogue: Catalogue, sender: str, between: Callable[[], object]
) -> str:
    """Put back the originals of a sender's mail; how many. Raises NotDone where some cannot be."""
    back, failed = 0, list[str]()
    for message in _numbers(catalogue, account.config.name, sender, "replaced"):
        account.go_on()
        try:
            with account.turn:
                restore(account, store, catalogue, message)
            back += 1
        except NotRestored as error:
            failed.append(str(error))
        between()
    told = f"{back} originals are back in their folders."
    if failed:
        raise NotDone(f"{told} {len(failed)} are not: {failed[0]}")
    return told


def _place(account: Account, catalogue: Catalogue, message: int) -> Place:
    _allowed(account)
    detail = catalogue.message(message)
    if detail is None or detail.account != account.config.name:
        raise NotDone(f"The catalogue has no message {message} of this account: look at its page again.")
    return Place(detail.account, detail.mailbox, detail.uidvalidity, detail.uid)


def _allowed(account: Account) -> None:
    mode = sweeping(account).config.mode
    if not mode.copies:
        raise NotDone(f'In mode "{mode}" no mail is changed: give the account another mode first.')


def _numbers(catalogue: Catalogue, account: str, sender: str, action: str) -> Sequence[int]:
    wanted, numbers, page, pages = (
        MessageFilter(account=account, sender=sender, action=action),
        list[int](),
        1,
        1,
    )
    while page <= pages:
        found = catalogue.messages(wanted, page, 500)
        numbers += [line.id for line in found.items]
        page, pages = page + 1, found.pages
    return numbers


def _treated(
    account: Account,
    store: Store,
    wanted: dict[Place, Entry | None],
    between: Callable[[], object] = nothing,
) -> Counter[str]:
    """Look at these messages as if nobody had; how many were dealt with, by action. What the journal says is dropped first."""
    folders: dict[tuple[str, int], list[Place]] = defaultdict(list)
    for place in wanted:
        folders[place.mailbox, place.uidvalidity].append(place)
    done: Counter[str] = Counter()
    for (mailbox, uidvalidity), places in folders.items():
        with closing(look_at(sweeping(account), store, mailbox)) as look:
            if look.folder.opened.uidvalidity != uidvalidity:
                raise NotDone(f"The folder {mailbox} was made anew since: look through past mail instead.")
            here = set(look.folder.mailbox.flags([place.uid for place in places]))
            with account.journal.batch() as record:
                record.drop([place for place in places if place.uid in here and wanted[place] is not None])
            look.past_mail([place.uid for place in places if place.uid in here], nobody)
        if not here:
            raise NotDone(f"The message is no longer in {mailbox}: look for it in the account's trash.")
        done.update(look.done)
        between()
    return done
