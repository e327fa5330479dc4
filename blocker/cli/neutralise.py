"""Changing messages in files and streams: neutralise and filter."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from blocker.cli.files import LEVEL, RECIPIENT, fail, judge_by_lists, read_file, read_input, write
from blocker.output.terminal import say

if TYPE_CHECKING:
    from blocker.cli.folders import Ended, Outcome
    from blocker.rewrite.neutralise import Neutralised

MAX_FILTERED = 256 << 20
"""Octets that `filter` looks at; a larger message is passed on as it is."""


@click.command()
@click.argument("file", metavar="FILE|FOLDER|-")
@LEVEL
@RECIPIENT
@click.option(
    "-o",
    "--output",
    "out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Of a FOLDER or a Maildir: write every message into this folder, under its own name.",
)
def neutralise(file: str, level: str, recipients: tuple[str, ...], out: Path | None) -> None:
    """Write the message to standard output without what spies; every other byte stays.

    Of a FOLDER every message is written into DIR, names, flags and times kept. What is in DIR already stays as it is, so
    that a run which was cut short can be started again. A message that cannot be changed is copied as it is, and told.

    \b
    Example:
      unpixel neutralise newsletter.eml > quiet.eml
      unpixel neutralise ~/Maildir -o ~/Maildir-quiet
    """
    judge_by_lists()
    if out is not None:
        _folder(Path(file), out, level, recipients)
    elif file != "-" and Path(file).is_dir():
        raise click.UsageError("Of a folder every message is written into another one: name it with -o DIR.")
    else:
        _one(file, level, recipients)


def _folder(source: Path, out: Path, level: str, recipients: tuple[str, ...]) -> None:
    from blocker.cli.folders import neutralise_folder
    from blocker.cli.running import INTERRUPTED, signals
    from blocker.mailbox.protocol import MailboxError

    done: Counter[Ended] = Counter()
    # Noted and looked at between two messages: raised anywhere, an exception can be swallowed (by what runs at a fork).
    with signals() as received:
        try:
            neutralise_folder(
                source,
                out,
                lambda messages: _changed(messages, level, recipients),
                lambda sentence: say(f"unpixel: {sentence}", err=True),
                done,
                lambda: received,
            )
        except (MailboxError, OSError) as error:
            fail(str(error))
    if received:
        say(f"Ended. Until then: {_sum(done)}. Started again, it goes on.", err=True)
        sys.exit(INTERRUPTED)
    say(f"{_sum(done)}.", err=True)
    sys.exit(1 if done["failed"] or not done else 0)


def _changed(messages: list[bytes], level: str, recipients: tuple[str, ...]) -> list[Outcome]:
    """What becomes of each, all read apart; each alone where they fail together."""
    from blocker.judging.budget import apart

    try:
        return list(apart(lambda: [_filtered(raw, level, recipients) for raw in messages]))
    except RuntimeError as error:
        if len(messages) == 1:
            return [f"{error}."]
        return [one for raw in messages for one in _changed([raw], level, recipients)]


def _sum(done: Counter[Ended]) -> str:
    """What became of the messages, in words."""
    words: dict[Ended, str] = {
        "neutralised": "neutralised",
        "unchanged": "without anything to neutralise",
        "failed": "left as they are, for the reasons above",
        "there": "were there already",
    }
    return ", ".join(f"{done[key]} {text}" for key, text in words.items() if done[key]) or "no message found"


def _one(file: str, level: str, recipients: tuple[str, ...]) -> None:
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

            judge_by_lists()

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
