"""What a person asked for on a page: carried out over the account's own connection, and reported back."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from blocker.catalogue import Catalogue, Command
from blocker.mailbox.protocol import ConnectionLost, LoginRefused, MailboxError, Store
from blocker.service.digest import send
from blocker.service.doctoring import examine_and_keep
from blocker.service.exchange.account import Account
from blocker.service.looks.once_more import NotDone, neutralise, neutralise_sender, restore_sender
from blocker.service.looks.preview import preview
from blocker.service.looks.restore import NotRestored, restore
from blocker.service.looks.sweep import CAP, sweep, usual
from blocker.service.stores import Stores

TOLD = 1.0
"""Seconds between two notes of how far a sweep has come."""


class Wrong(Exception):
    """A command that cannot be carried out; the text is one sentence with the next step."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What requests are carried out with."""

    account: Account
    store: Store
    """The account's own connection."""
    stores: Stores
    """Opens further ones."""
    catalogue: Catalogue
    between: Callable[[], object]
    """Called now and then: what is asked may take hours, and new mail does not wait for it."""


def carry_out(desk: Desk) -> None:
    """Do what is asked of the account, oldest first. `account.turn` is free when this is called.

    A command that fails is finished with its error; a lost connection leaves it for the next time.
    Kinds: `restore` and `neutralise` with ``{"message": number in the catalogue}`` or ``{"sender": its name}``; `sweep`
    with ``{"since": ISO date or null}``; `digest` and `doctor` with nothing; `preview` with ``{"message": number,
    "address": of the page's Opener}``.
    """
    for command in desk.catalogue.pending(desk.account.config.name):
        desk.account.begin()
        desk.catalogue.start(command.id)
        try:
            outcome = _one(desk, command)
        except (ConnectionLost, LoginRefused):
            raise
        except (MailboxError, NotRestored, NotDone, Wrong) as error:
            desk.catalogue.finish(command.id, "", str(error))
        else:
            desk.catalogue.finish(command.id, outcome)
        desk.between()


def _one(desk: Desk, command: Command) -> str:
    sender = command.arguments.get("sender")
    if command.kind in _OF_SENDERS and isinstance(sender, str):
        return _OF_SENDERS[command.kind](desk.account, desk.store, desk.catalogue, sender, desk.between)
    work = _KINDS.get(command.kind)
    if work is None:
        raise Wrong(f'This service knows no command "{command.kind[:40]}": update it, then ask again.')
    return work(desk, command)


def _restore(desk: Desk, command: Command) -> str:
    with desk.account.turn:
        return restore(desk.account, desk.store, desk.catalogue, _message(command))


def _neutralise(desk: Desk, command: Command) -> str:
    return neutralise(desk.account, desk.store, desk.catalogue, _message(command))


def _sweep(desk: Desk, command: Command) -> str:
    config, progress = desk.account.config, _Progress(desk.catalogue, command.id)
    done = sweep(
        desk.account,
        desk.store,
        since=_since(command),
        progress=progress,
        limits=usual(config, CAP),
        between=desk.between,
    )
    total = done.total()
    told = "1 message was looked at." if total == 1 else f"{total} messages were looked at."
    if done.failed:
        raise Wrong(f"{told} {' '.join(done.failed.values())}")
    if done.full:
        return f"{told} The provider limits what is read a day: {done.left} are left, ask again tomorrow."
    if done.left:
        return f"{told} After {done.rewritten} changes it paused with {done.left} left: ask again to go on."
    return told


def _preview(desk: Desk, command: Command) -> str:
    address = str(command.arguments.get("address", ""))
    return preview(desk.account, desk.store, desk.catalogue, command.id, _message(command), address)


def _digest(desk: Desk, _command: Command) -> str:
    account = desk.account
    with account.turn:
        sent = send(account.config, account.key, desk.store, desk.catalogue, datetime.now(UTC))
    return "The digest lies in the inbox." if sent else "There was nothing to send."


def _doctor(desk: Desk, _command: Command) -> str:
    config = desk.account.config
    _, advice = examine_and_keep(config, desk.stores, desk.catalogue, lambda _what: desk.between())
    return f'The safest mode that works on {config.host} is "{advice.mode}": {"; ".join(advice.why)}.'


_KINDS: dict[str, Callable[[Desk, Command], str]] = {
    "restore": _restore,
    "neutralise": _neutralise,
    "sweep": _sweep,
    "digest": _digest,
    "preview": _preview,
    "doctor": _doctor,
}


class _Progress:
    """Notes how far a sweep has come, for the page; not at every message."""

    def __init__(self, catalogue: Catalogue, command: int) -> None:
        self._catalogue, self._command, self._next = catalogue, command, 0.0

    def __call__(self, done: int, total: int) -> None:
        """So many of so many."""
        if time.monotonic() >= self._next or done == total:
            self._catalogue.progress(self._command, done, total)
            self._next = time.monotonic() + TOLD


_OF_SENDERS = {"restore": restore_sender, "neutralise": neutralise_sender}


def _message(command: Command) -> int:
    message = command.arguments.get("message")
    if not isinstance(message, int):
        raise Wrong("The command does not say which message: ask for it again from the message's page.")
    return message


def _since(command: Command) -> datetime | None:
    said = command.arguments.get("since")
    try:
        return datetime.fromisoformat(said) if said else None
    except (TypeError, ValueError):
        raise Wrong("The sweep's date cannot be read: write it as YYYY-MM-DD.") from None
