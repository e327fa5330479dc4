"""What somebody tries who should not get in, or not so far: each way is refused, and nothing has happened."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from itertools import count
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blocker.catalogue import Catalogue
from blocker.catalogue.people import People, Person, Role
from tests.catalogue.samples import pixel, report, seen
from tests.webui.conftest import PASSWORD, csrf_of, data_of, path_of
from webui import create_app
from webui.access import Means, Scope, needs_of, passwords, throttle
from webui.access.passwords import digest, set_password
from webui.access.sessions import one_time_link
from webui.access.tokens import NoToken, new_token
from webui.headers import POLICY

HOME = frozenset({"home"})
ELSEWHERE = "qxsecret.example"


@pytest.fixture
def two(filled: Catalogue) -> Catalogue:
    """The filled catalogue, and mail of somebody else's account."""
    filled.ensure_account("qxwork", "qxboss@qxoffice.example", "replace", "standard")
    theirs = [
        seen(
            number,
            account="qxwork",
            action="replaced",
            made=report(number, pixel(number, "Qxsecret", f"t.{ELSEWHERE}"), domain=ELSEWHERE),
        )
        for number in range(50, 53)
    ]
    filled.record_many(theirs)
    filled.set_sender_level(ELSEWHERE, "strict", "qxwork")
    filled.request("sweep", "qxwork", {"since": "2026-02-03"})
    return filled


def enter(app: Flask, store: Catalogue, person: Person) -> FlaskClient:
    """Somebody's browser, logged in."""
    client = app.test_client()
    assert client.get(path_of(one_time_link(store, "http://localhost", person))).status_code == 303
    return client


def send(client: FlaskClient, path: str, **data: str) -> int:
    """The status of a form that is sent as the pages do."""
    page = client.get("/overview").text
    return client.post(path, data={"csrf": csrf_of(page)} | data).status_code


@pytest.fixture
def viewer(app: Flask, two: Catalogue) -> FlaskClient:
    """Who may look at one account."""
    return enter(app, two, People(two).add("viewer", Role.VIEWER, HOME))


@pytest.fixture
def half(app: Flask, two: Catalogue) -> FlaskClient:
    """The owner of one account."""
    return enter(app, two, People(two).add("half", Role.OWNER, HOME))


ROUTES = {"<int:id_>": "7", "<name:domain>": ELSEWHERE, "<name:name>": "Qxsecret"}


def paths(app: Flask) -> list[tuple[str, str]]:
    """Every address with each of its methods, with what another's mail is called where it holds a name."""
    found = []
    for rule in app.url_map.iter_rules():
        path = rule.rule
        for written, value in ROUTES.items():
            path = path.replace(written, value)
        path = re.sub(r"<(?:\w+:)?\w+>", "6", path)
        found += [(path, method) for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})]
    return found


def test_a_viewer_changes_nothing(app: Flask, viewer: FlaskClient, two: Catalogue) -> None:
    """Every view that needs more than looking is refused, on the pages and by a token of theirs."""
    person = People(two).named("viewer")
    before = state(two)
    bearer = {"Authorization": f"Bearer {new_token(two, person=person)}"}
    refused = 0
    for rule in app.url_map.iter_rules():
        need = needs_of(app.view_functions[rule.endpoint], rule.rule)
        if need is None or need.scope not in {Scope.ACT, Scope.OWN}:
            continue
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            path = re.sub(r"<[^>]*>", "1", rule.rule)
            data = {"csrf": csrf_of(viewer.get("/overview").text)}
            for client, headers in ((viewer, {}), (app.test_client(), bearer)):
                given: dict[str, Any] = {"data": data} if method != "GET" else {}
                answer = client.open(path, method=method, headers=headers, **given)
                assert answer.status_code in {303, 401, 403, 404}, (path, answer.status_code)
                refused += answer.status_code == 403
    assert refused >= 3
    assert state(two) == before
    with pytest.raises(NoToken, match="may not give the scope act"):
        new_token(two, "more", [Scope.ACT], person=person)


def state(store: Catalogue) -> str:
    """What a person can change."""
    levels = [store.sender_level(domain) for domain in (ELSEWHERE, "example.org", "evil.example")]
    return repr((store.commands(100), levels, store.pauses(), People(store).all()))


TRACES = re.compile("qxoffice|qxboss|qxsecret|qxwork|2026-02-03", re.IGNORECASE)
"""What nothing holds but what is another's."""


