"""Commands on messages in files: scan, neutralise, restore, filter."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn

import click

from blocker.choices.levels import DEFAULT_LEVEL, Level
from blocker.output.safe import line
from blocker.output.terminal import say, say_json

if TYPE_CHECKING:
    from blocker.detect.memory import Memory
    from blocker.detect.report import Report
    from blocker.rewrite.neutralise import Neutralised

MOST = 160
"""Characters of one value that a mail holds, where it is shown."""
MAX_FILTERED = 256 << 20
"""Octets that `filter` looks at; a larger message is passed on as it is."""
LEVEL = click.option(
    "--level",
    type=click.Choice([level.value for level in Level]),
    default=DEFAULT_LEVEL.value,
    show_default=True,
    help="How much to neutralise.",
)
RECIPIENT = click.option(
    "--recipient", "recipients", multiple=True, metavar="ADDRESS", help="An address of the reader's."
)


@click.command(
    epilog="Example: unpixel scan ~/Maildir --format jsonl > scan.jsonl",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "jsonl"]),
    default="text",
    show_default=True,
    help="One line a finding for people, or one JSON object a message.",
)
@click.option(
    "--recipient", "recipients", multiple=True, metavar="ADDRESS", help="An address of the reader's."
)
@click.option(
    "--memory",
    "remembered",
    type=click.Choice(["none", "folder", "catalogue"]),
    default=None,
    help="What other messages may say of a URL: nothing; all of PATH, read once before; or the catalogue.  "
    "[default: folder where PATH holds more than one message]",
)
@click.option(
    "--max-size", type=int, default=64, show_default=True, metavar="MB", help="Skip larger messages."
)
def scan(
    paths: tuple[str, ...], form: str, recipients: tuple[str, ...], remembered: str | None, max_size: int
) -> None:
    """Judge every reference of the messages in PATH: a message file, a folder of them, a Maildir, an mbox, or -."""
    from blocker.detect.judge import scan as judge

    problems: list[str] = []

    def problem(sentence: str) -> None:
        problems.append(sentence)
        say(f"unpixel: {sentence}", err=True)

    limit = max_size << 20
    messages = 0
    with _memory(remembered, paths, limit, recipients) as (memory, readers):
        for source, raw in _messages(paths, limit, problem):
            report = judge(raw, recipients=readers, source=source, memory=memory)
            messages += 1
            if form == "jsonl":
                say_json(report.as_dict())
            else:
                _print_report(report)
    if not messages and not problems:
        problem("there is no message in that place; name a message file, a folder of them or an mbox.")
    if form == "text":
        say(f"{messages} message{'s' * (messages != 1)} read.", err=True)
    sys.exit(1 if problems else 0)


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


def _messages(
    paths: tuple[str, ...], limit: int, problem: Callable[[str], None]
) -> Iterator[tuple[str, bytes]]:
    """Every message of the given places; `problem` is told of each that cannot be read."""
    from blocker.mailbox.files import read_path
    from blocker.mailbox.protocol import MailboxError

    for name in paths:
        if name == "-":
            yield "standard input", read_input()
            continue
        try:
            yield from read_path(Path(name), limit=limit, problem=problem)
        except MailboxError as error:
            problem(str(error))


@contextmanager
def _memory(
    wanted: str | None, paths: tuple[str, ...], limit: int, recipients: tuple[str, ...]
) -> Iterator[tuple[Memory | None, tuple[str, ...]]]:
    """The memory to judge by, and the reader's addresses: with the catalogue, where none are given, the accounts'."""
    if wanted != "catalogue":
        yield _folder_memory(wanted, paths, limit, recipients), recipients
        return
    from blocker.catalogue import Catalogue, CatalogueError
    from blocker.catalogue.memory import CatalogueMemory
    from blocker.config import ConfigError, load

    try:
        config = load()
        with Catalogue.open(config.database) as catalogue:
            own = tuple(address for account in config.accounts for address in account.addresses)
            yield CatalogueMemory(catalogue), recipients or own
    except (CatalogueError, ConfigError) as error:
        fail(str(error))


def _folder_memory(
    wanted: str | None, paths: tuple[str, ...], limit: int, recipients: tuple[str, ...]
) -> Memory | None:
    """What a first pass over the messages leaves; None where there is nothing to remember."""
    single = len(paths) == 1 and (paths[0] == "-" or Path(paths[0]).is_file())
    if wanted == "none" or "-" in paths or (wanted is None and single and not _is_mbox(Path(paths[0]))):
        return None
    from blocker.detect.judge import learn
    from blocker.detect.memory import FolderMemory

    memory = FolderMemory()
    for _, raw in _messages(paths, limit, lambda _: None):
        learn(memory, raw, recipients)
    return memory


def _is_mbox(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(5) == b"From "


def _print_report(report: Report) -> None:
    head = report.message
    sender, subject = line(head.from_ or "no sender", MOST), line(head.subject or "no subject", MOST)
    say(f"{line(head.source, 4096)}: {sender}: {subject}")
    if report.error:
        say(f"    {report.error}")
    for judged in report.references:
        verdict = judged.verdict
        if verdict.kind in ("content", "spacer"):
            continue
        whose = f" of {verdict.vendor}" if verdict.vendor else ""
        say(
            f"    {verdict.kind}{whose} ({verdict.confidence:.0%}, {line(judged.vector, MOST)}): {line(judged.raw, MOST)}"
        )
        for why in verdict.reasons:
            say(f"        {why.weight:+.1f} {line(why.detail, MOST)}")
    for receipt in report.receipts:
        say(f"    receipt asked for by {receipt.header}: {line(receipt.value, MOST)}")
    rest = sum(1 for judged in report.references if judged.verdict.kind in ("content", "spacer"))
    if rest:
        say(f"    {rest} other reference{'s' * (rest != 1)} that single{'s' * (rest == 1)} nobody out")


def read_file(name: str) -> bytes:
    """The bytes of a message file, or of standard input for `-`; ends the command with a sentence on an error."""
    if name == "-":
        return read_input()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        fail(f"{name} cannot be read ({error.strerror}); check the path.")


def read_input() -> bytes:
    """All of standard input; ends the command with a sentence where it is closed."""
    if sys.stdin is None:
        fail("standard input is closed; give it a message.")
    return sys.stdin.buffer.read()


def write(raw: bytes) -> None:
    """Write to standard output, byte for byte and all of it; ends the command with a sentence where it is closed."""
    if sys.stdout is None:
        fail("standard output is closed; send it to a file or a program.")
    out: BinaryIO = sys.stdout.buffer
    left = memoryview(raw)
    while left:
        # Unbuffered (PYTHONUNBUFFERED) it may take a part, and say so by the number alone.
        left = left[out.write(left) or 0 :]
    out.flush()


def fail(sentence: str) -> NoReturn:
    """End the command with a sentence and exit code 1."""
    say(f"unpixel: {sentence}", err=True)
    sys.exit(1)
