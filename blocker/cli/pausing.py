"""`unpixel pause` and `unpixel resume`: leave an account's mail alone for a while."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import click

from blocker.cli.reach import NO_ACCOUNT, sentences
from blocker.config import Config, ConfigError, load
from blocker.output.terminal import say

UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
LONGEST = timedelta(days=366)


def _span(_context: click.Context, _parameter: click.Parameter, text: str | None) -> timedelta | None:
    """A span of time as people write it. Raises BadParameter with what to write."""
    if text is None:
        return None
    unit, number = UNITS.get(text[-1:]), text[:-1]
    if unit and number.isascii() and number.isdigit() and len(number) < 7:
        span = int(number) * unit
        if timedelta(0) < span <= LONGEST:
            return span
    raise click.BadParameter(f"{text!r} is no span of time: write 15m, 1h or 2d.")


@click.command()
@click.argument("name", metavar="[ACCOUNT]", required=False)
@click.option(
    "--for", "span", callback=_span, metavar="SPAN", help="Such as 15m, 1h or 2d; until resumed if not said."
)
def pause(name: str | None, span: timedelta | None) -> None:
    """Leave the mail of an account, or of all, alone: nothing is judged or changed until the pause ends.

    A running service heeds it at once. In mode hold, mail goes on to the inbox unchanged, and none is held. In the
    other modes, mail that comes meanwhile is treated when the pause has ended.

    \b
    Example:
      unpixel pause personal --for 1h
      unpixel pause
    """
    from blocker.catalogue import Catalogue

    until = datetime.now(UTC) + span if span else None
    with sentences():
        config = load()
        names = _chosen(config, name)
        with Catalogue.open(config.database) as catalogue:
            catalogue.pause(names, until)
    end = f"until {until.astimezone():%Y-%m-%d %H:%M}" if until else f"until `{_command(name)}`"
    say(f"Paused {_listed(names)} {end}.")


@click.command()
@click.argument("name", metavar="[ACCOUNT]", required=False)
def resume(name: str | None) -> None:
    """End the pause of an account, or of all.

    \b
    Example:
      unpixel resume personal
    """
    from blocker.catalogue import Catalogue

    with sentences():
        config = load()
        names = _chosen(config, name)
        with Catalogue.open(config.database) as catalogue:
            paused = sorted(set(names) & set(catalogue.pauses()))
            catalogue.resume(names)
    say(f"Resumed {_listed(paused)}." if paused else "Nothing was paused.")


def _chosen(config: Config, name: str | None) -> Sequence[str]:
    """The account that was named, or all of the configuration. Raises ConfigError."""
    if name is not None:
        return [config.account(name).name]
    if not config.accounts:
        raise ConfigError(NO_ACCOUNT)
    return [account.name for account in config.accounts]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _command(name: str | None) -> str:
    return f"unpixel resume {name}" if name else "unpixel resume"