def test_another_account_is_found_by_no_id(app: Flask, viewer: FlaskClient, two: Catalogue) -> None:
    """Message and request numbers, sender and vendor names, filters, exports, the API: nowhere is a trace of it."""
    person = People(two).named("viewer")
    bearer = {"Authorization": f"Bearer {new_token(two, person=person)}"}
    ids = [line.id for line in two.messages(size=100).items]
    theirs = [line.id for line in two.messages(size=100).items if line.account == "qxwork"]
    assert len(theirs) == 3
    tried = [path for path, method in paths(app) if method == "GET"]
    tried += [f"/messages/{number}{end}" for number in range(12) for end in ("", ".json")]
    tried += [
        f"{path}?account=qxwork"
        for path in ("/overview.json", "/messages.csv", "/senders.csv", "/vendors.json")
    ]
    tried += [f"/messages.json?text={ELSEWHERE}", f"/messages.json?host=t.{ELSEWHERE}", "/messages.csv"]
    tried += [f"/api/v1/messages?message_id={number}@{ELSEWHERE}" for number in range(50, 53)]
    tried += [f"/api/v1/messages/{number}" for number in ids]
    answered = 0
    for path in dict.fromkeys(tried):
        if path.startswith(("/login", "/static", "/logout")):
            continue
        answer = viewer.get(path, headers=bearer if path.startswith(("/api", "/metrics")) else {})
        assert answer.status_code < 500, path
        found = answer.text
        for said in (path, path.partition("?")[2], *ROUTES.values(), "account=qxwork"):
            found = found.replace(said, "")
        if answer.status_code == 200:
            answered += 1
            assert not TRACES.search(found), (path, TRACES.findall(found))
    assert answered > 15
    for number in theirs:
        assert viewer.get(f"/messages/{number}").status_code == 404
        assert viewer.get(f"/messages/{number}.json").status_code == 404
    assert viewer.get(f"/senders/{ELSEWHERE}").status_code == 404


def test_the_search_for_traces_finds_them(app: Flask, two: Catalogue) -> None:
    """Whoever may see both accounts sees what the test above looks for."""
    owner = enter(app, two, People(two).named(None))
    for path in (
        "/messages",
        "/senders",
        "/vendors",
        "/accounts",
        "/requests",
        "/messages.csv",
        "/overview.json",
    ):
        assert TRACES.search(owner.get(path).text), path
    assert owner.get(f"/senders/{ELSEWHERE}").status_code == 200


def test_an_owner_of_one_account_changes_that_alone(half: FlaskClient, two: Catalogue) -> None:
    """Not another's, nor what holds for all; their own they do."""
    theirs = next(line.id for line in two.messages(size=100).items if line.account == "qxwork")
    before = state(two)
    assert send(half, "/requests/sweep", account="qxwork") == 400
    assert send(half, "/requests/restore", message=str(theirs)) == 404
    assert send(half, f"/senders/{ELSEWHERE}/level", level="allow") == 404
    assert send(half, "/senders/example.org/level", level="allow") == 403
    assert send(half, "/senders/example.org/level", level="allow", account="qxwork") == 400
    assert state(two) == before
    assert send(half, "/senders/example.org/level", level="strict", account="home") == 303
    assert send(half, "/requests/sweep", account="home") == 303
    assert [(one.account, one.level) for one in two.sender_level("example.org")] == [("home", "strict")]
    assert {one.account for one in two.commands()} == {"home", "qxwork"}


def test_a_scan_looks_for_ones_own_addresses_alone(app: Flask, two: Catalogue) -> None:
    """Another account's address in a URL is no leak to whoever must not know it; nor does their mail count as seen."""
    letter = (
        b"From: a@shop.example\r\nTo: x@y.example\r\nMessage-ID: <1@x>\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/html\r\n\r\n<img src='https://cdn.shop.example/a/%s/wide.png' width=600 height=200>"
    )
    People(two).add("viewer", Role.VIEWER, HOME)
    stranger = app.test_client()

    def rules(address: bytes, name: str | None) -> set[str]:
        token = new_token(two, person=People(two).named(name))
        answer = stranger.post(
            "/api/v1/scan",
            data=letter % sha256(address).hexdigest().encode(),
            content_type="message/rfc822",
            headers={"Authorization": f"Bearer {token}"},
        )
        (reference,) = data_of(answer)["references"]
        return {reason["rule"].partition(".")[0] for reason in reference["reasons"]}

    assert "identity" in rules(b"you@example.net", "viewer")
    assert "identity" not in rules(b"qxboss@qxoffice.example", "viewer")
    assert "identity" in rules(b"qxboss@qxoffice.example", None)


