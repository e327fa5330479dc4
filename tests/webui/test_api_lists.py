"""What the API tells of what is known, page by page, and what it asks the service for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from blocker.catalogue import Catalogue, schema
from blocker.catalogue.heartbeats import Condition
from blocker.choices.levels import SETTINGS
from tests.catalogue.samples import picture, pixel, seen
from tests.webui.conftest import data_of
from tests.webui.described import unfit
from webui import create_app
from webui.access import Scope
from webui.access.scopes import PROGRAM
from webui.access.tokens import new_token
from webui.areas.api import events, recorded
from webui.areas.api.openapi import describe

API = "/api/v1"


@pytest.fixture
def actor(filled: Catalogue) -> dict[str, str]:
    """The header of a program that may act."""
    return {"Authorization": f"Bearer {new_token(filled, 'actor', [*PROGRAM, Scope.ACT])}"}


def walk(client: FlaskClient, path: str, key: str, headers: dict[str, str], **wanted: Any) -> list[list[Any]]:
    """The pages of a list."""
    pages: list[list[Any]] = []
    cursor = ""
    while len(pages) < 20:
        asked = wanted | ({"cursor": cursor} if cursor else {})
        found = data_of(client.get(API + path, query_string=asked, headers=headers))
        pages.append(found[key])
        cursor = found["next"]
        if cursor is None:
            return pages
    raise AssertionError("the list has no end")


def test_messages_come_in_pages(stranger: FlaskClient, filled: Catalogue, bearer: dict[str, str]) -> None:
    """Each once, newest first, in as many pages as it takes; what comes in between moves nothing."""
    whole = [one["id"] for one in walk(stranger, "/messages", "messages", bearer)[0]]
    pages = walk(stranger, "/messages", "messages", bearer, limit=2)
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [one["id"] for page in pages for one in page] == whole
    assert len(set(whole)) == 5
    dates = [one["internal_date"] for page in pages for one in page]
    assert dates == sorted(dates, reverse=True)
    first = data_of(stranger.get(f"{API}/messages?limit=2", headers=bearer))
    filled.record(seen(99, pixel(99, "Mailchimp"), arrived=datetime.now(UTC)))
    rest = data_of(stranger.get(f"{API}/messages?limit=9&cursor={first['next']}", headers=bearer))
    assert [one["id"] for one in first["messages"] + rest["messages"]] == whole


def test_a_page_has_a_bound_of_references(
    stranger: FlaskClient, bearer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many a mail has, a page has one message at the least, and the next goes on behind it."""
    monkeypatch.setattr(recorded, "MOST_REFERENCES", 1)
    pages = walk(stranger, "/messages", "messages", bearer)
    assert [one["id"] for page in pages for one in page] == [
        one["id"] for one in walk(stranger, "/messages", "messages", bearer, detail="summary")[0]
    ]
    assert max(len(page) for page in pages) < 5


def test_messages_are_found(stranger: FlaskClient, filled: Catalogue, bearer: dict[str, str]) -> None:
    """By each filter: those that have it, and no others."""
    every = {one.id: one for one in (filled.message(n) for n in range(1, 6)) if one}
    assert len(every) == 5

    def ids(**wanted: Any) -> set[int]:
        return {one["id"] for one in walk(stranger, "/messages", "messages", bearer, **wanted)[0]}

    one = every[1]
    named = [m.report.message.message_id for m in every.values()][:2]
    assert ids(message_id=named) == {m.id for m in every.values() if m.report.message.message_id in named}
    assert ids(sha256=one.report.message.sha256.upper()) == {
        m.id for m in every.values() if m.report.message.sha256 == one.report.message.sha256
    }
    assert ids(kind="personal") == {m.id for m in every.values() if m.report.kinds["personal"]} != set()
    assert ids(vendor="Mailchimp") == {1}
    assert (
        ids(sender="evil.example")
        == {m.id for m in every.values() if m.organisation == "evil.example"}
        != set()
    )
    today = datetime.now(UTC).date().isoformat()
    assert ids(since=today) == {m.id for m in every.values() if m.internal_date.date().isoformat() == today}
    assert ids(until=today) == set(every)
    assert ids(account="home") == set(every)
    assert ids(account="work") == set()


