"""Real browsers over every page of the demonstration: both languages and themes, with scripts and without, desktop and phone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.firefox import Firefox
from tests.browser.sink import Sink
from tests.docs.pictures import demonstration
from tests.webui.running import chromium
from tests.webui.walk import EMPTY, EVERY, FEW, MISSING, RUN, Look, Site, axe, crawl, told

pytestmark = [pytest.mark.browser, pytest.mark.once]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="module")
def entered(browser: Browser) -> Iterator[tuple[str, Any]]:
    """Where the demonstration's pages are, and the cookies of somebody who is logged in there."""
    with demonstration() as link:
        context = browser.new_context()
        page = context.new_page()
        page.goto(link)
        yield page.url.partition("/overview")[0], context.storage_state()
        context.close()


@pytest.fixture(scope="module")
def site(browser: Browser, entered: tuple[str, Any]) -> Site:
    """Every page that links lead to."""
    base, cookies = entered
    context = browser.new_context(storage_state=cookies)
    try:
        return crawl(context.request, base)
    finally:
        context.close()


@pytest.fixture
def paths(site: Site, app: Flask) -> list[str]:
    """A page of each kind, an error, and lists that are empty."""
    return [*site.of_each_kind(app), MISSING, *EMPTY]


@contextmanager
def opened(browser: Browser, cookies: Any, look: Look, scripts: bool = True) -> Iterator[BrowserContext]:
    """A browser that asks for a language, in a theme and a size, in a zone that is not UTC."""
    context = browser.new_context(
        storage_state=cookies,
        locale="fr-FR" if look.language == "fr" else "en-GB",
        timezone_id="Asia/Tokyo",
        color_scheme="dark" if look.theme == "dark" else "light",
        viewport={"width": look.viewport["width"], "height": look.viewport["height"]},
        java_script_enabled=scripts,
    )
    try:
        yield context
    finally:
        context.close()


def looks(config: pytest.Config) -> tuple[Look, ...]:
    """The ways to look that this run tries."""
    return EVERY if config.getoption("--long") else FEW


class Heard:
    """What a page asked for, and what it complained of."""

    def __init__(self, page: Page) -> None:
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", lambda message: self.complaints.append(f"{page.url}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))


def test_no_link_is_dead(site: Site) -> None:
    """Every link of every page leads to something, and every name within a page is there."""
    assert len(site.found) > 100
    assert site.broken == []


def test_axe_finds_nothing(
    browser: Browser, entered: tuple[str, Any], paths: list[str], pytestconfig: pytest.Config
) -> None:
    """No page breaks a rule of WCAG 2.2 AA, whatever it looks like; none is wider than its window."""
    base, cookies = entered
    found: list[str] = []
    assert len(paths) > 10
    for look in looks(pytestconfig):
        with opened(browser, cookies, look) as context:
            page = context.new_page()
            for path in paths:
                page.goto(base + path)
                assert page.locator("html").get_attribute("lang") == look.language
                page.evaluate(axe())
                found += [f"{path} {look}: {line}" for line in told(page.evaluate(RUN))]
                wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                found += [f"{path} {look}: {wide} px too wide"] if wide > 0 else []
        with opened(browser, None, look) as context:
            page = context.new_page()
            page.goto(f"{base}/login")
            page.evaluate(axe())
            found += [f"/login {look}: {line}" for line in told(page.evaluate(RUN))]
    assert found == []


@pytest.mark.parametrize("scripts", [True, False])
def test_chromium_walks_every_page(
    browser: Browser, entered: tuple[str, Any], paths: list[str], scripts: bool
) -> None:
    """Nothing is asked of another host, nothing is complained of; times are the reader's where scripts run, else UTC."""
    base, cookies = entered
    for language in ("en", "fr"):
        with opened(browser, cookies, Look(language, "light", "desktop"), scripts) as context:
            page = context.new_page()
            heard = Heard(page)
            for path in paths:
                page.goto(base + path)
                assert page.locator("h1").is_visible()
                for time in page.locator("time").all()[:3]:
                    assert time.inner_text().endswith(" UTC") is not scripts
            assert {url.startswith(base + "/") for url in heard.asked} == {True}
            assert [one for one in heard.complaints if "404 (Not Found)" not in one.title()] == []
            zone = "Asia/Tokyo" if scripts else "UTC"
            assert zone in page.locator("#zone").inner_text()


def test_firefox_walks_every_page(
    entered: tuple[str, Any], paths: list[str], pytestconfig: pytest.Config
) -> None:
    """As Chromium does: axe finds nothing there either, and its proxy, to which all else goes, hears nothing."""
    base, cookies = entered
    for look in looks(pytestconfig)[1:]:
        preferences: dict[str, bool | int | str] = {
            "network.proxy.no_proxies_on": "127.0.0.1",
            "intl.accept_languages": look.language,
            "layout.css.prefers-color-scheme.content-override": 0 if look.theme == "dark" else 1,
        }
        with Sink() as sink, Firefox(sink, scripting=True, preferences=preferences) as firefox:
            firefox.visit(f"{base}/login", quiet=0)
            for cookie in cookies["cookies"]:
                firefox.cookie(cookie["name"], cookie["value"])
            found: list[str] = []
            for path in paths:
                visit = firefox.visit(base + path, quiet=0)
                assert (visit.requests, firefox.run("return document.documentElement.lang")) == (
                    (),
                    look.language,
                )
                firefox.run(f"{axe()}; window.axe = axe")
                found += [f"{path} {look}: {line}" for line in told(firefox.run(f"return {RUN}"))]
            assert found == []
