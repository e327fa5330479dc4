"""`unpixel export`: everything the catalogue knows, as JSON or a table."""

from __future__ import annotations

import click

from blocker.catalogue.values import MessageDetail
from blocker.cli.pages import DATABASE, catalogue_of
from blocker.cli.tables import FORMS, TABLE, Table, ready, write_table
from blocker.detect.tables import Found
from blocker.output.terminal import say_json


@click.command()
@DATABASE
@click.option("--format", "form", type=click.Choice(["jsonl", *FORMS]), default="jsonl", show_default=True)
@TABLE("messages")
def export(database: str | None, form: str, table: Table) -> None:
    """Write everything the catalogue knows to standard output.

    jsonl gives what `unpixel scan --format jsonl` gives, with what was done and where; csv and parquet give the tables of
    `unpixel scan`.

    \b
    Example:
      unpixel export --format csv > mail.csv
      unpixel export --format parquet --table references > references.parquet
    """
    ready(form)
    with catalogue_of(database) as store:
        if form == "jsonl":
            for found in store.export():
                say_json(found)
            return
        write_table(form, table, ((detail.report, _found(detail)) for detail in store.details()))


def _found(detail: MessageDetail) -> Found:
    return Found(
        account=detail.account,
        folder=detail.mailbox,
        uid=detail.uid,
        arrived=detail.internal_date,
        octets=detail.size,
        action=detail.action,
        detail=detail.detail,
    )
