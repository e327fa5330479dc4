"""What the pages do where scripts run, in a real Chromium: keys, times, and parts that stay up to date."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from blocker.catalogue import Catalogue
from tests.catalogue.samples import pixel, seen
from tests.webui.running import chromium, serving
from tests.webui.walk import RUN, axe, told
from webui import Server
from webui.access.sessions import one_time_link
from webui.fragments import Fragments

pytestmark = [pytest.mark.browser, pytest.mark.once]


@pytest.fixture
def server(app: Flask) -> Iterator[Server]:
    """The pages on a free port; parts are made anew whenever they are asked for."""
    app.extensions["unpixel"] = replace(app.extensions["unpixel"], fragments=Fragments(0))
    with serving(app) as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    with chromium() as launched:
        yield launched


@pytest.fixture
def page(browser: Browser, server: Server, filled: Catalogue) -> Iterator[Page]:
    """The overview, its clock in the test's hand."""
    context = browser.new_context(locale="en-GB", timezone_id="Asia/Tokyo")
    opened = context.new_page()
    opened.clock.install()
    opened.goto(one_time_link(filled, server.url))
    yield opened
    context.close()


def test_new_mail_shows_and_what_is_open_stays_open(page: Page, filled: Catalogue) -> None:
    """The figures change without another page; a reader's focus and what they opened stay. It can be stopped."""
    loads: list[str] = []
    page.on("framenavigated", lambda frame: loads.append(frame.url))
    page.locator(".trend summary").click()
    page.locator(".trend summary").focus()
    filled.record(seen(77, pixel(1), arrived=datetime.now(UTC)))
    page.clock.fast_forward(6000)
    expect(page.locator("#figure-messages")).to_have_text("6")
    assert page.locator(".trend details").get_attribute("open") is not None
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    expect(page.locator("#live-state")).to_contain_text("Up to date")
    page.locator("#live-switch").click()
    expect(page.locator("#live-state")).to_have_text("Stands still.")
    filled.record(seen(78, pixel(1), arrived=datetime.now(UTC)))
    page.clock.fast_forward(20_000)
    page.evaluate(
        "fetch('/healthz').then(answer => answer.text())"
    )  # by then a question asked before has its answer
    expect(page.locator("#figure-messages")).to_have_text("6")
    assert loads == []


def test_pages_that_do_not_answer_say_so(page: Page, server: Server) -> None:
    """What stands there is then no longer passed off as up to date; when they answer again it is."""
    page.route("**/overview/parts*", lambda route: route.abort())
    page.clock.fast_forward(6000)
    expect(page.locator("#live-state")).to_contain_text("Not up to date")
    page.unroute("**/overview/parts*")
    page.clock.fast_forward(6000)
    expect(page.locator("#live-state")).to_contain_text("Up to date")
    assert server.url in page.url


def test_keys_search_move_and_help(page: Page, server: Server) -> None:
    """They do nothing while somebody writes, and can be switched off for good."""
    page.keyboard.press("/")
    expect(page).to_have_url(f"{server.url}/messages#text")
    expect(page.locator("input[type=search]")).to_be_focused()
    page.keyboard.press("Escape")
    for key in "jjk":
        page.keyboard.press(key)
    rows = page.locator("main tbody tr")
    assert rows.nth(0).locator("a").first.evaluate("link => link === document.activeElement")
    page.keyboard.press("/")
    page.keyboard.type("j?k")
    assert page.locator("input[type=search]").input_value() == "j?k"
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.evaluate(axe())
    assert told(page.evaluate(RUN)) == []
    page.locator("#keys-switch").uncheck()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.reload()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()
    page.locator("#keys-open").click()
    expect(page.locator("#keys-switch")).not_to_be_checked()


def test_times_are_those_of_the_zone(page: Page, server: Server, filled: Catalogue) -> None:
    """A message of noon in UTC came at nine in the evening in Tokyo; the tip says both."""
    number = filled.record(seen(90, arrived=datetime(2026, 1, 31, 12, 5, tzinfo=UTC)))
    page.goto(f"{server.url}/messages/{number}")
    time = page.locator("main time").first
    assert (time.inner_text(), time.get_attribute("title")) == (
        "31 Jan 2026, 21:05",
        "31 Jan 2026, 12:05 UTC",
    )
    assert time.get_attribute("datetime") == "2026-01-31T12:05:00Z"
    expect(page.locator("#zone")).to_contain_text("Asia/Tokyo")


def test_the_hand_that_looks_for_faults_finds_them(page: Page) -> None:
    """Were axe not run, the walks would find nothing too."""
    page.locator("h1").evaluate(
        "heading => heading.insertAdjacentHTML('afterend', '<img src=/static/icon.svg>')"
    )
    page.evaluate(axe())
    assert [line.partition(":")[0] for line in told(page.evaluate(RUN))] == ["image-alt"]
