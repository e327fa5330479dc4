"""Changing messages in files and streams: neutralise and filter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from blocker.cli.files import LEVEL, RECIPIENT, read_file, read_input, write
from blocker.output.terminal import say

if TYPE_CHECKING:
    from blocker.rewrite.neutralise import Neutralised

MAX_FILTERED = 256 << 20
"""Octets that `filter` looks at; a larger message is passed on as it is."""


@click.command(epilog="Example: unpixel neutralise newsletter.eml > quiet.eml")
@click.argument("file", metavar="FILE|-")
@LEVEL
@RECIPIENT
def neutralise(file: str, level: str, recipients: tuple[str, ...]) -> None:
    """Write the message to standard output without what spies; every other byte stays."""
    from blocker.cli.kept import NotKept, keep
    from blocker.rewrite.neutralise import neutralise as change

    raw = read_file(file)
    outcome = change(raw, level=level, recipients=recipients)
    try:
        keep(outcome)
    except NotKept as error:
        write(raw)
        say(
            f"unpixel: the message was left as it is: what undoes the change is kept nowhere. {error}",
            err=True,
        )
        return
    write(outcome.raw)
    if told := _told(outcome):
        say(f"unpixel: {told}", err=True)


@click.command(
    name="filter", epilog='Example, in a Sieve script with vnd.dovecot.filter: filter "unpixel" ["filter"];'
)
@LEVEL
@RECIPIENT
def filter_(level: str, recipients: tuple[str, ...]) -> None:
    """Read a message on standard input, write it to standard output neutralised.

    For delivery programs: on ANY error the input is written unchanged and the exit code is 0.
    """
    raw = read_input()
    out, told = raw, f"passed on unchanged: it is larger than {MAX_FILTERED >> 20} MB"
    if len(raw) <= MAX_FILTERED:
        try:
            from blocker.judging.budget import apart

            out, told = apart(lambda: _filtered(raw, level, recipients))
        except Exception as error:  # noqa: BLE001 (mail must pass whatever happens)
            told = f"passed on unchanged: {error}"
    write(out)
    if told:
        say(f"unpixel: {told}", err=True)


def _filtered(raw: bytes, level: str, recipients: tuple[str, ...]) -> tuple[bytes, str]:
    """The message to pass on, and what is to be said of it."""
    from blocker.cli.kept import keep
    from blocker.rewrite.neutralise import neutralise as change

    outcome = change(raw, level=level, recipients=recipients)
    keep(outcome)
    return outcome.raw, _told(outcome)


def _told(outcome: Neutralised) -> str:
    """What a person must know of how a message was changed; empty where all is as they expect."""
    if outcome.refused:
        return f"the message was left as it is: {outcome.refused}."
    return f"{outcome.report.error}." if outcome.report.error else ""
