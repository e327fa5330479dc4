"""Accounts, settings and the guide as forms: who may, what is written where, and what is never written anywhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blocker.catalogue import Catalogue
from blocker.catalogue.heartbeats import Condition
from blocker.config import load
from tests.webui.conftest import csrf_of, path_of
from webui import create_app
from webui.access.sessions import one_time_link

SECRET = "hunter2-of-the-mailbox"
FORM = {"address": "ada@example.org", "password": SECRET, "host": "mail.example.org"}


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """This computer has no keyring."""
    monkeypatch.setattr("blocker.signin.vault.usable", lambda: False)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where the configuration stands."""
    path = tmp_path / "home"
    path.mkdir(0o700)
    (path / "config.toml").write_text('# mine\ndata_dir = "data"\n')
    return path


@pytest.fixture
def app(store: Catalogue, home: Path) -> Flask:
    """The pages over an empty catalogue, with a configuration."""
    return create_app(store, secret="for tests only", config=home / "config.toml")


@pytest.fixture
def owner(app: Flask, store: Catalogue) -> FlaskClient:
    """An owner who is logged in."""
    client = app.test_client()
    assert client.get(path_of(one_time_link(store, "http://localhost"))).status_code == 303
    return client


def send(client: FlaskClient, address: str, values: dict[str, Any], **more: Any) -> TestResponse:
    """A form, with the token that it carries."""
    csrf = csrf_of(client.get("/setup").get_data(as_text=True))
    return client.post(address, data=values | {"csrf": csrf}, **more)


def text_of(answer: TestResponse) -> str:
    """The page."""
    return answer.get_data(as_text=True)


def test_on_an_empty_catalogue_the_overview_is_the_guide(owner: FlaskClient) -> None:
    """It begins with the account; without a configuration to change it is the overview as ever."""
    page = text_of(owner.get("/overview"))
    assert 'aria-current="step"' in page
    assert 'name="address"' in page


