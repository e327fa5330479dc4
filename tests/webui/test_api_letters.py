"""The forms in which the API takes messages, the few words it gives to plug-ins, batches, and URLs alone."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient

import blocker
from blocker.catalogue import Catalogue
from blocker.detect.knowledge import default_rules
from blocker.detect.words import told
from tests.webui.conftest import data_of
from tests.webui.described import unfit
from tests.webui.test_api import LETTER, post
from webui.areas.api import batch
from webui.areas.api.openapi import describe

PIXEL = '<img src="https://track.example.com/open.php?u=you%40example.net&amp;m=8b1a9953c4611296" width="1" height="1">'
PAGE = f'<p>Gr\N{LATIN SMALL LETTER U WITH DIAERESIS}ezi</p>\n{PIXEL}\n<img src="https://cdn.example.com/a.png" width="600" height="200">'
SUMMARY = {"tracked", "blocked", "personal", "receipts", "level"}


def test_html_is_judged_without_a_header(stranger: FlaskClient, bearer: dict[str, str]) -> None:
    """Spans and digest are of the HTML that came in, and its sender is who was named."""
    html = PAGE.encode()
    where = "/api/v1/scan?from=News+%3Cnews@example.org%3E&recipient=you@example.net"
    found = data_of(post(stranger, where, bearer, data=html, content_type="text/html; charset=utf-8"))
    assert found["message"]["from_domain"] == "example.org"
    assert found["message"]["sha256"] == hashlib.sha256(html).hexdigest()
    pixel, picture = found["references"]
    assert (pixel["verdict"], picture["verdict"]) == ("pixel", "content")
    start, end = picture["span"]
    assert html[start:end] == b"https://cdn.example.com/a.png"
    assert "identity" in str(pixel["reasons"])


def test_html_as_json_is_the_same(stranger: FlaskClient, bearer: dict[str, str]) -> None:
    """The same references with the same reasons, whichever way the HTML came."""
    given = {
        "html": PAGE,
        "from": "news@example.org",
        "recipients": ["you@example.net"],
        "message_id": "<1@x.example>",
    }
    as_json = data_of(post(stranger, "/api/v1/scan", bearer, data=None, json=given, content_type=None))
    where = "/api/v1/scan?from=news@example.org&recipient=you@example.net&message_id=<1@x.example>"
    as_html = data_of(post(stranger, where, bearer, data=PAGE.encode(), content_type="text/html"))
    assert as_json == as_html
    assert as_json["message"]["message_id"] == "<1@x.example>"


@pytest.mark.parametrize("name", ["from", "message_id", "recipient"])
def test_no_field_brings_another_one(stranger: FlaskClient, bearer: dict[str, str], name: str) -> None:
    """A line end in what stands in the header ends no line, so that nobody hides HTML or adds a field."""
    value = f"a@x.example\r\nDisposition-Notification-To: b@x.example\r\n\r\n{PIXEL}"
    where = f"/api/v1/scan?{urlencode({name: value})}"
    found = data_of(post(stranger, where, bearer, data=b"<p>Hello</p>", content_type="text/html"))
    assert (found["receipts"], found["references"]) == ([], [])


def test_html_is_neutralised_as_html(stranger: FlaskClient, bearer: dict[str, str]) -> None:
    """What comes back is what went, but for the pixel; in a charset of its own too."""
    for charset in ("utf-8", "iso-8859-1"):
        sent = PAGE.encode(charset)
        answer = post(
            stranger, "/api/v1/neutralise", bearer, data=sent, content_type=f"text/html; charset={charset}"
        )
        assert (answer.mimetype, answer.headers["Unpixel-Changed"]) == ("text/html", "true")
        assert answer.content_type == f"text/html; charset={charset}"
        before, _, after = sent.partition(PIXEL.encode())
        assert answer.data.startswith(before)
        assert answer.data.endswith(after)
        assert b"track.example.com" not in answer.data


def test_json_comes_back_as_json(stranger: FlaskClient, bearer: dict[str, str]) -> None:
    """With the neutralised HTML and the summary; of a raw message, in base64, where a summary is asked for."""
    found = data_of(
        post(stranger, "/api/v1/neutralise", bearer, data=None, json={"html": PAGE}, content_type=None)
    )
    assert "track.example.com" not in found["html"]
    assert (found["message"], found["changed"], found["tracked"]) == (None, True, True)
    raw = data_of(post(stranger, "/api/v1/neutralise?detail=summary", bearer))
    assert raw["html"] is None
    assert blocker.restore(base64.b64decode(raw["message"])) == LETTER
    clean = data_of(
        post(stranger, "/api/v1/neutralise", bearer, data=None, json={"html": "<p>"}, content_type=None)
    )
    assert (clean["html"], clean["changed"], clean["blocked"]) == ("<p>", False, [])


def test_a_summary_says_what_a_plug_in_shows(stranger: FlaskClient, bearer: dict[str, str]) -> None:
    """Which trackers, why, and the level that holds for the account."""
    found = data_of(post(stranger, "/api/v1/scan?detail=summary&account=home", bearer))
    assert set(found) == SUMMARY
    (blocked,) = found["blocked"]
    assert (blocked["kind"], blocked["url"]) == ("pixel", blocker.scan(LETTER).references[0].url)
    (judged,) = blocker.scan(LETTER, recipients=("you@example.net",)).blocked
    assert blocked["why"] == told(judged).reasons[0].text
    assert (found["tracked"], found["personal"], found["receipts"], found["level"]) == (
        True,
        0,
        0,
        "standard",
    )


def test_a_summary_has_the_level_of_the_sender(
    stranger: FlaskClient, bearer: dict[str, str], filled: Catalogue
) -> None:
    """More protection than the account's holds at once; less does not without proof."""
    filled.set_sender_level("example.org", "paranoid")
    assert data_of(post(stranger, "/api/v1/scan?detail=summary", bearer))["level"] == "paranoid"
    page = "/api/v1/scan?detail=summary&from=news@example.org"
    html = {"data": PAGE.encode(), "content_type": "text/html"}
    assert [one["kind"] for one in data_of(post(stranger, page, bearer, **html))["blocked"]] == [
        "pixel",
        "content",
    ]
    filled.set_sender_level("example.org", "allow")
    assert data_of(post(stranger, "/api/v1/scan?detail=summary", bearer))["level"] == "standard"
    assert [one["kind"] for one in data_of(post(stranger, page, bearer, **html))["blocked"]] == ["pixel"]


