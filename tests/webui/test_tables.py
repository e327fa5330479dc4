"""What the pages export: all rows that pass the filter, in three forms that say the same."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from pyarrow import parquet  # type: ignore[import-untyped]

from blocker.catalogue import Catalogue
from blocker.output.columns import Columns, iso, names
from tests.catalogue.samples import pixel, report, seen
from webui.areas import accounts, commands, messages, senders, vendors
from webui.tables import FORMS

TABLES: dict[str, Columns] = {
    "messages": messages.COLUMNS,
    "senders": senders.COLUMNS,
    "vendors": vendors.COLUMNS,
    "requests": commands.COLUMNS,
    "accounts": accounts.COLUMNS,
}
TYPES = {"csv": "text/csv", "jsonl": "application/jsonl", "parquet": "application/vnd.apache.parquet"}


def rows(client: FlaskClient, address: str, form: str, query: str = "") -> list[dict[str, Any]]:
    """The rows of a table."""
    answer = client.get(f"/{address}.{form}{query}")
    assert (answer.status_code, answer.mimetype) == (200, TYPES[form])
    assert answer.headers["Content-Disposition"] == f"attachment; filename={address}.{form}"
    if form == "parquet":
        found: list[dict[str, Any]] = parquet.read_table(io.BytesIO(answer.data)).to_pylist()
        return found
    if form == "csv":
        return list(csv.DictReader(io.StringIO(answer.text)))
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.fixture
def client(client: FlaskClient, filled: Catalogue) -> Iterator[FlaskClient]:
    """Somebody was asked for something too."""
    filled.request("sweep", "home", {"since": None})
    yield client


@pytest.mark.parametrize("name", TABLES)
def test_three_forms_say_the_same(client: FlaskClient, name: str) -> None:
    """Under the same columns, instants as instants in Parquet; and there are rows."""
    as_csv, as_lines, as_parquet = (rows(client, name, form) for form in FORMS)
    assert as_csv and len(as_csv) == len(as_lines) == len(as_parquet)
    instants = {column.name for column in TABLES[name] if column.type == "instant"}
    for cells, line, row in zip(as_csv, as_lines, as_parquet, strict=True):
        assert tuple(cells) == tuple(line) == tuple(row) == names(TABLES[name])
        for column in cells:
            if column in instants and row[column] is not None:
                assert cells[column] == iso(row[column])
            elif column not in instants:
                assert line[column] == row[column]
                assert cells[column] == ("" if row[column] is None else str(row[column]))


@pytest.mark.parametrize("form", FORMS)
def test_only_what_passes_the_filter(client: FlaskClient, form: str) -> None:
    """As on the page; a page number means nothing here."""
    assert len(rows(client, "messages", form)) == 5
    assert {row["sender"] for row in rows(client, "messages", form, "?sender=evil.example&page=9")} == {
        "evil.example"
    }
    assert rows(client, "senders", form, "?account=nobody") == []


@pytest.mark.parametrize("name", TABLES)
def test_a_page_links_to_all_forms(client: FlaskClient, name: str) -> None:
    """With its filter, whatever stands in its address; no address chooses a link's host."""
    page = client.get(f"/{name}?kind=pixel&form=x&_external=1&_scheme=evil&_anchor=y&endpoint=z")
    assert page.status_code == 200
    query = "" if name in ("requests", "accounts") else "?kind=pixel"
    for form in FORMS:
        assert f'href="/{name}.{form}{query}' in page.text
    assert "evil:" not in page.text


@pytest.mark.parametrize(
    "path",
    ["/messages.xml", "/messages.csv/../../x", "/..%2fmessages.csv", "/messages.%2e%2e", "/messages.csv%00"],
)
def test_other_forms_and_ways_out_are_not_there(client: FlaskClient, path: str) -> None:
    """A table's name and form are ours, never a path."""
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("form", FORMS)
def test_no_table_without_a_login(stranger: FlaskClient, form: str) -> None:
    """In no form."""
    for name in TABLES:
        assert stranger.get(f"/{name}.{form}").status_code in {302, 303, 401}


def test_no_cell_is_a_formula(client: FlaskClient, filled: Catalogue) -> None:
    """In CSV; the other forms keep what was written, in printable ASCII or as data."""
    subject = "=cmd|' /C calc'!A0\r\x1b[2J"
    filled.record(seen(78, made=report(78, pixel(), subject=subject)))
    wanted = [[row["subject"] for row in rows(client, "messages", form, "?text=calc")] for form in FORMS]
    (as_csv,), (line,), (row,) = wanted
    assert as_csv.startswith("'=cmd") and as_csv.isprintable()
    assert line == row == subject
    assert client.get("/messages.jsonl").text.isascii()


def test_without_pyarrow_it_says_what_to_install(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the other forms are there."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    answer = client.get("/messages.parquet")
    assert answer.status_code == 503
    assert "pip install &#34;unpixel[parquet]&#34;" in answer.text
    assert len(rows(client, "messages", "csv")) == 5
