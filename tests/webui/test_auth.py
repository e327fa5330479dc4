"""Who gets in: a password, a link once, a token for programs; and nobody else anywhere."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blocker.catalogue import Catalogue
from blocker.catalogue.credentials import Credentials
from blocker.catalogue.people import People
from tests.webui.conftest import csrf_of, data_of, path_of
from webui import create_app
from webui.access.need import Means, needs_of
from webui.access.passwords import set_password
from webui.access.sessions import HOURS as SESSION_HOURS
from webui.access.sessions import one_time_link
from webui.access.tokens import new_token, revoke, tokens_of
from webui.limiter import Limiter, network
from webui.site import Site


def site_of(app: Flask) -> Catalogue:
    """The application's catalogue."""
    site = app.extensions["unpixel"]
    assert isinstance(site, Site)
    return site.catalogue


def log_in(client: FlaskClient, password: str) -> int:
    """The status of a try."""
    page = client.get("/login").text
    return client.post("/login", data={"csrf": csrf_of(page), "password": password}).status_code


def test_a_stranger_gets_no_page(app: Flask, stranger: FlaskClient) -> None:
    """Every route but the public four leads to the login, or is refused; none answers."""
    tried = 0
    for rule in app.url_map.iter_rules():
        assert rule.methods is not None
        need = needs_of(app.view_functions[rule.endpoint], rule.rule)
        if rule.endpoint == "static" or (need is not None and need.means is Means.NOTHING):
            continue
        path = re.sub(r"<int:\w+>", "1", re.sub(r"<[\w:]+>", "example.org", rule.rule))
        for method in rule.methods - {"OPTIONS"}:
            answer = stranger.open(path, method=method)
            tried += 1
            assert answer.status_code in {303, 400, 401}, (method, path)
            assert "example.org" not in answer.text.replace("/senders/example.org", "")
            if answer.status_code == 303:
                assert answer.headers["Location"] == "/login"
    assert tried > 20


def test_every_view_says_what_it_needs(app: Flask) -> None:
    """And only these answer a stranger."""
    needed = {
        rule.endpoint: needs_of(app.view_functions[rule.endpoint], rule.rule)
        for rule in app.url_map.iter_rules()
    }
    assert [name for name, need in needed.items() if need is None] == ["static"]
    public = {name for name, need in needed.items() if need is not None and need.means is Means.NOTHING}
    assert public == {
        "auth.login",
        "auth.once",
        "auth.healthz",
        "language.choose",
        "api.pair",
        "metrics.readyz",
    }


def test_a_view_that_says_nothing_answers_nobody(filled: Catalogue) -> None:
    """Not even an owner."""
    app = create_app(filled, secret="for tests only")
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    app.add_url_rule("/api/v1/forgotten", "api.forgotten", lambda: "secret")
    owner = app.test_client()
    owner.get(path_of(one_time_link(filled, "http://localhost")))
    bearer = {"Authorization": f"Bearer {new_token(filled)}"}
    for path in ("/forgotten", "/api/v1/forgotten"):
        for client in (owner, app.test_client()):
            for headers in ({}, bearer):
                answer = client.get(path, headers=headers)
                assert (answer.status_code, "secret" in answer.text) == (403, False)


def test_an_error_tells_a_stranger_nothing_of_the_accounts(stranger: FlaskClient) -> None:
    """The page of an error has no menu, and no state of the service."""
    page = stranger.post("/login", data={})
    assert page.status_code == 400
    assert "home" not in page.text
    assert 'aria-label="Pages"' not in page.text


def test_the_right_password_opens_the_pages(stranger: FlaskClient, with_password: str) -> None:
    """And the wrong one does not."""
    assert log_in(stranger, "wrong horse battery") == 403
    assert stranger.get("/overview").status_code == 303
    assert log_in(stranger, with_password) == 303
    assert stranger.get("/overview").status_code == 200


