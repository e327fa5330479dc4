"""The buffer that lines, literals and the waiting share, over a plain socket and over TLS."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from blocker.mailbox.imap import ImapStore, incoming
from blocker.mailbox.imap.incoming import Incoming, TooMuch
from tests.servers.scripted import ScriptedServer

MOST = 100

Pair = tuple[Incoming, socket.socket]
"""What reads, and the peer's end."""


@pytest.fixture(params=["plain", "tls"])
def pair(request: pytest.FixtureRequest, authority: trustme.CA) -> Iterator[Pair]:
    """A link of each kind, whose reader waits for 5 seconds at most."""
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    theirs.settimeout(5)
    if request.param == "tls":
        ours, theirs = tls(ours, theirs, authority)
    with ours, theirs:
        yield Incoming(ours), theirs


def tls(
    ours: socket.socket, theirs: socket.socket, authority: trustme.CA
) -> tuple[ssl.SSLSocket, ssl.SSLSocket]:
    """The same link, encrypted."""
    trusting, shown = ssl.create_default_context(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.configure_trust(trusting)
    authority.issue_cert("localhost").configure_cert(shown)
    served: list[ssl.SSLSocket] = []
    peer = threading.Thread(target=lambda: served.append(shown.wrap_socket(theirs, server_side=True)))
    peer.start()
    client = trusting.wrap_socket(ours, server_hostname="localhost")
    peer.join()
    return client, served[0]


@pytest.mark.parametrize("piece", [1, 2, 7, incoming.PIECE])
def test_lines_and_literals_come_out_as_they_went_in(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    """However the octets are cut on the way: none is lost between a line and what follows it."""
    monkeypatch.setattr(incoming, "PIECE", piece)
    reader, peer = pair
    peer.sendall(b"* 1 FETCH (BODY[] {11}\r\n\nbare\r\n\r\n\nx)\r\n* 3 EXISTS\r\n")
    assert reader.line(MOST) == b"* 1 FETCH (BODY[] {11}\r\n"
    assert reader.literal(11) == b"\nbare\r\n\r\n\nx"
    assert reader.line(MOST) == b")\r\n"
    assert reader.comes(0)
    assert reader.line(MOST) == b"* 3 EXISTS\r\n"
    assert not reader.comes(0)


@pytest.mark.parametrize("piece", [4, incoming.PIECE])
def test_waiting_takes_nothing_away(pair: Pair, monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    """What lies in the buffer, or in that of TLS, is no silence; nothing at all is, for as long as was asked."""
    monkeypatch.setattr(incoming, "PIECE", piece)
    reader, peer = pair
    start = time.monotonic()
    assert not reader.comes(0.2)
    assert time.monotonic() - start >= 0.2
    peer.sendall(b"a\r\nb\r\n")
    start = time.monotonic()
    assert all(reader.comes(4) for _ in range(3))
    assert reader.line(MOST) == b"a\r\n"
    assert reader.comes(4)
    assert reader.line(MOST) == b"b\r\n"
    assert time.monotonic() - start < 3, "none of these waited"
    assert not reader.comes(0)


def test_waiting_sees_what_comes_late(pair: Pair) -> None:
    """The wait ends with it."""
    reader, peer = pair
    late = threading.Timer(0.2, lambda: peer.sendall(b"x\r\n"))
    late.start()
    start = time.monotonic()
    assert reader.comes(4)
    assert time.monotonic() - start < 3
    assert reader.line(MOST) == b"x\r\n"
    late.join()


def test_the_end_of_the_link(pair: Pair) -> None:
    """What came before it is given, cut as it is; then a line is empty, and waiting says that there is nobody."""
    reader, peer = pair
    peer.sendall(b"* 1 EXI")
    assert reader.comes(4)
    peer.shutdown(socket.SHUT_WR)
    assert reader.line(MOST) == b"* 1 EXI"
    assert reader.line(MOST) == reader.literal(9) == b""
    with pytest.raises(OSError, match="closed the connection"):
        reader.comes(4)


@pytest.mark.parametrize("ending", [b"", b"\r\n"])
def test_a_line_that_is_too_long(pair: Pair, ending: bytes) -> None:
    """As many octets as are allowed are a line; one more is not, whether its end is there or not."""
    reader, peer = pair
    peer.sendall(b"x" * (MOST - 2) + b"\r\n")
    assert len(reader.line(MOST)) == MOST
    peer.sendall(b"x" * (MOST + 1) + ending)
    with pytest.raises(TooMuch, match=f"more than {MOST} octets"):
        reader.line(MOST)


def test_a_silent_peer_is_not_waited_for_without_end(pair: Pair) -> None:
    """Reading waits as long as the socket does, and waiting leaves that as it was."""
    reader, peer = pair
    reader._sock.settimeout(0.2)
    assert not reader.comes(0)
    peer.sendall(b"half")
    with pytest.raises(TimeoutError):
        reader.line(MOST)
    with pytest.raises(TimeoutError):
        reader.literal(5)


def test_many_lines_cost_what_they_are_long(pair: Pair) -> None:
    """Lines that come at once are taken one by one, without the rest being moved each time."""
    reader, peer = pair
    lines = 100_000
    sender = threading.Thread(target=lambda: peer.sendall(b"* 1 X\r\n" * lines))
    sender.start()
    start = time.process_time()
    assert {reader.line(MOST) for _ in range(lines)} == {b"* 1 X\r\n"}
    assert time.process_time() - start < 5
    sender.join()


def test_news_that_comes_with_the_leave_to_idle_is_heard() -> None:
    """It lies in the buffer by then: no selector would tell of it."""
    idling = b"+ idling\r\n* 9 EXISTS\r\n"
    server = ScriptedServer({"CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN IDLE\r\n", "IDLE": idling})
    store = ImapStore(server.host, server.port, "ada", "secret", security="none")
    start = time.monotonic()
    assert store.listen({"INBOX": 4}, 30, lambda: False)
    assert time.monotonic() - start < 10
    ScriptedServer.stop_all()


def injecting(listener: socket.socket, authority: trustme.CA) -> None:
    """A server for one client. Somebody on the way puts a capability, and the next command's answer, behind its leave to begin TLS."""
    shown = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(shown)
    peer, _ = listener.accept()
    peer.sendall(b"* OK ready\r\n")
    while said := peer.recv(4096):
        tag, _, command = said.strip().partition(b" ")
        if command == b"STARTTLS":
            letters, number = tag[:4], int(tag[4:])
            peer.sendall(
                b"%b OK go\r\n* CAPABILITY IMAP4rev1 INJECTED\r\n%b%d OK ha\r\n" % (tag, letters, number + 1)
            )
            peer = shown.wrap_socket(peer, server_side=True)
            continue
        if command.startswith(b"AUTHENTICATE"):
            peer.sendall(b"+ \r\n")
            while not peer.recv(4096).endswith(b"\r\n"):
                pass
        extra = b"" if isinstance(peer, ssl.SSLSocket) else b" STARTTLS"
        peer.sendall(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN%b\r\n%b OK done\r\n" % (extra, tag))


def test_what_is_said_before_tls_is_not_read_over_it(authority: trustme.CA, tmp_path: Path) -> None:
    """What lies in the buffer when TLS begins may be anybody's (CVE-2011-0411)."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with socket.create_server(("localhost", 0)) as listener:
        server = threading.Thread(target=injecting, args=(listener, authority))
        server.start()
        port = listener.getsockname()[1]
        store = ImapStore("localhost", port, "ada", "x", security="starttls", cafile=tmp_path / "ca.pem")
        assert store.capabilities() == {"IMAP4REV1", "AUTH=PLAIN"}
        store.close()
        server.join()
