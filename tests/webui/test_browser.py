"""A real Chromium, without JavaScript: it logs in, reads the figures, and asks nobody else for anything."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Request

from blocker.catalogue import Catalogue
from tests.webui.conftest import PASSWORD
from tests.webui.running import chromium, serving
from webui import Server
from webui.access.sessions import one_time_link

pytestmark = pytest.mark.browser


@pytest.fixture
def server(app: Flask) -> Iterator[Server]:
    """The pages on a free port."""
    with serving(app) as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    with chromium() as launched:
        yield launched


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of its own, with JavaScript switched off."""
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


def listen(page: Page) -> list[str]:
    """Every address the page asks for from now on."""
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    return asked


def test_figures_are_read_after_logging_in(server: Server, page: Page, with_password: str) -> None:
    """Password, overview, sender, hostile message, and back out; no request leaves the origin, no page complains."""
    assert with_password == PASSWORD
    asked = listen(page)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{server.url}/overview")
    assert page.url == f"{server.url}/login"
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    assert page.url == f"{server.url}/overview"
    figures = {
        name: page.locator(f"#figure-{name}").inner_text() for name in ("messages", "tracked", "blocked")
    }
    assert figures == {"messages": "5", "tracked": "3", "blocked": "3"}
    page.locator("#part-lists").get_by_role("link", name="evil.example").click()
    assert page.locator("#figure-messages").inner_text() == "1"
    page.locator("table.mails a").first.click()
    assert page.locator("h1").inner_text().startswith('"><script src=')
    assert page.locator(".reference.pixel").count() == 1
    page.get_by_role("button", name="Log out").click()
    assert page.url == f"{server.url}/login"
    assert {url.startswith(server.url + "/") for url in asked} == {True}
    assert any(url.endswith("/static/style.css") for url in asked)
    # The pages that were shown broke no rule of their own policy.
    assert not [text for text in complaints if "Content Security Policy" in text]


def test_the_style_sheet_reaches_every_page(server: Server, page: Page, filled: Catalogue) -> None:
    """Colours come from our sheet in both schemes, and no page is wider than a phone."""
    page.goto(one_time_link(filled, server.url))
    assert page.url == f"{server.url}/overview"
    page.set_viewport_size({"width": 360, "height": 720})
    for path in ("/overview", "/senders", "/senders/example.org", "/messages", "/messages/3", "/requests"):
        page.goto(server.url + path)
        seen = {}
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            box = page.locator("body").bounding_box()
            assert box is not None
            assert box["width"] <= 360
            for name in ("main", "header.top", "footer.bottom"):
                inner = page.locator(name).bounding_box()
                assert inner is not None
                assert inner["x"] + inner["width"] <= 360, (path, name)
            seen[scheme] = page.screenshot()
        assert seen["light"] != seen["dark"]