@pytest.mark.parametrize("scope", [Scope.READ, Scope.SCAN, Scope.ACT])
def test_a_token_of_another_scope_is_refused(app: Flask, filled: Catalogue, scope: Scope) -> None:
    """Each endpoint of the API answers its own scope and no other."""
    # The first token has the number that the addresses below hold.
    new_token(filled, "spare")
    bearer = {"Authorization": f"Bearer {new_token(filled, 'one', [scope])}"}
    program, tried = app.test_client(), 0
    for rule in app.url_map.iter_rules():
        need = needs_of(app.view_functions[rule.endpoint], rule.rule)
        if need is None or need.scope is None or need.means is Means.SESSION:
            continue
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            answer = program.open(re.sub(r"<[^>]*>", "1", rule.rule), method=method, headers=bearer)
            assert (answer.status_code == 403) == (need.scope is not scope), (rule.rule, answer.status_code)
            tried += 1
    assert tried >= 5


def test_what_a_person_lost_their_tokens_lost(app: Flask, two: Catalogue) -> None:
    """From the next request on."""
    ada = People(two).add("ada", Role.OWNER, None)
    token = new_token(two, "all", [Scope.READ, Scope.ACT], person=ada)
    program, bearer = app.test_client(), {"Authorization": f"Bearer {token}"}
    address = f"/api/v1/messages?message_id=50@{ELSEWHERE}"
    assert len(data_of(program.get(address, headers=bearer))["messages"]) == 1
    People(two).change(ada.id, Role.OWNER, HOME)
    assert data_of(program.get(address, headers=bearer))["messages"] == []
    People(two).remove(ada.id)
    assert program.get(address, headers=bearer).status_code == 401


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "localhost.evil.example", "192.0.2.7", "[2001:db8::1]"]
)
def test_another_name_is_refused(app: Flask, filled: Catalogue, host: str) -> None:
    """Whatever is asked for, with a session and with a token: a page elsewhere has its name resolve here."""
    client = enter(app, filled, People(filled).named(None))
    bearer = {"Authorization": f"Bearer {new_token(filled)}"}
    for path in (
        "/overview",
        "/login",
        "/healthz",
        "/metrics",
        "/api/v1/messages?message_id=x",
        "/static/style.css",
    ):
        answer = client.get(path, headers={"Host": host} | bearer)
        assert answer.status_code == 421, path
        assert "Mailchimp" not in answer.text


@pytest.mark.parametrize(
    ("told", "host", "known"),
    [
        ((), "localhost:8400", True),
        ((), "127.0.0.1", True),
        ((), "[::1]:8400", True),
        (("Pages.example",), "pages.EXAMPLE.:443", True),
        (("pages.example",), "www.pages.example", False),
        (("192.0.2.7",), "192.0.2.7:8400", True),
        (("192.0.2.7",), "192.0.2.8:8400", False),
        (("0.0.0.0",), "192.0.2.8:8400", True),
        (("::",), "[2001:db8::1]", True),
        (("0.0.0.0",), "evil.example", False),
        (("0.0.0.0",), "[oops", False),
    ],
)
def test_the_pages_answer_under_the_names_they_were_told(
    filled: Catalogue, told: tuple[str, ...], host: str, known: bool
) -> None:
    """And those of this machine; an address is no name, so that where all are listened on any will do."""
    answer = create_app(filled, hosts=told).test_client().get("/healthz", headers={"Host": host})
    assert answer.status_code == (200 if known else 421)


