"""Parquet: types, bounded groups, and the sentence where pyarrow is missing."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pyarrow  # type: ignore[import-untyped]
import pytest
from pyarrow import parquet

from blocker.output.columns import Column
from blocker.output.parquet import CHARACTERS, ROWS, NoParquet, groups, write_parquet

COLUMNS = (
    Column("name", "text", "a name"),
    Column("number", "integer", "a number", True),
    Column("moment", "instant", "an instant", True),
)


def row(number: int | None, name: str = "x") -> dict[str, Any]:
    """A row of these columns, and a value of none of them."""
    return {"name": name, "number": number, "moment": None, "other": 1}


def test_what_is_written_is_read_again() -> None:
    """Text as it is, formulas and controls too; what UTF-8 cannot hold is a question mark. Instants are in UTC."""
    moment = datetime(2026, 1, 31, 10, 30, tzinfo=timezone(timedelta(hours=1)))
    out = io.BytesIO()
    write_parquet(out, COLUMNS, [row(1, "=1+1\n\x1b\ud800é") | {"moment": moment}, row(None)])
    table = parquet.read_table(io.BytesIO(out.getvalue()))
    assert table.to_pylist() == [
        {"name": "=1+1\n\x1b?é", "number": 1, "moment": datetime(2026, 1, 31, 9, 30, tzinfo=UTC)},
        {"name": "x", "number": None, "moment": None},
    ]
    assert table.schema.field("moment").type == pyarrow.timestamp("ms", tz="UTC")
    assert [field.nullable for field in table.schema] == [False, True, True]


def test_an_empty_table_has_its_columns() -> None:
    """So that programs can read it all the same."""
    out = io.BytesIO()
    write_parquet(out, COLUMNS, [])
    assert parquet.read_table(io.BytesIO(out.getvalue())).schema.names == ["name", "number", "moment"]


def test_memory_does_not_grow_with_the_table() -> None:
    """A group is written before a row of the next is asked for: no more rows than one group are held."""
    out, held = io.BytesIO(), [0]

    def rows() -> Iterator[dict[str, Any]]:
        written = 0
        for number in range(4 * ROWS):
            held[0] = held[0] + 1 if out.tell() == written else 1
            assert held[0] <= ROWS + 1
            written = out.tell()
            yield row(number)

    write_parquet(out, COLUMNS, rows())
    assert parquet.ParquetFile(io.BytesIO(out.getvalue())).num_row_groups == 4


def test_long_texts_make_a_group_short() -> None:
    """By characters, whatever the number of rows."""
    sizes = [len(group) for group in groups(COLUMNS, [row(1, "x" * (CHARACTERS // 4))] * 10)]
    assert sizes == [4, 4, 2]


def test_without_pyarrow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a row is asked for, and nothing is written."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    out, asked = io.BytesIO(), iter([row(1)])
    with pytest.raises(NoParquet, match=r'pip install "unpixel\[parquet\]"'):
        write_parquet(out, COLUMNS, asked)
    assert out.getvalue() == b"" and next(asked)
