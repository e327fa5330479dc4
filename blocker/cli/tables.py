"""Tables for programs, to standard output: CSV and Parquet of messages or of references."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import click

from blocker.cli.files import Output

if TYPE_CHECKING:
    from blocker.detect.report import Report
    from blocker.detect.tables import Found, Row

Table: TypeAlias = Literal["messages", "references"]
FORMS = ("csv", "parquet")


def TABLE(usual: Table) -> Callable[[Any], Any]:
    """The option that says which table."""
    return click.option(
        "--table",
        type=click.Choice(["references", "messages"]),
        default=usual,
        show_default=True,
        help="With csv and parquet: a row a reference, or a row a message.",
    )


def ready(form: str) -> None:
    """End the command with a sentence where this form cannot be written, before anything is read."""
    if form != "parquet":
        return
    from blocker.output.parquet import NoParquet, libraries

    try:
        libraries()
    except NoParquet as error:
        raise click.ClickException(str(error)) from error
    if sys.stdout is not None and sys.stdout.isatty():
        raise click.ClickException(
            "Parquet is no text for a terminal: send it to a file with `> mail.parquet`."
        )


def write_table(form: str, table: Table, found: Iterable[tuple[Report, Found | None]]) -> None:
    """Write a table of reports, each with what a mailbox adds to it; each is asked for when its rows are due."""
    from blocker.detect.tables import MESSAGES, REFERENCES
    from blocker.output.columns import names
    from blocker.output.table import write_csv

    columns = MESSAGES if table == "messages" else REFERENCES
    if form == "parquet":
        from blocker.output.parquet import write_parquet

        write_parquet(Output(), columns, _rows(table, found))
        return
    # UTF-8 whatever the terminal's charset: a table is for programs.
    out = io.TextIOWrapper(io.BufferedWriter(Output()), "utf-8", "replace", newline="")
    write_csv(out, names(columns), _rows(table, found))
    out.flush()


def _rows(table: Table, found: Iterable[tuple[Report, Found | None]]) -> Iterator[Row]:
    from blocker.detect.tables import NOWHERE, message_row, reference_rows

    for report, where in found:
        if table == "messages":
            yield message_row(report, where or NOWHERE)
        else:
            yield from reference_rows(report, where or NOWHERE)
