"""`unpixel explain`: a message's references and verdicts, in words a person can follow."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from blocker.cli.files import MOST, judge_by_lists, read_file
from blocker.detect.judge import scan
from blocker.detect.report import Judged, Report
from blocker.detect.words import told
from blocker.output.numbers import percent
from blocker.output.styles import console, styled
from blocker.output.terminal import say_json

STYLES = {"pixel": "bold red", "beacon": "red", "personal": "yellow", "content": "green", "spacer": "dim"}


@click.command(epilog="Example: unpixel explain newsletter.eml --recipient me@example.org")
@click.argument("file", metavar="FILE|-")
@click.option(
    "--recipient", "recipients", multiple=True, metavar="ADDRESS", help="An address of the reader's."
)
@click.option("--all", "every", is_flag=True, help="Also the pictures and spacers that single nobody out.")
@click.option("--json", "as_json", is_flag=True, help="The report as one JSON object.")
def explain(file: str, recipients: tuple[str, ...], every: bool, as_json: bool) -> None:
    """Say of each reference in a message what it is, how sure that is, why, and what its fetch would have told."""
    judge_by_lists()
    report = scan(read_file(file), recipients=recipients, source=file if file == "-" else str(Path(file)))
    if as_json:
        say_json(report.as_dict())
        return
    out = console(sys.stdout)
    _heading(out, report)
    shown = [j for j in report.references if every or j.verdict.kind not in ("content", "spacer")]
    for judged in shown:
        out.print(_panel(judged))
    for receipt in report.receipts:
        out.print(styled(f"{receipt.header} asks for a receipt, to {receipt.value}.", "yellow", MOST))
    rest = len(report.references) - len(shown)
    if rest:
        plural = "s" if rest != 1 else ""
        out.print(
            f"{rest} other reference{plural} that single{'' if plural else 's'} nobody out (--all shows them)."
        )
    if not report.references and report.error is None:
        out.print("Opening this message contacts nobody.")


def _heading(out: Console, report: Report) -> None:
    head = report.message
    out.print(styled(head.subject or "(no subject)", "bold", MOST))
    out.print(styled(head.from_, most=MOST) + styled(f"  {head.date}"))
    if report.signed:
        out.print(styled("Signed or encrypted: unpixel never changes it.", "yellow"))
    if report.error:
        out.print(styled(report.error, "yellow"))
    if report.unjudged:
        out.print(styled(f"{report.unjudged} references were found and not judged.", "yellow"))
    out.print()


def _panel(judged: Judged) -> Panel:
    words, verdict = told(judged), judged.verdict
    title = styled(f"{words.name}, {percent(verdict.confidence)}% sure", STYLES[verdict.kind])
    if verdict.vendor:
        title.append_text(styled(f" · {verdict.vendor}", most=MOST))
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for reason, why in zip(verdict.reasons, words.reasons, strict=True):
        style = "red" if reason.weight > 0 else "green"
        table.add_row(styled(f"{reason.weight:+.1f}", style), why.family, styled(why.text, most=MOST))
    parts: list[Text | Table] = [
        styled(words.meaning),
        styled(judged.raw, "dim", 400),
        styled(f"{judged.vector} in part {judged.part}", "dim", 400),
        table,
        styled("Its fetch would have told:"),
        *(styled(f"  • {line}", most=MOST) for line in words.told),
    ]
    return Panel(Group(*parts), title=title, title_align="left")
