"""The plugin door: its contract, its errors, and its description."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import blocker
from blocker.catalogue import Catalogue
from blocker.judging import budget, handed, process
from blocker.judging.warm import Warm
from tests.catalogue.samples import seen
from tests.webui.conftest import data_of
from tests.webui.described import mismatches
from webui import errors

LETTER = (
    b"From: News <news@example.org>\r\n"
    b"To: you@example.net\r\n"
    b"Message-ID: <77@example.org>\r\n"
    b"Subject: A letter\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/html; charset=utf-8\r\n"
    b"\r\n"
    b"<p>Hello</p>\r\n"
    b'<img src="https://track.example.com/open.php?u=you%40example.net&amp;m=8b1a9953c4611296" width="1" height="1">\r\n'
    b'<img src="https://cdn.example.com/header.png" width="600" height="200" alt="Our garden">\r\n'
)


def post(client: FlaskClient, path: str, headers: dict[str, str], **given: Any) -> Any:
    """Send a message."""
    return client.post(
        path, **({"data": LETTER, "content_type": "message/rfc822", "headers": headers} | given)
    )


def test_a_message_is_judged(stranger: FlaskClient, bearer: dict[str, str]) -> None:
    """The answer is the report that the library gives, key for key."""
    answer = post(stranger, "/api/v1/scan", bearer)
    assert answer.status_code == 200
    assert data_of(answer) == blocker.scan(LETTER, recipients=("you@example.net",)).as_dict()
    assert [r["verdict"] for r in data_of(answer)["references"]] == ["pixel", "content"]


def test_the_catalogue_is_asked_and_not_told(
    filled: Catalogue, stranger: FlaskClient, bearer: dict[str, str]
) -> None:
    """Recorded mail says what it knows of the URLs; judging and neutralising record and teach nothing."""
    other = LETTER.replace(b"<77@", b"<76@")
    report = blocker.scan(other, recipients=("you@example.net",))
    filled.record(seen(76, made=report))
    before = list(filled.export())
    for _ in range(2):
        answer = data_of(post(stranger, "/api/v1/scan", bearer))
        assert post(stranger, "/api/v1/neutralise", bearer).status_code == 200
        pixel, picture = ({r["rule"] for r in found["reasons"]} for found in answer["references"])
        assert "memory.seen" in pixel & picture
        assert "1 other message" in str(answer)
    assert list(filled.export()) == before


def test_the_reader_may_be_named(stranger: FlaskClient, bearer: dict[str, str]) -> None:
    """The named recipients take the place of the watched accounts' addresses."""
    answer = post(stranger, "/api/v1/scan?recipient=a@example.org&recipient=b@example.org", bearer)
    assert data_of(answer) == blocker.scan(LETTER, recipients=("a@example.org", "b@example.org")).as_dict()
    assert post(stranger, "/api/v1/scan?" + "recipient=a&" * 51, bearer).status_code == 400


def test_a_message_is_neutralised(stranger: FlaskClient, bearer: dict[str, str]) -> None:
    """The message comes back without the pixel's address, otherwise as it was, and can be restored."""
    answer = post(stranger, "/api/v1/neutralise", bearer)
    assert (answer.status_code, answer.mimetype) == (200, "message/rfc822")
    assert answer.headers["Unpixel-Changed"] == "true"
    body = answer.data.partition(b"\r\n\r\n")[2]
    assert b"track.example.com" not in body
    assert b'<img src="https://cdn.example.com/header.png" width="600"' in body
    assert blocker.restore(answer.data) == LETTER


def test_the_level_is_obeyed(stranger: FlaskClient, bearer: dict[str, str]) -> None:
    """`paranoid` leaves no remote address; an unknown level is refused."""
    paranoid = post(stranger, "/api/v1/neutralise?level=paranoid", bearer)
    assert b"cdn.example.com" not in paranoid.data.partition(b"\r\n\r\n")[2]
    wrong = post(stranger, "/api/v1/neutralise?level=total", bearer)
    assert (wrong.status_code, data_of(wrong)["error"]["code"]) == (400, "bad_request")


def test_a_clean_message_comes_back_as_it_went(stranger: FlaskClient, bearer: dict[str, str]) -> None:
    """Byte for byte, and the header says so."""
    plain = b"From: a@example.org\r\nSubject: x\r\n\r\nHello\r\n"
    answer = post(stranger, "/api/v1/neutralise", bearer, data=plain)
    assert answer.data == plain
    assert answer.headers["Unpixel-Changed"] == "false"


