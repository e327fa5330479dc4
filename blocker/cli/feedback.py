"""The commands on what a person said of verdicts: listed, taken back, and exported for the project."""

from __future__ import annotations

import click

from blocker.cli.pages import DATABASE, catalogue_of
from blocker.output.terminal import say, say_json


@click.group()
def feedback() -> None:
    """What you said of verdicts that were wrong: the pages take it, and it holds at once.

    \b
    Example:
      unpixel feedback list
    """


@feedback.command(name="list")
@DATABASE
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(database: str | None, as_json: bool) -> None:
    """List what was said, newest first.

    \b
    Example:
      unpixel feedback list --json
    """
    from blocker.catalogue import overrides

    with catalogue_of(database) as store, store.reading() as connection:
        found = overrides.listed(connection)
    for one in found:
        if as_json:
            say_json(one.as_dict())
        else:
            says = "a tracker" if one.tracks else "no tracker"
            say(f"{one.id}  {one.account}  {one.sender}  {says} (was: {one.verdict})  {one.template}")
    if not found and not as_json:
        say("Nothing was said of any verdict: a message's page has the buttons.")


@feedback.command()
@DATABASE
def export(database: str | None) -> None:
    """Write what was said as JSON lines that can be given to the project.

    No account, no address and no token is in them: of a sender its domain, of a URL what stays the same.

    \b
    Example:
      unpixel feedback export > feedback.jsonl
    """
    from blocker.catalogue import overrides

    with catalogue_of(database) as store, store.reading() as connection:
        found = overrides.listed(connection)
    for one in found:
        say_json(one.exported())


@feedback.command()
@click.argument("number", type=int)
@DATABASE
def revoke(number: int, database: str | None) -> None:
    """Take back what was said, by its number in the list.

    \b
    Example:
      unpixel feedback revoke 3
    """
    from blocker.catalogue import overrides

    with catalogue_of(database) as store, store.writing() as connection:
        gone = overrides.revoke(connection, number)
    if not gone:
        raise click.ClickException(f"There is no feedback {number}: `unpixel feedback list` has the numbers.")
    say("Taken back: mail is judged without it from now on.")