def test_without_a_password_nobody_logs_in(stranger: FlaskClient) -> None:
    """The page says how to set one; an empty password is none."""
    page = stranger.get("/login").text
    assert "unpixel user password" in page
    assert 'type="password"' not in page
    with stranger.session_transaction() as session:
        session["csrf"] = "known"
    assert stranger.post("/login", data={"csrf": "known", "password": ""}).status_code == 403


def test_a_new_password_ends_old_sessions(client: FlaskClient, filled: Catalogue) -> None:
    """Whoever was in must log in again."""
    assert client.get("/overview").status_code == 200
    set_password(filled, "another horse battery")
    assert client.get("/overview").status_code == 303


def test_the_password_is_kept_as_a_slow_hash(filled: Catalogue, with_password: str) -> None:
    """argon2id with a salt; the same password hashes differently each time."""
    first = People(filled).named(None).password
    set_password(filled, with_password)
    second = People(filled).named(None).password
    assert first is not None and second is not None
    assert first.startswith("$argon2id$")
    assert first != second
    assert with_password not in first


@pytest.mark.parametrize(("password", "words"), [("short", "at least 10"), ("x" * 1001, "at most 1000")])
def test_a_poor_password_is_refused(filled: Catalogue, password: str, words: str) -> None:
    """With a sentence, and without a change."""
    with pytest.raises(ValueError, match=words):
        set_password(filled, password)
    assert People(filled).named(None).password is None


def test_guessing_is_slowed_down(app: Flask, with_password: str) -> None:
    """After ten wrong tries even the right password waits, also in a new session."""
    for _ in range(10):
        assert log_in(app.test_client(), "wrong horse battery") == 403
    late = app.test_client()
    page = late.get("/login").text
    answer = late.post("/login", data={"csrf": csrf_of(page), "password": with_password})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 600
    assert "Try again in 15 minutes" in answer.text
    assert late.get("/overview").status_code == 303


def test_the_limit_slides_and_is_one_for_a_network() -> None:
    """The window moves on; what was no failure is taken back; an IPv6 host cannot hide in its own /64; others are not hit."""
    now = [0.0]
    limiter = Limiter(allowed=2, window=100, clock=lambda: now[0])
    limiter.failed(network("2001:db8::1"))
    now[0] = 60
    limiter.failed(network("2001:db8::2"))
    assert limiter.wait(network("2001:db8::3")) == 40
    assert limiter.wait(network("2001:db8:1::3")) == limiter.wait(network("192.0.2.1")) == 0
    now[0] = 101
    assert limiter.wait(network("2001:db8::3")) == 0
    limiter.failed(network("2001:db8::3"))
    assert limiter.wait(network("2001:db8::3")) > 0
    limiter.take_back(network("2001:db8::9"))
    assert limiter.wait(network("2001:db8::3")) == 0


def test_a_link_works_once_and_leaves_the_address_bar(app: Flask, filled: Catalogue) -> None:
    """It leads on to a page without the token; opened again it is refused; a HEAD does not use it up."""
    path = path_of(one_time_link(filled, "http://localhost/"))
    first, second = app.test_client(), app.test_client()
    assert second.head(path).status_code == 403
    answer = first.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/overview")
    assert first.get("/overview").status_code == 200
    again = second.get(path)
    assert again.status_code == 403
    assert "used already or is too old" in again.text
    assert second.get("/overview").status_code == 303


def test_only_digests_are_kept(filled: Catalogue) -> None:
    """Neither a link's token nor a program's stands in the database."""
    token = new_token(filled)
    link = one_time_link(filled, "http://localhost").rpartition("/")[2]
    with filled.reading() as connection:
        kept = str(connection.exec_driver_sql("SELECT * FROM credentials").all())
    assert token not in kept
    assert token.removeprefix("unpixel_") not in kept
    assert link not in kept
    assert kept.count("'token'") == kept.count("'link'") == 1