def test_a_signed_message_is_refused_in_a_sentence(stranger: FlaskClient, bearer: dict[str, str]) -> None:
    """It comes back untouched, with the reason in a header."""
    signed = LETTER.replace(
        b"Content-Type: text/html; charset=utf-8\r\n\r\n",
        b'Content-Type: multipart/signed; boundary=b; protocol="application/pgp-signature"\r\n\r\n'
        b"--b\r\nContent-Type: text/html\r\n\r\n",
    )
    signed += b"--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--b--\r\n"
    answer = post(stranger, "/api/v1/neutralise", bearer, data=signed)
    assert answer.data == signed
    assert answer.headers["Unpixel-Changed"] == "false"
    assert "signed" in answer.headers["Unpixel-Refused"].lower()


def test_a_known_message_is_found(stranger: FlaskClient, filled: Catalogue, bearer: dict[str, str]) -> None:
    """By its Message-ID, percent-encoded or bare; an unknown one gives an empty list."""
    known = filled.message(1)
    assert known is not None
    for wanted in ("%3C1%40news.example.org%3E", "1@news.example.org"):
        answer = stranger.get(f"/api/v1/messages?message_id={wanted}", headers=bearer)
        assert data_of(answer) == {"messages": [known.as_dict()], "next": None}
    unknown = stranger.get("/api/v1/messages?message_id=no", headers=bearer)
    assert data_of(unknown) == {"messages": [], "next": None}


@pytest.mark.parametrize(
    ("method", "path", "given", "status", "code"),
    [
        ("GET", "/api/v1/messages?limit=0", {}, 400, "bad_request"),
        ("GET", "/api/v1/messages?account=a&account=b", {}, 400, "bad_request"),
        ("GET", "/api/v1/messages?message_id=a&mesage_id=b", {}, 400, "bad_request"),
        ("POST", "/api/v1/neutralise?account=nobody", {}, 404, "not_found"),
        ("POST", "/api/v1/scan", {"data": b"", "content_type": "message/rfc822"}, 400, "bad_request"),
        ("POST", "/api/v1/scan", {"data": LETTER}, 415, "unsupported_media_type"),
        ("POST", "/api/v1/neutralise", {"json": {}}, 400, "bad_request"),
        ("GET", "/api/v1/scan", {}, 405, "method_not_allowed"),
        ("DELETE", "/api/v1/messages", {}, 405, "method_not_allowed"),
        ("GET", "/api/v1/nowhere", {}, 404, "not_found"),
        ("GET", "/api/v2/scan", {}, 404, "not_found"),
    ],
)
def test_every_error_has_one_shape(
    stranger: FlaskClient,
    bearer: dict[str, str],
    method: str,
    path: str,
    given: dict[str, Any],
    status: int,
    code: str,
) -> None:
    """A code for programs and a sentence for people; without the token it is 401, whatever else is wrong."""
    answer = stranger.open(path, method=method, headers=bearer, **given)
    assert answer.status_code == status
    problem = data_of(answer)
    assert problem == {
        "type": f"/api/docs#{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": problem["detail"],
        "error": {"code": code, "message": problem["detail"]},
    }
    assert problem["detail"].endswith(".")
    refused = stranger.open(path, method=method, **given)
    assert (refused.status_code, data_of(refused)["error"]["code"]) == (401, "unauthorised")


def test_a_405_names_what_is_allowed(stranger: FlaskClient, bearer: dict[str, str]) -> None:
    """As RFC 9110 asks."""
    assert "POST" in stranger.get("/api/v1/scan", headers=bearer).headers["Allow"]


