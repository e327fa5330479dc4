"""Tables for other programs: what a page lists, as CSV."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from flask import Response

from blocker.output.table import write_csv

ROWS = 500
"""Rows that are written at a time, so that a long table costs no memory."""


def csv(name: str, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Response:
    """An answer that a browser saves as `name`.csv: a heading, then a line a row, with these columns of it."""
    return Response(
        _written(iter(rows), columns),
        mimetype="text/csv",
        headers={"Content-Disposition": f"attachment; filename={name}.csv"},
    )


def _written(rows: Iterator[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[str]:
    yield _text((), columns, heading=True)
    while some := list(islice(rows, ROWS)):
        yield _text(some, columns)


def _text(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, heading: bool = False) -> str:
    out = io.StringIO()
    write_csv(out, columns, rows, heading=heading)
    return out.getvalue()
