"""The commands on who gets in: user and token."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import click

from blocker.catalogue import Catalogue, CatalogueError
from blocker.catalogue.credentials import Credential
from blocker.catalogue.people import People, Person, Role
from blocker.catalogue.values import Accounts
from blocker.cli.pages import DATABASE, catalogue_of
from blocker.config import ConfigError, load
from blocker.output.terminal import confirm, prompt, say, say_json

USER = click.option("--user", metavar="NAME", help="Whose; the owner's where not said.")
STDIN = click.option(
    "--stdin", "from_stdin", is_flag=True, help="Read the password from the first line of standard input."
)


@contextmanager
def _told() -> Iterator[None]:
    """What cannot be done ends the command in a sentence."""
    from webui.access.tokens import NoToken

    try:
        yield
    except (CatalogueError, NoToken, ValueError) as error:
        raise click.ClickException(str(error)) from error


@click.group()
def user() -> None:
    """Say who may open the pages, and which accounts each may see.

    \b
    Example:
      unpixel user add ada --role owner --account personal
      unpixel user list
    """


@user.command("add")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.VIEWER.value,
    show_default=True,
    help="A viewer looks; an owner changes what is done with the mail of their accounts too.",
)
@click.option(
    "--account", "accounts", multiple=True, metavar="ACCOUNT", help="One that they see; repeatable."
)
@click.option("--all-accounts", is_flag=True, help="They see all, also those that are added later.")
@click.option("--no-password", is_flag=True, help="Ask for none: `unpixel user link` lets them in.")
@STDIN
@DATABASE
def add_user(
    name: str,
    role: str,
    accounts: tuple[str, ...],
    all_accounts: bool,
    no_password: bool,
    from_stdin: bool,
    database: str | None,
) -> None:
    """Let somebody in.

    \b
    Example:
      unpixel user add ada --role owner --account personal
      unpixel user add tv --all-accounts --no-password
    """
    from webui.access.passwords import digest

    if bool(accounts) == all_accounts:
        raise click.UsageError("Say what they see: --account, once or more, or --all-accounts.")
    with catalogue_of(database) as store, _told():
        seen = None if all_accounts else _known(store, accounts)
        kept = None if no_password else digest(_password(from_stdin))
        People(store).add(name, Role(role), seen, kept)
    say(f"{name} may open the pages now." if not no_password else f"Let {name} in: unpixel user link {name}")


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@DATABASE
def list_users(as_json: bool, database: str | None) -> None:
    """List who may open the pages.

    \b
    Example:
      unpixel user list
    """
    with catalogue_of(database) as store:
        people = People(store).all()
    if as_json:
        for person in people:
            say_json(person.as_dict())
        return
    _table(("Name", "Role", "Accounts", "Password"), [_line(person) for person in people])


@user.command("remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@DATABASE
def remove_user(name: str, yes: bool, database: str | None) -> None:
    """Let somebody in no more; their sessions and tokens end.

    \b
    Example:
      unpixel user remove ada
    """
    with catalogue_of(database) as store, _told():
        person = People(store).named(name)
        if not yes and not confirm(f"Remove {name}, with their sessions and tokens?"):
            raise click.ClickException("Nobody was removed: answer y, or give --yes.")
        People(store).remove(person.id)
    say(f"{name} may open the pages no more.")


@user.command("password")
@click.argument("name", required=False)
@STDIN
@DATABASE
def password(name: str | None, from_stdin: bool, database: str | None) -> None:
    """Set somebody's password, the owner's where nobody is named; whoever was logged in with the old one is logged out.

    \b
    Example:
      unpixel user password
      unpixel user password ada
    """
    from webui.access.passwords import set_password

    with catalogue_of(database) as store, _told():
        People(store).named(name)
        set_password(store, _password(from_stdin), name)
    say("The password is set.")


@user.command("link")
@click.argument("name", required=False)
@DATABASE
def link(name: str | None, database: str | None) -> None:
    """Print a link that logs somebody in once, the owner where nobody is named: when a password is forgotten, or guessed at
    by others so often that it has to wait.

    \b
    Example:
      unpixel user link ada
    """
    from webui.access.sessions import one_time_link

    try:
        web = load().web
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    host = f"[{web.host}]" if ":" in web.host else web.host
    with catalogue_of(database) as store, _told():
        say(one_time_link(store, f"http://{host}:{web.port}", People(store).named(name)))


@click.group()
def token() -> None:
    """Make tokens, with which programs use the API, and end them.

    \b
    Example:
      unpixel token add thunderbird --scope read,scan
      unpixel token list
    """


@token.command("add")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    default="read,scan",
    show_default=True,
    metavar="SCOPES",
    help="What it may do: read, scan, act, separated by commas.",
)
@click.option(
    "--days", type=click.IntRange(1, 3650), metavar="N", help="It ends by itself after so many days."
)
@USER
@DATABASE
def add_token(name: str, scopes: str, days: int | None, user: str | None, database: str | None) -> None:
    """Make a token and print it, alone: this is the only time it can be read.

    \b
    Example:
      TOKEN=$(unpixel token add backup --scope read --days 90)
      curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: message/rfc822" \\
           --data-binary @message.eml http://127.0.0.1:8400/api/v1/scan
    """
    from webui.access.scopes import GRANTED, Scope
    from webui.access.tokens import new_token

    wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
    if unknown := [scope for scope in wanted if scope not in GRANTED]:
        raise click.UsageError(f'There is no scope "{unknown[0]}": use {", ".join(GRANTED)}.')
    with catalogue_of(database) as store, _told():
        person = People(store).named(user)
        say(new_token(store, name, map(Scope, wanted), person=person, days=days))


@token.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@USER
@DATABASE
def list_tokens(as_json: bool, user: str | None, database: str | None) -> None:
    """List the tokens there are, those of paired plug-ins too: everybody's, or one person's.

    \b
    Example:
      unpixel token list
    """
    with catalogue_of(database) as store, _told():
        found = list(_tokens(store, user))
    if as_json:
        for person, each in found:
            say_json(each.as_dict() | {"user": person.name})
        return
    if not found:
        say("There is no token yet: make one with `unpixel token add`.")
        return
    lines = [(each.name, person.name, ",".join(sorted(each.scopes)), *_days(each)) for person, each in found]
    _table(("Name", "User", "Scopes", "Made", "Used", "Ends"), lines)


@token.command("revoke")
@click.argument("name")
@USER
@DATABASE
def revoke(name: str, user: str | None, database: str | None) -> None:
    """End the tokens of that name: everybody's, or one person's.

    \b
    Example:
      unpixel token revoke backup
    """
    from webui.access import tokens

    with catalogue_of(database) as store, _told():
        found = [(person, each) for person, each in _tokens(store, user) if each.name == name]
        ended = sum(tokens.revoke(store, person, each.id) for person, each in found)
    if not ended:
        raise click.ClickException(f'There is no token "{name}": `unpixel token list` lists them.')
    say(f"{ended} {'token was' if ended == 1 else 'tokens were'} ended.")


def _tokens(store: Catalogue, name: str | None) -> Iterator[tuple[Person, Credential]]:
    from webui.access.tokens import tokens_of

    people = People(store)
    for person in people.all() if name is None else (people.named(name),):
        for each in tokens_of(store, person):
            yield person, each


def _known(store: Catalogue, accounts: tuple[str, ...]) -> Accounts:
    """The accounts, which the catalogue or the configuration must know: a name that is mistyped would show nothing."""
    try:
        known = {seen.name for seen in store.accounts()} | {watched.name for watched in load().accounts}
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    if unknown := sorted(set(accounts) - known):
        names = ", ".join(sorted(known)) or "add one with `unpixel account add`"
        raise click.ClickException(f'There is no account "{unknown[0]}": {names}.')
    return frozenset(accounts)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return prompt("Password", hide_input=True, confirmation_prompt="Once more")


def _line(person: Person) -> tuple[str, ...]:
    seen = "all" if person.accounts is None else ", ".join(sorted(person.accounts))
    return person.name, person.role.value, seen, "set" if person.password else "none"


def _days(each: Credential) -> tuple[str, str, str]:
    used, ends = (f"{at:%Y-%m-%d}" if at else "never" for at in (each.used, each.expires))
    return f"{each.created:%Y-%m-%d}", used, ends


def _table(heads: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> None:
    from rich.table import Table

    from blocker.output.styles import console, styled

    table = Table(*heads, box=None, pad_edge=False, header_style="bold")
    for line in lines:
        table.add_row(*map(styled, line))
    console().print(table)
