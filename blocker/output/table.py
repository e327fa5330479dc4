"""Tables for other programs."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

from blocker.output.safe import cell


def write_csv(
    out: TextIO, columns: Sequence[str], rows: Iterable[Mapping[str, Any]], *, heading: bool = True
) -> None:
    """Write these columns of rows as CSV. Text is quoted always, so that no separator in it ends its cell."""
    writer = csv.DictWriter(out, columns, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    if heading:
        writer.writeheader()
    for row in rows:
        writer.writerow({name: cell(row[name]) for name in columns})