def test_an_account_is_added_and_its_password_stands_in_one_file(
    owner: FlaskClient, home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of mode 0600: not in the configuration, the catalogue, a page or what the program prints."""
    answer = send(owner, "/accounts/add", FORM | {"back": "guide"})
    assert answer.status_code == 303
    made = load(home / "config.toml").account("ada@example.org")
    assert (made.host, made.port, made.security) == ("mail.example.org", 993, "tls")
    holding = [
        path for path in tmp_path.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()
    ]
    assert holding == [made.password_file]
    assert holding[0].stat().st_mode & 0o777 == 0o600
    pages = text_of(owner.get("/setup")) + text_of(owner.get("/requests.json"))
    assert SECRET not in pages + "".join(capfd.readouterr())
    assert "# mine" in (home / "config.toml").read_text()


def test_no_form_names_a_program_or_a_file(owner: FlaskClient, home: Path) -> None:
    """Whatever is sent beside the fields is not looked at, when an account is added and when it is changed."""
    dangerous = {
        "password_command": "touch /tmp/x",
        "password_file": "/etc/shadow",
        "ca_file": "/etc/passwd",
        "database": "sqlite:////tmp/x",
        "data_dir": "/tmp/x",
        "quarantine": "Elsewhere",
    }
    send(owner, "/accounts/add", FORM | dangerous)
    found = load(home / "config.toml")
    owner.application.extensions["unpixel"].catalogue.ensure_account(
        "ada@example.org", "ada@example.org", "report", "standard"
    )
    send(owner, "/accounts/ada@example.org/edit", {"mode": "flag", "level": "strict"} | dangerous)
    send(owner, "/settings/retention", {"days": "30"} | dangerous)
    text = (home / "config.toml").read_text()
    for value in dangerous.values():
        assert value not in text.replace('"data"', "")
    after = load(home / "config.toml")
    assert after.account("ada@example.org").password_file == found.account("ada@example.org").password_file
    assert (after.account("ada@example.org").mode, after.account("ada@example.org").level) == (
        "flag",
        "strict",
    )
    assert after.service.retention_days == 30


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (FORM | {"address": "nobody"}, "address"),
        (FORM | {"password": ""}, "no password"),
        (FORM | {"password": "two\nlines"}, "no password"),
        (FORM | {"security": "none"}, "unencrypted"),
        (FORM | {"address": "../../x@example.org"}, "cannot name an account"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_written(
    owner: FlaskClient, home: Path, values: dict[str, str], said: str
) -> None:
    """Neither a password nor a line of configuration; what was typed stands in the form again, but the password."""
    answer = send(owner, "/accounts/add", values)
    assert answer.status_code == 400
    assert said in text_of(answer)
    assert SECRET not in text_of(answer)
    assert (home / "config.toml").read_text() == '# mine\ndata_dir = "data"\n'
    assert not (home / "data").exists()


def test_a_password_comes_from_here_or_by_https_alone(owner: FlaskClient, home: Path) -> None:
    """From another machine in the clear it is refused; by HTTPS it is taken."""
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert send(owner, "/accounts/add", FORM, environ_overrides=elsewhere).status_code == 403
    assert load(home / "config.toml").accounts == ()


@pytest.mark.parametrize(
    "address",
    ["/accounts/add", "/accounts/x/edit", "/accounts/x/password", "/settings/retention", "/setup/password"],
)
def test_nobody_else_may(app: Flask, owner: FlaskClient, home: Path, address: str) -> None:
    """A stranger is sent to the login, a form without its token is refused."""
    before = (home / "config.toml").read_text()
    assert app.test_client().post(address, data=FORM).status_code in (303, 400, 401)
    assert owner.post(address, data=FORM).status_code == 400
    assert (home / "config.toml").read_text() == before


def test_pause_and_resume(owner: FlaskClient, store: Catalogue) -> None:
    """For a while, until resumed, and all at once."""
    for name in ("ada", "bea"):
        store.ensure_account(name, f"{name}@example.org", "hold", "standard")
    send(owner, "/accounts/ada/pause", {"span": "15m"})
    (pause,) = store.pauses().values()
    assert pause.until is not None
    assert timedelta(minutes=14) < pause.until - datetime.now(UTC) <= timedelta(minutes=15)
    assert "Paused until" in text_of(owner.get("/accounts/ada"))
    send(owner, "/accounts/ada/resume", {})
    assert store.pauses() == {}
    send(owner, "/accounts/pause", {"span": "open"})
    assert {name: pause.until for name, pause in store.pauses().items()} == {"ada": None, "bea": None}
    send(owner, "/accounts/pause", {"span": "resume"})
    assert store.pauses() == {}
    assert send(owner, "/accounts/ada/pause", {"span": "9y"}).status_code == 400
    assert send(owner, "/accounts/cyd/pause", {"span": "1h"}).status_code == 404


def test_a_request_shows_how_far_it_is(owner: FlaskClient, store: Catalogue) -> None:
    """Asked, doing with an estimate, done; and at once that no service runs that could do it."""
    store.ensure_account("ada", "ada@example.org", "report", "standard")
    send(owner, "/accounts/ada/sweep", {"days": "30"})
    assert "No service runs that could do it." in text_of(owner.get("/accounts/ada"))
    (command,) = store.pending("ada")
    assert command.arguments["since"] is not None
    store.beat({"ada": (Condition.WATCHING, "")})
    store.start(command.id)
    store.progress(command.id, 40, 400)
    page = text_of(owner.get("/accounts/ada"))
    assert "40 of 400 messages" in page
    assert "left" in page
    store.finish(command.id, "400 messages were looked at.")
    assert "400 messages were looked at." in text_of(owner.get("/accounts/ada"))
    send(owner, "/accounts/ada/doctor", {})
    assert [command.kind for command in store.pending("ada")] == ["doctor"]


def test_the_guide_asks_for_another_password_where_one_was_refused(
    owner: FlaskClient, store: Catalogue, home: Path
) -> None:
    """It is kept in place of the other, and the configuration is written anew, which a service notices."""
    send(owner, "/accounts/add", FORM)
    store.ensure_account("ada@example.org", "ada@example.org", "report", "standard")
    store.beat({"ada@example.org": (Condition.REFUSED, "The server does not accept it.")})
    page = text_of(owner.get("/setup"))
    assert "The server does not accept it." in page
    before = (home / "config.toml").stat().st_ino
    answer = send(owner, "/accounts/ada@example.org/password", {"password": "another one", "back": "guide"})
    assert answer.status_code == 303
    assert (home / "config.toml").stat().st_ino != before
    kept = load(home / "config.toml").account("ada@example.org").password_file
    assert kept is not None
    assert kept.read_text() == "another one\n"
