"""The service's state on the pages: what it said itself, and that it is silent; never a guess."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from blocker.catalogue import Catalogue, CatalogueError
from blocker.catalogue.heartbeats import SILENT, Condition
from blocker.catalogue.model import HeartbeatRow
from tests.webui.conftest import csrf_of, data_of
from webui.words import CONDITION_NAMES


def state(client: FlaskClient, path: str = "/overview") -> str:
    """What stands at the top of a page."""
    page = client.get(path).text
    return page.partition('<a class="standing')[2].partition(">")[2].partition("</a>")[0]


@pytest.mark.parametrize("condition", list(Condition))
def test_each_condition_has_its_words(client: FlaskClient, filled: Catalogue, condition: Condition) -> None:
    """On every page, and with its sentence on the page of the accounts."""
    if condition is Condition.SILENT:
        silent(filled)
    elif condition is not Condition.NEVER:
        filled.beat({"home": (condition, "The server says no.")})
    for path in ("/overview", "/messages/1", "/requests"):
        assert state(client, path) == CONDITION_NAMES[condition]
    told = condition not in {Condition.NEVER, Condition.SILENT}
    assert ("The server says no." in client.get("/accounts").text) is told
    assert ("No service runs now" in client.get("/requests").text) is not condition.runs


def silent(store: Catalogue) -> datetime:
    """A service that watched was killed; when it was heard of last."""
    store.beat({"home": (Condition.WATCHING, "")})
    ago = datetime.now(UTC) - SILENT - timedelta(seconds=5)
    with store.writing() as connection:
        connection.execute(update(HeartbeatRow).values(at=ago, since=ago - timedelta(hours=1)))
    return ago


def test_a_service_that_was_killed_is_silent(client: FlaskClient, filled: Catalogue) -> None:
    """Its last word is no longer believed after some minutes; it is silent since that word."""
    ago = silent(filled)
    (account,) = data_of(client.get("/accounts.json"))["accounts"]
    assert (account["state"], account["since"]) == ("silent", ago.isoformat())


def test_since_when_it_is_so(filled: Catalogue) -> None:
    """Said again, a condition is as old as it was; another one begins anew."""
    filled.beat({"home": (Condition.WATCHING, "")})
    first = filled.heartbeats()[0]
    filled.beat({"home": (Condition.WATCHING, "")})
    again = filled.heartbeats()[0]
    filled.beat({"home": (Condition.TROUBLE, "The link broke.")})
    other = filled.heartbeats()[0]
    assert first.at is not None
    assert again.at is not None
    assert (again.since, again.at > first.at) == (first.since, True)
    assert other.since is not None
    assert other.since > again.at


def test_the_worst_comes_first(client: FlaskClient, filled: Catalogue) -> None:
    """One account that waits for a person matters more than another that is watched."""
    filled.ensure_account("work", "you@work.example", "report", "standard")
    filled.beat({"home": (Condition.WATCHING, ""), "work": (Condition.WATCHING, "")})
    assert state(client) == "Watching (2)"
    filled.beat({"work": (Condition.REFUSED, "The server refuses the password.")})
    assert state(client) == "Waits for you (work)"


def test_a_request_says_that_nobody_carries_it_out(client: FlaskClient, filled: Catalogue) -> None:
    """As long as no service runs for its account."""
    form = {"csrf": csrf_of(client.get("/requests").text), "account": "home"}
    assert client.post("/requests/sweep", data=form).status_code == 303
    assert "No service runs that could do it" in client.get("/requests").text
    filled.beat({"home": (Condition.TROUBLE, "The link broke.")})
    assert "No service runs that could do it" not in client.get("/requests").text


def test_a_page_that_tells_of_a_failure_asks_no_more(
    client: FlaskClient, filled: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the catalogue fails, its sentence is shown, and no state."""

    def fail(*_: object, **_more: object) -> None:
        raise CatalogueError("The disk that holds the catalogue x is full: make room and try again.")

    monkeypatch.setattr(type(filled), "overview", fail)
    monkeypatch.setattr(type(filled), "heartbeats", fail)
    answer = client.get("/overview")
    assert answer.status_code == 503
    assert "make room and try again" in answer.text
    assert 'class="standing' not in answer.text
