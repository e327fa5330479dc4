"""The pages answer while others only wait, and read no long body of a stranger's."""

from __future__ import annotations

import json
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest
from flask import Flask
from waitress.buffers import TempfileBasedBuffer  # type: ignore[import-untyped]

from blocker.catalogue import Catalogue
from tests.patience import BUSY
from tests.webui.running import serving
from webui import Server
from webui.access.tokens import new_token
from webui.bounds import Bounds
from webui.errors import MAX_BODY

MB = 1024 * 1024
HEAD = b"POST /api/v1/scan HTTP/1.1\r\nHost: localhost\r\nContent-Type: message/rfc822\r\n"
SOON = 1.0 * BUSY
"""Seconds within which a page answers; alone it takes some hundredths."""


@pytest.fixture
def server(app: Flask) -> Iterator[Server]:
    """With the bounds that users get."""
    with serving(app) as made:
        yield made


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every buffer of the server's that went to a file."""
    made: list[object] = []
    init = TempfileBasedBuffer.__init__

    def counted(self: object, *arguments: object) -> None:
        made.append(self)
        init(self, *arguments)

    monkeypatch.setattr(TempfileBasedBuffer, "__init__", counted)
    return made


def connected(server: Server, octets: bytes = b"") -> socket.socket:
    """A connection that has sent this much."""
    made = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    made.sendall(octets)
    return made


def seconds(server: Server, path: str = "/login") -> float:
    """How long a page takes to answer."""
    began = time.monotonic()
    with urllib.request.urlopen(server.url + path, timeout=20) as answer:
        assert answer.status == 200
    return time.monotonic() - began


def all_of(connection: socket.socket) -> bytes:
    """What comes until the other end closes."""
    read = b""
    with suppress(ConnectionResetError):
        while octets := connection.recv(65536):
            read += octets
    return read


def answer_of(connection: socket.socket) -> tuple[int, bytes, bytes]:
    """Status, header and body of an answer that is the last."""
    head, _, body = all_of(connection).partition(b"\r\n\r\n")
    assert head, "closed without an answer"
    return int(head.split(b" ")[1]), head, body


SLOW: dict[str, Callable[[int], bytes]] = {
    "nothing": lambda _: b"",
    "half a header": lambda n: b"GET / HTTP/1.1\r\nX-Slow: " + b"a" * n,
    "half a form": lambda n: (
        b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n" + b"a" * n
    ),
    "half a message": lambda n: HEAD + b"Content-Length: 9000\r\n\r\n" + b"a" * n,
    "half a chunk": lambda n: HEAD + b"Transfer-Encoding: chunked\r\n\r\n2000\r\n" + b"a" * n,
    "blank lines": lambda n: b"\r\n\r\n" * n,
}


@pytest.mark.parametrize("sent", SLOW)
def test_the_pages_answer_beside_many_slow_connections(server: Server, sent: str) -> None:
    """More of them than there may be: each page takes the place of one that has waited longest."""
    with ExitStack() as stack:
        for number in range(150):
            stack.enter_context(connected(server, SLOW[sent](number % 7 + 1)))
        time.sleep(0.3)
        assert max(seconds(server, path) for path in ("/login", "/healthz", "/static/style.css")) < SOON
        assert len(server.connections) <= Bounds().connections


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nX-Slow: ",
        b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n",
        HEAD + b"Content-Length: 9000\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_an_octet_now_and_then_keeps_no_connection(app: Flask, sent: bytes) -> None:
    """Each phase has its time: before a request, in its header, in its body, and between two."""
    short = Bounds(idle=0.6, head=0.6, body=0.6, rate=10_000)
    drip = b"\r\n\r\n" if sent in (b"", b"\r\n\r\n") else b"" if b"healthz" in sent else b"1"
    with serving(app, short) as server, connected(server, sent) as slow:
        began = time.monotonic()
        while not server.connections:
            time.sleep(0.01)
        with suppress(OSError):
            while server.connections and time.monotonic() - began < 5 * BUSY:
                slow.sendall(drip)
                time.sleep(0.1)
        assert time.monotonic() - began > 0.5
        assert not server.connections


def test_a_body_that_comes_fast_enough_has_its_time(app: Flask, filled: Catalogue) -> None:
    """It is measured by its average, not by the clock alone."""
    with serving(app, Bounds(body=0.3, rate=20_000)) as server:
        program = connected(server, HEAD + b"Authorization: Bearer %s\r\n" % new_token(filled).encode())
        with program:
            program.sendall(b"Connection: close\r\nContent-Length: 40000\r\n\r\n")
            for _ in range(10):
                program.sendall(b"a" * 4000)
                time.sleep(0.1)
            assert answer_of(program)[0] == 200


