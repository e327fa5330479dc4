"""Servers that are not what they should be, at the address that was paired."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWERS = {
    "a token revoked": (401, b'{"title": "no", "detail": "This needs a token."}'),
    "an error": (500, b'{"detail": "It failed."}'),
    "garbage": (200, b"<html>Hello</html>"),
    "another shape": (200, b'{"blocked": {"url": 1}, "rules": "none"}'),
}
"""Each with its status and body."""
NEVER = "never"


@contextmanager
def bad(kind: str) -> Iterator[str]:
    """A server that gives such an answer to everything, or none at all; its address."""
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if kind == NEVER:
                ended.wait(60)
                return
            status, body = ANSWERS[kind]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