@pytest.mark.parametrize(
    "wrong",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=zz",
        "cursor=",
        "sha256=1",
        "since=now",
        "kind=pix",
        "page=2",
    ],
)
def test_what_does_not_fit_is_refused(stranger: FlaskClient, bearer: dict[str, str], wrong: str) -> None:
    """A filter that would be passed over in silence would show everything."""
    answer = stranger.get(f"{API}/messages?{wrong}", headers=bearer)
    assert (answer.status_code, data_of(answer)["error"]["code"]) == (400, "bad_request")


@pytest.mark.parametrize("cursor", ["0" * 32, "f" * 32, "7" + "f" * 31, "8" + "0" * 31])
@pytest.mark.parametrize("path", ["/messages", "/senders"])
def test_any_cursor_is_a_place(stranger: FlaskClient, bearer: dict[str, str], path: str, cursor: str) -> None:
    """What has the form of one breaks nothing."""
    assert stranger.get(f"{API}{path}?cursor={cursor}", headers=bearer).status_code == 200


def test_one_message(stranger: FlaskClient, filled: Catalogue, bearer: dict[str, str]) -> None:
    """By its number; of one that there is not the answer is 404, however large the number."""
    known = filled.message(1)
    assert known is not None
    assert data_of(stranger.get(f"{API}/messages/1", headers=bearer)) == known.as_dict()
    for number in (0, 999, 2**63, 10**30):
        assert stranger.get(f"{API}/messages/{number}", headers=bearer).status_code == 404


def test_senders_come_in_pages(stranger: FlaskClient, filled: Catalogue, bearer: dict[str, str]) -> None:
    """All of them, each once, in the order asked for."""
    pages = walk(stranger, "/senders", "senders", bearer, limit=1, order="name")
    names = [one["domain"] for page in pages for one in page]
    assert names == sorted(line.domain for line in filled.senders())
    assert len(pages) == len(names) > 1


def test_a_sender_and_its_policy(stranger: FlaskClient, filled: Catalogue, actor: dict[str, str]) -> None:
    """What is set is told, for one account and for all; taken back, there is none."""
    where = f"{API}/senders/example.org/policy"
    assert stranger.get(where, headers=actor).status_code == 404
    put = stranger.put(where, json={"level": "strict"}, headers=actor)
    assert (put.status_code, data_of(put)["level"], data_of(put)["account"]) == (200, "strict", None)
    stranger.put(where, json={"level": "allow", "account": "home"}, headers=actor)
    assert data_of(stranger.get(f"{where}?account=home", headers=actor))["level"] == "allow"
    found = data_of(stranger.get(f"{API}/senders/example.org", headers=actor))
    assert [one["level"] for one in found["settings"]] == ["strict", "allow"]
    assert stranger.delete(where, headers=actor).status_code == 204
    assert stranger.get(where, headers=actor).status_code == 404
    assert {one.account for one in filled.sender_level("example.org")} == {"home"}
    for name, body in (
        ("nodomain", {"level": "strict"}),
        ("example.org", {"level": "strict", "account": "nobody"}),
    ):
        assert stranger.put(f"{API}/senders/{name}/policy", json=body, headers=actor).status_code == 404
    assert stranger.put(where, json={"level": "soft"}, headers=actor).status_code == 400
    assert stranger.get(f"{API}/senders/{quote('a/b c.example', safe='')}", headers=actor).status_code == 404


def test_figures_are_those_of_the_pages(
    stranger: FlaskClient, filled: Catalogue, bearer: dict[str, str]
) -> None:
    """Sums and rows, by day, sender and vendor."""
    known = filled.overview(None)
    by_day = data_of(stranger.get(f"{API}/stats", headers=bearer))
    assert (by_day["messages"], by_day["tracked"], by_day["blocked"]) == (
        known.messages,
        known.tracked,
        known.blocked,
    )
    assert sum(row["messages"] for row in by_day["rows"]) == known.messages == 5
    by_sender = data_of(stranger.get(f"{API}/stats?by=sender&days=2", headers=bearer))
    assert sum(row["messages"] for row in by_sender["rows"]) == by_sender["messages"] == 4
    by_vendor = data_of(stranger.get(f"{API}/stats?by=vendor", headers=bearer))["rows"]
    assert {row["name"]: row["messages"] for row in by_vendor} == {
        v.name: v.messages for v in filled.vendors()
    }
    listed = data_of(stranger.get(f"{API}/vendors", headers=bearer))["vendors"]
    assert listed == [line.as_dict() for line in filled.vendors()]


