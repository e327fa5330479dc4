"""What the commands on accounts share: passwords, connections, and errors as sentences."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from blocker.cli.files import judge_by_lists
from blocker.config import AccountConfig, Config, ConfigError, Passwords, load
from blocker.output.terminal import prompt

if TYPE_CHECKING:
    from blocker.mailbox.protocol import Store

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


@contextmanager
def sentences() -> Iterator[None]:
    """End the command with one sentence and exit code 1 for whatever a person can do something about."""
    try:
        yield
    except Exception as error:
        if isinstance(error, _told()):
            raise click.ClickException(str(error)) from error
        if isinstance(error, OSError):
            raise click.ClickException(
                f"{error.strerror or error}: make that possible, then try again."
            ) from error
        raise


def _told() -> tuple[type[Exception], ...]:
    """Errors whose text is a sentence with the next step. Imported only when something went wrong: they are slow."""
    from blocker.catalogue import CatalogueError
    from blocker.mailbox.protocol import MailboxError
    from blocker.service import Busy, Paused
    from blocker.signin.grants import NotReached

    return (ConfigError, CatalogueError, MailboxError, Busy, NotReached, Paused)


def ask_password(account: AccountConfig) -> str:
    """A hidden prompt; what is typed is kept in memory only."""
    said: str = prompt(f"Password of {account.user} on {account.host}", hide_input=True)
    return said


NO_ACCOUNT = "There is no account yet: add one with `unpixel account add you@example.org`."


@contextmanager
def service(only: tuple[str, ...], observer: Any, *, waits: bool = False) -> Iterator[Any]:
    """A service on the configured accounts, passwords asked for; it is ended when the block is left.

    With `waits` there need be no account yet. Raises ConfigError.
    """
    from blocker.catalogue import Catalogue
    from blocker.service import Runner, imap

    config = load()
    if not config.accounts and not waits:
        raise ConfigError(NO_ACCOUNT)
    judge_by_lists(config)
    passwords = _passwords(config, only)
    with Catalogue.open(config.database) as catalogue:
        runner = Runner(config, catalogue, observer, imap(passwords), only=only)
        try:
            yield runner
        finally:
            runner.stop()


def _passwords(config: Config, only: tuple[str, ...]) -> Passwords:
    """Ask for what must be typed before anything begins: a thread cannot ask."""
    chosen = [config.account(name) for name in only] or list(config.accounts)
    passwords = Passwords()
    for each in (a for a in chosen if not a.unattended):
        if sys.stdin.isatty():
            passwords.keep(each, ask_password(each))
        passwords(each)
    return passwords


@contextmanager
def signed_in(found: AccountConfig, passwords: Passwords | None = None) -> Iterator[Store]:
    """A connection to an account, with its password asked for where nothing else gives it."""
    from blocker.service import imap

    store = imap(passwords or Passwords(ask_password))(found)
    try:
        yield store
    finally:
        store.close()


def facts_of(found: AccountConfig, store: Store) -> dict[str, Any]:
    """What the server says, seen without changing anything."""
    counts: dict[str, int] = {}
    for folder in found.folders:
        mailbox = store.open(folder, readonly=True)
        counts[folder] = mailbox.status().messages
        mailbox.close()
    return {
        "account": found.name,
        "host": found.host,
        "user": found.user,
        "messages": counts,
        "can_move": store.can_move(),
    }


def facts_sentence(found: AccountConfig, facts: dict[str, Any]) -> str:
    counts = ", ".join(f"{folder} holds {count}" for folder, count in facts["messages"].items())
    able = (
        "it can move messages, so every mode works"
        if facts["can_move"]
        else "it cannot move single messages, so mode replace only flags"
    )
    return f"Signed in to {found.host} as {found.user}: {counts} messages; {able}."
