"""`unpixel account add` and `sign-in`: asks no more than it must."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import click

from blocker.choices.levels import DEFAULT_LEVEL, Level
from blocker.choices.modes import DEFAULT_MODE, Mode
from blocker.cli.reach import ask_password, facts_of, facts_sentence, sentences, signed_in
from blocker.config import (
    AccountConfig,
    ConfigError,
    Passwords,
    Security,
    add_account,
    check_account,
    default_path,
    load,
    set_account,
)
from blocker.config.model import PORTS
from blocker.config.providers import Provider, by_address
from blocker.output.terminal import confirm, prompt, say
from blocker.signin.grants import Invitation
from blocker.signin.keeping import kept

OAUTH = "microsoft, google, or an issuer's URL"


@click.command()
@click.argument("address")
@click.option("--name", help="What to call it; the address unless said otherwise.")
@click.option("--host", help="The IMAP server; known for large providers, else asked for.")
@click.option("--port", type=click.IntRange(1, 65535), help="993, or 143 where security is not tls.")
@click.option("--security", type=click.Choice(get_args(Security)), help="tls unless said otherwise.")
@click.option(
    "--lookup", is_flag=True, help="Ask the address's domain, and Thunderbird's list, for its server."
)
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
    "--password-file",
    type=click.Path(dir_okay=False, resolve_path=True),
    help="A file that you alone can read, for the password that you are asked for.",
)
@click.option(
    "--keyring", "password_keyring", is_flag=True, help="Keep the password in the system's keyring."
)
@click.option("--oauth", metavar="WHO", help=f"Sign in without a password: {OAUTH}.")
@click.option("--oauth-client", metavar="ID", help="The client id that you registered there.")
@click.option("--oauth-scope", metavar="SCOPE", help="What to ask for there, if not the usual.")
@click.option(
    "--folder", "folders", multiple=True, default=("INBOX",), show_default=True, help="A folder to watch."
)
@click.option(
    "--mode",
    type=click.Choice([mode.value for mode in Mode]),
    default=DEFAULT_MODE.value,
    show_default=True,
    help="What it may do to the mail.",
)
@click.option(
    "--level",
    type=click.Choice([level.value for level in Level]),
    default=DEFAULT_LEVEL.value,
    show_default=True,
    help="What is taken out of it.",
)
@click.option("--no-test", is_flag=True, help="Save without signing in first.")
def add(address: str, lookup: bool, no_test: bool, **said: Any) -> None:
    """Add an account: sign in to try it, then write it into the configuration. Its password is not written there.

    \b
    Example:
      unpixel account add you@example.org --password-command "pass show mail/example"
      unpixel account add you@example.org --host imap.example.org --keyring
      unpixel account add you@outlook.com --oauth-client 00000000-0000-0000-0000-000000000000
    """
    from blocker.cli.walk import ask_to_go_on

    with sentences():
        made = added(address, lookup=lookup, no_test=no_test, **said)
    say(*next_steps(made))
    ask_to_go_on(made.name)


def added(address: str, *, lookup: bool = False, no_test: bool = False, **said: Any) -> AccountConfig:
    """Add an account: what is not said is known, asked for, or as usual. Raises what a sign-in and the file raise."""
    path = default_path()
    usual = add.make_context("add", [address]).params  # what the options give where nothing is said
    for name in ("address", "lookup", "no_test"):
        del usual[name]
    made = _account(address, lookup, usual | said)
    check_account(path, made)
    if made.oauth and not no_test:
        _grant(made)
    if not no_test:
        made = _tried(made)
    add_account(path, made)
    say(f'Saved account "{made.name}" in {path}.')
    return made


def next_steps(account: AccountConfig) -> list[str]:
    """What comes after an account is added, in order."""
    steps = (
        (f"unpixel doctor {account.name} --set-mode", "finds the safest mode for its server, and sets it"),
        (f"unpixel sweep {account.name} --dry-run", "says what would be done to the mail that is there"),
        ("unpixel service install --web", "watches from now on (or `unpixel run`, until Ctrl-C)"),
        ("unpixel user password", "sets the password of the pages on http://127.0.0.1:8400"),
    )
    width = max(len(command) for command, _ in steps)
    told = [f"  {number}. {command:{width}}  {what}" for number, (command, what) in enumerate(steps, 1)]
    return ["Next, in this order (`unpixel setup` walks through all of it):", *told]


@click.command("sign-in")
@click.argument("name")
def sign_in(name: str) -> None:
    """Sign in again: where a provider ended the last sign-in, or the keyring's password changed.

    \b
    Example:
      unpixel account sign-in personal
    """
    with sentences():
        found = load().account(name)
        if found.oauth:
            _grant(found)
        elif found.password_keyring or found.password_file:
            kept(found, ask_password(found), load().data_dir)
        else:
            raise ConfigError(
                f'"{name}" keeps neither a password in the keyring or a file nor an OAuth sign-in: nothing is to be '
                "renewed."
            )
        with signed_in(found) as store:
            say(facts_sentence(found, facts_of(found, store)))
        set_account(default_path(), name)  # which a running service notices
        say("A running service tries the account again now.", err=True)


def _account(address: str, lookup: bool, said: dict[str, Any]) -> AccountConfig:
    """The account from what was said, what is known of its provider, and what must be asked."""
    known = by_address(address)
    values = {key: value for key, value in said.items() if value is not None}
    values |= {"name": said["name"] or address, "address": address}
    values |= {"mode": Mode(said["mode"]), "level": Level(said["level"])}
    if said["ca_file"]:
        values["ca_file"] = Path(said["ca_file"])
    if said["password_file"]:
        values["password_file"] = Path(said["password_file"])
    if said["host"] is None:
        _show_note(known)
        values = _server(address, known, lookup) | values
    values.setdefault("user", address)
    values.setdefault("security", "tls")
    values.setdefault("port", PORTS[values["security"]])
    wants_none = not any(
        said[name] for name in ("password_command", "password_env", "password_file", "password_keyring")
    )
    if known and known.oauth_only and wants_none and said["host"] is None:
        values.setdefault("oauth", known.oauth)
    if "oauth" in values and "oauth_client" not in values:
        values["oauth_client"] = prompt(f"Client id that you registered with {values['oauth']}")
    return AccountConfig(**values)


def _show_note(known: Provider | None) -> None:
    if known is not None:
        say(f"{known.name}: {known.host}. {known.note}".rstrip(), err=True)


def _server(address: str, known: Provider | None, lookup: bool) -> dict[str, Any]:
    """Host, port and security: of a known provider; of the domain's own answer, if allowed; else asked for."""
    if known is not None:
        return {"host": known.host, "port": known.port, "security": known.security}
    domain = address.rpartition("@")[2]
    if lookup:
        from blocker.signin.lookup import look_up

        found = look_up(domain)
        if found is not None:
            say(f"{domain} names {found.host}:{found.port} ({found.security}).", err=True)
            return {
                "host": found.host,
                "port": found.port,
                "security": found.security,
                "user": found.login(address),
            }
        say(f"{domain} names no server.", err=True)
    return {"host": prompt("IMAP server", default=f"imap.{domain}")}


