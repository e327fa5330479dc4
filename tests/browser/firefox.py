"""Firefox ESR over Marionette, with the sink as its proxy."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any

from tests.browser.marionette import Marionette, MarionetteError, write_preferences
from tests.browser.sink import QUIET, Sink
from tests.browser.visit import Visit, text_of

COMMAND = "firefox-esr"

_PREFERENCES: dict[str, bool | int | str] = {
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.allow_hijacking_localhost": True,
    "network.proxy.no_proxies_on": ".localhost",
    # The reader's own pictures, not the browser's: nothing is kept from one page to the next.
    "browser.cache.disk.enable": False,
    "browser.cache.memory.enable": False,
    "image.cache.size": 0,
    # What Firefox asks of its makers on its own account.
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.newtabpage.enabled": False,
    "browser.region.network.url": "",
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.search.update": False,
    "browser.startup.page": 0,
    "browser.topsites.contile.enabled": False,
    "captivedetect.canonicalURL": "",
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.push.connection.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "extensions.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.trr.mode": 5,
    "privacy.trackingprotection.enabled": False,
    "security.OCSP.enabled": 0,
    "services.settings.server": "http://nobody.localhost:1/v1",
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.unified": False,
}


_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "MOZ_HEADLESS_WIDTH": "900",
    "MOZ_HEADLESS_HEIGHT": "700",
    "MOZ_REMOTE_SETTINGS_DEVTOOLS": "1",  # else a release asks its maker's server, whatever the preference says
}


class Firefox:
    """Debian's Firefox ESR, headless. Used as a context manager, from one thread."""

    def __init__(
        self,
        sink: Sink,
        *,
        scripting: bool = False,
        preferences: Mapping[str, bool | int | str] = MappingProxyType({}),
    ) -> None:
        """`preferences` are further ones of its profile, or others than ours."""
        self._sink = sink
        self._more = preferences
        self._scripting = scripting

    def __enter__(self) -> Firefox:
        self._profile = tempfile.TemporaryDirectory(prefix="firefox-", ignore_cleanup_errors=True)
        profile = Path(self._profile.name)
        preferences = {
            **_PREFERENCES,
            "javascript.enabled": self._scripting,
            "network.proxy.http_port": self._sink.port,
            "network.proxy.ssl_port": self._sink.port,
            "marionette.port": 0,
            **self._more,
        }
        write_preferences(profile, preferences)
        try:
            self._program = Marionette([COMMAND], profile, _ENVIRONMENT)
            self._command = self._program.command
            self._begin()
        except BaseException:
            self._profile.cleanup()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._program.end()
        self._profile.cleanup()

    def _begin(self) -> None:
        try:
            self._command("WebDriver:NewSession", {"acceptInsecureCerts": True, "pageLoadStrategy": "normal"})
            self._command("WebDriver:SetTimeouts", {"pageLoad": 60_000})
        except BaseException:
            self._program.end()
            raise

    def visit(self, url: str, *, quiet: float = QUIET) -> Visit:
        """Open a page without a cache, until it has asked for nothing more for `quiet` seconds."""
        self._sink.take()
        before = self._sink.connections
        self._command("WebDriver:Navigate", {"url": url})
        self._sink.settle(quiet)
        text = text_of(self._markup())
        left = str(self._command("WebDriver:GetCurrentURL", {})["value"]).partition("#")[0] != url
        return Visit(tuple(self._sink.take()), self._sink.connections - before, text, left)

    def frames(self, number: int) -> list[str]:
        """The texts of that many frames of the page that is open."""
        texts = []
        for frame in range(number):
            self._command("WebDriver:SwitchToFrame", {"id": frame})
            texts.append(text_of(self._markup()))
            self._command("WebDriver:SwitchToFrame", {"id": None})
        return texts

    def run(self, script: str, *arguments: object) -> Any:
        """What a script gives in the page that is open; where it gives a promise, what that comes to."""
        given = {"script": script, "args": arguments}
        return self._command("WebDriver:ExecuteScript", given)["value"]

    def cookie(self, name: str, value: str) -> None:
        """Keep a cookie for the host of the page that is open."""
        self._command("WebDriver:AddCookie", {"cookie": {"name": name, "value": value}})

    def screenshot(self) -> bytes:
        """The page that is open, as PNG."""
        return base64.b64decode(self._command("WebDriver:TakeScreenshot", {"full": True})["value"])

    def _markup(self) -> str:
        """The page as it has become; a page that goes on to another (meta refresh) is read there."""
        for _ in range(10):
            try:
                return str(self._command("WebDriver:GetPageSource", {})["value"])
            except MarionetteError as error:
                if "documentElement is null" not in str(error):
                    raise
                self._sink.settle()
        return ""