def lines(*given: Any) -> bytes:
    """JSON lines."""
    return b"\n".join(json.dumps(one).encode() for one in given)


def test_a_batch_has_a_result_for_each_line(stranger: FlaskClient, bearer: dict[str, str]) -> None:
    """In their order; a line that is no message has a problem, and the others their reports."""
    sent = lines(
        {"html": PAGE},
        {"message": base64.b64encode(LETTER).decode()},
        {"html": "", "message": ""},
        [1],
        {"htm": ""},
    )
    answer = post(stranger, "/api/v1/scan/batch", bearer, data=sent, content_type="application/jsonl")
    results = data_of(answer)["results"]
    assert [bool(one["report"]) for one in results] == [True, True, False, False, False]
    assert results[1]["report"] == data_of(post(stranger, "/api/v1/scan", bearer))
    assert [one["problem"]["status"] for one in results[2:]] == [400, 400, 400]
    short = post(
        stranger, "/api/v1/scan/batch?detail=summary", bearer, data=sent, content_type="application/x-ndjson"
    )
    assert [set(one["summary"]) for one in data_of(short)["results"][:2]] == [SUMMARY, SUMMARY]


def test_a_batch_may_be_files(stranger: FlaskClient, bearer: dict[str, str]) -> None:
    """Raw messages and HTML, each by its media type."""
    files = [
        (io.BytesIO(LETTER), "a.eml", "message/rfc822"),
        (io.BytesIO(PAGE.encode()), "b.html", "text/html"),
    ]
    answer = stranger.post("/api/v1/scan/batch", data={"message": files}, headers=bearer)
    first, second = (one["report"] for one in data_of(answer)["results"])
    assert first == data_of(post(stranger, "/api/v1/scan", bearer))
    assert [one["verdict"] for one in second["references"]] == ["pixel", "content"]


