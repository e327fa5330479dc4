"""Plug-ins: a code lets one in, once; its token works from its own origin alone. Tokens by the API."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blocker.catalogue import Catalogue
from blocker.catalogue.credentials import MOST_TRIES
from blocker.catalogue.people import People, Role
from tests.webui.conftest import csrf_of, data_of
from webui.access import Scope, pairing
from webui.access.pairing import LENGTH, SIGNS, is_extension, new_code
from webui.access.tokens import new_token

ORIGIN = "moz-extension://2c127fa4-62c7-7e4f-90e5-472b45eecfdc"
KNOWN = "/api/v1/messages?message_id=1@news.example.org"


def code_of(client: FlaskClient, **ticked: str) -> str:
    """The code that the page shows."""
    page = client.post("/plugins/code", data={"csrf": csrf_of(client.get("/plugins").text)} | ticked).text
    found = re.search(r"<code>(\w{4}-\w{4})</code>", page)
    assert found is not None
    return found[1]


def pair(
    client: FlaskClient, code: str, origin: str | None = ORIGIN, more: dict[str, Any] | None = None
) -> TestResponse:
    """What a plug-in sends."""
    headers = {} if origin is None else {"Origin": origin}
    return client.post(
        "/api/v1/pair", json={"code": code, "name": "Thunderbird"} | (more or {}), headers=headers
    )


def test_a_code_has_forty_bits() -> None:
    """Of signs that are told apart when they are read aloud."""
    assert len(set(SIGNS)) ** LENGTH >= 2**40
    assert not set("OIL") & set(SIGNS)


def test_a_plug_in_is_let_in_once(client: FlaskClient, stranger: FlaskClient) -> None:
    """With a token that reads and scans, and acts only where that was ticked; the page lists it, and ends it."""
    code = code_of(client)
    answer = pair(stranger, code.lower().replace("-", " "))
    assert answer.status_code == 201
    made = data_of(answer)
    assert (made["name"], made["scopes"], made["origin"]) == ("Thunderbird", ["read", "scan"], ORIGIN)
    headers = {"Authorization": f"Bearer {made['token']}", "Origin": ORIGIN}
    assert stranger.get(KNOWN, headers=headers).status_code == 200
    assert pair(stranger, code).status_code == 403
    page = client.get("/plugins").text
    assert "Thunderbird" in page and ORIGIN in page
    assert made["token"] not in page
    end = {"csrf": csrf_of(page), "plugin": "yes"}
    assert client.post(f"/access/tokens/{made['id']}/revoke", data=end).headers["Location"] == "/plugins"
    assert stranger.get(KNOWN, headers=headers).status_code == 401
    assert data_of(pair(stranger, code_of(client, act="yes")))["scopes"] == ["act", "read", "scan"]


def test_a_viewers_plug_in_never_acts(app: Flask, filled: Catalogue, stranger: FlaskClient) -> None:
    """Whatever a form says that they send by hand."""
    from tests.webui.test_attacks import enter

    viewer = enter(app, filled, People(filled).add("viewer", Role.VIEWER, frozenset({"home"})))
    assert data_of(pair(stranger, code_of(viewer, act="yes")))["scopes"] == ["read", "scan"]


@pytest.mark.parametrize(
    ("origin", "method", "status"),
    [
        (ORIGIN, "GET", 200),
        (None, "GET", 200),
        ("moz-extension://another", "GET", 403),
        ("https://evil.example", "GET", 403),
        ("null", "GET", 403),
        (None, "POST", 403),
        ("https://evil.example", "POST", 403),
        (ORIGIN, "POST", 200),
    ],
)
def test_a_plug_ins_token_works_from_its_origin_alone(
    client: FlaskClient, stranger: FlaskClient, origin: str | None, method: str, status: int
) -> None:
    """Browsers leave the field out of what only reads, and of nothing else."""
    token = data_of(pair(stranger, code_of(client)))["token"]
    headers = {"Authorization": f"Bearer {token}"} | ({} if origin is None else {"Origin": origin})
    if method == "GET":
        answer = stranger.get(KNOWN, headers=headers)
    else:
        raw = b"From: a@b.example\r\nSubject: x\r\n\r\nHello\r\n"
        answer = stranger.post("/api/v1/scan", data=raw, content_type="message/rfc822", headers=headers)
    assert answer.status_code == status


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://localhost",
        "http://127.0.0.1:8400",
        "null",
        "file://",
        "moz-extension:",
        "",
        "//x",
    ],
)
def test_a_page_cannot_pair(client: FlaskClient, stranger: FlaskClient, origin: str) -> None:
    """With the right code even, which it does not use up; a sandboxed page neither."""
    code = code_of(client)
    if origin:
        assert pair(stranger, code, origin).status_code == 403
    assert not is_extension(origin)
    assert pair(stranger, code).status_code == 201


def test_only_json_pairs(client: FlaskClient, stranger: FlaskClient) -> None:
    """A form, which any page could send, is none."""
    code = code_of(client)
    for media in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"):
        body = f'{{"code": "{code}", "name": "x"}}'
        answer = stranger.post("/api/v1/pair", data=body, content_type=media)
        assert answer.status_code == 415
    for more in ({"name": ""}, {"name": "a\x1bb"}, {"scopes": ["act"]}, {"code": "x"}):
        assert pair(stranger, code, more=more).status_code == 400
    assert pair(stranger, code).status_code == 201


def test_five_wrong_codes_by_anybody_kill_it(client: FlaskClient, stranger: FlaskClient) -> None:
    """The right one comes too late then; four do not."""
    code = code_of(client)
    for number in range(MOST_TRIES - 1):
        assert pair(stranger, f"0000-000{number}", None).status_code == 403
    assert pair(stranger, code).status_code == 201
    code = code_of(client)
    for number in range(MOST_TRIES):
        assert pair(stranger, f"0000-000{number}", None).status_code == 403
    assert pair(stranger, code).status_code == 403


def test_one_address_guesses_no_more_than_so_often(filled: Catalogue, stranger: FlaskClient) -> None:
    """It cannot kill every code that is shown, for ever."""
    answers = [pair(stranger, "0000-0000", None).status_code for _ in range(30)]
    assert answers == [403] * 20 + [429] * 10
    other = stranger.post(
        "/api/v1/pair",
        json={"code": new_code(filled, People(filled).named(None), act=False), "name": "x"},
        environ_overrides={"REMOTE_ADDR": "192.0.2.1"},
    )
    assert other.status_code == 201


def test_a_code_ends_by_the_clock_and_with_the_next(
    client: FlaskClient, stranger: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten minutes after it was shown; one is open at a time."""
    first, second = code_of(client), code_of(client)
    assert pair(stranger, first).status_code == 403
    later = datetime.now(UTC) + timedelta(minutes=pairing.MINUTES, seconds=1)

    class Later(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Later:
            return cls.fromtimestamp(later.timestamp(), tz)

    monkeypatch.setattr("blocker.catalogue.credentials.datetime", Later)
    assert pair(stranger, second).status_code == 403


def test_a_token_makes_no_more_than_it_is(stranger: FlaskClient, filled: Catalogue) -> None:
    """Fewer scopes, the same end; it lists and ends its person's tokens, and nobody else's."""
    ada = People(filled).add("ada", Role.OWNER, frozenset({"home"}))
    other = new_token(filled, "other")
    maker = {
        "Authorization": f"Bearer {new_token(filled, 'maker', [Scope.READ, Scope.ACT], person=ada, days=5)}"
    }
    wish: dict[str, Any] = {"name": "made", "scopes": ["read"], "days": 90}
    answer = stranger.post("/api/v1/tokens", json=wish, headers=maker)
    assert answer.status_code == 201
    made = data_of(answer)
    listed = data_of(stranger.get("/api/v1/tokens", headers=maker))["tokens"]
    assert [one["name"] for one in listed] == ["maker", "made"]
    assert "token" not in listed[1]
    assert listed[1]["expires"] == listed[0]["expires"]
    theirs = {"Authorization": f"Bearer {made['token']}"}
    assert stranger.get("/api/v1/tokens", headers=theirs).status_code == 200
    assert stranger.post("/api/v1/tokens", json=wish, headers=theirs).status_code == 403
    for scopes in (["scan"], ["own"], [], ["read", "scan"]):
        refused = stranger.post("/api/v1/tokens", json=wish | {"scopes": scopes}, headers=maker)
        assert refused.status_code in {400, 403}, scopes
    foreign = data_of(stranger.get("/api/v1/tokens", headers={"Authorization": f"Bearer {other}"}))["tokens"]
    for number, status in ((foreign[0]["id"], 404), (2**70, 404), (made["id"], 204), (made["id"], 404)):
        assert stranger.delete(f"/api/v1/tokens/{number}", headers=maker).status_code == status
    assert stranger.get("/api/v1/tokens", headers=theirs).status_code == 401
