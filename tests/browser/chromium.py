"""Chromium through Playwright, for which every host is the sink."""

from __future__ import annotations

import base64
import tempfile
from types import TracebackType

from playwright.sync_api import Error, Page, sync_playwright

from tests.browser.sink import QUIET, Sink
from tests.browser.visit import Visit, text_of

WIDTH, HEIGHT = 900, 700
TALLEST = 6000
"""CSS pixels of a page that a screenshot shows."""

_SWITCHES = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
    "--force-device-scale-factor=1",
    "--hide-scrollbars",
    "--ignore-certificate-errors",
    "--gaia-url=http://nobody.localhost:1/",
)
_OWN_HOSTS = (
    "update.googleapis.com",
    "content-autofill.googleapis.com",
    "optimizationguide-pa.googleapis.com",
    "safebrowsing.googleapis.com",
    "clients*.google.com",
    "android.clients.google.com",
    "redirector.gvt1.com",
)
"""What Chromium asks of its makers on its own account: goes to a closed port."""


class Chromium:
    """The system's Chromium. Used as a context manager, from one thread."""

    def __init__(self, sink: Sink, *, scripting: bool = False) -> None:
        self._sink = sink
        self._scripting = scripting

    def __enter__(self) -> Chromium:
        self._playwright = sync_playwright().start()
        own = [f"MAP {host} 127.0.0.1:1" for host in _OWN_HOSTS]
        rules = ",".join([*own, f"MAP * 127.0.0.1:{self._sink.port}", "EXCLUDE *.localhost"])
        self._profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        # A profile as a person has it: a private window takes no hints to connect.
        self._browser = self._playwright.chromium.launch_persistent_context(
            self._profile.name,
            executable_path="/usr/bin/chromium",
            args=[*_SWITCHES, f"--host-resolver-rules={rules}"],
            java_script_enabled=self._scripting,
            viewport={"width": WIDTH, "height": HEIGHT},
            ignore_https_errors=True,
        )
        self._page = self._browser.new_page()
        self._session = self._browser.new_cdp_session(self._page)
        self._session.send("Network.enable")
        self._session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._browser.close()
        self._playwright.stop()
        self._profile.cleanup()

    def visit(self, url: str, *, quiet: float = QUIET, screenshot: bool = False) -> Visit:
        """Open a page without a cache, until it has asked for nothing more for `quiet` seconds."""
        self._sink.take()
        before = self._sink.connections
        _open(self._page, url)
        self._sink.settle(quiet)
        text = text_of(self._markup())
        seen = self._screenshot() if screenshot else None
        requests = tuple(self._sink.take())
        left = self._page.url.partition("#")[0] != url
        return Visit(requests, self._sink.connections - before, text, left, seen)

    def frames(self, number: int) -> list[str]:
        """The texts of that many frames of the page that is open."""
        return [text_of(frame.content()) for frame in self._page.main_frame.child_frames[:number]]

    def _markup(self) -> str:
        """The page as it has become; a page that goes on to another (meta refresh) is read there."""
        for _ in range(10):
            try:
                return self._page.content()
            except Error as error:
                if "navigating" not in str(error):
                    raise
                self._sink.settle()
        return ""

    def _screenshot(self) -> bytes:
        """The page as it stands when its animations do."""
        self._page.evaluate("document.getAnimations().forEach(animation => animation.cancel())")
        size = self._session.send("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": WIDTH, "height": min(size["height"], TALLEST), "scale": 1}
        taken = self._session.send(
            "Page.captureScreenshot",
            {"format": "png", "optimizeForSpeed": True, "captureBeyondViewport": True, "clip": clip},
        )
        return base64.b64decode(taken["data"])


def _open(page: Page, url: str) -> None:
    try:
        page.goto(url, wait_until="load", timeout=60_000)
    except Error as error:
        # A page may send its reader elsewhere while it loads (meta refresh): that is a request like any other.
        # A type that Chromium shows nothing of is offered to be saved.
        if not any(
            known in str(error) for known in ("interrupted by another navigation", "Download is starting")
        ):
            raise
