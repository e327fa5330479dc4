"""The language of a page: the reader's own choice, else the browser's; programs get English."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

import blocker
from tests.webui.conftest import csrf_of
from webui import said
from webui.language import spaced, translations

FRENCH = {"Accept-Language": "fr-CA,fr;q=0.9,en;q=0.5"}


@pytest.mark.parametrize(
    ("asked", "language", "title"),
    [
        ("", "en", "Overview"),
        ("de", "en", "Overview"),
        ("fr", "fr", "Vue d’ensemble"),
        ("fr-CA,fr;q=0.9,en;q=0.5", "fr", "Vue d’ensemble"),
        ("de,en;q=0.5,fr;q=0.9", "fr", "Vue d’ensemble"),
        ("en-GB,fr;q=0.9", "en", "Overview"),
    ],
)
def test_the_browser_says_which(client: FlaskClient, asked: str, language: str, title: str) -> None:
    """The first of its languages that there is; the page names it, and its menu is in it."""
    page = client.get("/overview", headers={"Accept-Language": asked}).text
    assert f'<html lang="{language}">' in page
    assert f'aria-current="page">{title}</a>' in page


def test_a_reader_who_chooses_is_asked_no_more(client: FlaskClient) -> None:
    """The choice leads back to the page, filter and all, and wins over the browser; it can be taken back."""
    for choice, other in (("fr", {}), ("en", FRENCH)):
        page = client.get("/senders?order=share", headers=other).text
        answer = client.post(
            "/language",
            data={"csrf": csrf_of(page), "language": choice, "back": "/senders?order=share"},
            headers=other,
        )
        assert (answer.status_code, answer.headers["Location"]) == (303, "/senders?order=share")
        assert f'<html lang="{choice}">' in client.get("/senders", headers=other).text


def test_a_stranger_chooses_too(stranger: FlaskClient) -> None:
    """Who cannot read the page of the login cannot log in."""
    data = {"csrf": csrf_of(stranger.get("/login").text), "language": "fr", "back": "/login"}
    assert stranger.post("/language", data=data).headers["Location"] == "/login"
    assert '<html lang="fr">' in stranger.get("/login").text


@pytest.mark.parametrize(
    "back", ["", "https://evil.example/", "//evil.example", "/\\evil.example", "/a\r\nb"]
)
def test_a_choice_leads_nowhere_else(client: FlaskClient, back: str) -> None:
    """Whatever a form says, the answer leads to a page of ours."""
    data = {"csrf": csrf_of(client.get("/overview").text), "language": "fr", "back": back}
    assert client.post("/language", data=data).headers["Location"] == "/overview"


def test_only_a_form_of_ours_chooses(client: FlaskClient) -> None:
    """A form without the token changes nothing, nor does a language that there is not."""
    assert client.post("/language", data={"language": "fr", "back": "/"}).status_code == 400
    data = {"csrf": csrf_of(client.get("/overview").text), "language": "xx", "back": "/"}
    assert client.post("/language", data=data).status_code == 400
    assert '<html lang="en">' in client.get("/overview").text


def test_programs_read_english(client: FlaskClient) -> None:
    """JSON is the same in every language."""
    assert client.get("/nowhere.json", headers=FRENCH).json == client.get("/nowhere.json").json


def test_french_is_set_as_it_is_printed() -> None:
    """No line begins with a mark that belongs to the word before it."""
    assert (
        spaced("« Qui ? » : lui ; 5 %% ! http://a.example")
        == "«\u00a0Qui\u202f?\u202f»\u202f: lui\u202f; 5\u202f%% !".replace("%% !", "%%\u202f!")
        + " http://a.example"
    )
    assert spaced("a %(name)s b") == "a %(name)s b"
    assert translations("fr").gettext("Overview") == "Vue d’ensemble"
    assert translations("en").gettext("Overview") == "Overview"


def test_what_the_service_says_is_known_here() -> None:
    """Each sentence that has its French is one that the service's own code writes, word by word."""
    code = "".join(path.read_text("utf-8") for path in Path(blocker.__file__).parent.rglob("*.py"))
    assert len(said.KNOWN) > 20
    assert [one for one in said.KNOWN if f'"{one}"' not in code] == []


def test_what_cannot_be_translated_is_marked(client: FlaskClient) -> None:
    """A sentence with a name in it stays English, and says so to whoever has it read aloud."""
    page = client.get("/messages/2", headers=FRENCH).text
    assert '<span lang="en">It is signed.</span>' in page
    assert "lang=" not in client.get("/messages/2").text.partition("<main")[2].partition("</main>")[0]
    assert "&lt;i&gt;why" in client.get("/messages/3", headers=FRENCH).text
