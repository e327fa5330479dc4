"""Before and after, side by side: asked for, waited for, shown in frames that load nothing even from hostile markup."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blocker.catalogue import Catalogue, previews
from blocker.judging.preview import form
from blocker.sealed import Opener, seal
from tests.service.test_preview import HOSTILE, head
from tests.webui.conftest import csrf_of
from tests.webui.running import chromium, serving
from webui.access.sessions import one_time_link
from webui.site import Site

BARE = re.sub(r"<(iframe|object)[^>]*>", "", HOSTILE.decode())
"""Chromium looks up the host of a frame inside before the policy says no, so that only the reduction keeps that back."""
CONTROL = "<!doctype html><img src=//loaded.example/i>"


def answered(
    app: Flask, store: Catalogue, number: int, html: str, address: str = "", bare: str = "<p>clean"
) -> None:
    """What the service does."""
    site: Site = app.extensions["unpixel"]
    form = {"html": html, "taken": [["img[src]", "https://t.example/<b>"]]}
    content: dict[str, Any] = {"original": form, "now": {"html": bare, "taken": []}, "why": ""}
    store.start(number)
    with store.writing() as connection:
        previews.keep(connection, number, seal(address or site.opener.address, json.dumps(content).encode()))
    store.finish(number, "It can be looked at for 10 minutes.")


def asked(client: FlaskClient) -> str:
    """Ask for message 1; the page that leads to."""
    form = {"csrf": csrf_of(client.get("/messages/1").text)}
    answer = client.post("/messages/1/preview", data=form)
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def test_the_page_waits_then_shows_frames(app: Flask, client: FlaskClient, filled: Catalogue) -> None:
    """It looks again by itself until the service has answered; then two frames without any leave, and what was taken."""
    path = asked(client)
    waiting = client.get(path).text
    assert '<meta http-equiv="refresh" content="2">' in waiting
    assert "<iframe" not in waiting
    assert client.get(f"{path}/original").status_code == 404
    (command,) = filled.pending("home")
    assert (command.kind, command.arguments["message"]) == ("preview", 1)
    answered(app, filled, command.id, "<p>Hello")
    page = client.get(path).text
    assert page.count('<iframe class="preview" sandbox="" ') == 2
    assert "http-equiv" not in page
    assert "https://t.example/&lt;b&gt;" in page
    assert client.get(f"{path}/original").text == "<p>Hello"


def test_a_frame_has_rules_of_its_own(app: Flask, client: FlaskClient, filled: Catalogue) -> None:
    """Its answer forbids everything but data in its own text; every other page keeps the pages' rules."""
    path = asked(client)
    answered(app, filled, int(path.rpartition("/")[2]), "<p>Hello")
    frame, page = client.get(f"{path}/now"), client.get(path)
    policy = frame.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline';")
    assert "allow" not in policy
    assert frame.headers["X-DNS-Prefetch-Control"] == "off"
    assert frame.headers["Cache-Control"] == "no-store"
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Frame-Options"] == "DENY"


def test_it_is_nobody_elses(
    app: Flask, client: FlaskClient, stranger: FlaskClient, filled: Catalogue
) -> None:
    """A stranger, another message's page, a number of another request, what was sealed for another process: nothing is shown."""
    path = asked(client)
    number = int(path.rpartition("/")[2])
    answered(app, filled, number, "<p>Hello", Opener().address)
    assert "This preview is over" in client.get(path).text
    assert client.get(f"{path}/original").status_code == 404
    assert client.get(f"/messages/2/preview/{number}").status_code == 404
    assert client.get("/messages/1/preview/999").status_code == 404
    assert client.get(f"/messages/1/preview/{2**70}").status_code == 404
    assert stranger.get(f"{path}/original").status_code in {302, 303, 401}
    sweep = filled.request("sweep", "home", {"since": None})
    assert client.get(f"/messages/1/preview/{sweep}").status_code == 404


def test_a_failure_is_told(client: FlaskClient, filled: Catalogue) -> None:
    """In the service's own words."""
    path = asked(client)
    filled.finish(int(path.rpartition("/")[2]), "", "The message is no longer in <INBOX>.")
    assert "no longer in &lt;INBOX&gt;" in client.get(path).text


@pytest.mark.browser
def test_a_browser_asks_nobody_even_for_hostile_markup(app: Flask, filled: Catalogue, tmp_path: Path) -> None:
    """In Chromium's frames, reduced as it is, and beside it not reduced: no request, no refresh, no way out by a link.

    The browser's own log of its network is read: it has the name that a control page asks. This Chromium heeds no
    dns-prefetch anywhere; that none is left is shown where messages are reduced.
    """
    blocked: list[str] = []
    log = tmp_path / "net.json"
    logging = (f"--log-net-log={log}", "--net-log-capture-mode=Everything")
    with serving(app) as server, chromium(*logging) as browser:
        page = browser.new_page()
        page.on("requestfailed", lambda request: blocked.append(request.url))
        page.goto(one_time_link(filled, server.url))
        page.goto(f"{server.url}/messages/1")
        page.get_by_role("button", name="Show before and after").click()
        (command,) = filled.pending("home")
        answered(app, filled, command.id, form(head() + HOSTILE).html, bare=BARE)
        page.locator("iframe").first.wait_for()
        frame = page.frame_locator("iframe").first
        frame.get_by_text("Hello Ada").wait_for()
        frame.get_by_text("go", exact=True).click()
        page.frame_locator("iframe").last.get_by_text("Hello Ada").wait_for()
        time.sleep(1)
        assert frame.get_by_text("Hello Ada").is_visible() or page.locator("iframe").first.is_visible()
        page.route("**/control", lambda route: route.fulfill(body=CONTROL, content_type="text/html"))
        page.goto(f"{server.url}/control")
        time.sleep(1)
    assert any("evil.example" in url for url in blocked), "the markup asks, and the page's own policy says no"
    told = log.read_text("utf-8", "replace")
    assert "loaded.example" in told
    assert "evil.example" not in told
