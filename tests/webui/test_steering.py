"""What a mail says turns no direction on a page, ends no header, and reaches no terminal by way of JSON."""

from __future__ import annotations

import json
import re
import unicodedata
from html import unescape

import pytest
from flask.testing import FlaskClient

from blocker.catalogue import Catalogue, HeaderView
from blocker.message.view import FooterLink, Hop
from blocker.output.safe import DIRECTION
from tests.catalogue.samples import seen
from tests.cli.test_steering import the_report
from tests.output.steering import hostile

PAGES = ["/overview", "/senders", "/messages", "/requests"]


@pytest.fixture
def paths(filled: Catalogue, client: FlaskClient) -> list[str]:
    """The pages of a message and a sender that are hostile in every text, and the lists that name them."""
    view = HeaderView(
        from_=((hostile("name"), hostile("address")),),
        reply_to=((hostile("name"), hostile("address")),),
        to=((hostile("name"), hostile("address")),),
        hops=(Hop(hostile("by"), hostile("from"), hostile("with"), "2026-11-20T11:00:00+00:00", 0),),
        links=(FooterLink("unsubscribe", hostile("text"), hostile("url")),),
        mentions=(hostile("mention"),),
    )
    number = filled.record(seen(900, made=the_report(), action="left", detail=hostile("why"), view=view))
    filled.finish(filled.request("sweep", "home", {"since": None}), hostile("outcome"), hostile("error"))
    links = [unescape(link) for link in re.findall(r'href="(/senders/[^"]+)"', client.get("/senders").text)]
    assert len(links) == 3
    return [*PAGES, f"/messages/{number}", *links]


def test_a_page_turns_no_direction(client: FlaskClient, paths: list[str]) -> None:
    """Nor holds controls; the texts are there all the same."""
    together = ""
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200, path
        together += answer.text
        steering = {c for c in answer.text if unicodedata.category(c) == "Cc"} - set("\t\r\n")
        assert not steering | (DIRECTION & set(answer.text)), path
    for word in ("subject", "vendor", "detail", "why", "error", "mention", "text", "by"):
        assert f"{word}·[31m[bold]" in together.lower(), word


def test_json_is_printable_ascii(client: FlaskClient, paths: list[str], bearer: dict[str, str]) -> None:
    """The pages' twins and the API, in answers and in errors: a terminal may show them."""
    for path in paths:
        answer = client.get(path + ".json")
        assert answer.status_code == 200, path
        assert answer.text.isascii() and answer.text.rstrip("\n").isprintable(), path
    sent = "Subject: =?utf-8?q?=7F=1B=C2=9B=E2=80=AEx?=\r\n\r\nx\x7f"
    answer = client.post("/api/v1/scan", data=sent, content_type="message/rfc822", headers=bearer)
    assert answer.text.isascii() and answer.text.rstrip("\n").isprintable()
    assert json.loads(answer.text)["message"]["subject"] == "\x7f\x1b\x9b\u202ex"
