"""Firefox ESR over Marionette, its own remote protocol, with the sink as its proxy.

Marionette is JSON over a socket (Firefox source, remote/marionette/packets.sys.mjs and message.sys.mjs):
`LENGTH:[0, id, command, parameters]` one way, `LENGTH:[1, id, error, result]` back.
"""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any

from tests.browser.sink import QUIET, Sink
from tests.browser.visit import Visit, text_of

COMMAND = "firefox-esr"
_STARTS_WITHIN = 60.0

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


class FirefoxError(RuntimeError):
    """Firefox did not start, or refused a command; the text says which."""


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
        self._number = 0
        self._received = b""

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
        lines = (
            f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences.items()
        )
        (profile / "user.js").write_text("".join(lines), encoding="utf-8")
        self._process = subprocess.Popen(
            [COMMAND, "--headless", "--no-remote", "--marionette", "--profile", str(profile)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**_ENVIRONMENT, "HOME": str(profile)},
        )
        try:
            self._socket = socket.create_connection(("127.0.0.1", self._port(profile)), timeout=90)
            self._read()
            self._command("WebDriver:NewSession", {"acceptInsecureCerts": True, "pageLoadStrategy": "normal"})
            self._command("WebDriver:SetTimeouts", {"pageLoad": 60_000})
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
        self._stop()

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
            except FirefoxError as error:
                if "documentElement is null" not in str(error):
                    raise
                self._sink.settle()
        return ""

    def _port(self, profile: Path) -> int:
        """The port Firefox chose, which it writes to its profile."""
        end = time.monotonic() + _STARTS_WITHIN
        written = profile / "MarionetteActivePort"
        while time.monotonic() < end and self._process.poll() is None:
            if written.is_file() and (text := written.read_text(encoding="ascii").strip()):
                return int(text)
            time.sleep(0.05)
        raise FirefoxError(f"{COMMAND} did not open its Marionette port within {_STARTS_WITHIN:.0f} s")

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._profile.cleanup()

    def _command(self, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        text = json.dumps([0, self._number, name, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(text), text))
        _, number, error, result = self._read()
        if error is not None:
            raise FirefoxError(f"{name}: {error['error']}: {error['message']}")
        if number != self._number:
            raise FirefoxError(f"{name} was answered out of turn")
        return result if isinstance(result, dict) else {}

    def _read(self) -> Any:
        while b":" not in self._received:
            self._receive()
        size, _, self._received = self._received.partition(b":")
        while len(self._received) < int(size):
            self._receive()
        packet, self._received = self._received[: int(size)], self._received[int(size) :]
        return json.loads(packet)

    def _receive(self) -> None:
        data = self._socket.recv(1 << 16)
        if not data:
            raise FirefoxError(f"{COMMAND} hung up")
        self._received += data
