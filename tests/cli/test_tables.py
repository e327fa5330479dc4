"""scan and export as tables, and the totals that scan and sweep end with."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet  # type: ignore[import-untyped]

from blocker.catalogue import Catalogue
from blocker.detect.report import KINDS
from blocker.detect.tables import MESSAGES, REFERENCES
from blocker.output.columns import names
from tests.catalogue.samples import pixel, report, seen
from tests.cli.test_files import objects, process, run
from tests.fixtures.paths import DEMO

COLUMNS = {"messages": names(MESSAGES), "references": names(REFERENCES)}


def rows_of(form: str, out: bytes) -> list[dict[str, Any]]:
    """The rows of a table that was printed."""
    if form == "parquet":
        found: list[dict[str, Any]] = parquet.read_table(io.BytesIO(out)).to_pylist()
        return found
    return list(csv.DictReader(io.StringIO(out.decode(), newline="")))


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_row_a_reference(form: str) -> None:
    """What jsonl says, row by row, under names that programs can use."""
    told = objects(run("scan", DEMO, "--format", "jsonl"))
    result = process("scan", DEMO, "--format", form)
    assert result.returncode == 0
    rows = rows_of(form, result.stdout)
    assert {tuple(row) for row in rows} == {COLUMNS["references"]}
    assert [(row["sha256"], row["url"], row["verdict"]) for row in rows] == [
        (one["message"]["sha256"], reference["url"], reference["verdict"])
        for one in told
        for reference in one["references"]
    ]
    assert b"48 messages read, 40 tracked." in result.stderr


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_row_a_message(form: str) -> None:
    """Also of a message without a reference."""
    told = objects(run("scan", DEMO, "--format", "jsonl"))
    rows = rows_of(form, process("scan", DEMO, "--format", form, "--table", "messages").stdout)
    assert {tuple(row) for row in rows} == {COLUMNS["messages"]}
    assert [row["sha256"] for row in rows] == [one["message"]["sha256"] for one in told]
    assert [not one["references"] for one in told].count(True) > 1


def test_the_same_columns_of_a_catalogue(tmp_path: Path) -> None:
    """`export` says where each message lay; a message and its references join in both forms."""
    url = f"sqlite:///{tmp_path}/catalogue.sqlite"
    with Catalogue.open(url) as store:
        store.ensure_account("home", "you@example.net", "report", "standard")
        store.record_many([seen(number, made=report(number, pixel(number))) for number in (1, 2)])
    tables = {
        (table, form): rows_of(
            form, process("export", "--database", url, "--format", form, "--table", table).stdout
        )
        for table in COLUMNS
        for form in ("csv", "parquet")
    }
    for (table, form), rows in tables.items():
        assert {tuple(row) for row in rows} == {COLUMNS[table]}
        assert {row["account"] for row in rows} == {"home"}
        assert {row["sha256"] for row in rows} == {row["sha256"] for row in tables["messages", "csv"]}, form
    assert [row["imap_uid"] for row in tables["messages", "parquet"]] == [1, 2]
    assert tables["messages", "csv"][0]["arrived"].endswith("Z")


def test_parquet_without_pyarrow_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is read."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for command in (("scan", DEMO), ("export",)):
        result = run(*command, "--format", "parquet")
        assert (result.exit_code, result.stdout) == (1, "")
        assert 'pip install "unpixel[parquet]"' in result.stderr


def test_a_scan_ends_with_totals() -> None:
    """By verdict, vendor and sender, the largest first; below the text, and beside what programs read."""
    told = objects(run("scan", DEMO, "--format", "jsonl"))
    kinds = [reference["verdict"] for one in told for reference in one["references"]]
    text, programs = run("scan", DEMO), run("scan", DEMO, "--format", "csv")
    for lines in (text.stdout.splitlines(), programs.stderr.splitlines()):
        head, verdicts, vendors, senders = lines[-4:]
        assert head == "48 messages read, 40 tracked."
        assert verdicts == "References: " + ", ".join(f"{kinds.count(kind)} {kind}" for kind in KINDS)
        assert vendors.startswith("Vendors in most messages: 4 Brevo, 3 ")
        assert senders.startswith("Senders of most tracked mail: 4 maison-verdier.example, 3 ")
    assert text.stderr == ""


def test_no_total_of_nothing(tmp_path: Path) -> None:
    """A message without references is counted, and nothing else is named."""
    (tmp_path / "a.eml").write_bytes(b"From: a@b.example\r\nSubject: s\r\n\r\nx")
    assert run("scan", tmp_path / "a.eml").stdout.splitlines()[1:] == ["1 message read, 0 tracked."]
    assert json.loads(run("scan", tmp_path, "--format", "jsonl").stdout)["references"] == []
