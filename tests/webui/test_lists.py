"""Lists: what a filter in the address leaves of them, and the same as tables for other programs."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from blocker.catalogue import Catalogue
from tests.catalogue.samples import judged, pixel, report, seen
from tests.webui.conftest import HOSTILE_SUBJECT, data_of

TODAY = f"{datetime.now(UTC):%Y-%m-%d}"
YESTERDAY = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"


def subjects(client: FlaskClient, query: str) -> list[str]:
    """The numbers of the letters that a filter leaves."""
    found = data_of(client.get(f"/messages.json?{query}"))["messages"]
    return sorted(m["subject"].removeprefix("Letter ") for m in found if m["subject"] != HOSTILE_SUBJECT)


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("kind=pixel", ["1", "2"]),
        ("kind=personal", ["5"]),
        ("kind=nonsense", ["1", "2", "4", "5"]),
        ("host=p.example", ["5"]),
        ("host=p.example&kind=pixel", []),
        ("host=elsewhere.example", []),
        ("vendor=Mailchimp", ["1"]),
        ("vendor=Mailchimp&kind=content", []),
        (f"since={TODAY}", ["1", "2", "5"]),
        (f"until={YESTERDAY}", ["4"]),
        (f"since={YESTERDAY}&until={YESTERDAY}", []),
        ("days=7", ["1", "2", "4", "5"]),
        ("since=nonsense", ["1", "2", "4", "5"]),
        ("account=home", ["1", "2", "4", "5"]),
        ("account=another", []),
    ],
)
def test_what_a_filter_leaves(client: FlaskClient, query: str, left: list[str]) -> None:
    """Conditions on references hold of one and the same reference; what cannot be read does not restrict."""
    assert subjects(client, query) == left


def test_days_are_counted_back_from_today(client: FlaskClient, filled: Catalogue) -> None:
    """Senders and vendors of mail that is older are not in the list of the last days."""
    ago = datetime.now(UTC) - timedelta(days=20)
    made = report(90, judged("https://old.example/p", "pixel", "Old Vendor"), domain="old.example")
    filled.record(seen(90, made=made, arrived=ago))
    for path, name, key in (("senders", "old.example", "domain"), ("vendors", "Old Vendor", "name")):
        names = {
            days: [e[key] for e in data_of(client.get(f"/{path}.json?days={days}"))[path]] for days in (7, 30)
        }
        assert name in names[30]
        assert name not in names[7]


def test_figures_of_one_account(client: FlaskClient, filled: Catalogue) -> None:
    """The overview, senders and vendors of an account are those of its mail."""
    filled.ensure_account("work", "you@work.example", "report", "standard")
    filled.record(seen(91, pixel(91, "SendGrid"), account="work", arrived=datetime.now(UTC)))
    figures = {name: data_of(client.get(f"/overview.json?account={name}")) for name in ("home", "work", "")}
    assert [figures[name]["messages"] for name in ("home", "work", "")] == [5, 1, 6]
    assert [v["name"] for v in data_of(client.get("/vendors.json?account=work"))["vendors"]] == ["SendGrid"]
    page = client.get("/overview?account=work&days=7").text
    assert "/senders?days=7&amp;account=work" in page


def test_a_vendor_has_a_page(client: FlaskClient) -> None:
    """What it is, who uses it, where it listens; and what nobody knows is not found."""
    text = " ".join(client.get("/vendors/Mailchimp").text.split())
    for words in ("A service that sends mail for others", "example.org", "t.example.com", "Letter 1"):
        assert words in text
    found = data_of(client.get("/vendors/Mailchimp.json"))
    assert found["hosts"] == [{"host": "t.example.com", "references": 1}]
    assert [line["domain"] for line in found["senders"]] == ["example.org"]
    assert client.get("/vendors/Nobody").status_code == 404


def test_mail_that_only_asks_for_a_receipt_says_so(client: FlaskClient) -> None:
    """It is not mail in which nothing was found."""
    (line,) = [m for m in data_of(client.get("/messages.json"))["messages"] if m["subject"] == "Letter 5"]
    assert line["receipts"] == 1
    page = client.get("/messages?kind=personal").text
    assert "Asks for a receipt" in page
    assert ">None<" not in page


def table(client: FlaskClient, path: str) -> list[dict[str, str]]:
    """A table's rows."""
    answer = client.get(path)
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    return list(csv.DictReader(io.StringIO(answer.text)))


@pytest.mark.parametrize(("name", "key"), [("senders", "domain"), ("vendors", "name"), ("messages", "id")])
def test_a_table_has_the_rows_of_the_list(client: FlaskClient, name: str, key: str) -> None:
    """In its order, with the same values."""
    listed = data_of(client.get(f"/{name}.json"))[name]
    assert [row[key] for row in table(client, f"/{name}.csv")] == [str(line[key]) for line in listed]
    assert table(client, f"/{name}.csv?account=nobody") == []


def test_a_table_has_all_rows(
    client: FlaskClient, filled: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those that stand on later pages of the list."""
    monkeypatch.setattr("webui.tables.READ", 2)
    monkeypatch.setattr("webui.tables.ROWS", 2)
    assert sorted(int(row["id"]) for row in table(client, "/messages.csv")) == [1, 2, 3, 4, 5]
    assert len(table(client, "/messages.csv?tracked=yes")) == 3
    assert filled.messages().total == 5


def test_a_list_cannot_be_read_without_a_login(stranger: FlaskClient) -> None:
    """Tables neither."""
    for path in ("/messages.csv", "/senders.csv", "/vendors.csv", "/vendors", "/vendors.json"):
        assert stranger.get(path).status_code in {302, 303, 401}


def test_the_overview_takes_own_dates(filled: Catalogue, client: FlaskClient) -> None:
    """From one day to another, both counted, in figures, chart and links; a stretch of days is then none."""
    old = datetime(2026, 1, 31, 12, tzinfo=UTC)
    filled.record(seen(70, pixel(1), arrived=old))
    filled.record(seen(71, pixel(1), arrived=old + timedelta(days=1)))
    whole = data_of(client.get("/overview.json?since=2026-01-31&until=2026-02-01"))
    assert (whole["messages"], whole["days"]) == (2, None)
    assert [bar["messages"] for bar in whole["trend"]] == [1, 1]
    page = client.get("/overview?since=2026-02-01&until=2026-02-01").text
    assert 'id="figure-messages">1<' in page
    assert "in these days" in page
    assert 'data-live="/overview/parts?since=2026-02-01&amp;until=2026-02-01"' in page
    assert client.get("/overview?since=9999-12-31&until=0001-01-01").status_code == 200
    assert client.get("/overview?since=0001-01-01&until=9999-12-31").status_code == 200
