"""A loopback server that is every host: it answers any request over HTTP and HTTPS and remembers each.

One port does it all, told apart by the first byte: plain HTTP, TLS, and, for a browser that has it as
its proxy, absolute URLs and CONNECT. Nothing it answers names another address.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import NamedTuple
from urllib.parse import urlsplit

import trustme

from tests.browser.pictures import TRANSPARENT, picture

QUIET = 0.08
"""Seconds without a request after which a page is taken to have asked for everything."""
_TLS_HANDSHAKE = b"\x16"
_PAGE = b'<!doctype html><title>.</title><link rel="icon" href="data:,">'
"""A page that has the browser ask for nothing further, not even for a favicon."""
_DEFAULT_PORTS = (":80", ":443")


class Address(NamedTuple):
    """What a request asks for. Without the scheme: browsers turn http into https for hosts that want it."""

    host: str
    """Lower case; with its port where that is not the scheme's own."""
    target: str
    """Path and query."""

    def __str__(self) -> str:
        return f"//{self.host}{self.target}"


def address(url: str) -> Address:
    """The address of a URL in its normal form."""
    whole = url.partition("#")[0]
    authority = urlsplit(whole).netloc
    target = whole.partition("//")[2][len(authority) :]
    return Address(_without_default_port(authority.rpartition("@")[2]), target or "/")


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it arrived."""

    method: str
    scheme: str
    address: Address
    purpose: str
    """Sec-Fetch-Dest: image, style, font, document …; empty where the browser does not say."""


class Sink(ThreadingTCPServer):
    """The server. Used as a context manager; `port` is where it listens."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.port: int = self.server_address[1]
        self.transparent: frozenset[Address] = frozenset()
        """What is answered with a transparent GIF of one pixel."""
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("sink.example").configure_cert(self.tls)
        self.connections = 0
        """Connections so far; a reader that is told only to connect asks for nothing."""
        self._lock = threading.Lock()
        self._log: list[Request] = []
        self._busy = 0
        self._last = time.monotonic()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Sink:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()

    def take(self) -> list[Request]:
        """What was asked for since the last call."""
        with self._lock:
            log, self._log = self._log, []
        return log

    def settle(self, quiet: float = QUIET, longest: float = 5.0) -> None:
        """Wait until nothing is being answered and nothing new has come for `quiet` seconds."""
        begun = time.monotonic()
        end = begun + longest
        while (now := time.monotonic()) < end:
            with self._lock:
                wait = quiet if self._busy else quiet - (now - max(self._last, begun))
            if wait <= 0:
                return
            time.sleep(wait)

    def verify_request(self, request: object, client_address: object) -> bool:  # noqa: ARG002 - the library names them
        """Every connection is let in, and counted."""
        with self._lock:
            self.connections += 1
            self._last = time.monotonic()
        return True

    def note(self, request: Request) -> None:
        """Remember a request; `done` follows when it is answered."""
        with self._lock:
            self._log.append(request)
            self._busy += 1
            self._last = time.monotonic()

    def done(self) -> None:
        """A request has been answered."""
        with self._lock:
            self._busy -= 1
            self._last = time.monotonic()

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser may hang up at any time: that is no failure of the sink's."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 10  # else a thread for each idle connection would stay
    server: Sink
    scheme = "http"

    def setup(self) -> None:
        self.request.settimeout(self.timeout)
        if self.request.recv(1, socket.MSG_PEEK) == _TLS_HANDSHAKE:
            self._secure()
        super().setup()

    def _secure(self) -> None:
        self.scheme = "https"
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)

    def do_CONNECT(self) -> None:
        self.send_response_only(200)
        self.end_headers()
        self.wfile.flush()
        if self.connection.recv(1, socket.MSG_PEEK) == _TLS_HANDSHAKE:
            self._secure()
        super().setup()
        self.close_connection = False

    def do_GET(self) -> None:
        purpose = self.headers.get("Sec-Fetch-Dest", "")
        if purpose == "empty":
            purpose = ""
        self.server.note(Request(self.command, self.scheme, self._address(), purpose))
        try:
            status, kind, body = self._answer(purpose)
            self.send_response_only(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
        finally:
            self.server.done()

    def finish(self) -> None:
        super().finish()
        self.connection.close()

    do_HEAD = do_POST = do_OPTIONS = do_GET

    def _address(self) -> Address:
        # The path as it was sent: the library folds the slashes that it begins with.
        target = self.requestline.split(" ")[1]
        if not target.startswith("/"):
            return address(target)
        return Address(_without_default_port(self.headers.get("Host", "")), target)

    def _answer(self, purpose: str) -> tuple[int, str, bytes]:
        """Status, type and body. `purpose` decides, where the browser does not tell it the Accept header."""
        accept = self.headers.get("Accept", "")
        asked = self._address()
        if purpose == "style" or accept.startswith("text/css"):
            return 200, "text/css", b"/* */"
        if purpose == "font":
            return 404, "text/plain", b""
        if purpose in ("document", "iframe", "frame", "object", "embed") or accept.startswith("text/html"):
            return 200, "text/html", _PAGE
        if purpose not in ("image", ""):
            return 404, "text/plain", b""
        if asked in self.server.transparent:
            return 200, "image/gif", TRANSPARENT
        return 200, "image/png", picture(str(asked))

    def log_message(self, *_: object) -> None:
        """Requests are remembered, not printed."""


def _without_default_port(host: str) -> str:
    host = host.lower()
    for port in _DEFAULT_PORTS:
        host = host.removesuffix(port)
    return host
