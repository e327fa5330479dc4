"""Listening for new mail: what is heard, and that no dead link is listened to for ever."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from blocker.mailbox.imap import ImapStore
from blocker.mailbox.protocol import ConnectionLost, MailboxError, TryLater
from tests.mailbox.observers import ImapObserver
from tests.servers.dovecot import Account, Dovecot
from tests.servers.proxy import Proxy, stalling
from tests.servers.scripted import Answer, ScriptedServer

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
        assert store.listen({"INBOX": 1}, LONG, never)
        assert time.monotonic() - start < LONG / 2
    assert mailbox.uids() == [1]
    assert ImapObserver(account).recent() == 1
    store.close()


def test_what_came_before_listening_is_heard(account: Account) -> None:
    """Mail that arrived between the last look and the wait is not waited for."""
    store = signed_in(account)
    deliver(account)()
    assert store.listen({"INBOX": 1}, LONG, never)
    assert not store.listen({"INBOX": 2}, 0.2, never)
    assert store.folders() == ["INBOX"]
    store.close()


OTHERS = ("Lists", 'Say "a" \\', "Work/A b")
"""Of a name that is not ASCII Dovecot 2.3 tells nothing."""


@pytest.mark.parametrize("folder", ["INBOX", *OTHERS])
def test_several_folders_are_heard(account: Account, folder: str) -> None:
    """Where the server offers NOTIFY, news of any of them ends the wait; as long as there is none, none is told."""
    store = signed_in(account)
    for name in OTHERS:
        store.ensure(name)
    folders = dict.fromkeys(("INBOX", *OTHERS), 1)
    assert not store.listen(folders, 0.5, never)
    with soon(lambda: ImapObserver(account).deliver([b"Subject: x\r\n\r\nx\r\n"], folder)):
        start = time.monotonic()
        assert store.listen(folders, LONG, never)
        assert time.monotonic() - start < LONG / 2
    assert store.listen(folders, LONG, never), "what came before listening is heard, too"
    assert not store.listen(folders | {folder: 2}, 0.5, never)
    assert store.open(folder, readonly=True).uids() == [1]
    store.close()


def test_after_several_folders_were_heard_a_noop_tells_as_ever(account: Account, proxy: type[Proxy]) -> None:
    """What others change in the selected folder is seen: a server told to notify of nothing would not say."""
    wire = proxy(account.host, account.port)
    store = signed_in(account, wire.port)
    store.ensure("Lists")
    for _ in range(3):
        deliver(account)()
    assert not store.listen({"INBOX": 4, "Lists": 1}, 0.3, never)
    box = store.open("INBOX")
    assert set(box.flags([1, 2, 3])) == {1, 2, 3}
    ImapObserver(account).take_away(2)
    ImapObserver(account).mark(3, "\\Flagged")
    deliver(account)()
    assert box.flags([1, 2, 3]) == {1: frozenset(), 3: frozenset({"\\Flagged"})}
    assert box.uids() == [1, 3, 4]
    told = re.findall(rb"(?m)^\w+ NOTIFY (\w+ \S+)", bytes(wire.sent))
    assert told == [b"SET STATUS", b"SET (SELECTED-DELAYED"]
    store.close()


NOTIFIES: dict[str, Answer] = {
    "CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN IDLE NOTIFY\r\n",
    "LIST": b'* LIST () "/" INBOX\r\n* LIST () "/" Lists\r\n',
}


def test_notify_that_is_refused_is_not_asked_again() -> None:
    """The first folder is heard as ever, the others are looked at now and then."""
    server = ScriptedServer(NOTIFIES | {"NOTIFY": b"NO [BADEVENT] not today", "IDLE": b"BAD no"})
    store = ImapStore(server.host, server.port, "ada", "secret", security="none")
    for _ in range(2):
        with pytest.raises(MailboxError, match="tell of new mail") as caught:
            store.listen({"INBOX": 4, "Lists": 1}, LONG, never)
        assert not isinstance(caught.value, ConnectionLost)
    assert (server.sent.count(b" NOTIFY "), server.sent.count(b" IDLE")) == (1, 2)
    ScriptedServer.stop_all()


@pytest.mark.parametrize("idle", [b"BAD no", b""])
def test_a_connection_that_stays_changed_is_not_used_again(idle: bytes) -> None:
    """Where the server will not go back to its usual way, whatever IDLE came to."""
    asked = {"NOTIFY": b"", "NOTIFY SET .SELECTED-DELAYED": b"NO never", "IDLE": idle}
    server = ScriptedServer(NOTIFIES | asked)
    store = ImapStore(server.host, server.port, "ada", "secret", security="none")
    with pytest.raises(ConnectionLost):
        store.listen({"INBOX": 4, "Lists": 1}, 0.2, never)
    with pytest.raises(ConnectionLost):
        store.folders()
    assert server.sent.count(b" NOTIFY ") == 2
    ScriptedServer.stop_all()


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (b"* STATUS Lists (MESSAGES 1 UIDNEXT 8 UNSEEN 0)\r\n", True),
        (b'* STATUS "Lists" (UIDNEXT 8)\r\n', True),
        (b"* STATUS Lists (MESSAGES 1 UIDNEXT 7 UNSEEN 0)\r\n", False),
        (b"* STATUS Other (UIDNEXT 99)\r\n", False),
        (b"* STATUS Lists (MESSAGES 99)\r\n", False),
        (b"* STATUS {5}\r\nLists (UIDNEXT 99)\r\n", True),
        (b"* STATUS (UIDNEXT 99)\r\n* STATUS\r\n", False),
        (b"* STATUS Lists (UIDNEXT 7)\r\n* STATUS Lists (UIDNEXT 9)\r\n", True),
    ],
)
def test_what_is_told_of_other_folders(said: bytes, heard: bool) -> None:
    """A message at or above the UIDNEXT of its last look is news, whatever form its name has; anything else is not."""
    asked = {"NOTIFY SET STATUS": said, "NOTIFY SET .SEL": b"", "IDLE": b"BAD no"}
    server = ScriptedServer(NOTIFIES | asked)
    store = ImapStore(server.host, server.port, "ada", "secret", security="none")
    if heard:
        assert store.listen({"INBOX": 4, "Lists": 7}, LONG, never)
    else:
        with pytest.raises(MailboxError, match="tell of new mail"):
            store.listen({"INBOX": 4, "Lists": 7}, LONG, never)
    assert server.sent.count(b" NOTIFY ") == 2, "on the way back to usual"
    ScriptedServer.stop_all()


def test_it_is_asked_whether_to_go_on(account: Account) -> None:
    """The wait ends soon after `until` turns true, and the connection goes on."""
    store, asked = signed_in(account), threading.Event()
    with soon(asked.set):
        assert not store.listen({"INBOX": 1}, LONG, asked.is_set)
    assert store.open("INBOX").uids() == []
    store.close()


def test_over_tls(dovecot_tls: Dovecot, authority: trustme.CA, tmp_path: Path) -> None:
    """What TLS says to itself is no news, and what the server says is heard through it."""
    account = dovecot_tls.account()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    store = ImapStore(
        "localhost", account.tls_port, account.user, account.password, cafile=tmp_path / "ca.pem"
    )
    assert not store.listen({"INBOX": 1}, 0.3, never)
    with soon(deliver(account)):
        assert store.listen({"INBOX": 1}, LONG, never)
    store.close()


def test_a_line_in_pieces(account: Account, proxy: type[Proxy]) -> None:
    """News that arrives octet by octet is understood once it is whole."""
    wire = proxy(account.host, account.port)
    store = signed_in(account, wire.port)
    with soon(lambda: wire.tell_client(b"* 7 EXI")), soon(lambda: wire.tell_client(b"STS\r\n"), 0.9):
        assert store.listen({"INBOX": 1}, LONG, never)
    store.close()


def test_a_closed_link_is_noticed(account: Account, proxy: type[Proxy]) -> None:
    """Readable and empty is the end, not silence."""
    wire = proxy(account.host, account.port)
    store = signed_in(account, wire.port)
    with soon(wire.close_all), pytest.raises(ConnectionLost):
        store.listen({"INBOX": 1}, LONG, never)


def test_bye_is_noticed(dovecot: Dovecot, account: Account) -> None:
    """A server that shows everyone out is believed."""
    store = signed_in(account)
    with soon(lambda: dovecot.doveadm("kick", account.user)), pytest.raises(ConnectionLost):
        store.listen({"INBOX": 1}, LONG, never)


def test_a_black_hole_is_noticed(
    account: Account, proxy: type[Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link over which nothing comes any more ends with the unanswered DONE."""
    monkeypatch.setattr("blocker.mailbox.imap.idle.ANSWER", 0.5)
    wire = proxy(account.host, account.port)
    store = signed_in(account, wire.port)

    def hole() -> None:
        wire.to_client = stalling

    with soon(hole), pytest.raises(ConnectionLost, match="did not answer in time"):
        store.listen({"INBOX": 1}, 1.0, never)


