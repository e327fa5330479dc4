"""The pages Access and People."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blocker.catalogue import Catalogue
from blocker.catalogue.people import People, Role
from tests.webui.conftest import PASSWORD, csrf_of, path_of
from tests.webui.test_attacks import enter
from webui.access.passwords import is_right, set_password
from webui.access.sessions import one_time_link, sessions_of
from webui.access.tokens import new_token, tokens_of

HOME = frozenset({"home"})


def send(client: FlaskClient, path: str, **data: str | list[str]) -> tuple[int, str]:
    """The status and the page of a form that is sent as the pages do."""
    csrf = csrf_of(client.get("/access").text)
    answer = client.post(path, data={"csrf": csrf} | data)
    return answer.status_code, answer.text


def test_ones_password_is_changed_with_the_one_before(
    client: FlaskClient, app: Flask, filled: Catalogue
) -> None:
    """The first one without; other sessions end, this one goes on."""
    other, owner = enter(app, filled, People(filled).named(None)), People(filled).named(None)
    assert send(client, "/access/password", wanted="short")[0] == 400
    assert send(client, "/access/password", wanted=PASSWORD)[0] == 303
    assert other.get("/access").status_code == 303
    assert client.get("/access").status_code == 200
    assert send(client, "/access/password", wanted="staple horse battery")[0] == 403
    assert send(client, "/access/password", now="wrong horse", wanted="staple horse battery")[0] == 403
    assert is_right(filled, People(filled).named(None), PASSWORD)
    assert send(client, "/access/password", now=PASSWORD, wanted="staple horse battery")[0] == 303
    assert is_right(filled, People(filled).named(None), "staple horse battery")
    assert len(sessions_of(filled, owner)) == 1


def test_a_password_cannot_be_guessed_from_a_session(client: FlaskClient, filled: Catalogue) -> None:
    """Whoever found a browser open is slowed down as at the login."""
    set_password(filled, PASSWORD)
    client.get(path_of(one_time_link(filled, "http://localhost")))
    tried = [send(client, "/access/password", now="wrong", wanted=PASSWORD)[0] for _ in range(12)]
    assert tried == [403] * 10 + [429] * 2


def test_sessions_are_listed_and_ended_one_by_one(client: FlaskClient, app: Flask, filled: Catalogue) -> None:
    """One's own; of another's number there is none."""
    ada = People(filled).add("ada", Role.VIEWER, HOME)
    other, hers = enter(app, filled, People(filled).named(None)), enter(app, filled, ada)
    first, second = sessions_of(filled, People(filled).named(None))
    page = client.get("/access").text
    assert page.count("This one") == 1
    assert page.count("/end") == 2
    (foreign,) = sessions_of(filled, ada)
    assert send(client, f"/access/sessions/{foreign.id}/end")[0] == 404
    assert send(client, f"/access/sessions/{second.id}/end")[0] == 303
    assert (other.get("/access").status_code, hers.get("/access").status_code) == (303, 200)
    assert client.get("/access").status_code == 200
    assert [one.id for one in sessions_of(filled, People(filled).named(None))] == [first.id]


def test_a_token_is_shown_once(client: FlaskClient, stranger: FlaskClient, filled: Catalogue) -> None:
    """It works as it was ticked, stands on no page again, and is ended; another's is not."""
    status, page = send(client, "/access/tokens", name="script", scope=["read"], days="30")
    found = re.search(r"unpixel_[\w-]{43}", page)
    assert status == 200 and found is not None
    bearer = {"Authorization": f"Bearer {found[0]}"}
    assert stranger.get("/api/v1/messages?message_id=x", headers=bearer).status_code == 200
    assert stranger.post("/api/v1/scan", headers=bearer).status_code == 403
    assert found[0] not in client.get("/access").text
    (made,) = tokens_of(filled, People(filled).named(None))
    assert made.expires is not None and (made.expires - made.created).days in {29, 30}
    ada = People(filled).add("ada", Role.VIEWER, HOME)
    new_token(filled, "hers", person=ada)
    (hers,) = tokens_of(filled, ada)
    assert send(client, f"/access/tokens/{hers.id}/revoke")[0] == 404
    assert send(client, f"/access/tokens/{made.id}/revoke")[0] == 303
    assert stranger.get("/api/v1/messages?message_id=x", headers=bearer).status_code == 401


@pytest.mark.parametrize(
    "wish",
    [{"name": "x"}, {"scope": "read"}, {"name": "x", "scope": "own"}, {"name": "\x1b", "scope": "read"}],
)
def test_a_poor_token_is_refused(client: FlaskClient, filled: Catalogue, wish: dict[str, str]) -> None:
    """With a sentence."""
    assert send(client, "/access/tokens", **wish)[0] == 400
    assert tokens_of(filled, People(filled).named(None)) == ()


def test_a_viewer_gives_no_more_than_they_have(app: Flask, filled: Catalogue) -> None:
    """Not to a token either; and the page of people is not theirs."""
    ada = People(filled).add("ada", Role.VIEWER, HOME)
    viewer = enter(app, filled, ada)
    assert send(viewer, "/access/tokens", name="x", scope=["read", "act"])[0] == 403
    assert tokens_of(filled, ada) == ()
    assert "/people" not in viewer.get("/access").text
    assert viewer.get("/people").status_code == 403


def test_people_are_let_in_changed_and_removed(client: FlaskClient, app: Flask, filled: Catalogue) -> None:
    """A link lets them in, once; what they see changes at once."""
    status, page = send(client, "/people", name="Ada", role="viewer", account=["home", "nonsense"])
    link = re.search(r"http://localhost/login/[\w-]+", page)
    assert status == 200 and link is not None
    ada = People(filled).named("ada")
    assert (ada.role, ada.accounts) == (Role.VIEWER, HOME)
    hers = app.test_client()
    assert hers.get(path_of(link[0])).status_code == 303
    assert hers.get("/messages.json").get_json()["total"] == 5
    assert send(client, f"/people/{ada.id}", role="owner")[0] == 303
    assert (People(filled).named("ada").role, People(filled).named("ada").accounts) == (
        Role.OWNER,
        frozenset(),
    )
    assert hers.get("/messages.json").get_json()["total"] == 0
    assert send(client, f"/people/{ada.id}", role="owner", all="yes")[0] == 303
    assert People(filled).named("ada").owns_all
    assert send(client, f"/people/{ada.id}/remove")[0] == 303
    assert hers.get("/messages.json").status_code == 401


def test_what_cannot_be_done_with_people_is_said(client: FlaskClient, filled: Catalogue) -> None:
    """And changes nothing."""
    owner = People(filled).named(None)
    assert send(client, "/people", name="owner")[0] == 400
    assert send(client, "/people", name="a b")[0] == 400
    assert send(client, f"/people/{owner.id}", role="viewer", all="yes")[0] == 400
    assert send(client, f"/people/{owner.id}/remove")[0] == 400
    assert send(client, "/people/999/remove")[0] == 404
    assert [one.name for one in People(filled).all()] == ["owner"]
    assert People(filled).named(None).owns_all