def _grant(account: AccountConfig) -> None:
    """Have the person grant access on the provider's page."""
    from blocker.signin import tokens

    secret = ""
    if account.oauth == "google":
        secret = prompt(
            "Client secret that Google gave with the id", hide_input=True, default="", show_default=False
        )
    tokens.sign_in(account, _invite, secret)


def _invite(invitation: Invitation) -> None:
    code = f" and type the code {invitation.code}" if invitation.code else ""
    say(f"Open {invitation.url}{code}. This waits until you have done so; Ctrl-C ends it.", err=True)


def _tried(account: AccountConfig) -> AccountConfig:
    """The account, its sign-in tried; a typed password goes into the keyring where the person says so."""
    passwords = Passwords(ask_password)
    trying = account
    if not account.unattended or account.password_keyring or account.password_file:
        typed = ask_password(account)
        passwords.keep(account, typed)
        trying = replace(account, password_keyring=False, password_file=None)
    with signed_in(trying, passwords) as store:
        say(facts_sentence(account, facts_of(account, store)))
    if trying is account:
        return account
    if account.password_keyring or account.password_file or _wants_it_kept():
        return kept(account, passwords(trying), load().data_dir)
    return account


def _wants_it_kept() -> bool:
    from blocker.signin import vault

    if not sys.stdin.isatty():
        return False
    place = "the system's keyring" if vault.usable() else "a file that you alone can read"
    return confirm(f"Keep the password in {place}, so that nobody has to type it again?")