def test_a_server_that_stands_still_is_noticed(
    dovecot: Dovecot, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server process that is stopped tells nothing and answers nothing."""
    monkeypatch.setattr("blocker.mailbox.imap.idle.ANSWER", 0.5)
    store = signed_in(account)
    (line,) = [line for line in dovecot.doveadm("who").splitlines() if line.split()[0] == account.user]
    process = int(line.partition("(")[2].partition(")")[0])
    try:
        with soon(lambda: os.kill(process, signal.SIGSTOP)), pytest.raises(ConnectionLost):
            store.listen({"INBOX": 1}, 1.0, never)
    finally:
        os.kill(process, signal.SIGCONT)


def test_idle_that_is_refused() -> None:
    """A server that offers IDLE and does not do it is told of in a sentence; the connection goes on."""
    capabilities = b"* CAPABILITY IMAP4rev1 AUTH=PLAIN IDLE\r\n"
    server = ScriptedServer({"CAPABILITY": capabilities, "IDLE": b"NO not today"})
    store = ImapStore(server.host, server.port, "ada", "secret", security="none")
    with pytest.raises(MailboxError, match="would not tell of new mail") as caught:
        store.listen({"INBOX": 4}, LONG, never)
    assert not isinstance(caught.value, ConnectionLost)
    assert store.listen({"INBOX": 1}, LONG, never), "what is there already is told all the same"
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
