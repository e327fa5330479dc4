"""Listening for new mail: what is heard, and that no dead link is listened to for ever."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from blocker.mailbox import imap_idle
from blocker.mailbox.imap import ImapStore
from blocker.mailbox.protocol import ConnectionLost, MailboxError, TryLater
from tests.mailbox.observers import ImapObserver
from tests.servers.dovecot import Account, Dovecot
from tests.servers.proxy import Proxy, stalling
from tests.servers.scripted import ScriptedServer

LONG = 120.0
"""Seconds that no test waits for: each has to end by what it does."""


def never() -> bool:
    """Goes on listening."""
    return False


def signed_in(account: Account, port: int | None = None) -> ImapStore:
    """A connection to the account, or by way of another port."""
    return ImapStore(account.host, port or account.port, account.user, account.password, security="none")


@pytest.fixture
def account(dovecot: Dovecot) -> Account:
    """A new account."""
    return dovecot.account()


@contextmanager
def soon(act: Callable[[], object], seconds: float = 0.3) -> Iterator[None]:
    """Something happens while somebody listens."""
    timer = threading.Timer(seconds, act)
    timer.start()
    try:
        yield
    finally:
        timer.join()


def deliver(account: Account) -> Callable[[], None]:
    """One more message arrives."""
    return lambda: ImapObserver(account).deliver([b"Subject: x\r\n\r\nx\r\n"])


def test_new_mail_is_heard(account: Account) -> None:
    """It ends the wait at once, takes no \\Recent from others, and the connection goes on."""
    store = signed_in(account)
    mailbox = store.open("INBOX", readonly=True)
    with soon(deliver(account)):
        start = time.monotonic()
        assert store.listen("INBOX", 1, LONG, never)
        assert time.monotonic() - start < LONG / 2
    assert mailbox.uids() == [1]
    assert ImapObserver(account).recent() == 1
    store.close()


def test_what_came_before_listening_is_heard(account: Account) -> None:
    """Mail that arrived between the last look and the wait is not waited for."""
    store = signed_in(account)
    deliver(account)()
    assert store.listen("INBOX", 1, LONG, never)
    assert not store.listen("INBOX", 2, 0.2, never)
    assert store.folders() == ["INBOX"]
    store.close()


def test_it_is_asked_whether_to_go_on(account: Account) -> None:
    """The wait ends soon after `until` turns true, and the connection goes on."""
    store, asked = signed_in(account), threading.Event()
    with soon(asked.set):
        assert not store.listen("INBOX", 1, LONG, asked.is_set)
    assert store.open("INBOX").uids() == []
    store.close()


def test_over_tls(dovecot_tls: Dovecot, authority: trustme.CA, tmp_path: Path) -> None:
    """What TLS says to itself is no news, and what the server says is heard through it."""
    account = dovecot_tls.account()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    store = ImapStore(
        "localhost", account.tls_port, account.user, account.password, cafile=tmp_path / "ca.pem"
    )
    assert not store.listen("INBOX", 1, 0.3, never)
    with soon(deliver(account)):
        assert store.listen("INBOX", 1, LONG, never)
    store.close()


def test_a_line_in_pieces(account: Account, proxy: type[Proxy]) -> None:
    """News that arrives octet by octet is understood once it is whole."""
    wire = proxy(account.host, account.port)
    store = signed_in(account, wire.port)
    with soon(lambda: wire.tell_client(b"* 7 EXI")), soon(lambda: wire.tell_client(b"STS\r\n"), 0.9):
        assert store.listen("INBOX", 1, LONG, never)
    store.close()


def test_a_closed_link_is_noticed(account: Account, proxy: type[Proxy]) -> None:
    """Readable and empty is the end, not silence."""
    wire = proxy(account.host, account.port)
    store = signed_in(account, wire.port)
    with soon(wire.close_all), pytest.raises(ConnectionLost):
        store.listen("INBOX", 1, LONG, never)


def test_bye_is_noticed(dovecot: Dovecot, account: Account) -> None:
    """A server that shows everyone out is believed."""
    store = signed_in(account)
    with soon(lambda: dovecot.doveadm("kick", account.user)), pytest.raises(ConnectionLost):
        store.listen("INBOX", 1, LONG, never)


def test_a_black_hole_is_noticed(
    account: Account, proxy: type[Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link over which nothing comes any more ends with the unanswered DONE."""
    monkeypatch.setattr(imap_idle, "ANSWER", 0.5)
    wire = proxy(account.host, account.port)
    store = signed_in(account, wire.port)

    def hole() -> None:
        wire.to_client = stalling

    with soon(hole), pytest.raises(ConnectionLost, match="did not answer in time"):
        store.listen("INBOX", 1, 1.0, never)


def test_a_server_that_stands_still_is_noticed(
    dovecot: Dovecot, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server process that is stopped tells nothing and answers nothing."""
    monkeypatch.setattr(imap_idle, "ANSWER", 0.5)
    store = signed_in(account)
    (line,) = [line for line in dovecot.doveadm("who").splitlines() if line.split()[0] == account.user]
    process = int(line.partition("(")[2].partition(")")[0])
    try:
        with soon(lambda: os.kill(process, signal.SIGSTOP)), pytest.raises(ConnectionLost):
            store.listen("INBOX", 1, 1.0, never)
    finally:
        os.kill(process, signal.SIGCONT)


def test_idle_that_is_refused() -> None:
    """A server that offers IDLE and does not do it is told of in a sentence; the connection goes on."""
    capabilities = b"* CAPABILITY IMAP4rev1 AUTH=PLAIN IDLE\r\n"
    server = ScriptedServer({"CAPABILITY": capabilities, "IDLE": b"NO not today"})
    store = ImapStore(server.host, server.port, "ada", "secret", security="none")
    with pytest.raises(MailboxError, match="would not tell of new mail") as caught:
        store.listen("INBOX", 4, LONG, never)
    assert not isinstance(caught.value, ConnectionLost)
    assert store.listen("INBOX", 1, LONG, never), "what is there already is told all the same"
    ScriptedServer.stop_all()


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (b"NO [UNAVAILABLE] backend down", 60.0),
        (b"NO [INUSE] locked", 30.0),
        (b"BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds", 299.961),
        (b"NO throttled. Suggested backoff time: 999999999 ms", 3600.0),
    ],
)
def test_a_busy_server_says_how_long(answer: bytes, seconds: float) -> None:
    """What it asks for is told to whoever connects again; it says nothing against the message at hand."""
    server = ScriptedServer({"NOOP": b"", "UID SEARCH": answer})
    store = ImapStore(server.host, server.port, "ada", "secret", security="none")
    with pytest.raises(TryLater) as caught:
        store.open("INBOX").uids()
    assert caught.value.seconds == seconds
    ScriptedServer.stop_all()


def test_a_server_without_idle_is_not_asked(dovecot_stripped: Dovecot) -> None:
    """Where IDLE is not announced nobody listens."""
    account = dovecot_stripped.account()
    store = signed_in(account)
    assert not store.can_listen()
    store.close()