def test_what_is_asked_for_lies_with_the_service(
    stranger: FlaskClient, filled: Catalogue, actor: dict[str, str]
) -> None:
    """A request each, told with its place; what cannot be done is a conflict, and asks for nothing."""
    sweep = stranger.post(f"{API}/accounts/home/sweep", json={"since": "2026-01-31"}, headers=actor)
    restore = stranger.post(f"{API}/messages/1/restore", headers=actor)
    neutralise = stranger.post(f"{API}/messages/2/neutralise", headers=actor)
    for answer in (sweep, restore, neutralise):
        assert answer.status_code == 202
        assert data_of(stranger.get(answer.headers["Location"], headers=actor)) == data_of(answer)
    asked = {command.kind: command for command in filled.commands()}
    assert asked["sweep"].arguments == {"since": "2026-01-31"}
    assert (asked["restore"].arguments["message"], asked["neutralise"].arguments["message"]) == (1, 2)
    for path in ("/messages/2/restore", "/messages/1/neutralise"):
        assert stranger.post(API + path, headers=actor).status_code == 409
    for path in ("/messages/99/restore", "/messages/99/neutralise", "/accounts/nobody/sweep"):
        assert stranger.post(API + path, headers=actor).status_code == 404
    assert stranger.post(f"{API}/accounts/home/sweep", headers=actor).status_code == 202
    assert len(filled.commands()) == 4
    assert stranger.get(f"{API}/requests/999", headers=actor).status_code == 404


def test_a_verdict_is_said_to_be_wrong(
    stranger: FlaskClient, filled: Catalogue, actor: dict[str, str], app: Flask
) -> None:
    """For a reference by its URL; it is listed, and taken back; of what there is not nothing is said."""
    known = filled.message(1)
    assert known is not None
    url = known.report.references[0].url
    word = {"message": 1, "url": url, "says": "harmless"}
    made = stranger.post(f"{API}/feedback", json=word, headers=actor)
    assert made.status_code == 201
    assert unfit(describe(app), "post", "/feedback", made) == []
    assert (data_of(made)["says"], data_of(made)["account"], data_of(made)["verdict"]) == (
        "harmless",
        "home",
        "pixel",
    )
    listed = stranger.get(f"{API}/feedback", headers=actor)
    assert data_of(listed) == {"feedback": [data_of(made)]}
    for wrong in ({"message": 99}, {"url": "https://other.example/"}):
        assert stranger.post(f"{API}/feedback", json=word | wrong, headers=actor).status_code == 404
    where = f"{API}/feedback/{data_of(made)['id']}"
    assert [stranger.delete(where, headers=actor).status_code for _ in range(2)] == [204, 404]
    assert data_of(stranger.get(f"{API}/feedback", headers=actor)) == {"feedback": []}


