"""`unpixel rules`: filter lists in Adblock syntax, which a person adds."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from blocker.cli.reach import sentences
from blocker.config import load
from blocker.lists import Kept, ListError, Lists
from blocker.lists.engine import engine, library
from blocker.message.urls import parse
from blocker.output.safe import line
from blocker.output.terminal import say

AGAIN = "A running service and the pages judge by it once they are started anew."


@click.group()
def rules() -> None:
    """Judge by filter lists that you choose, too. None is shipped.

    \b
    Example:
      unpixel rules add https://lists.example/privacy.txt
      unpixel rules update
    """


@contextmanager
def _lists() -> Iterator[Lists]:
    """The lists of the configuration; errors end the command in a sentence."""
    with sentences():
        try:
            yield Lists(load().data_dir)
        except ListError as error:
            raise click.ClickException(str(error)) from error


@rules.command()
@click.argument("source", metavar="URL|FILE")
def add(source: str) -> None:
    """Take over a list from an https address, or from a file.

    Private addresses are not asked.

    \b
    Example:
      unpixel rules add https://lists.example/privacy.txt
      unpixel rules add ./mine.txt
    """
    with _lists() as lists:
        library()
        kept = lists.add(source)
    say(f"{kept.source}: {kept.filters} filters. {AGAIN}")


@rules.command("list")
def list_() -> None:
    """Name the lists.

    \b
    Example:
      unpixel rules list
    """
    with _lists() as lists:
        kept = lists.kept()
    for one in kept:
        say(f"{one.source}: {one.filters} filters, taken over {one.fetched}")
    if not kept:
        say("There is no list: add one with `unpixel rules add`.")


@rules.command()
def update() -> None:
    """Take over newer versions of all lists. One that cannot be had, or is suspiciously small, stays as it is.

    \b
    Example:
      unpixel rules update
    """
    failed = False
    with _lists() as lists:
        for one in lists.kept():
            try:
                say(f"{one.source}: {_updated(lists.update(one))}")
            except ListError as error:
                failed = True
                say(f"unpixel: {error}", err=True)
    sys.exit(1 if failed else 0)


def _updated(new: Kept | None) -> str:
    return f"{new.filters} filters. {AGAIN}" if new else "no newer version."


@rules.command()
@click.argument("source", metavar="URL|FILE")
def remove(source: str) -> None:
    """Take a list out.

    \b
    Example:
      unpixel rules remove https://lists.example/privacy.txt
    """
    with _lists() as lists:
        known = {one.source for one in lists.kept()}
        chosen = (
            source if source in known else next((one for one in known if one.endswith(f"/{source}")), source)
        )
        if not lists.remove(chosen):
            raise ListError(f"There is no list {source}: `unpixel rules list` names them.")
    say(f"{chosen} is out. {AGAIN}")


@rules.command()
@click.argument("url", metavar="URL")
@click.option("--sender", default="", metavar="DOMAIN", help="As if a mail of this domain held it.")
def test(url: str, sender: str) -> None:
    """Say which filter would block a URL in a mail. Nothing is fetched.

    \b
    Example:
      unpixel rules test https://track.example/open.gif --sender shop.example
    """
    found = parse(url)
    if found is None:
        raise click.BadParameter("that is no URL that a mail program would fetch.")
    with _lists() as lists:
        texts = list(lists.texts())
        if not texts:
            raise ListError("There is no list: add one with `unpixel rules add`.")
        said = engine(texts)(found.href, sender)
    say(f"Blocked by {line(said)}" if said else "No filter blocks it.")