class Counted:
    """Counts how often a password's digest is computed, in place of computing it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.number = 0
        monkeypatch.setattr(passwords, "_matches", self._matches)

    def _matches(self, kept: str, given: str) -> bool:
        self.number += 1
        return given == PASSWORD and kept.startswith("$argon2id$")


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch, filled: Catalogue) -> Counted:
    """With an owner and one more, who have a password."""
    set_password(filled, PASSWORD)
    People(filled).add("ada", Role.VIEWER, HOME, digest(PASSWORD))
    return Counted(monkeypatch)


def log_in(client: FlaskClient, name: str, password: str, address: str) -> int:
    """The status of a try from an address."""
    with client.session_transaction() as session:
        session["csrf"] = "known"
    data = {"csrf": "known", "name": name, "password": password}
    return client.post("/login", data=data, environ_overrides={"REMOTE_ADDR": address}).status_code


def addresses() -> Callable[[], str]:
    """A new address at each call."""
    numbers = count(1)
    return lambda: f"10.{(n := next(numbers)) // 65536}.{n // 256 % 256}.{n % 256}"


@pytest.mark.parametrize("names", ["one", "many"])
def test_ten_thousand_logins_cost_a_bounded_number_of_digests(
    stranger: FlaskClient, counted: Counted, names: str
) -> None:
    """From as many addresses, for one person or for as many names; what is let through is looked at once, the rest never."""
    most = throttle.PER_PERSON if names == "one" else throttle.ALL
    fresh, throttled = addresses(), throttle.Throttle(clock=lambda: 0.0)
    waits = [throttled.enter(fresh(), "ada" if names == "one" else f"name-{n}") for n in range(10_000)]
    assert waits.count(0) == most
    assert set(waits) == {0, throttle.WINDOW}
    tries = most + 5
    answers = [
        log_in(stranger, "ada" if names == "one" else f"name-{n}", "wrong horse", fresh())
        for n in range(tries)
    ]
    assert answers == [403] * most + [429] * 5
    assert counted.number == most


@pytest.mark.usefixtures("counted")
def test_guessing_from_everywhere_shuts_nobody_out_who_sits_here(app: Flask, filled: Catalogue) -> None:
    """From this machine the right password opens all the same, and from elsewhere a link does."""
    fresh = addresses()
    for _ in range(throttle.PER_PERSON):
        log_in(app.test_client(), "owner", "wrong horse", fresh())
    assert log_in(app.test_client(), "owner", PASSWORD, fresh()) == 429
    assert log_in(app.test_client(), "owner", PASSWORD, "127.0.0.1") == 303
    enter(app, filled, People(filled).named(None))


@pytest.mark.usefixtures("counted")
def test_a_household_may_mistype(app: Flask) -> None:
    """Behind one router, each some times; a right one counts for nothing, and takes back nothing."""
    for _ in range(4):
        assert log_in(app.test_client(), "ada", "wrong horse", "192.0.2.1") == 403
        assert log_in(app.test_client(), "owner", "wrong horse", "192.0.2.1") == 403
        assert log_in(app.test_client(), "ada", PASSWORD, "192.0.2.1") == 303
    assert log_in(app.test_client(), "owner", PASSWORD, "192.0.2.1") == 303
    for _ in range(2):
        assert log_in(app.test_client(), "owner", "wrong horse", "192.0.2.1") == 403
    assert log_in(app.test_client(), "ada", PASSWORD, "192.0.2.1") == 429
    assert log_in(app.test_client(), "ada", PASSWORD, "192.0.2.2") == 303


def test_who_is_there_cannot_be_told_by_a_login(app: Flask, counted: Counted) -> None:
    """A name that nobody has is answered as one with a wrong password, and costs as much."""
    pages = []
    for name in ("ada", "nobody"):
        before, client = counted.number, app.test_client()
        with client.session_transaction() as session:
            session["csrf"] = "known"
        answer = client.post("/login", data={"csrf": "known", "name": name, "password": "wrong horse"})
        pages.append((answer.status_code, answer.text.replace(name, "NAME")))
        assert counted.number == before + 1
    assert pages[0] == pages[1]
    assert pages[0][0] == 403


def test_an_old_digest_opens_and_is_renewed(app: Flask, filled: Catalogue) -> None:
    """0.1.0's, which werkzeug made, by the first login with it; sessions go on, and a wrong password renews nothing."""
    from werkzeug.security import generate_password_hash

    people = People(filled)
    owner, old = people.named(None), generate_password_hash(PASSWORD, method="scrypt")
    people.set_password(owner.id, old)
    before = enter(app, filled, owner)
    assert log_in(app.test_client(), "", "wrong horse", "127.0.0.1") == 403
    assert people.named(None).password == old
    assert log_in(app.test_client(), "", PASSWORD, "127.0.0.1") == 303
    renewed = people.named(None).password
    assert renewed is not None and renewed.startswith("$argon2id$")
    assert before.get("/overview").status_code == 200
    assert log_in(app.test_client(), "", PASSWORD, "127.0.0.1") == 303
    assert people.named(None).password == renewed


def test_no_page_may_run_what_stands_in_it() -> None:
    """The policy allows neither inline scripts nor inline styles, nor anything from elsewhere."""
    assert "unsafe" not in POLICY
    assert "http" not in POLICY and "*" not in POLICY
    assert "default-src 'self'" in POLICY or "default-src 'none'" in POLICY