@pytest.mark.parametrize("length", [b"Content-Length: 104857600", b"Transfer-Encoding: chunked"])
@pytest.mark.parametrize("token", [b"", b"Authorization: Bearer wrong\r\n", b"Authorization: Basic dTpw\r\n"])
def test_a_strangers_long_body_is_refused_unread(
    server: Server, on_disk: list[object], length: bytes, token: bytes
) -> None:
    """Twelve at once, of which none takes room on the disk; each is told why, also while it goes on sending."""
    chunk = b"10000\r\n" + b"a" * 65536 + b"\r\n" if b"chunked" in length else b"a" * 65536
    with ExitStack() as stack:
        strangers = [
            stack.enter_context(connected(server, HEAD + token + length + b"\r\n\r\n")) for _ in range(12)
        ]
        for _ in range(16):
            for stranger in strangers:
                with suppress(OSError):
                    stranger.sendall(chunk)
        for stranger in strangers:
            status, head, body = answer_of(stranger)
            assert (status, b'www-authenticate: bearer realm="unpixel"' in head.lower()) == (401, True)
            assert "unpixel token add" in json.loads(body)["error"]["message"]
    assert on_disk == []


@pytest.mark.parametrize(
    "path", [b"/login", b"/requests/sweep", b"/", b"/apis/v1/scan", b"/static/style.css"]
)
@pytest.mark.parametrize("length", [b"Content-Length: 104857600", b"Transfer-Encoding: chunked"])
def test_a_form_is_never_long(server: Server, on_disk: list[object], path: bytes, length: bytes) -> None:
    """Whoever sends it, as no form needs it."""
    with connected(
        server, b"POST " + path + b" HTTP/1.1\r\nHost: localhost\r\n" + length + b"\r\n\r\n"
    ) as stranger:
        if b"chunked" in length:
            for _ in range(3):
                stranger.sendall(b"8000\r\n" + b"a" * 32768 + b"\r\n")
        status, head, body = answer_of(stranger)
    assert (status, on_disk) == (413, [])
    assert b"Content-Security-Policy" in head
    assert body == b"No form of these pages takes more than 64 KB: send less."


def test_a_program_with_a_token_may_send_a_long_message(
    server: Server, filled: Catalogue, on_disk: list[object]
) -> None:
    """By its length or in chunks; asked for a sign to go on, it gets one."""
    token = b"Authorization: Bearer %s\r\nConnection: close\r\n" % new_token(filled).encode()
    message = b"Subject: long\r\n\r\n" + b"a" * MB
    with connected(server, HEAD + token + b"Content-Length: %d\r\n\r\n" % len(message)) as program:
        program.sendall(message)
        status, _, body = answer_of(program)
        assert (status, json.loads(body)["message"]["subject"]) == (200, "long")
    with connected(server, HEAD + token + b"Transfer-Encoding: chunked\r\n\r\n") as program:
        program.sendall(b"%x\r\n" % len(message) + message + b"\r\n0\r\n\r\n")
        assert answer_of(program)[0] == 200
    with connected(
        server, HEAD + token + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(message)
    ) as program:
        assert program.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        program.sendall(message)
        assert answer_of(program)[0] == 200
    assert on_disk


def test_a_long_body_behind_another_request_is_decided_on_too(server: Server, filled: Catalogue) -> None:
    """Sent in one piece with what goes before it; the answers come in order."""
    token = b"Authorization: Bearer %s\r\n" % new_token(filled).encode()
    first, last = (
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"Connection: close\r\nContent-Length: 100000\r\n",
    )
    for who, status in ((b"", 401), (token, 200)):
        with connected(server, first + HEAD + who + last + b"\r\n" + b"a" * 3000) as program:
            program.sendall(b"a" * 97_000)
            answers = all_of(program)
            assert [int(part[:3]) for part in answers.split(b"HTTP/1.1 ")[1:]] == [200, status]
        with connected(server, first + HEAD + who + last + b"Expect: 100-continue\r\n\r\n") as program:
            time.sleep(0.3)
            program.sendall(b"a" * 100_000)
            answers = all_of(program)
            said = [int(part[:3]) for part in answers.split(b"HTTP/1.1 ")[1:]]
            assert said == ([200, 401] if status == 401 else [200, 100, 200])


def test_a_stranger_who_asks_to_go_on_is_told_not_to(server: Server) -> None:
    """Before any of the body is sent."""
    with connected(server, HEAD + b"Expect: 100-continue\r\nContent-Length: 1000000\r\n\r\n") as stranger:
        assert answer_of(stranger)[0] == 401


