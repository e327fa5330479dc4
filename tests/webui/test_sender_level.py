"""A sender's own level on its page and in the API."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

import blocker
from blocker.catalogue import Catalogue
from blocker.sender import Trust
from tests.sender.letters import MAIL, PIXEL, Names, signed
from tests.webui.conftest import csrf_of, data_of
from webui.site import Site

FORGED = (
    "what was set for shop.example (allow) does not apply, because the From field may be forged: "
    "it carries no DKIM signature of shop.example that covers all of it"
)


@pytest.fixture
def trusting(app: Flask, filled: Catalogue) -> Names:
    """The application may look up keys; what it asked is noted."""
    names = Names()
    site: Site = app.extensions["unpixel"]
    app.extensions["unpixel"] = Site(filled, site.key, Trust(lookup=names), site.open_metrics)
    return names


def ask(
    client: FlaskClient, bearer: dict[str, str], raw: bytes, query: str = ""
) -> tuple[bytes, dict[str, str]]:
    """The answer to a message: its bytes, and our fields."""
    answer = client.post(
        f"/api/v1/neutralise{query}", data=raw, content_type="message/rfc822", headers=bearer
    )
    assert answer.status_code == 200
    return answer.data, {name: value for name, value in answer.headers.items() if name.startswith("Unpixel")}


def test_the_page_sets_it_without_a_script(client: FlaskClient, filled: Catalogue) -> None:
    """A form sets, shows and takes back the level; for all accounts or one."""
    page = client.get("/senders/example.org")
    assert "nothing was set for this sender" in page.text
    form = {"csrf": csrf_of(page.text), "level": "paranoid", "account": ""}
    answer = client.post("/senders/example.org/level", data=form, follow_redirects=True)
    assert "All accounts: Paranoid" in answer.text
    assert filled.sender_levels() == {"example.org": "paranoid"}
    client.post("/senders/example.org/level", data=form | {"level": "allow", "account": "home"})
    assert filled.sender_levels("home") == {"example.org": "allow"}
    told = data_of(client.get("/senders/example.org.json"))["settings"]
    assert [(one["account"], one["level"]) for one in told] == [(None, "paranoid"), ("home", "allow")]
    for account in ("", "home"):
        client.post("/senders/example.org/level", data=form | {"level": "", "account": account})
    assert filled.sender_level("example.org") == ()


@pytest.mark.parametrize(
    ("path", "change", "status"),
    [
        ("/senders/example.org/level", {"level": "loose"}, 400),
        ("/senders/example.org/level", {"account": "nobody"}, 400),
        ("/senders/example.org/level", {"csrf": "x"}, 400),
        ("/senders/nobody.example/level", {}, 404),
    ],
)
def test_what_the_page_refuses(
    client: FlaskClient, filled: Catalogue, path: str, change: dict[str, str], status: int
) -> None:
    """An unknown level, account or sender, and a form that is not ours, set nothing."""
    form = {"csrf": csrf_of(client.get("/senders/example.org").text), "level": "allow", "account": ""}
    assert client.post(path, data=form | change).status_code == status
    assert filled.sender_levels() == {}


def test_the_api_lowers_by_proof_alone(
    stranger: FlaskClient, bearer: dict[str, str], filled: Catalogue, trusting: Names
) -> None:
    """A proven mail comes back as it was; a forged one neutralised; both say why."""
    filled.set_sender_level("shop.example", "allow")
    letter = signed()
    raw, told = ask(stranger, bearer, letter)
    assert raw == letter
    assert (told["Unpixel-Changed"], told["Unpixel-Level"]) == ("false", "allow")
    assert told["Unpixel-Note"].endswith("applies: a DKIM signature of shop.example verifies")
    raw, told = ask(stranger, bearer, MAIL)
    assert PIXEL.encode() not in raw
    assert blocker.restore(raw) == MAIL
    assert (told["Unpixel-Level"], told["Unpixel-Note"]) == ("standard", FORGED)
    assert trusting.asked == ["s1._domainkey.shop.example"]


def test_the_api_takes_an_accounts_level(
    stranger: FlaskClient, bearer: dict[str, str], filled: Catalogue
) -> None:
    """The account's own setting comes before the one for all; a level that is asked for comes before both."""
    filled.set_sender_level("shop.example", "strict")
    filled.set_sender_level("shop.example", "paranoid", "home")
    assert ask(stranger, bearer, MAIL)[1]["Unpixel-Level"] == "strict"
    assert ask(stranger, bearer, MAIL, "?account=home")[1]["Unpixel-Level"] == "paranoid"
    told = ask(stranger, bearer, MAIL, "?account=home&level=standard")[1]
    assert (told["Unpixel-Level"], "Unpixel-Note" in told) == ("standard", False)
    unknown = stranger.post(
        "/api/v1/neutralise?account=x", data=MAIL, content_type="message/rfc822", headers=bearer
    )
    assert unknown.status_code == 404


def test_the_api_keeps_a_large_patch(
    stranger: FlaskClient, bearer: dict[str, str], filled: Catalogue
) -> None:
    """What the header has no room for is kept, so that the answer can be turned back."""
    from tests.cli.test_sender import large

    raw, _ = ask(stranger, bearer, large(), "?level=paranoid")
    assert b"patch=catalogue" in raw
    assert blocker.restore(raw, filled.patch) == large()
