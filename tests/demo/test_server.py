"""The demonstration's IMAP server, spoken to by a real client over a real socket."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from imaplib import IMAP4

import pytest
from imapclient import IMAPClient  # type: ignore[import-untyped]
from imapclient.exceptions import LoginError  # type: ignore[import-untyped]

from blocker.demo.server import MailServer
from tests.patience import BUSY

USER = "camille@example.org"
WHEN = datetime(2026, 11, 2, 10, 30, tzinfo=timezone(timedelta(hours=2)))


def connect(server: MailServer) -> IMAPClient:
    """A client that is signed in."""
    client = IMAPClient(server.host, server.port, ssl=False, timeout=10)
    client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.normalise_times = False
    client.login(server.username, server.password)
    return client


@pytest.fixture
def server() -> Iterator[MailServer]:
    """A server that listens."""
    with MailServer(USER) as running:
        yield running


@pytest.fixture
def client(server: MailServer) -> Iterator[IMAPClient]:
    """A client in the inbox."""
    connected = connect(server)
    connected.select_folder("INBOX")
    yield connected
    connected.shutdown()


def body(number: int) -> bytes:
    """Bytes of any value but NUL and line ends (imaplib rewrites a bare CR or LF), different for each number."""
    noise = random.Random(number).randbytes(3000).translate(None, b"\0\r\n")
    return b"Message-ID: <%d@sender.example>\r\nSubject: n\r\n\r\n" % number + noise


def test_listens_on_loopback_only(server: MailServer) -> None:
    """The listening address is 127.0.0.1 and answers to no other address of this machine."""
    with socket.create_connection((server.host, server.port), timeout=5) as direct:
        assert direct.getpeername()[0] == "127.0.0.1"
        assert direct.recv(100).startswith(b"* OK")
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", server.port), timeout=5)


def test_delivered_mail_comes_back_byte_for_byte(server: MailServer, client: IMAPClient) -> None:
    """Bytes and arrival time are those that were delivered, and the message is new."""
    odd = b"Subject: odd ends\n\nbare \r and \0 and \xff, no last line end"
    uids = [server.deliver(raw, WHEN) for raw in (body(1), odd)]
    client.noop()
    answer = client.fetch(uids, ["BODY.PEEK[]", "INTERNALDATE", "FLAGS"])
    assert [answer[uid][b"BODY[]"] for uid in uids] == [body(1), odd]
    assert {answer[uid][b"INTERNALDATE"] for uid in uids} == {WHEN}
    assert all(b"\\Seen" not in answer[uid][b"FLAGS"] for uid in uids)


def test_three_hundred_appends(client: IMAPClient) -> None:
    """A client appends 300 messages over one link, and each comes back as it was, with flags and date."""
    for number in range(300):
        client.append("INBOX", body(number), ["\\Flagged"], WHEN)
    uids = client.search("ALL")
    assert len(uids) == 300
    answer = client.fetch(uids, ["BODY.PEEK[]", "INTERNALDATE", "FLAGS"])
    assert [answer[uid][b"BODY[]"] for uid in uids] == [body(number) for number in range(300)]
    assert {answer[uid][b"INTERNALDATE"] for uid in uids} == {WHEN}
    assert all(b"\\Flagged" in answer[uid][b"FLAGS"] for uid in uids)


def test_move(server: MailServer, client: IMAPClient) -> None:
    """A moved message leaves the inbox and stands in the folder, unchanged; its neighbours stay."""
    uids = [server.deliver(body(number), WHEN) for number in range(3)]
    client.create_folder("Originals")
    client.move([uids[1]], "Originals")
    assert client.search("ALL") == [uids[0], uids[2]]
    client.select_folder("Originals")
    (moved,) = client.search("ALL")
    assert client.fetch([moved], ["BODY.PEEK[]"])[moved][b"BODY[]"] == body(1)


def test_another_password_is_refused(server: MailServer) -> None:
    """Nobody gets in without this run's password, and each run has its own."""
    stranger = IMAPClient(server.host, server.port, ssl=False, timeout=10)
    with pytest.raises(LoginError):
        stranger.login(USER, "")
    with pytest.raises(LoginError):
        stranger.login(USER, MailServer(USER).password)
    stranger.shutdown()


def test_clients_see_each_other(server: MailServer, client: IMAPClient) -> None:
    """What one client flags, another reads after a NOOP."""
    uid = server.deliver(body(1), datetime.now(UTC))
    other = connect(server)
    other.select_folder("INBOX")
    other.add_flags([uid], ["\\Seen"])
    client.noop()
    assert b"\\Seen" in client.fetch([uid], ["FLAGS"])[uid][b"FLAGS"]
    other.shutdown()


def test_stops_at_once_and_leaves_nothing() -> None:
    """With clients connected, stopping takes well under a second, ends the thread and frees the port."""
    before = set(threading.enumerate())
    server = MailServer(USER)
    server.start()
    clients = [connect(server) for _ in range(3)]
    started = time.monotonic()
    server.stop()
    assert time.monotonic() - started < 1 * BUSY
    assert set(threading.enumerate()) == before
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((server.host, server.port), timeout=5)
    for client in clients:
        with pytest.raises((IMAP4.error, OSError)):
            client.noop()
    server.stop()


def test_delivery_needs_a_running_server() -> None:
    """Before start and after stop, delivering fails instead of waiting for ever."""
    server = MailServer(USER)
    with pytest.raises(RuntimeError, match="not running"):
        server.deliver(body(1), WHEN)
    with server:
        server.deliver(body(1), WHEN)
    with pytest.raises(RuntimeError, match="not running"):
        server.deliver(body(2), WHEN)
