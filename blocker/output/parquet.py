"""Tables as Parquet, by pyarrow: `pip install "unpixel[parquet]"`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from io import RawIOBase
from typing import Any, BinaryIO

from blocker.output.columns import Columns

ROWS = 5000
"""Rows of a group at most: one group at a time is in memory."""
CHARACTERS = 8 << 20
"""Characters of text in a group at most, but for its last row."""


class NoParquet(Exception):
    """pyarrow is not installed; the text says what to do."""


def write_parquet(out: BinaryIO | RawIOBase, columns: Columns, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write these columns of rows as one Parquet file, group by group. Instants are kept in UTC, to the millisecond.

    Raises NoParquet where pyarrow is missing; nothing is written then, and no row was asked for.
    """
    arrow, parquet = libraries()
    schema = arrow.schema([arrow.field(c.name, _types(arrow)[c.type], nullable=c.optional) for c in columns])
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        for group in groups(columns, rows):
            writer.write_table(arrow.Table.from_pylist(group, schema=schema))


def libraries() -> tuple[Any, Any]:
    """pyarrow and its `parquet`. Raises NoParquet."""
    try:
        import pyarrow  # type: ignore[import-untyped]  # ships no types
        import pyarrow.parquet  # type: ignore[import-untyped]
    except ImportError as error:
        raise NoParquet(
            'Parquet needs pyarrow: run `pip install "unpixel[parquet]"`, then try again, or take csv.'
        ) from error
    return pyarrow, pyarrow.parquet


def groups(columns: Columns, rows: Iterable[Mapping[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """The rows by groups of bounded size; each is given before the next row is asked for."""
    group: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        made = {column.name: _storable(row[column.name]) for column in columns}
        size += sum(len(value) for value in made.values() if isinstance(value, str))
        group.append(made)
        if len(group) >= ROWS or size >= CHARACTERS:
            yield group
            group, size = [], 0
    if group:
        yield group


def _types(arrow: Any) -> dict[str, Any]:
    return {
        "text": arrow.string(),
        "integer": arrow.int64(),
        "number": arrow.float64(),
        "boolean": arrow.bool_(),
        "instant": arrow.timestamp("ms", tz="UTC"),
    }


def _storable(value: Any) -> Any:
    """Text that UTF-8 can hold."""
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "replace").decode("utf-8")
    return value
