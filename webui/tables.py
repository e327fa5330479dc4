"""Tables for other programs: all that a page lists, as CSV, JSON lines or Parquet."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Protocol, TypeVar

from flask import Blueprint, Response, abort, send_file

from blocker.output.columns import Column, Columns, names
from blocker.output.parquet import NoParquet, write_parquet
from blocker.output.safe import as_json
from blocker.output.table import write_csv
from webui.access import Scope, needs

ROWS = 500
"""Rows that are written at a time, so that a long table costs no memory."""
READ = 1000
"""Lines of a list that are read at a time for a table of all of it."""
FORMS = ("csv", "jsonl", "parquet")
"""The endings of a table's address, each a form of the same rows."""

Row = Mapping[str, Any]
_Line = TypeVar("_Line", covariant=True)


class Listed(Protocol[_Line]):
    """One page of a list; pages count from 1."""

    @property
    def items(self) -> Sequence[_Line]:
        """Its lines."""

    @property
    def pages(self) -> int:
        """How many pages there are."""


def every(page_of: Callable[[int], Listed[_Line]]) -> Iterator[_Line]:
    """All lines of a list of which one page can be had at a time."""
    number, pages = 1, 1
    while number <= pages:
        found = page_of(number)
        yield from found.items
        number, pages = number + 1, found.pages


def export(blueprint: Blueprint, name: str, columns: Columns, rows: Callable[[], Iterable[Row]]) -> None:
    """Give a blueprint the addresses /NAME.csv, /NAME.jsonl and /NAME.parquet: endpoint `index_table`, `form` its ending.

    `rows` gives, within a request, all rows that pass its filter; each has at least the columns, instants as ISO 8601.
    The macro `as_data` of the templates links to them.
    """

    @blueprint.get(f"/{name}.<any({', '.join(FORMS)}):form>")
    @needs(Scope.READ)
    def index_table(form: str) -> Response:
        found = (_typed(row, columns) for row in rows())
        return _WRITERS[form](name, found, columns)


def _typed(row: Row, columns: Columns) -> dict[str, Any]:
    return {column.name: _value(row[column.name], column) for column in columns}


def _value(value: Any, column: Column) -> Any:
    if column.type == "instant" and isinstance(value, str):
        return datetime.fromisoformat(value)
    return value


def _csv(name: str, rows: Iterator[Row], columns: Columns) -> Response:
    return _streamed(f"{name}.csv", "text/csv", _csv_lines(rows, columns))


def _csv_lines(rows: Iterator[Row], columns: Columns) -> Iterator[str]:
    yield _csv_text((), columns, heading=True)
    while some := list(islice(rows, ROWS)):
        yield _csv_text(some, columns)


def _csv_text(rows: Iterable[Row], columns: Columns, *, heading: bool = False) -> str:
    out = io.StringIO()
    write_csv(out, names(columns), rows, heading=heading)
    return out.getvalue()


def _jsonl(name: str, rows: Iterator[Row], columns: Columns) -> Response:  # noqa: ARG001 (one signature for all)
    lines = (f"{as_json({key: _plain(value) for key, value in row.items()})}\n" for row in rows)
    return _streamed(f"{name}.jsonl", "application/jsonl", lines)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _parquet(name: str, rows: Iterator[Row], columns: Columns) -> Response:
    """Written to a file without a name first, as its end says where everything lies in it."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 (the answer closes it)
    try:
        write_parquet(file, columns, rows)
    except NoParquet as error:
        file.close()
        abort(503, str(error))
    file.seek(0)
    return send_file(
        file, "application/vnd.apache.parquet", as_attachment=True, download_name=f"{name}.parquet"
    )


def _streamed(name: str, media_type: str, pieces: Iterator[str]) -> Response:
    headers = {"Content-Disposition": f"attachment; filename={name}"}
    return Response(pieces, mimetype=media_type, headers=headers)


_WRITERS: Mapping[str, Callable[[str, Iterator[Row], Columns], Response]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "parquet": _parquet,
}
