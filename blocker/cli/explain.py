"""`unpixel explain`: a message's references and verdicts, in words a person can follow."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from blocker.cli.files import printable, read_file
from blocker.detect.judge import scan
from blocker.detect.report import Judged, Report
from blocker.detect.words import told

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
    report = scan(read_file(file), recipients=recipients, source=file if file == "-" else str(Path(file)))
    if as_json:
        click.echo(json.dumps(report.as_dict(), ensure_ascii=True))
        return
    console = Console(file=sys.stdout, highlight=False, soft_wrap=False)
    _heading(console, report)
    shown = [j for j in report.references if every or j.verdict.kind not in ("content", "spacer")]
    for judged in shown:
        console.print(_panel(judged))
    for receipt in report.receipts:
        console.print(
            Text(f"{receipt.header} asks for a receipt, to {printable(receipt.value)}.", style="yellow")
        )
    rest = len(report.references) - len(shown)
    if rest:
        plural = "s" if rest != 1 else ""
        console.print(
            f"{rest} other reference{plural} that single{'' if plural else 's'} nobody out (--all shows them)."
        )
    if not report.references and report.error is None:
        console.print("Opening this message contacts nobody.")


def _heading(console: Console, report: Report) -> None:
    head = report.message
    console.print(Text(printable(head.subject) or "(no subject)", style="bold"))
    console.print(Text(f"{printable(head.from_)}  {head.date}"))
    if report.signed:
        console.print(Text("Signed or encrypted: unpixel never changes it.", style="yellow"))
    if report.error:
        console.print(Text(report.error, style="yellow"))
    if report.unjudged:
        console.print(Text(f"{report.unjudged} references were found and not judged.", style="yellow"))
    console.print()


def _panel(judged: Judged) -> Panel:
    words, verdict = told(judged), judged.verdict
    title = Text(f"{words.name}, {verdict.confidence:.0%} sure", style=STYLES[verdict.kind])
    if verdict.vendor:
        title.append(f" · {printable(verdict.vendor)}")
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for reason, why in zip(verdict.reasons, words.reasons, strict=True):
        style = "red" if reason.weight > 0 else "green"
        table.add_row(Text(f"{reason.weight:+.1f}", style=style), why.family, Text(printable(why.text)))
    parts: list[Text | Table] = [
        Text(words.meaning),
        Text(printable(judged.raw, 400), style="dim"),
        Text(f"{judged.vector} in part {judged.part}", style="dim"),
        table,
        Text("Its fetch would have told:"),
        *(Text(f"  • {printable(line)}") for line in words.told),
    ]
    return Panel(Group(*parts), title=title, title_align="left")