def test_an_account_is_paused(stranger: FlaskClient, filled: Catalogue, actor: dict[str, str]) -> None:
    """For a while or until it is resumed, and the list tells."""
    paused = data_of(stranger.post(f"{API}/accounts/home/pause", json={"minutes": 15}, headers=actor))[
        "paused"
    ]
    assert (
        datetime.fromisoformat(paused["until"]) - datetime.fromisoformat(paused["since"])
    ).seconds // 60 in (14, 15)
    assert data_of(stranger.post(f"{API}/accounts/home/pause", headers=actor))["paused"]["until"] is None
    assert list(filled.pauses()) == ["home"]
    listed = data_of(stranger.get(f"{API}/accounts", headers=actor))["accounts"]
    assert [(one["name"], one["state"], bool(one["paused"])) for one in listed] == [("home", "never", True)]
    assert data_of(stranger.post(f"{API}/accounts/home/resume", headers=actor))["paused"] is None
    assert not filled.pauses()
    for wrong in ({"minutes": 0}, {"minutes": "1"}, {"minute": 1}):
        assert stranger.post(f"{API}/accounts/home/pause", json=wrong, headers=actor).status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/messages/1/restore"),
        ("POST", "/messages/2/neutralise"),
        ("POST", "/accounts/home/sweep"),
        ("POST", "/accounts/home/pause"),
        ("POST", "/accounts/home/resume"),
        ("POST", "/feedback"),
        ("DELETE", "/feedback/1"),
        ("PUT", "/senders/example.org/policy"),
        ("DELETE", "/senders/example.org/policy"),
    ],
)
def test_who_may_only_look_changes_nothing(
    stranger: FlaskClient, filled: Catalogue, bearer: dict[str, str], method: str, path: str
) -> None:
    """A token without `act` is refused, whatever it sends."""
    answer = stranger.open(API + path, method=method, json={"level": "allow"}, headers=bearer)
    assert (answer.status_code, data_of(answer)["error"]["code"]) == (403, "forbidden")
    assert (filled.commands(), dict(filled.pauses()), filled.sender_level("example.org")) == ([], {}, ())


def told(text: str) -> list[tuple[str, str]]:
    """Kind and data of the events of a stream."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "event" in fields:
            found.append((fields["event"], fields["data"]))
    return found


def last_id(text: str) -> str:
    """The number of the last event of a stream."""
    return [line.removeprefix("id: ") for line in text.splitlines() if line.startswith("id: ")][-1]


def test_events_go_on_where_they_ended(
    stranger: FlaskClient, filled: Catalogue, bearer: dict[str, str]
) -> None:
    """Nothing of before, each new thing once, with its keys as elsewhere."""

    def come(last: str = "") -> str:
        answer = stranger.get(
            f"{API}/events?wait=0", headers=bearer | ({"Last-Event-ID": last} if last else {})
        )
        assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
        return answer.text

    first = come()
    assert told(first) == []
    filled.record(seen(50, pixel(50, "Mailchimp"), picture(), arrived=datetime.now(UTC)))
    filled.request("sweep", "home", {"since": None})
    filled.beat({"home": (Condition.WATCHING, "")})
    second = come(last_id(first))
    assert [kind for kind, _ in told(second)] == ["message", "request", "account"]
    assert "50@news.example.org" not in second
    assert told(come(last_id(second))) == []
    filled.finish(filled.commands()[0].id, "Done.")
    third = told(come(last_id(second)))
    assert [kind for kind, _ in third] == ["request"]
    assert '"state": "done"' in third[0][1]
    assert told(come("nonsense")) == []


def test_events_wait_for_a_while(
    stranger: FlaskClient, filled: Catalogue, bearer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream looks again until its time is over; where all places are taken it ends at once, and none is lost."""
    looks: list[float] = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 2:
            filled.request("sweep", "home", {"since": None})

    monkeypatch.setattr("webui.areas.api.events.time.sleep", sleep)
    monkeypatch.setattr(events, "LOOK", 0.01)
    times = iter([*([0.0] * 4), 99.0])
    monkeypatch.setattr("webui.areas.api.events.time.monotonic", lambda: next(times))
    assert [kind for kind, _ in told(stranger.get(f"{API}/events?wait=5", headers=bearer).text)] == [
        "request"
    ]
    assert len(looks) == 3
    taken = [events._places.acquire(blocking=False) for _ in range(events.PLACES)]
    times = iter([0.0, 1.0])
    assert all(taken)
    assert stranger.get(f"{API}/events", headers=bearer).status_code == 200
    for _ in taken:
        events._places.release()
    assert len(looks) == 3


