"""`unpixel setup`: from nothing to a swept mailbox, a service and its pages."""

from __future__ import annotations

import sys
from typing import Any, get_args

import click

from blocker.cli.adding import added
from blocker.cli.reach import sentences
from blocker.cli.walk import ending_well, walk
from blocker.config import Security, load
from blocker.config.loopback import is_loopback
from blocker.config.providers import by_address
from blocker.output.terminal import prompt, say


@click.command()
@click.option(
    "--account", "name", metavar="NAME", help="The account to set up; asked for where there are several."
)
def setup(name: str | None) -> None:
    """Walk through it all: account, doctor, mode, past mail, the pages' password, service.

    Ctrl-C ends it anywhere and leaves nothing broken. Begun again, it skips what is done.

    \b
    Example:
      unpixel setup
    """
    if not sys.stdin.isatty():
        raise click.ClickException(
            "This asks questions: run it on a terminal. In a script, use the single commands."
        )
    with ending_well(), sentences():
        walk(_account(name))


def _account(name: str | None) -> str:
    """The account to set up; a new one where there is none."""
    say("1. Account")
    config = load()
    if name is not None or config.accounts:
        found = config.account(name or _which([each.name for each in config.accounts]))
        say(f'   "{found.name}" is there: {found.address} at {found.host}.')
        return found.name
    address = prompt("Your mail address")
    return added(address, **({} if by_address(address) else _server(address))).name


def _server(address: str) -> dict[str, Any]:
    """The server of an address whose provider is not known, as a person says it."""
    said = prompt(
        "IMAP server, with :port where it is not the usual one", default=f"imap.{address.rpartition('@')[2]}"
    )
    host, colon, port = said.rpartition(":")
    if not (colon and port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        host, port = said, ""
    found: dict[str, Any] = {"host": host, "user": prompt("Login name", default=address)}
    if is_loopback(host):
        choice = click.Choice(list(get_args(Security)))
        found["security"] = prompt("It is this computer's own. Encryption", type=choice, default="none")
    return found | ({"port": int(port)} if port else {})


def _which(names: list[str]) -> str:
    return names[0] if len(names) == 1 else prompt("Which account", type=click.Choice(names))
