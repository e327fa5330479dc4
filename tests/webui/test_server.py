"""The server: it listens, answers, and ends at once; and the room keeps to its doors."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import pytest
from flask import Flask, request

from tests.patience import BUSY
from webui import Server


@pytest.fixture
def server(app: Flask) -> Server:
    """A bound server on a free port."""
    return Server(app, port=0)


def running(server: Server) -> threading.Thread:
    """The server's thread."""
    thread = threading.Thread(target=server.run)
    thread.start()
    return thread


def test_it_answers_and_stops_though_a_browser_idles(server: Server) -> None:
    """An open connection that says nothing does not hold up the end."""
    thread = running(server)
    idle = socket.create_connection(("127.0.0.1", server.port))
    with urllib.request.urlopen(f"{server.url}/healthz", timeout=30) as answer:
        assert answer.read() == b"ok\n"
        assert "waitress" not in str(answer.headers).lower()
    began = time.monotonic()
    server.stop()
    thread.join(timeout=30)
    assert not thread.is_alive()
    assert time.monotonic() - began < 2 * BUSY
    idle.close()


def test_the_address_is_free_again_afterwards(app: Flask, server: Server) -> None:
    """Another server may take the port at once; while it runs, nobody may."""
    thread = running(server)
    with pytest.raises(OSError, match="in use"):
        Server(app, port=server.port)
    server.stop()
    thread.join(timeout=30)
    again = Server(app, port=server.port)
    again.stop()
    again.run()


def test_a_signal_ends_it_and_gives_the_handlers_back(server: Server) -> None:
    """SIGTERM to the process ends `run_until_signal`; what was set before is set again."""
    before = signal.getsignal(signal.SIGTERM)
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM)).start()
    began = time.monotonic()
    server.run_until_signal()
    assert time.monotonic() - began < 2 * BUSY
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_name_with_two_addresses_is_served() -> None:
    """`localhost` may be IPv4 and IPv6."""
    app = Flask("empty")
    server = Server(app, host="localhost", port=0)
    assert server.port > 0
    server.stop()
    server.run()


@pytest.mark.parametrize(
    ("proxy", "fields", "seen"),
    [
        (None, {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}, ["127.0.0.1", "http"]),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}, ["192.0.2.7", "https"]),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.9, 192.0.2.7"}, ["192.0.2.7", "http"]),
        ("127.0.0.1", {"X-Forwarded-For": "2001:db8::1"}, ["2001:db8::1", "http"]),
        ("127.0.0.1", {"X-Forwarded-Host": "evil.example"}, ["127.0.0.1", "http"]),
        ("192.0.2.1", {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}, ["127.0.0.1", "http"]),
    ],
)
def test_a_proxys_word_is_taken_where_it_is_named(
    proxy: str | None, fields: dict[str, str], seen: list[str]
) -> None:
    """For the last address alone, which is the one it saw; nobody else's is."""
    app = Flask("empty")
    app.add_url_rule("/", view_func=lambda: [request.remote_addr, request.scheme, request.host])
    server = Server(app, port=0, proxy=proxy)
    thread = running(server)
    try:
        with urllib.request.urlopen(urllib.request.Request(server.url, headers=fields), timeout=30) as answer:
            assert json.load(answer) == [*seen, f"127.0.0.1:{server.port}"]
    finally:
        server.stop()
        thread.join(timeout=30)


def test_the_room_reaches_no_mailbox() -> None:
    """Importing the pages imports neither a mailbox nor an IMAP library."""
    code = (
        "import sys, webui\n"
        "print([m for m in sys.modules if m.split('.')[0] == 'imapclient' or m.startswith('blocker.mailbox')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