def test_a_batch_has_a_bound(
    stranger: FlaskClient, bearer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty messages, and a time after which the others are told to come again."""
    kind = "application/jsonl"
    many = [{"html": ""}] * batch.MOST
    assert (
        len(
            data_of(post(stranger, "/api/v1/scan/batch", bearer, data=lines(*many), content_type=kind))[
                "results"
            ]
        )
        == 50
    )
    assert (
        post(stranger, "/api/v1/scan/batch", bearer, data=lines(*many, {}), content_type=kind).status_code
        == 413
    )
    monkeypatch.setattr(batch, "PATIENCE", -1.0)
    late = data_of(
        post(stranger, "/api/v1/scan/batch", bearer, data=lines({"html": PAGE}), content_type=kind)
    )
    assert late["results"][0]["problem"]["status"] == 503


def test_urls_are_judged_alone(stranger: FlaskClient, bearer: dict[str, str]) -> None:
    """A known endpoint is a tracker of its vendor, a picture is none, and what fetches nothing has no verdict."""
    known = next(
        rule.match for vendor in default_rules().vendors for rule in vendor.rules if rule.kind == "open"
    )
    asked = [known, 'https://cdn.example.com/photo.jpg?"><img src=x>', "", "mailto:you@example.net", known]
    answer = stranger.post("/api/v1/urls", json={"urls": asked}, headers=bearer)
    found = data_of(answer)["urls"]
    assert [one["url"] for one in found] == asked
    assert [one["verdict"] for one in found] == ["pixel", "content", None, None, "pixel"]
    assert found[0]["vendor"]
    assert found[0] == found[4]
    assert stranger.post("/api/v1/urls", json={"urls": ["a"] * 101}, headers=bearer).status_code == 400
    assert stranger.post("/api/v1/urls", data=b"x", headers=bearer).status_code == 415


def test_the_rules_have_a_version(stranger: FlaskClient, bearer: dict[str, str]) -> None:
    """All that is known, and who has it already is told so alone."""
    answer = stranger.get("/api/v1/rules/compact", headers=bearer)
    found = data_of(answer)
    assert len(found["rules"]) == sum(len(vendor.rules) for vendor in default_rules().vendors) > 500
    again = stranger.get("/api/v1/rules/compact", headers=bearer | {"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", answer.headers["ETag"])
    other = stranger.get("/api/v1/rules/compact", headers=bearer | {"If-None-Match": '"other"'})
    assert other.status_code == 200


def test_these_answers_are_as_described(stranger: FlaskClient, bearer: dict[str, str], app: Flask) -> None:
    """Each object has the described keys and types, no more and no fewer."""
    document = describe(app)
    page = {"html": PAGE}
    url = {"urls": ["", "https://x.example/a.gif"]}
    sent = {"data": lines(page, {}), "content_type": "application/jsonl"}
    answers = [
        ("post", "/scan", post(stranger, "/api/v1/scan?detail=summary", bearer)),
        ("post", "/neutralise", stranger.post("/api/v1/neutralise", json=page, headers=bearer)),
        (
            "post",
            "/neutralise",
            stranger.post(
                "/api/v1/neutralise?detail=summary",
                data=LETTER,
                content_type="message/rfc822",
                headers=bearer,
            ),
        ),
        ("post", "/scan/batch", stranger.post("/api/v1/scan/batch", headers=bearer, **sent)),
        ("post", "/scan/batch", stranger.post("/api/v1/scan/batch?detail=summary", headers=bearer, **sent)),
        ("post", "/urls", stranger.post("/api/v1/urls", json=url, headers=bearer)),
        ("get", "/rules/compact", stranger.get("/api/v1/rules/compact", headers=bearer)),
    ]
    assert [
        (path, found) for method, path, answer in answers if (found := unfit(document, method, path, answer))
    ] == []
