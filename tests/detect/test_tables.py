"""Reports as tables: their columns, their names for things, and their types."""

from __future__ import annotations

from datetime import UTC, datetime
from types import ModuleType

import pytest
from sqlalchemy.dialects import mssql, mysql, oracle, postgresql, sqlite

from blocker.detect.judge import scan
from blocker.detect.knowledge import default_rules
from blocker.detect.report import Report
from blocker.detect.tables import MESSAGES, REFERENCES, Found, Row, message_row, reference_rows
from blocker.detect.words import OWN_SYSTEMS
from blocker.output.columns import Columns, iso, names
from tests.catalogue.samples import pixel, report
from tests.fixtures.paths import DEMO
from tests.message.samples import html
from tests.rewrite.test_neutralise import FOUR

TYPES = {"text": str, "integer": int, "number": float, "boolean": bool, "instant": datetime}
RESERVED = ("from", "to", "date", "position", "element", "start", "end", "size", "raw", "order")
"""Words of SQL:2016, and of Oracle, that these tables might have had."""


def check(columns: Columns, row: Row) -> None:
    """The row has these columns, in their order, and each cell what its column says."""
    assert tuple(row) == names(columns)
    for column in columns:
        value = row[column.name]
        assert column.optional if value is None else type(value) is TYPES[column.type], column.name


def reports() -> list[Report]:
    """Those of the demonstration's mail."""
    return [scan(path.read_bytes(), source=path.name) for path in sorted(DEMO.glob("*.eml"))]


def test_rows_have_their_columns() -> None:
    """Of every kind of message, from a file and from a mailbox; and there is a row for each reference."""
    found = Found("home", "INBOX", 7, datetime(2026, 1, 31, tzinfo=UTC), 100, "left", "")
    for one in reports():
        for where in (Found(), found):
            check(MESSAGES, message_row(one, where))
            lines = list(reference_rows(one, where))
            assert [line["ordinal"] for line in lines] == list(range(len(one.references)))
            for line in lines:
                check(REFERENCES, line)


@pytest.mark.parametrize("database", [mssql, mysql, oracle, postgresql, sqlite], ids=lambda d: d.__name__)
def test_no_column_is_a_word_of_sql(database: ModuleType) -> None:
    """So that nobody has to quote one."""
    reserved = {word.lower() for word in database.dialect().identifier_preparer.reserved_words}
    assert "from" in reserved
    assert not set(names(MESSAGES) + names(REFERENCES)) & (reserved | set(RESERVED))


def test_the_two_tables_join() -> None:
    """Over the digest; the counts of a message are those of its references."""
    for one in reports():
        whole, lines = message_row(one), list(reference_rows(one))
        assert {line["sha256"] for line in lines} <= {whole["sha256"]}
        for kind in ("pixel", "beacon", "personal", "content", "spacer"):
            assert whole[kind] == sum(line["verdict"] == kind for line in lines)


def test_a_program_without_a_name_is_called_as_on_the_pages() -> None:
    """In both tables; a vendor's name stays, and a reference without one has none."""
    tracked = report(1, pixel())
    first = tracked.references[0]
    assert first.verdict.vendor == "Mailchimp"
    assert message_row(tracked)["vendors"] == "Mailchimp"
    first.verdict = first.verdict._replace(vendor=min(default_rules().unnamed))
    assert message_row(tracked)["vendors"] == OWN_SYSTEMS
    assert next(reference_rows(tracked))["vendor"] == OWN_SYSTEMS
    first.verdict = first.verdict._replace(vendor=None)
    assert message_row(tracked)["vendors"] == ""
    assert next(reference_rows(tracked))["vendor"] is None


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        ("Sat, 31 Jan 2026 10:30:00 +0100", "2026-01-31T09:30:00Z"),
        ("Sat, 31 Jan 2026 23:30:00 -0500", "2026-02-01T04:30:00Z"),
        ("Fri, 31 Dec 9999 23:30:00 -0500", ""),
        ("yesterday", ""),
    ],
)
def test_an_instant_is_in_utc(field: str, sent: str) -> None:
    """Whatever the zone of the Date field; none where it says none, or lies behind the last year there is."""
    raw = f"Date: {field}\r\n".encode() + html(FOUR)
    (when,) = {line["sent"] for line in reference_rows(scan(raw))}
    assert (iso(when) if when else "") == sent


def test_the_sender_is_an_organisation() -> None:
    """Beside the domain that it wrote from."""
    row = message_row(scan(b"From: a@mail.shop.example.co.uk\r\n\r\nx"))
    assert (row["sender"], row["sender_domain"]) == ("example.co.uk", "mail.shop.example.co.uk")
