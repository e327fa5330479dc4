"""The commands on accounts: run, account (add, list, remove, test)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from blocker.config import (
    AccountConfig,
    Config,
    ConfigError,
    Level,
    Mode,
    Passwords,
    Security,
    add_account,
    check_account,
    default_path,
    load,
    remove_account,
)
from blocker.config.model import PORTS

if TYPE_CHECKING:
    from blocker.mailbox.protocol import Store
    from blocker.service.log import Form

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


@contextmanager
def sentences() -> Iterator[None]:
    """End the command with one sentence and exit code 1 for whatever a person can do something about."""
    try:
        yield
    except OSError as error:
        raise click.ClickException(
            f"{error.strerror or error}: make that possible, then try again."
        ) from error
    except Exception as error:
        if isinstance(error, _told()):
            raise click.ClickException(str(error)) from error
        raise


def _told() -> tuple[type[Exception], ...]:
    """Errors whose text is a sentence with the next step. Imported only when something went wrong: they are slow."""
    from blocker.catalogue import CatalogueError
    from blocker.mailbox.protocol import MailboxError
    from blocker.service import Busy

    return (ConfigError, CatalogueError, MailboxError, Busy)


def ask_password(account: AccountConfig) -> str:
    """A hidden prompt; what is typed is kept in memory only."""
    said: str = click.prompt(f"Password of {account.user} on {account.host}", hide_input=True, err=True)
    return said


@click.command()
@click.option("--account", "only", multiple=True, metavar="NAME", help="Only this account; may be repeated.")
@click.option("--once", is_flag=True, help="Look at each account once, then end.")
@click.option(
    "--log",
    "form",
    type=click.Choice(["human", "json"]),
    help="Log to stderr in this form, in place of the lines that name senders and subjects.",
)
@click.option("--verbose", is_flag=True, help="Log each step too (JSON unless --log says otherwise).")
@AS_JSON
def run(only: tuple[str, ...], once: bool, form: Form | None, verbose: bool, as_json: bool) -> None:
    """Watch the accounts, and do what each one's mode asks, until Ctrl-C.

    The first look at a folder only notes where it ends: mail that was there before is left to `unpixel sweep`.

    \b
    Example:
      unpixel run
      unpixel run --account personal --once
      unpixel run --log json
    """
    from blocker.cli.running import Printer, configure_log, run_until_stopped, wait_for_end
    from blocker.service.log import log_event

    configure_log(form, verbose=verbose)
    observer = log_event if form and not as_json else Printer(as_json)
    with sentences(), service(only, observer) as runner:
        if once:
            run_until_stopped(runner, runner.once)
            return
        runner.start()
        names = ", ".join(f"{a.name} ({a.mode})" for a in runner.accounts())
        click.echo(f"Watching {names}. Ctrl-C ends.", err=True)
        wait_for_end(runner)


@contextmanager
def service(only: tuple[str, ...], observer: Any) -> Iterator[Any]:
    """A service on the configured accounts, passwords asked for; it is ended when the block is left."""
    from blocker.catalogue import Catalogue
    from blocker.service import Runner, imap

    config = load()
    if not config.accounts:
        raise ConfigError("There is no account yet: add one with `unpixel account add you@example.org`.")
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
    typed = [a for a in chosen if not (a.password_command or a.password_env)]
    passwords = Passwords(ask_password if sys.stdin.isatty() else None)
    for each in typed:
        passwords(each)
    return passwords


@click.group()
def account() -> None:
    """Add, list, remove and test the accounts that unpixel watches.

    \b
    Example:
      unpixel account add you@example.org
      unpixel account list
    """


@account.command()
@click.argument("address")
@click.option("--name", help="What to call it; the address unless said otherwise.")
@click.option("--host", help="The IMAP server; asked for where not given.")
@click.option("--port", type=click.IntRange(1, 65535), help="993, or 143 where security is not tls.")
@click.option("--security", type=click.Choice(get_args(Security)), default="tls", show_default=True)
@click.option(
    "--ca-file",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    help="Certificates to trust instead of the system's.",
)
@click.option("--user", help="Login name; the address unless said otherwise.")
@click.option(
    "--alias", "aliases", multiple=True, metavar="ADDRESS", help="A further address that reaches it."
)
@click.option(
    "--password-command", metavar="COMMAND", help="A program whose first line of output is the password."
)
@click.option("--password-env", metavar="NAME", help="An environment variable that holds the password.")
@click.option(
    "--folder", "folders", multiple=True, default=("INBOX",), show_default=True, help="A folder to watch."
)
@click.option("--mode", type=click.Choice(get_args(Mode)), default="report", show_default=True)
@click.option("--level", type=click.Choice(get_args(Level)), default="standard", show_default=True)
@click.option("--no-test", is_flag=True, help="Save without signing in first.")
def add(
    address: str, name: str | None, host: str | None, port: int | None, no_test: bool, **more: Any
) -> None:
    """Add an account: sign in to try it, then write it into the configuration. Its password is not written.

    \b
    Example:
      unpixel account add you@example.org --password-command "pass show mail/example"
      unpixel account add you@example.org --host imap.example.org --mode replace
    """
    path = default_path()
    guess = f"imap.{address.rpartition('@')[2]}"
    values: dict[str, Any] = more | {
        "name": name or address,
        "address": address,
        "user": more["user"] or address,
        "port": port or PORTS[more["security"]],
        "ca_file": Path(more["ca_file"]) if more["ca_file"] else None,
    }
    with sentences():
        values["host"] = host or click.prompt("IMAP server", default=guess, err=True)
        made = AccountConfig(**values)
        check_account(path, made)
        if not no_test:
            with signed_in(made) as store:
                click.echo(_facts_sentence(made, _facts(made, store)))
        add_account(path, made)
    click.echo(f'Saved account "{made.name}" in {path}. Begin with: unpixel run')


@account.command("list")
@AS_JSON
def list_(as_json: bool) -> None:
    """List the accounts.

    \b
    Example:
      unpixel account list --json
    """
    with sentences():
        accounts = load().accounts
    if as_json:
        click.echo(json.dumps([_plain(a) for a in accounts], indent=2))
        return
    if not accounts:
        click.echo("There is no account yet: add one with `unpixel account add you@example.org`.", err=True)
    for each in accounts:
        folders = ", ".join(each.folders)
        click.echo(
            f"{each.name}  {each.address}  {each.host}:{each.port}  {each.mode}/{each.level}  {folders}"
        )


@account.command()
@click.argument("name")
def remove(name: str) -> None:
    """Take an account out of the configuration. Its mail, quarantine and catalogue stay as they are.

    \b
    Example:
      unpixel account remove personal
    """
    with sentences():
        remove_account(default_path(), name)
    click.echo(f'Removed account "{name}" from the configuration; its mail was not touched.')


@account.command()
@click.argument("name")
@AS_JSON
def test(name: str, as_json: bool) -> None:
    """Sign in to an account and say what its server can do. Changes nothing.

    \b
    Example:
      unpixel account test personal
    """
    with sentences():
        config = load()
        found = config.account(name)
        with signed_in(found) as store:
            facts = _facts(found, store)
    click.echo(json.dumps(facts, indent=2) if as_json else _facts_sentence(found, facts))


@contextmanager
def signed_in(found: AccountConfig) -> Iterator[Store]:
    """A connection to an account, with its password asked for where nothing else gives it."""
    from blocker.service import imap

    store = imap(Passwords(ask_password))(found)
    try:
        yield store
    finally:
        store.close()


def _facts(found: AccountConfig, store: Store) -> dict[str, Any]:
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


def _facts_sentence(found: AccountConfig, facts: dict[str, Any]) -> str:
    counts = ", ".join(f"{folder} holds {count}" for folder, count in facts["messages"].items())
    able = (
        "it can move messages, so every mode works"
        if facts["can_move"]
        else "it cannot move single messages, so mode replace only flags"
    )
    return f"Signed in to {found.host} as {found.user}: {counts} messages; {able}."


def _plain(found: AccountConfig) -> dict[str, Any]:
    """An account as JSON: it holds no password, only where one comes from."""
    values = asdict(replace(found, ca_file=None))
    values["ca_file"] = str(found.ca_file) if found.ca_file else None
    return values
