"""An application over a small catalogue, and clients with and without a login."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blocker.catalogue import Catalogue
from tests.catalogue.samples import VIEW, judged, picture, pixel, report, seen
from webui import create_app
from webui.access.passwords import set_password
from webui.access.sessions import one_time_link
from webui.access.tokens import new_token

PASSWORD = "correct horse battery"
HOSTILE_SUBJECT = '"><script src="https://evil.example/x.js"></script><img src=https://evil.example/i>'
HOSTILE_URL = "https://evil.example/?\"><img src='https://evil.example/j'>&lt;"


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, made once."""
    path = tmp_path_factory.mktemp("catalogue") / "empty.sqlite"
    Catalogue.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def store(tmp_path: Path, made: Path) -> Iterator[Catalogue]:
    """An empty catalogue."""
    shutil.copy(made, tmp_path / "catalogue.sqlite")
    with Catalogue.open(f"sqlite:///{tmp_path}/catalogue.sqlite") as opened:
        yield opened


@pytest.fixture
def filled(store: Catalogue) -> Catalogue:
    """Five messages of today: three tracked, one of them hostile in every field, one left alone."""
    store.ensure_account("home", "you@example.net", "replace", "standard")
    today = datetime.now(UTC)
    hostile = report(
        3, judged(HOSTILE_URL, "pixel", "<b>Vendor</b>"), subject=HOSTILE_SUBJECT, domain="evil.example"
    )
    store.record_many(
        [
            seen(1, pixel(1, "Mailchimp"), picture(), action="replaced", arrived=today, view=VIEW),
            seen(2, pixel(2, "SendGrid"), action="left", detail="It is signed.", arrived=today),
            seen(3, made=hostile, arrived=today, detail="<i>why</i>"),
            seen(
                5,
                judged("https://p.example/5.png", "personal"),
                judged(None, "spacer"),
                picture(),
                arrived=today,
            ),
            seen(4, arrived=today - timedelta(days=3)),
        ]
    )
    return store


@pytest.fixture
def app(filled: Catalogue) -> Flask:
    """The application over the filled catalogue."""
    return create_app(filled, secret="for tests only", hosts=["pages.example"])


@pytest.fixture
def stranger(app: Flask) -> FlaskClient:
    """Somebody who is not logged in."""
    return app.test_client()


@pytest.fixture
def client(app: Flask, filled: Catalogue) -> FlaskClient:
    """Somebody who came by a one-time link."""
    logged_in = app.test_client()
    assert logged_in.get(path_of(one_time_link(filled, "http://localhost"))).status_code == 303
    return logged_in


@pytest.fixture
def bearer(filled: Catalogue) -> dict[str, str]:
    """The header that a program sends."""
    return {"Authorization": f"Bearer {new_token(filled)}"}


@pytest.fixture
def with_password(filled: Catalogue) -> str:
    """A password is set."""
    set_password(filled, PASSWORD)
    return PASSWORD


def path_of(link: str) -> str:
    """A link of ours without its origin."""
    assert link.startswith("http://localhost/")
    return link.removeprefix("http://localhost")


def csrf_of(page: str) -> str:
    """The token that the forms of a page carry."""
    found = re.search(r'name="csrf" value="([\w-]+)"', page)
    assert found is not None
    return found[1]


def data_of(answer: TestResponse) -> dict[str, Any]:
    """The JSON object of an answer; that of an error says by its media type that it is one."""
    assert answer.mimetype == ("application/json" if answer.status_code < 400 else "application/problem+json")
    data = answer.get_json()
    assert isinstance(data, dict)
    return data
