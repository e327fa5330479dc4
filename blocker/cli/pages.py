"""The commands on what was found: web, senders, forget."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, cast, get_args

import click

from blocker.catalogue import Catalogue, CatalogueError
from blocker.catalogue.figures import SenderOrder
from blocker.catalogue.people import People
from blocker.cli.files import judge_by_lists
from blocker.config import Config, ConfigError, load
from blocker.config.loopback import is_loopback
from blocker.output.numbers import percent
from blocker.output.terminal import confirm, say, say_json

DATABASE = click.option("--database", metavar="URL", help="Another database than the configured one.")
HOST = click.option("--host", help="Address to listen on; 127.0.0.1 where nothing is configured.")
PORT = click.option(
    "--port", type=click.IntRange(0, 65535), help="Port to listen on; 8400 where nothing is configured."
)


@contextmanager
def catalogue_of(database: str | None) -> Iterator[Catalogue]:
    """The catalogue of the configuration, or of a URL; what goes wrong with either ends the command in a sentence."""
    try:
        with Catalogue.open(database or _config().database) as opened:
            yield opened
    except CatalogueError as error:
        raise click.ClickException(str(error)) from error


def _config() -> Config:
    try:
        return load()
    except ConfigError as error:
        raise click.ClickException(str(error)) from error


@click.group(invoke_without_command=True)
@HOST
@PORT
@DATABASE
@click.pass_context
def web(ctx: click.Context, host: str | None, port: int | None, database: str | None) -> None:
    """Serve the pages.

    \b
    Example:
      unpixel user password
      unpixel web --port 8400
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(serve, host=host, port=port, database=database)


@web.command()
@HOST
@PORT
@DATABASE
def serve(host: str | None, port: int | None, database: str | None) -> None:
    """Serve the pages until Ctrl-C; the same as `unpixel web` alone.

    \b
    Example:
      unpixel web serve --host 127.0.0.1 --port 8400
    """
    from blocker.judging.warm import WARM
    from blocker.output.log import configure
    from blocker.sender.trust import trust, unprovable
    from webui import Server, create_app
    from webui.access.sessions import one_time_link

    configure("human", logging.ERROR)
    config = _config()
    judge_by_lists(config)
    address = config.web.host if host is None else host
    with catalogue_of(database or config.database) as store:
        try:
            server = Server(
                create_app(
                    store,
                    key=config.key(),
                    trust=trust(config, *config.accounts),
                    unprovable=unprovable(config),
                    open_metrics=is_loopback(address),
                    config=config.path,
                    origins=config.web.origins,
                    hosts=(*config.web.hosts, address),
                ),
                address,
                config.web.port if port is None else port,
                proxy=config.web.proxy,
            )
        except ConfigError as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            raise click.ClickException(
                f"The address cannot be listened on ({error.strerror or error}): name another with --host or --port."
            ) from error
        say(f"The pages are at {server.url} (Ctrl-C ends them).")
        if not any(person.password for person in People(store).all()):
            say("No password is set yet: set one with `unpixel user password`, or open this once:")
            say(one_time_link(store, server.url))
        if not is_loopback(server.host):
            say(
                "Other machines can reach this address without encryption: put an HTTPS proxy in front.",
                err=True,
            )
        # A plug-in waits two seconds for its first verdict.
        WARM.begin()
        server.run_until_signal()


@click.command()
@DATABASE
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--order", type=click.Choice(get_args(SenderOrder)), default="tracked", show_default=True)
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
def senders(database: str | None, as_json: bool, order: str, limit: int) -> None:
    """List who sends, and how much of it is tracked.

    \b
    Example:
      unpixel senders --order share --limit 20
    """
    with catalogue_of(database) as store:
        lines = store.senders(cast(SenderOrder, order), limit)
    if as_json:
        for line in lines:
            say_json(line.as_dict())
        return
    if not lines:
        say("No sender was seen yet: start with `unpixel run`, or look at past mail with `unpixel sweep`.")
        return
    from rich.table import Table

    from blocker.output.styles import console, styled

    table = Table("Sender", box=None, pad_edge=False, header_style="bold")
    for heading in ("Tracked", "Mail", "Share", "Last"):
        table.add_column(heading, justify="right")
    table.columns[0].overflow = "fold"
    for line in lines:
        table.add_row(
            styled(line.domain),
            str(line.tracked),
            str(line.messages),
            f"{percent(line.share)}%",
            f"{line.last:%Y-%m-%d}",
        )
    console().print(table)


@click.command()
@DATABASE
@click.option("--sender", metavar="DOMAIN", help="Only mail of this sender, named as `unpixel senders` does.")
@click.option(
    "--before",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Only mail that arrived before this day (UTC).",
)
@click.option("--all", "everything", is_flag=True, help="All mail of all accounts.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
def forget(
    database: str | None, sender: str | None, before: datetime | None, everything: bool, yes: bool
) -> None:
    """Erase what the catalogue knows of messages, and what it learnt from them.

    No mail is touched. Where each message lay stays as bare numbers, so that the service does not take it for new.

    \b
    Example:
      unpixel forget --sender shop.example
      unpixel forget --before 2026-01-01 --yes
    """
    if everything == bool(sender or before):
        raise click.UsageError("Say what to forget: --sender, --before, both, or else --all.")
    wish: dict[str, Any] = {
        "sender": sender,
        "before": before.replace(tzinfo=UTC) if before else None,
        "everything": everything,
    }
    with catalogue_of(database) as store:
        number = store.count_to_forget(**wish)
        if number and not yes:
            _ask(f"Forget {_messages(number)} with all that is known of {'it' if number == 1 else 'them'}?")
        gone = store.forget(**wish)
    if gone:
        was, them = ("was", "it") if gone == 1 else ("were", "them")
        say(f"{_messages(gone)} {was} forgotten, with references, reasons and what was learnt from {them}.")
    elif sender:
        say(f"The catalogue knows no such message of {sender}: `unpixel senders` lists whom it knows.")
    else:
        say("The catalogue knows no such message.")


def _ask(question: str) -> None:
    """End the command unless a person says yes."""
    try:
        agreed = confirm(question)
    except click.Abort:
        say("", err=True)
        agreed = False
    if not agreed:
        raise click.ClickException("Nothing was forgotten: answer y, or give --yes.")


def _messages(number: int) -> str:
    return f"{number} message{'' if number == 1 else 's'}"