@pytest.mark.parametrize("path", ["/logout", "/requests/sweep", "/requests/restore"])
@pytest.mark.parametrize("token", [None, "", "wrong", "ü"])
def test_a_form_needs_its_own_token(
    client: FlaskClient, filled: Catalogue, path: str, token: str | None
) -> None:
    """Another site cannot send our forms: nothing happens, and one stays logged in."""
    client.get("/overview")
    data = {"account": "home", "message": "1"} | ({} if token is None else {"csrf": token})
    assert client.post(path, data=data).status_code == 400
    assert filled.commands() == []
    assert client.get("/overview").status_code == 200


def test_the_login_form_needs_its_token_too(stranger: FlaskClient, with_password: str) -> None:
    """Nobody is logged in by another site, even with the right password."""
    stranger.get("/login")
    assert stranger.post("/login", data={"password": with_password}).status_code == 400
    assert stranger.get("/overview").status_code == 303


def test_logging_out_ends_the_session(client: FlaskClient) -> None:
    """The next page is the login again."""
    page = client.get("/overview").text
    assert client.post("/logout", data={"csrf": csrf_of(page)}).status_code == 303
    assert client.get("/overview").status_code == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"}, 403),
        ({"Origin": "http://localhost:1"}, 403),
        ({"Origin": "http://localhost"}, 303),
        ({"Origin": "null"}, 303),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://pages.example"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
    ],
)
def test_a_form_of_another_site_is_refused(client: FlaskClient, headers: dict[str, str], status: int) -> None:
    """Even with the session's own token: the browser says where it was sent from."""
    page = client.get("/overview").text
    answer = client.post("/logout", data={"csrf": csrf_of(page)}, headers=headers)
    assert answer.status_code == status
    assert client.get("/overview").status_code == (200 if status == 403 else 303)


def test_behind_a_proxy_the_pages_need_not_know_their_name(client: FlaskClient) -> None:
    """A proxy that speaks HTTPS may ask under the address of this machine."""
    client.get("/login", base_url="https://localhost")
    page = client.get("/overview").text
    wanted = {"csrf": csrf_of(page)}
    for origin, site, status in (
        ("https://evil.example", "cross-site", 403),
        ("https://pages.example", "same-origin", 303),
    ):
        answer = client.post(
            "/logout",
            data=wanted,
            headers={"Origin": origin, "Sec-Fetch-Site": site},
            environ_overrides={"wsgi.url_scheme": "https"},
        )
        assert answer.status_code == status


def cookie_of(client: FlaskClient) -> str:
    """What a thief would have copied."""
    cookie = client.get_cookie("unpixel")
    assert cookie is not None
    return cookie.value


def opens(app: Flask, cookie: str) -> bool:
    """Whether the pages open with this cookie, in another browser."""
    thief = app.test_client()
    thief.set_cookie("unpixel", cookie)
    return thief.get("/overview").status_code == 200


def test_a_copied_cookie_is_worth_nothing_after_logging_out(app: Flask, client: FlaskClient) -> None:
    """The session ends on the server; another browser's goes on."""
    other = app.test_client()
    other.get(path_of(one_time_link(site_of(app), "http://localhost")))
    page, copied = client.get("/overview").text, cookie_of(client)
    assert opens(app, copied)
    client.post("/logout", data={"csrf": csrf_of(page)})
    assert not opens(app, copied)
    assert other.get("/overview").status_code == 200


def test_logging_out_everywhere_ends_every_session(app: Flask, client: FlaskClient) -> None:
    """Those of other browsers, and of whoever copied a cookie."""
    other = app.test_client()
    other.get(path_of(one_time_link(site_of(app), "http://localhost")))
    page, copied = client.get("/overview").text, cookie_of(other)
    assert "End all sessions" in page
    assert client.post("/logout", data={"csrf": csrf_of(page), "everywhere": "yes"}).status_code == 303
    assert not opens(app, copied)
    assert client.get("/overview").status_code == other.get("/overview").status_code == 303


def test_a_new_login_ends_the_session_before_it(app: Flask, client: FlaskClient, filled: Catalogue) -> None:
    """A browser has one session: what was copied of the old one is worth nothing."""
    copied = cookie_of(client)
    client.get(path_of(one_time_link(filled, "http://localhost")))
    assert client.get("/overview").status_code == 200
    assert not opens(app, copied)


