"""`unpixel scan`: judge the messages in files, as text, JSON or a table."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import click

from blocker.cli.compare import memory_of, messages
from blocker.cli.files import MOST, RECIPIENT, judge_by_lists
from blocker.cli.tables import FORMS, TABLE, Table, ready, write_table
from blocker.cli.totals import Totals
from blocker.output.numbers import percent
from blocker.output.safe import line
from blocker.output.terminal import say, say_json

if TYPE_CHECKING:
    from blocker.detect.memory import Memory
    from blocker.detect.report import Report


@click.command(
    epilog="Example: unpixel scan ~/Maildir --format jsonl > scan.jsonl",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "jsonl", *FORMS]),
    default="text",
    show_default=True,
    help="One line a finding for people, one JSON object a message, or a table.",
)
@TABLE("references")
@RECIPIENT
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
    paths: tuple[str, ...],
    form: str,
    table: Table,
    recipients: tuple[str, ...],
    remembered: str | None,
    max_size: int,
) -> None:
    """Judge every reference of the messages in PATH: a message file, a folder of them, a Maildir, an mbox, or -.

    Ends with counts by verdict, the vendors in most messages, and the senders that track most: below the text, else on
    standard error.
    """
    ready(form)
    problems: list[str] = []

    def problem(sentence: str) -> None:
        problems.append(sentence)
        say(f"unpixel: {sentence}", err=True)

    judge_by_lists()
    totals, limit = Totals(), max_size << 20
    with memory_of(remembered, paths, limit, recipients) as (memory, readers):
        reports = totals.of(_reports(messages(paths, limit, problem), readers, memory))
        _write(form, table, reports)
    if not totals.messages and not problems:
        problem("there is no message in that place; name a message file, a folder of them or an mbox.")
    say(*totals.lines(), err=form != "text")
    sys.exit(1 if problems else 0)


def _reports(
    found: Iterable[tuple[str, bytes]], readers: tuple[str, ...], memory: Memory | None
) -> Iterator[Report]:
    """One report after the other, each judged when it is asked for."""
    from blocker.detect.judge import scan as judge

    for source, raw in found:
        yield judge(raw, recipients=readers, source=source, memory=memory)


def _write(form: str, table: Table, reports: Iterable[Report]) -> None:
    if form in FORMS:
        write_table(form, table, ((report, None) for report in reports))
        return
    shown: Callable[[Report], None] = _print_report if form == "text" else _print_json
    for report in reports:
        shown(report)


def _print_json(report: Report) -> None:
    say_json(report.as_dict())


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
            f"    {verdict.kind}{whose} ({percent(verdict.confidence)}%, {line(judged.vector, MOST)}): {line(judged.raw, MOST)}"
        )
        for why in verdict.reasons:
            say(f"        {why.weight:+.1f} {line(why.detail, MOST)}")
    for receipt in report.receipts:
        say(f"    receipt asked for by {receipt.header}: {line(receipt.value, MOST)}")
    rest = sum(1 for judged in report.references if judged.verdict.kind in ("content", "spacer"))
    if rest:
        say(f"    {rest} other reference{'s' * (rest != 1)} that single{'s' * (rest == 1)} nobody out")