def test_a_message_that_is_too_large_is_refused(
    app: Flask, bearer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its announced length, before it is read; 64 MB is the bound."""
    assert app.config["MAX_CONTENT_LENGTH"] == 64 * 1024 * 1024
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 1000)
    answer = post(app.test_client(), "/api/v1/scan", bearer, data=b"x" * 1001)
    assert (answer.status_code, data_of(answer)["error"]["code"]) == (413, "too_large")
    assert post(app.test_client(), "/api/v1/scan", bearer, data=b"x" * 1000).status_code == 200


def test_what_takes_too_much_is_told_and_left(
    stranger: FlaskClient, bearer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message over its budget of processor time: its report says so, it comes back as it was, and others are judged."""
    greedy = (
        "from blocker.judging import budget, handed, worker\n"
        "real, once = handed.opened, budget.processor_time\n"
        "def opened(raw, **more):\n"
        "    return real(raw, **more) if b'Greedy' not in raw else [0 for _ in iter(int, 1)]\n"
        "handed.opened = opened\n"
        "budget.processor_time = lambda: once(0.5)\n"
        "worker.main()\n"
    )
    monkeypatch.setattr(process, "PROGRAM", greedy)
    kept = Warm()
    monkeypatch.setattr(handed, "WARM", kept)
    raw = b"Subject: Greedy\r\n" + LETTER
    assert data_of(post(stranger, "/api/v1/scan", bearer, data=raw))["error"] == budget.TOO_MUCH
    answer = post(stranger, "/api/v1/neutralise", bearer, data=raw)
    assert answer.data == raw
    assert answer.headers["Unpixel-Changed"] == "false"
    assert answer.headers["Unpixel-Refused"] == budget.TOO_MUCH
    assert data_of(post(stranger, "/api/v1/scan", bearer))["error"] is None
    assert post(stranger, "/api/v1/neutralise", bearer).headers["Unpixel-Changed"] == "true"
    kept.close()


def test_a_fault_of_ours_has_the_shape_too(
    stranger: FlaskClient, bearer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """500, one sentence, nothing of the inside."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the inside")

    monkeypatch.setattr("blocker.judging.handed.scanned", fail)
    answer = post(stranger, "/api/v1/scan", bearer)
    assert (answer.status_code, data_of(answer)["error"]["code"]) == (500, "internal")
    assert "inside unpixel" in data_of(answer)["error"]["message"]
    assert "RuntimeError" not in answer.text


@pytest.mark.parametrize(
    "raw", [b"\0\xff" * 5000, b"\r\n", b"x", LETTER[:200], LETTER.replace(b"utf-8", b"x-nope")]
)
def test_any_bytes_get_an_answer(stranger: FlaskClient, bearer: dict[str, str], raw: bytes) -> None:
    """What is no message is judged as far as it can be, and neutralised to itself or something restorable."""
    assert post(stranger, "/api/v1/scan", bearer, data=raw).status_code == 200
    answer = post(stranger, "/api/v1/neutralise", bearer, data=raw)
    assert answer.status_code == 200
    assert raw in {answer.data, blocker.restore(answer.data) if answer.data != raw else raw}


def test_the_description_has_exactly_the_routes(client: FlaskClient, app: Flask) -> None:
    """No route is undocumented, and none is documented that is not there."""
    described = data_of(client.get("/api/v1/openapi.json"))
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule).removeprefix("/api/v1"), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and rule.methods
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert routes == {(path, method) for path, item in described["paths"].items() for method in item}


def test_every_operation_says_what_it_does(client: FlaskClient, bearer: dict[str, str]) -> None:
    """Names that differ, a line for each, words for each parameter; and the API's first address names them all."""
    document = data_of(client.get("/api/v1/openapi.json"))
    found = [operation for item in document["paths"].values() for operation in item.values()]
    names = [operation["operationId"] for operation in found]
    assert len(names) == len(set(names))
    assert all(operation["summary"] for operation in found)
    assert all(
        given["in"] == "path" or given["description"]
        for operation in found
        for given in operation.get("parameters", ())
    )
    assert sorted(data_of(client.get("/api/v1/", headers=bearer))["operations"]) == sorted(names)


def test_the_description_fits_the_answers(client: FlaskClient, bearer: dict[str, str]) -> None:
    """Reports, recorded messages and errors have the described keys and types, no more and no fewer."""
    document = data_of(client.get("/api/v1/openapi.json"))

    def check(path: str, method: str, status: str, value: Any) -> list[str]:
        content = document["paths"][path][method]["responses"][status]["content"]
        return mismatches(document, content["application/json"]["schema"], value)

    scanned = data_of(post(client, "/api/v1/scan", bearer))
    known = data_of(client.get("/api/v1/messages?message_id=1@news.example.org", headers=bearer))
    assert known["messages"]
    assert check("/scan", "post", "200", scanned) == []
    assert check("/messages", "get", "200", known) == []
    wrong = data_of(client.get("/api/v1/messages?limit=0", headers=bearer))
    problem = document["paths"]["/messages"]["get"]["responses"]["400"]["content"]["application/problem+json"]
    assert mismatches(document, problem["schema"], wrong) == []
    assert check("/scan", "post", "200", scanned | {"surprise": 1}) == ["$.surprise"]


def test_the_description_names_the_errors_that_exist(client: FlaskClient) -> None:
    """Every documented error status has a code of ours."""
    document = data_of(client.get("/api/v1/openapi.json"))
    statuses = {
        int(status)
        for item in document["paths"].values()
        for operation in item.values()
        for status, answer in operation["responses"].items()
        if "application/problem+json" in answer.get("content", ())
    }
    assert statuses <= set(errors.CODES)
    assert {400, 401, 403, 413, 415, 500} <= statuses


def test_every_reference_in_the_description_leads_somewhere(client: FlaskClient) -> None:
    """No dangling $ref."""
    answer = client.get("/api/v1/openapi.json")
    names = set(re.findall(r'"#/components/schemas/(\w+)"', answer.text))
    assert names == set(data_of(answer)["components"]["schemas"])
