"""What any earlier run or sweep of an account left under way is brought to its end before anything else is done.

The journal says what that is: in any folder, also one that is watched no more, and whatever the account's mode is now.
An exchange ends as it was begun, because half of one is a message twice. What was only to be judged again is judged as
the mode asks now.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass, field, replace

from blocker.catalogue.codes import Stage
from blocker.choices.modes import Mode
from blocker.mailbox.protocol import Store
from blocker.service.exchange.account import Account
from blocker.service.exchange.failures import ELSEWHERE, reason_of
from blocker.service.exchange.steps import Entry
from blocker.service.looks.folder import tidy
from blocker.service.looks.hold import Hold, Waiting
from blocker.service.looks.in_place import look_at


@dataclass(slots=True)
class Finished:
    """What was finished."""

    done: Counter[str] = field(default_factory=Counter)
    """How many messages, by action."""
    failed: dict[str, str] = field(default_factory=dict)
    """Folders in which it could not be done, each with the sentence why: that waits for the next time."""


def finish(account: Account, store: Store, *, but_held: str = "") -> Finished:
    """Go on with everything that is under way in the account. `account.turn` is held by the caller.

    `but_held` names the screening folder whose held mail the caller sees to. Raises Stopped, and what the connection
    and the catalogue raise.
    """
    finished = Finished()
    folders: dict[str, list[Entry]] = defaultdict(list)
    for entry in account.journal.under_way(account.config.name):
        folders[entry.place.mailbox].append(entry)
    for folder in {*account.config.folders, account.config.screening, *folders}:
        tidy(account, folder)
    for folder, entries in folders.items():
        try:
            _in_place(account, store, folder, entries, finished)
            if folder != but_held:
                _held(account, store, folder, entries, finished)
        except (*ELSEWHERE, OSError):
            raise
        except Exception as error:  # noqa: BLE001 (whatever an answer raises, the other folders are gone on with)
            finished.failed[folder] = reason_of(error)
    return finished


def sweeping(account: Account) -> Account:
    """How past mail is dealt with: it was never held, so in mode hold it is replaced where it lies.

    Where held mail goes unchanged, it stays.
    """
    config = account.config
    if not config.mode.holds:
        return account
    config = replace(config, mode=Mode.REPLACE if config.hold_seconds > 0 else Mode.REPORT)
    return replace(account, config=config)


def _in_place(account: Account, store: Store, folder: str, entries: list[Entry], finished: Finished) -> None:
    """Mail that was dealt with where it lay. What was only to be judged is nothing begun where nobody watches now."""
    watched = folder in account.config.folders
    own = [entry for entry in entries if not entry.held and (watched or entry.stage != Stage.JUDGING)]
    if not own:
        return
    begun = any(entry.stage != Stage.JUDGING for entry in own)
    with closing(look_at(sweeping(account), store, folder, finishing=begun)) as look:
        look.resume()
        finished.done.update(look.done)


def _held(account: Account, store: Store, folder: str, entries: list[Entry], finished: Finished) -> None:
    """Held mail: to the inbox of then."""
    held = [entry for entry in entries if entry.held]
    if not held:
        return
    inbox = next((entry.copy_in for entry in held if entry.copy_in), account.config.folders[0])
    config = replace(account.config, mode=Mode.HOLD, screening=folder, folders=(inbox,))
    with closing(Hold(replace(account, config=config), store, Waiting(made=True))) as look:
        look.resume()
        finished.done.update(look.done)