def test_a_session_ends_by_the_clock(
    app: Flask, client: FlaskClient, filled: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hours after the login, however busy it was; its row goes at the next one."""
    assert opens(app, cookie_of(client))
    later = datetime.now(UTC) + timedelta(hours=SESSION_HOURS, minutes=1)

    class Later(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Later:
            return cls.fromtimestamp(later.timestamp(), tz)

    monkeypatch.setattr("blocker.catalogue.credentials.datetime", Later)
    assert client.get("/overview").status_code == 303
    person = People(filled).named(None)
    Credentials(filled).add("token", "x", person.id)
    assert Credentials(filled).drop(("session",), person.id) == 0


def test_sessions_are_kept_as_digests(client: FlaskClient, filled: Catalogue) -> None:
    """Whoever reads the catalogue cannot make a cookie of it."""
    with client.session_transaction() as session:
        key = session["key"]
    with filled.reading() as connection:
        kept = str(connection.exec_driver_sql("SELECT * FROM credentials").all())
    assert kept.count("'session'") == 1
    assert key not in kept


def test_the_cookie_cannot_be_read_or_sent_from_elsewhere(app: Flask, filled: Catalogue) -> None:
    """HttpOnly, SameSite=Lax."""
    answer = app.test_client().get(path_of(one_time_link(filled, "http://localhost")))
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("unpixel=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_cookie_asked_for_by_https_is_never_sent_in_the_clear(app: Flask, filled: Catalogue) -> None:
    """And one that was asked for in the clear, on this machine, still comes back."""
    for base, secure in (("https://pages.example", True), ("http://localhost", False)):
        path = path_of(one_time_link(filled, "http://localhost"))
        cookie = app.test_client().get(path, base_url=base).headers["Set-Cookie"]
        assert ("Secure" in cookie) == secure


def test_a_cookie_of_another_secret_is_worth_nothing(client: FlaskClient, filled: Catalogue) -> None:
    """Sessions are signed: two programs over one catalogue do not share them unless told to."""
    cookie = client.get_cookie("unpixel")
    assert cookie is not None
    for secret, status in (("for tests only", 200), ("another", 303), (None, 303)):
        other = create_app(filled, secret=secret).test_client()
        other.set_cookie("unpixel", cookie.value)
        assert other.get("/overview").status_code == status


def test_a_revoked_token_is_refused(stranger: FlaskClient, filled: Catalogue, bearer: dict[str, str]) -> None:
    """That one, and no other."""
    other = {"Authorization": f"Bearer {new_token(filled, 'other')}"}
    owner = People(filled).named(None)
    first, second = tokens_of(filled, owner)
    assert stranger.get("/api/v1/messages?message_id=x", headers=bearer).status_code == 200
    assert revoke(filled, owner, first.id)
    assert not revoke(filled, owner, first.id)
    assert stranger.get("/api/v1/messages?message_id=x", headers=bearer).status_code == 401
    assert stranger.get("/api/v1/messages?message_id=x", headers=other).status_code == 200
    assert [one.id for one in tokens_of(filled, owner)] == [second.id]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic dTpw", "Bearer \xff"])
def test_a_wrong_token_is_refused(stranger: FlaskClient, header: str) -> None:
    """Whatever stands in the header; and the answer says how to do it right."""
    answer = stranger.get("/api/v1/messages?message_id=x", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="unpixel"'
    assert "unpixel token add" in data_of(answer)["error"]["message"]


def test_a_session_does_not_open_the_api(client: FlaskClient) -> None:
    """So that no site can use the browser's cookie there; only the description may be read."""
    assert client.get("/api/v1/messages?message_id=x").status_code == 401
    assert client.post("/api/v1/scan", data=b"x", content_type="message/rfc822").status_code == 401
    assert client.get("/api/v1/openapi.json").status_code == 200


def test_health_says_only_that(stranger: FlaskClient) -> None:
    """Two letters for a watcher."""
    assert stranger.get("/healthz").text == "ok\n"
