"""What a person asked for on a page: carried out over the account's own connection, and reported back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from blocker.catalogue import Catalogue, Command
from blocker.mailbox.protocol import ConnectionLost, LoginRefused, MailboxError, Store
from blocker.service.digest import send
from blocker.service.exchange.account import Account
from blocker.service.looks.once_more import NotDone, neutralise, neutralise_sender, restore_sender
from blocker.service.looks.preview import preview
from blocker.service.looks.restore import NotRestored, restore
from blocker.service.looks.sweep import CAP, sweep, usual


class Wrong(Exception):
    """A command that cannot be carried out; the text is one sentence with the next step."""


def carry_out(account: Account, store: Store, catalogue: Catalogue, between: Callable[[], object]) -> None:
    """Do what is asked of the account, oldest first. `account.turn` is free when this is called.

    `between` is called now and then: what is asked may take hours, and new mail does not wait for it.
    A command that fails is finished with its error; a lost connection leaves it for the next time.
    Kinds: `restore` and `neutralise` with ``{"message": number in the catalogue}`` or ``{"sender": its name}``; `sweep`
    with ``{"since": ISO date or null}``; `digest` with nothing; `preview` with ``{"message": number, "address": of the
    page's Opener}``.
    """
    for command in catalogue.pending(account.config.name):
        account.begin()
        catalogue.start(command.id)
        try:
            outcome = _one(account, store, catalogue, command, between)
        except (ConnectionLost, LoginRefused):
            raise
        except (MailboxError, NotRestored, NotDone, Wrong) as error:
            catalogue.finish(command.id, "", str(error))
        else:
            catalogue.finish(command.id, outcome)
        between()


def _one(
    account: Account, store: Store, catalogue: Catalogue, command: Command, between: Callable[[], object]
) -> str:
    sender = command.arguments.get("sender")
    if command.kind in _OF_SENDERS and isinstance(sender, str):
        return _OF_SENDERS[command.kind](account, store, catalogue, sender, between)
    if command.kind == "restore":
        with account.turn:
            return restore(account, store, catalogue, _message(command))
    if command.kind == "preview":
        address = str(command.arguments.get("address", ""))
        return preview(account, store, catalogue, command.id, _message(command), address)
    if command.kind == "neutralise":
        return neutralise(account, store, catalogue, _message(command))
    if command.kind == "digest":
        with account.turn:
            sent = send(account.config, account.key, store, catalogue, datetime.now(UTC))
        return "The digest lies in the inbox." if sent else "There was nothing to send."
    if command.kind == "sweep":
        done = sweep(
            account, store, since=_since(command), limits=usual(account.config, CAP), between=between
        )
        total = done.total()
        told = "1 message was looked at." if total == 1 else f"{total} messages were looked at."
        if done.failed:
            raise Wrong(f"{told} {' '.join(done.failed.values())}")
        if done.full:
            return f"{told} The provider limits what is read a day: {done.left} are left, ask again tomorrow."
        if done.left:
            return (
                f"{told} After {done.rewritten} changes it paused with {done.left} left: ask again to go on."
            )
        return told
    raise Wrong(f'This service knows no command "{command.kind[:40]}": update it, then ask again.')


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