@pytest.mark.parametrize("length", [b"Content-Length: %d" % (MAX_BODY + 1), b"Content-Length: " + b"9" * 18])
def test_a_message_above_the_limit_is_refused_unread(
    server: Server, filled: Catalogue, length: bytes
) -> None:
    """With a token too."""
    token = b"Authorization: Bearer %s\r\n" % new_token(filled).encode()
    with connected(server, HEAD + token + length + b"\r\n\r\n") as program:
        status, _, body = answer_of(program)
        assert (status, json.loads(body)["error"]["code"]) == (413, "too_large")


def test_a_message_in_chunks_ends_at_the_limit(
    app: Flask, filled: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though nothing tells its length beforehand."""
    monkeypatch.setattr("webui.channel.MAX_BODY", 200_000)
    token = b"Authorization: Bearer %s\r\n" % new_token(filled).encode()
    with (
        serving(app) as server,
        connected(server, HEAD + token + b"Transfer-Encoding: chunked\r\n\r\n") as program,
    ):
        for _ in range(8):
            with suppress(OSError):
                program.sendall(b"8000\r\n" + b"a" * 32768 + b"\r\n")
        assert answer_of(program)[0] == 413


def test_a_small_message_without_a_token_reaches_the_application(server: Server) -> None:
    """Which refuses it as it always did."""
    with connected(server, HEAD + b"Connection: close\r\nContent-Length: 3\r\n\r\nabc") as stranger:
        assert answer_of(stranger)[0] == 401


def test_whoever_is_answered_keeps_the_place(app: Flask) -> None:
    """Connections that the server works for are not closed for others."""
    entered, go_on = threading.Event(), threading.Event()

    @app.get("/slow")
    def slow() -> str:
        entered.set()
        assert go_on.wait(20)
        return "done"

    app.before_request_funcs[None] = []
    with serving(app, Bounds(connections=5, idle=0.4, head=0.4)) as server, ExitStack() as stack:
        waiting = stack.enter_context(connected(server, b"GET /slow HTTP/1.0\r\n\r\n"))
        assert entered.wait(10)
        for _ in range(12):
            stack.enter_context(connected(server, b"GET / HTTP/1.1\r\n"))
        time.sleep(0.8)
        go_on.set()
        assert answer_of(waiting)[2] == b"done"


def test_a_gate_that_fails_is_told(app: Flask, filled: Catalogue) -> None:
    """Where the catalogue does not answer, nobody is let in, and the pages go on."""
    with serving(app) as server:
        filled.close()
        with filled.writing() as connection:
            connection.exec_driver_sql("DROP TABLE credentials")
        with connected(
            server, HEAD + b"Authorization: Bearer x\r\nContent-Length: 1000000\r\n\r\n"
        ) as program:
            status, _, body = answer_of(program)
        assert (status, json.loads(body)["error"]["code"]) == (503, "unavailable")
        assert seconds(server, "/healthz") < SOON


def test_an_answer_that_nobody_takes_in_keeps_no_place(app: Flask) -> None:
    """It is dropped once nothing of it has gone out for long."""

    @app.get("/long")
    def long() -> bytes:
        return b"a" * 8 * MB

    app.before_request_funcs[None] = []
    with (
        serving(app, Bounds(body=0.6)) as server,
        connected(server, b"GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ):
        began = time.monotonic()
        while not server.connections:
            time.sleep(0.01)
        while server.connections and time.monotonic() - began < 5 * BUSY:
            time.sleep(0.1)
        assert not server.connections
        assert time.monotonic() - began > 0.5


def test_long_bodies_have_a_bound_together(app: Flask, filled: Catalogue) -> None:
    """Programs with a token may not fill the memory by sending at once: one too many is asked to come again."""
    bearer = f"Authorization: Bearer {new_token(filled)}\r\n".encode()

    def begun(server: Server, length: bytes) -> socket.socket:
        return connected(server, HEAD + bearer + length + b"\r\n\r\nSubject: x")

    with serving(app, Bounds(bodies=10 * MB)) as server, ExitStack() as stack:
        held = [stack.enter_context(begun(server, b"Content-Length: %d" % (4 * MB))) for _ in range(2)]
        time.sleep(0.5)
        for length in (b"Content-Length: %d" % (4 * MB), b"Transfer-Encoding: chunked"):
            status, _, body = answer_of(stack.enter_context(begun(server, length)))
            assert (status, json.loads(body)["error"]["code"]) == (503, "unavailable")
        assert seconds(server) < SOON
        held.pop().close()
        time.sleep(0.5)
        third = stack.enter_context(begun(server, b"Connection: close\r\nContent-Length: %d" % MB))
        third.sendall(b"\r\n" * (MB // 2 - 5))
        assert answer_of(third)[0] == 200
