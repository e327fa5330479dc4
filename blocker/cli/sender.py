"""The command on one sender: what was set for it, and setting it."""

from __future__ import annotations

import click

from blocker.catalogue.settings import SenderLevel
from blocker.choices.levels import ALLOW, Level
from blocker.cli.pages import DATABASE, catalogue_of
from blocker.config import Config, ConfigError, load
from blocker.output.terminal import say, say_json
from blocker.sender import lowers


@click.command()
@click.argument("domain")
@click.option(
    "--level", type=click.Choice([level.value for level in Level]), help="The level for this sender's mail."
)
@click.option("--allow", is_flag=True, help="Leave this sender's mail as it is.")
@click.option("--reset", is_flag=True, help="Take back what was set.")
@click.option("--account", metavar="NAME", help="For this account only; for all where not said.")
@DATABASE
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def sender(
    domain: str,
    level: str | None,
    allow: bool,
    reset: bool,
    account: str | None,
    database: str | None,
    as_json: bool,
) -> None:
    """Show or set what is done with one sender's mail, apart from its account's level.

    More protection holds at once. Less holds only for mail that is proven to be the sender's, because anybody can
    write any From field: by a DKIM signature, or by the report of your own mail server.

    \b
    Example:
      unpixel sender shop.example --level paranoid
      unpixel sender newspaper.example --allow --account personal
      unpixel sender shop.example --reset
    """
    if sum((level is not None, allow, reset)) > 1:
        raise click.UsageError("Say one of --level, --allow and --reset.")
    config = _config(account)
    with catalogue_of(database or config.database) as store:
        if level or allow or reset:
            domain = store.set_sender_level(domain, ALLOW if allow else level, account or "")
        found = store.sender_level(domain)
    if as_json:
        say_json({"domain": domain, "settings": [one.as_dict() for one in found]})
        return
    for line in _lines(domain, found):
        say(line)
    if any(_may_lower(one, config) for one in found) and not _provable(config):
        say(
            "Nothing can prove yet that a mail is this sender's, so it will not apply: name your mail server in "
            "accounts.NAME.authserv_ids, or set service.dkim_lookups = true.",
            err=True,
        )


def _config(account: str | None) -> Config:
    """The configuration, which must have the account that was named."""
    try:
        config = load()
        if account is not None:
            config.account(account)
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    return config


def _lines(domain: str, found: tuple[SenderLevel, ...]) -> list[str]:
    if not found:
        return [f"Nothing is set for {domain}: its mail gets the level of each account."]
    return [f"{one.domain}  {one.level}  {one.account or 'all accounts'}" for one in found]


def _may_lower(one: SenderLevel, config: Config) -> bool:
    """Whether this is less than the level of an account that it holds for."""
    return any(
        lowers(account.level, one.level) for account in config.accounts if one.account in ("", account.name)
    )


def _provable(config: Config) -> bool:
    return config.service.dkim_lookups or any(account.authserv_ids for account in config.accounts)