def test_a_program_that_asks_too_often_waits(filled: Catalogue, bearer: dict[str, str]) -> None:
    """Counted by token: it is told for how long, and another one is not held up."""
    client = create_app(filled, secret="for tests only", per_minute=3).test_client()
    other = {"Authorization": f"Bearer {new_token(filled)}"}
    assert [client.get(f"{API}/", headers=bearer).status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = client.get(f"{API}/", headers=bearer)
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert data_of(refused)["error"]["code"] == "too_many_requests"
    assert client.get(f"{API}/", headers=other).status_code == 200


ORIGIN = "moz-extension://0b5f8b0e-6f0a-4c5e-9a3f-2f6d7a1f4c11"


def test_a_named_origin_may_ask(filled: Catalogue, bearer: dict[str, str]) -> None:
    """A browser is told so, for that origin, without cookies; its page may read what it gets, errors too."""
    client = create_app(filled, secret="for tests only", origins=[ORIGIN]).test_client()
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = client.options(f"{API}/scan", headers=asked)
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()
    for headers, status in ((bearer, 200), ({}, 401)):
        got = client.get(f"{API}/accounts", headers=headers | {"Origin": ORIGIN})
        assert (got.status_code, got.headers["Access-Control-Allow-Origin"]) == (status, ORIGIN)
        assert "Origin" in got.vary
        assert "ETag" in got.headers["Access-Control-Expose-Headers"]
    for one in (answer, got):
        assert "Access-Control-Allow-Credentials" not in one.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ORIGIN + ".evil.example", ""])
def test_no_other_origin_may(filled: Catalogue, bearer: dict[str, str], origin: str) -> None:
    """Nor any at all where none is named, nor on the pages."""
    for origins in ([ORIGIN], []):
        client = create_app(filled, secret="for tests only", origins=origins).test_client()
        asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        assert client.options(f"{API}/accounts", headers=asked).status_code == 403
        answer = client.get(f"{API}/accounts", headers=bearer | {"Origin": origin})
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Access-Control-Allow-Origin" not in client.get("/login", headers={"Origin": ORIGIN}).headers


def test_these_answers_are_as_described(
    stranger: FlaskClient, filled: Catalogue, actor: dict[str, str], app: Flask
) -> None:
    """Each object has the described keys and types, no more and no fewer."""
    document = describe(app)
    filled.set_sender_level("example.org", SETTINGS[0])
    filled.pause(["home"], datetime(2099, 1, 1, tzinfo=UTC))
    asked = [
        ("get", "/", ""),
        ("get", "/messages", ""),
        ("get", "/messages", "?detail=summary"),
        ("get", "/messages/{id}", "/messages/1"),
        ("post", "/messages/{id}/restore", "/messages/1/restore"),
        ("get", "/requests/{id}", "/requests/1"),
        ("get", "/senders", ""),
        ("get", "/senders/{sender}", "/senders/example.org"),
        ("get", "/senders/{sender}/policy", "/senders/example.org/policy"),
        ("get", "/vendors", ""),
        ("get", "/stats", ""),
        ("get", "/stats", "?by=vendor"),
        ("get", "/accounts", ""),
        ("post", "/accounts/{name}/resume", "/accounts/home/resume"),
    ]
    wrong = []
    for method, path, rest in asked:
        where = rest if rest.startswith("/") else path + rest
        answer = stranger.open(API + where, method=method.upper(), headers=actor)
        assert answer.status_code in (200, 202), where
        wrong += [(where, found) for found in unfit(document, method, path, answer)]
    assert wrong == []


MOST_QUERIES = 12


def test_an_answer_takes_few_questions(
    stranger: FlaskClient, filled: Catalogue, bearer: dict[str, str]
) -> None:
    """However much there is, whoever is asked for, and by however many names."""
    asked: list[str] = []
    for engine in {filled.engine, schema.reader(filled.engine)}:
        event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    many = "&".join(f"message_id={number}@news.example.org" for number in range(50))
    paths = (
        *("/messages", "/messages?detail=summary", f"/messages?{many}&kind=pixel&vendor=x", "/messages/1"),
        *(
            "/senders",
            "/vendors",
            "/stats",
            "/stats?by=sender",
            "/stats?by=vendor",
            "/accounts",
            "/events?wait=0",
        ),
    )
    for path in paths:
        asked.clear()
        assert stranger.get(API + path, headers=bearer).status_code == 200
        assert 1 < sum(each != "BEGIN" for each in asked) <= MOST_QUERIES, path
