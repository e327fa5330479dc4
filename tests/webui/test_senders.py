"""The page of the senders: a name is believed with proof alone; headings sort, filters and pages are links."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from blocker.catalogue import Catalogue
from tests.catalogue.samples import pixel, report, seen
from tests.webui.conftest import csrf_of, data_of, path_of
from webui import create_app
from webui.access.sessions import one_time_link


@pytest.fixture
def claimed(filled: Catalogue) -> Catalogue:
    """Four mails that only claim to be otto.example's, and one of example.org that is proven."""
    forged = [
        replace(
            seen(
                number, made=report(number, pixel(number), domain="otto.example"), arrived=datetime.now(UTC)
            ),
            proven=False,
        )
        for number in range(20, 24)
    ]
    good = replace(seen(30, pixel(30), arrived=datetime.now(UTC)), proven=True)
    filled.record_many([*forged, good])
    return filled


@pytest.mark.usefixtures("claimed")
def test_a_claim_is_said_to_be_one(client: FlaskClient) -> None:
    """The list, its data, its table and the overview say that none was proven, and say it of nobody else."""
    for path in ("/senders", "/overview"):
        text = " ".join(re.sub(r"<[^>]*>", " ", client.get(path).text).split())
        assert text.count("4 mails claim otto.example, none proven") == 1
        assert "example.org, none proven" not in text
    lines = {line["domain"]: line for line in data_of(client.get("/senders.json"))["senders"]}
    assert (lines["otto.example"]["proven"], lines["otto.example"]["claimed"]) == (0, 4)
    assert (lines["example.org"]["proven"], lines["example.org"]["claimed"]) == (1, 0)
    assert '"otto.example",4,4,1.0,0,4,' in client.get("/senders.csv").text
    listed = data_of(client.get("/messages.json?proof=claimed"))["messages"]
    assert {(m["sender"], m["proven"]) for m in listed} == {("otto.example", False)}


@pytest.mark.usefixtures("claimed")
def test_headings_sort_both_ways(client: FlaskClient) -> None:
    """Each heading is a link that keeps the filter; the one in force says so, and leads to the other way."""
    page = client.get("/senders?kind=pixel&order=messages").text
    headings = dict(
        re.findall(r'<th scope="col" class="[^"]*"(?: aria-sort="(\w+)")?><a href="([^"]+)"', page)[::-1]
    )
    links = re.findall(r'<th scope="col"[^>]*><a href="([^"]+)"', page)
    assert [re.findall(r"order=(\w+)", link)[0] for link in links] == [
        "name",
        "tracked",
        "messages",
        "share",
        "proven",
        "recent",
    ]
    assert all("kind=pixel" in link for link in links)
    assert "way=up" in headings["descending"]
    up = [line["domain"] for line in data_of(client.get("/senders.json?order=messages&way=up"))["senders"]]
    down = [
        line["domain"] for line in data_of(client.get("/senders.json?order=messages&way=down"))["senders"]
    ]
    assert down == up[::-1] == ["example.org", "otto.example", "evil.example"]


def test_long_lists_have_pages(client: FlaskClient, filled: Catalogue) -> None:
    """Fifty a page; the table has them all; the pager keeps the filter."""
    filled.record_many(
        [
            seen(n, made=report(n, pixel(n), domain=f"s{n}.example"), arrived=datetime.now(UTC))
            for n in range(100, 160)
        ]
    )
    first = data_of(client.get("/senders.json?kind=pixel"))
    second = data_of(client.get("/senders.json?kind=pixel&page=2"))
    assert (len(first["senders"]), first["pages"], first["total"]) == (50, 2, 62)
    assert len(second["senders"]) == 12
    assert len(client.get("/senders.csv?kind=pixel").text.splitlines()) == 63
    page = client.get("/senders?kind=pixel").text
    assert 'href="/senders?page=2&amp;kind=pixel"' in page
    assert "Page 1 of 2" in page


def test_filters_of_the_list(client: FlaskClient, filled: Catalogue) -> None:
    """By vendor, verdict, words, and by what was set."""
    filled.set_sender_level("evil.example", "paranoid")

    def found(query: str) -> set[str]:
        return {line["domain"] for line in data_of(client.get(f"/senders.json?{query}"))["senders"]}

    assert found("") == {"example.org", "evil.example"}
    assert found("level=paranoid") == {"evil.example"}
    assert found("level=nonsense") == found("")
    assert found("vendor=Mailchimp") == {"example.org"}
    assert found("kind=personal") == {"example.org"}
    assert found("text=evil") == {"evil.example"}
    assert found("proof=proven") == set()
    assert "Nothing passes this filter" in client.get("/senders?proof=proven").text


def test_its_page_shows_what_its_trackers_look_like(client: FlaskClient) -> None:
    """The parts that change are masked, nothing is a link, and no token is left."""
    page = client.get("/senders/example.org").text
    assert "<code>t.example.com/open?m=*</code>" in page
    (found,) = [
        one
        for one in data_of(client.get("/senders/example.org.json"))["templates"]
        if one["vendor"] == "Mailchimp"
    ]
    assert found == {"url": "t.example.com/open?m=*", "vendor": "Mailchimp", "references": 1}
    assert "A service that sends mail for others." in page


def test_past_mail_is_asked_for(client: FlaskClient, filled: Catalogue) -> None:
    """A sender's past mail, or one message, both ways; an unknown account or sender asks for nothing."""
    page = client.get("/senders/example.org").text
    form = {"csrf": csrf_of(page), "sender": "example.org", "account": "home"}
    for kind in ("neutralise", "restore"):
        assert client.post(f"/requests/{kind}", data=form).status_code == 303
        assert client.post(f"/requests/{kind}", data=form | {"account": "nobody"}).status_code == 400
        assert client.post(f"/requests/{kind}", data=form | {"sender": "nobody.example"}).status_code == 404
    assert [(c.kind, c.arguments) for c in filled.pending("home")] == [
        ("neutralise", {"sender": "example.org"}),
        ("restore", {"sender": "example.org"}),
    ]
    message = {"csrf": form["csrf"], "message": "2"}
    assert client.post("/requests/neutralise", data=message).headers["Location"] == "/messages/2"
    assert "Asked for: Neutralise." in client.get("/messages/2").text
    assert client.post("/requests/neutralise", data=message | {"message": "1"}).status_code == 400


def test_an_allowance_without_effect_says_so(filled: Catalogue) -> None:
    """Beside the form, with what to set: the name that the doctor found, or where it is to be found."""
    app = create_app(filled, unprovable=frozenset({"home"}))
    there = app.test_client()
    there.get(path_of(one_time_link(filled, "http://localhost")))
    assert "unpixel doctor home" in there.get("/senders/example.org").text
    filled.save_profile("home", "imap.example.net", "replace", {"authserv_ids": ["mx.example.net"]})
    page = there.get("/senders/example.org").text
    assert 'accounts.home.authserv_ids = ["mx.example.net"]' in html.unescape(page)
    other = create_app(filled).test_client()
    other.get(path_of(one_time_link(filled, "http://localhost")))
    assert "takes no effect" not in other.get("/senders/example.org").text
