"""IMAP where servers or the network do not do their best."""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from blocker.config.model import Security
from blocker.mailbox.imap import ImapStore, SocketTimeout
from blocker.mailbox.imap.text import copied
from blocker.mailbox.protocol import Changed, ConnectionLost, LoginRefused, MailboxError, OverQuota
from tests.mailbox.contract import PLAIN
from tests.mailbox.observers import ImapObserver
from tests.patience import BUSY
from tests.servers.dovecot import PASSWORD, Account, Dovecot, Variant, free_ports
from tests.servers.proxy import Proxy, cut_after, cut_at, stall_after, stalling
from tests.servers.scripted import Answer, ScriptedServer

PATIENT = SocketTimeout(connect=20.0, read=20.0)
QUICK = SocketTimeout(connect=20.0, read=1.5)
ONE_SENTENCE = re.compile(r"[^\n]{20,400}[;,][^\n]+\.")
"""What went wrong, then what to do."""


def connect(host: str, port: int, account: Account, **settings: Any) -> ImapStore:
    """A store in plain text, unless the settings say otherwise."""
    return ImapStore(
        host, port, account.user, account.password, **{"security": "none", "timeout": PATIENT, **settings}
    )


@pytest.fixture
def account(dovecot: Dovecot) -> Account:
    """A new account of a Dovecot that can do everything."""
    return dovecot.account()


@pytest.fixture
def scripted() -> Iterator[Callable[..., ImapStore]]:
    """Signs in at a `ScriptedServer` that gives these answers."""

    def make(answers: dict[str, Answer] | None = None, greeting: bytes = b"* OK ready\r\n") -> ImapStore:
        server = ScriptedServer(answers, greeting)
        account = Account(server.host, server.port, "alice", PASSWORD)
        return connect(server.host, server.port, account, timeout=SocketTimeout(2, 2))

    yield make


@pytest.fixture(autouse=True)
def _no_server_is_left() -> Iterator[None]:
    """Every scripted server and every proxy ends with its test."""
    yield
    ScriptedServer.stop_all()
    Proxy.stop_all()


# --- signing in ---------------------------------------------------------------------------------------


def test_a_wrong_password(account: Account) -> None:
    """A refused sign-in is a LoginRefused that names the user and the next step, not the password."""
    wrong = "ses" + "ame"
    with pytest.raises(LoginRefused, match=f"{account.user}.*app password") as refused:
        ImapStore(account.host, account.port, account.user, wrong, security="none")
    assert ONE_SENTENCE.fullmatch(str(refused.value))
    assert "sesame" not in "".join(traceback.format_exception(refused.value))


def test_a_server_that_echoes_the_password(scripted: Callable[..., ImapStore]) -> None:
    """Even a server that repeats the password in its refusal does not get it into the sentence."""
    echo = b"NO [AUTHENTICATIONFAILED] bad password " + PASSWORD.encode()
    with pytest.raises(LoginRefused) as refused:
        scripted({"AUTHENTICATE": echo})
    assert PASSWORD not in "".join(traceback.format_exception(refused.value))


def test_a_sign_in_put_off(scripted: Callable[..., ImapStore]) -> None:
    """A server that is out of order for now does not make the account look refused."""
    with pytest.raises(ConnectionLost, match="later"):
        scripted({"AUTHENTICATE": b"NO [UNAVAILABLE] the password database is away"})


def test_too_many_connections(dovecot_servers: Any) -> None:
    """A limit on connections is no wrong password: trying later is the next step."""
    account = dovecot_servers.get(Variant(connections=1)).account()
    first = connect(account.host, account.port, account)
    with pytest.raises(ConnectionLost, match="onnections"):
        connect(account.host, account.port, account)
    first.close()


def test_no_password_in_any_log(account: Account, caplog: pytest.LogCaptureFixture) -> None:
    """With every logger at DEBUG, neither the password nor a message's text is written."""
    caplog.set_level(logging.DEBUG)
    store = connect(account.host, account.port, account)
    box = store.open("INBOX")
    box.append(PLAIN)
    list(box.fetch(box.uids()))
    store.close()
    assert PASSWORD not in caplog.text
    assert "AHVzZX" not in caplog.text  # "\0user…" in base64
    assert "Hello." not in caplog.text


@pytest.mark.parametrize("password", ["corr\u00e9ct", "line\r\nA1 DELETE INBOX", "nul\0"])
def test_login_carries_ascii_only(password: str) -> None:
    """Where only LOGIN is offered, a password it cannot carry is refused before a word of it is sent."""
    server = ScriptedServer({"CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n"})
    with pytest.raises(MailboxError, match="ASCII"):
        ImapStore(server.host, server.port, "alice", password, security="none", timeout=PATIENT)
    assert b"LOGIN" not in server.sent


def test_login_quotes_the_name() -> None:
    """LOGIN sends name and password between quotes, so neither can end the command."""
    server = ScriptedServer({"CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n", "LOGIN": b""})
    ImapStore(server.host, server.port, 'a b"c', 'x"\\y', security="none", timeout=PATIENT).close()
    assert b'LOGIN "a b\\"c" "x\\"\\\\y"\r\n' in server.sent


def test_plain_carries_any_character() -> None:
    """AUTHENTICATE PLAIN carries a password in UTF-8."""
    server = ScriptedServer()
    ImapStore(server.host, server.port, "alice", "corr\u00e9ct", security="none", timeout=PATIENT).close()
    assert b"AGFsaWNlAGNvcnLDqWN0" in server.sent


# --- reaching the server ------------------------------------------------------------------------------


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_tls_with_the_right_authority(
    dovecot_tls: Dovecot, authority: Any, security: Security, tmp_path: Any
) -> None:
    """With the authority named, mail goes through TLS from the start and by STARTTLS, nothing of it readable."""
    account = dovecot_tls.account()
    proxy = Proxy(account.host, account.tls_port if security == "tls" else account.port)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    store = connect("localhost", proxy.port, account, security=security, cafile=tmp_path / "ca.pem")
    box = store.open("INBOX")
    box.append(PLAIN)
    assert [m.raw for m in box.fetch(box.uids())] == [PLAIN]
    store.close()
    proxy.stop()
    assert b"Hello." not in proxy.sent + proxy.received
    assert b"AUTHENTICATE" not in proxy.sent


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize(
    ("host", "trusted", "sentence"),
    [("localhost", False, "authority"), ("127.0.0.1", True, "another name"), ("mail.example.org", True, "another name")],
)  # fmt: skip
def test_tls_that_cannot_be_trusted(
    dovecot_tls: Dovecot,
    authority: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,
    security: Security,
    host: str,
    trusted: bool,
    sentence: str,
) -> None:
    """An unknown authority or another name ends the connection with a sentence, before any sign-in."""
    account = dovecot_tls.account()
    proxy = Proxy(account.host, account.tls_port if security == "tls" else account.port)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    direct = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda _host, *rest, **more: direct("127.0.0.1", *rest, **more)
    )
    with pytest.raises(MailboxError, match=sentence) as refused:
        connect(host, proxy.port, account, security=security, cafile=tmp_path / "ca.pem" if trusted else None)
    assert ONE_SENTENCE.fullmatch(str(refused.value))
    assert b"AUTHENTICATE" not in proxy.sent


def test_tls_to_a_port_without_tls(account: Account) -> None:
    """The sentence names the usual port and the other setting."""
    with pytest.raises(MailboxError, match=r"does not speak TLS.*993.*starttls"):
        connect(account.host, account.port, account, security="tls")


def test_starttls_that_is_not_offered(account: Account) -> None:
    """There is no falling back to plain text: nothing but CAPABILITY is sent, and that where the greeting does not tell."""
    proxy = Proxy(account.host, account.port)
    with pytest.raises(MailboxError, match="STARTTLS"):
        connect(proxy.host, proxy.port, account, security="starttls")
    assert {line.split()[1] for line in bytes(proxy.sent).splitlines()} <= {b"CAPABILITY"}


def test_no_plain_text_to_other_hosts() -> None:
    """Without TLS only this computer is spoken to, unless the caller insists; no connection is tried."""
    with pytest.raises(MailboxError, match="plain text"):
        ImapStore("192.0.2.1", 143, "alice", PASSWORD, security="none")


def test_a_cafile_that_is_none(tmp_path: Any) -> None:
    """A file without a certificate, or none at all, is named."""
    (tmp_path / "empty.pem").write_text("")
    for name in ("empty.pem", "missing.pem"):
        with pytest.raises(MailboxError, match=name):
            ImapStore("localhost", 993, "alice", PASSWORD, cafile=tmp_path / name)


def test_nobody_listens() -> None:
    """A closed port is said so, with the usual ones."""
    with pytest.raises(ConnectionLost, match=r"Nothing listens.*993"):
        ImapStore("127.0.0.1", free_ports(1)[0], "alice", PASSWORD, security="none")


def test_an_unknown_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host without an address is named."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(ConnectionLost, match=r"mail\.example\.org was not found"):
        ImapStore("mail.example.org", 993, "alice", PASSWORD)


@pytest.mark.parametrize("security", ["none", "tls"])
def test_a_server_that_never_speaks(security: Security) -> None:
    """A host that takes the connection and says nothing is given up after the connect timeout."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        with pytest.raises(ConnectionLost, match="did not answer in time"):
            ImapStore(
                "127.0.0.1",
                silent.getsockname()[1],
                "a",
                "b",
                security=security,
                timeout=SocketTimeout(0.5, 30),
            )
        assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("greeting", "sentence"),
    [
        (b"* BYE overloaded\r\n", "overloaded"),
        (b"* PREAUTH welcome\r\n", "PREAUTH"),
        (b"HTTP/1.0 400 Bad Request\r\n\r\n", "at once"),
        (b"", "did not answer in time"),
    ],
)
def test_greetings_that_lead_nowhere(
    scripted: Callable[..., ImapStore], greeting: bytes, sentence: str
) -> None:
    """Each ends in a sentence, none in a sign-in."""
    with pytest.raises(MailboxError, match=sentence) as refused:
        scripted(greeting=greeting)
    assert ONE_SENTENCE.fullmatch(str(refused.value))


# --- a link that breaks -------------------------------------------------------------------------------


def test_a_connection_cut_while_fetching(account: Account, proxy: type[Proxy]) -> None:
    """What came before the cut is good, the cut is a ConnectionLost, and so is every call afterwards."""
    ImapObserver(account).deliver([PLAIN + b"%d\r\n" % n + b"x" * 5000 for n in range(120)])
    cutting = proxy(account.host, account.port)
    store = connect(cutting.host, cutting.port, account)
    box = store.open("INBOX", readonly=True)
    coming = box.fetch(box.uids())
    first = [next(coming).raw for _ in range(50)]
    cutting.to_client = cut_after(100_000)
    with pytest.raises(ConnectionLost, match="connect again"):
        list(coming)
    assert first == [PLAIN + b"%d\r\n" % n + b"x" * 5000 for n in range(50)]
    with pytest.raises(ConnectionLost, match="ended"):
        box.uids()
    store.close()


@pytest.mark.parametrize("what", ["all", "in the middle"])
def test_a_black_hole(account: Account, proxy: type[Proxy], what: str) -> None:
    """A link on which nothing arrives any more is given up after the read timeout, and closing does not wait long."""
    ImapObserver(account).deliver([PLAIN * 200])
    hole = proxy(account.host, account.port)
    store = connect(hole.host, hole.port, account, timeout=QUICK)
    box = store.open("INBOX", readonly=True)
    hole.to_client = stalling if what == "all" else stall_after(2000)
    started = time.monotonic()
    with pytest.raises(ConnectionLost, match="did not answer in time"):
        list(box.fetch([1]))
    store.close()
    assert time.monotonic() - started < 10


def test_closing_into_a_black_hole(
    account: Account, proxy: type[Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signing out does not wait for a server that is gone."""
    monkeypatch.setattr("blocker.mailbox.imap.connection._GOODBYE", 0.3)
    hole = proxy(account.host, account.port)
    store = connect(hole.host, hole.port, account, timeout=SocketTimeout(5, 60))
    hole.to_client = stalling
    started = time.monotonic()
    store.close()
    assert time.monotonic() - started < 1 * BUSY


def test_the_answer_to_append_is_lost(account: Account, proxy: type[Proxy]) -> None:
    """A lost answer is a ConnectionLost and nothing is sent twice: the server holds the message once."""
    losing = proxy(account.host, account.port)
    store = connect(losing.host, losing.port, account)
    box = store.open("INBOX")
    losing.lose_append_reply()
    with pytest.raises(ConnectionLost, match="store a message"):
        box.append(PLAIN)
    assert list(ImapObserver(account).messages().values()) == [PLAIN]
    store.close()


def test_an_append_that_is_swallowed(account: Account, proxy: type[Proxy]) -> None:
    """A server that says OK and keeps nothing gives no UID, or one that leads to another message: never an error."""
    ImapObserver(account).deliver([PLAIN])
    lying = proxy(account.host, account.port)
    store = connect(lying.host, lying.port, account)
    box = store.open("INBOX")
    swallowing = lying.swallow_append()
    assert box.append(b"Subject: copy\r\n\r\n") is None
    swallowing.answer = b"[APPENDUID %d 1] done" % box.status().uidvalidity
    assert box.append(b"Subject: copy\r\n\r\n") == 1
    swallowing.answer = b"[APPENDUID 12345 1] done"
    assert box.append(b"Subject: copy\r\n\r\n") is None
    assert swallowing.swallowed == 3
    assert ImapObserver(account).messages() == {1: PLAIN}
    store.close()


def test_a_server_that_is_stopped(dovecot: Dovecot, account: Account) -> None:
    """When the server ends the session, the next call is a ConnectionLost."""
    store = connect(account.host, account.port, account)
    box = store.open("INBOX")
    dovecot.doveadm("kick", account.user)
    time.sleep(0.2)
    with pytest.raises(ConnectionLost):
        box.uids()
    store.close()


# --- what is sent -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw", [b"a: b\n\nbare\nline feeds\n", b"a: b\r\n\r\nbare\rreturns\r", b"a: b\r\n\r\nnul \0\r\n"]
)
def test_octets_leave_as_they_are(account: Account, proxy: type[Proxy], raw: bytes) -> None:
    """Bare CR, LF and NUL are sent unchanged: what a server makes of them is found by reading back."""
    seeing = proxy(account.host, account.port)
    store = connect(seeing.host, seeing.port, account)
    box = store.open("INBOX")
    uid = box.append(raw)
    assert b"{%d+}\r\n%s\r\n" % (len(raw), raw) in seeing.sent
    if uid is not None:
        assert {uid: next(iter(box.fetch([uid]))).raw} == ImapObserver(account).messages()
    store.close()


def test_large_messages_come_one_by_one(
    account: Account, proxy: type[Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A FETCH asks for no more octets than the bound, so that memory stays bounded whatever the folder holds."""
    monkeypatch.setattr("blocker.mailbox.imap.folder.BATCH_OCTETS", 10_000)
    raws = [PLAIN + b"x" * size for size in (4000, 4000, 4000, 30_000, 100, 100)]
    ImapObserver(account).deliver(raws)
    seeing = proxy(account.host, account.port)
    store = connect(seeing.host, seeing.port, account)
    assert [m.raw for m in store.open("INBOX").fetch([1, 2, 3, 4, 5, 6])] == raws
    asked = re.findall(rb"UID FETCH ([\d,]+) \(UID FLAGS INTERNALDATE MODSEQ BODY", bytes(seeing.sent))
    assert asked == [b"1,2", b"3", b"4", b"5,6"]
    store.close()


def test_a_folder_of_many_uids(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Searching in windows finds the same UIDs as one search."""
    ImapObserver(account).deliver([PLAIN] * 25)
    store = connect(account.host, account.port, account)
    box = store.open("INBOX")
    for module in ("folder", "select"):
        monkeypatch.setattr(f"blocker.mailbox.imap.{module}.WINDOW", 4)
    assert box.uids() == list(range(1, 26))
    assert box.uids(7) == list(range(7, 26))
    assert box.uids(26) == []
    store.close()


def test_many_messages_far_apart_are_few_searches() -> None:
    """45,001 messages whose UIDs lie near 4,000,000,000: two searches, whatever the UIDs are; new mail is one."""
    uids = [4_000_000_000 + 6000 * n for n in range(45_001)]

    def search(command: bytes) -> bytes:
        first, last = re.match(rb"UID SEARCH (\d+):(\d+|\*) ", command).groups()  # type: ignore[union-attr]
        part = uids[int(first) - 1 : None if last == b"*" else int(last)]
        return b" ".join([b"* SEARCH", *(b"%d" % uid for uid in part)]) + b"\r\n"

    server = ScriptedServer(
        {
            "SELECT|EXAMINE": b"* 45001 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT %d] x\r\n"
            % (uids[-1] + 1),
            "NOOP": b"",
            "UID SEARCH": search,
            "UID SEARCH UID": b"* SEARCH %d\r\n" % uids[-1],
        }
    )
    store = connect(server.host, server.port, Account(server.host, server.port, "alice", PASSWORD))
    box = store.open("INBOX")
    assert box.uids() == uids
    assert bytes(server.sent).count(b"UID SEARCH") == 2
    assert box.uids(uids[-1] + 1) == []
    assert bytes(server.sent).count(b"UID SEARCH") == 3
    store.close()


def test_many_uids_in_short_lines(account: Account, proxy: type[Proxy]) -> None:
    """However many UIDs are named, no command line is above the 8,192 octets of RFC 7162."""
    ImapObserver(account).deliver([PLAIN])
    seeing = proxy(account.host, account.port)
    store = connect(seeing.host, seeing.port, account)
    box = store.open("INBOX")
    uids = [1, *range(4_000_000_000, 4_000_002_000)]
    assert set(box.flags(uids)) == set(box.sizes(uids)) == set(box.add_flags(uids, ["\\Seen"])) == {1}
    box.remove(uids)
    assert box.uids() == []
    assert max(map(len, bytes(seeing.sent).splitlines())) <= 8192
    store.close()


@pytest.mark.parametrize("keyword", ["NIL", "7", "a]b"])
def test_keywords_that_look_like_something_else(account: Account, keyword: str) -> None:
    """Dovecot lets anybody set them: they are keywords, and a copy gets them too."""
    store = connect(account.host, account.port, account)
    box = store.open("INBOX")
    box.append(PLAIN, ["work"])
    try:
        box.add_flags([1], [keyword])
    except MailboxError:  # a Dovecot that is stricter about brackets
        assert keyword == "a]b"
    assert box.flags([1])[1] >= {"work"}
    [stored] = box.fetch([1])
    assert (stored.raw, stored.flags) == (PLAIN, box.flags([1])[1])
    assert (keyword in stored.flags) or keyword == "a]b"
    box.append(PLAIN, stored.flags)
    assert box.flags([2])[2] == stored.flags
    store.close()


# --- servers that say too much ---------------------------------------------------------------------------


def endless(before: bytes, line: bytes) -> tuple[int, list[int]]:
    """The port of a server that answers a first command and then repeats a line; how much it could say."""
    listener = socket.create_server(("127.0.0.1", 0))
    said: list[int] = [0]

    def serve() -> None:
        peer, _ = listener.accept()
        with peer, listener, suppress(OSError):
            peer.sendall(before)
            while True:
                peer.sendall(line * 1000)
                said[0] += 1000 * len(line)

    threading.Thread(target=serve, daemon=True).start()
    return int(listener.getsockname()[1]), said


@pytest.mark.parametrize("before", [b"", b"* OK ready\r\n"])
@pytest.mark.parametrize(
    "line", [b"* OK wait\r\n", b"* 1 FETCH (FLAGS ())\r\n", b"\r\n", b"* X {9}\r\n123456789\r\n"]
)
def test_endless_lines_before_the_sign_in(before: bytes, line: bytes) -> None:
    """A server that nobody knows yet is listened to for a megabyte at most; the sentence says why it ended."""
    port, said = endless(before, line)
    with pytest.raises(ConnectionLost, match=r"1 MB|at once") as lost:
        ImapStore("127.0.0.1", port, "alice", PASSWORD, security="none", timeout=PATIENT)
    assert ONE_SENTENCE.fullmatch(str(lost.value))
    assert said[0] < 20_000_000  # what lies in the sockets' buffers among it


def test_endless_lines_after_it(scripted: Callable[..., ImapStore], monkeypatch: pytest.MonkeyPatch) -> None:
    """What one command may be answered is bounded; what many are, is not."""
    monkeypatch.setattr("blocker.mailbox.imap.wire.LINES", 100_000)
    store = scripted(
        {"NOOP": b"* 3 EXISTS\r\n" * 500, "UID SEARCH": b"* SEARCH 1\r\n", "LIST": b"* OK x\r\n" * 2000}
    )
    box = store.open("INBOX")
    for _ in range(5):
        assert box.uids() == [1]
    with pytest.raises(ConnectionLost, match="of lines"):
        store.folders()


def test_a_sign_in_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that come one by one end with the time that a sign-in may take; who is signed in may stay as long as they like."""
    monkeypatch.setattr("blocker.mailbox.imap.wire.SIGN_IN", 0.5)
    server = ScriptedServer({"UID SEARCH": b"* SEARCH 1\r\n", "NOOP": b""})
    store = connect(server.host, server.port, Account(server.host, server.port, "alice", PASSWORD))
    time.sleep(0.6)
    assert store.open("INBOX").uids() == [1]
    store.close()

    def slowly(_command: bytes) -> bytes:
        time.sleep(0.6)
        return b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"

    server = ScriptedServer({"CAPABILITY": slowly})
    with pytest.raises(ConnectionLost, match="not let us in"):
        connect(server.host, server.port, Account(server.host, server.port, "alice", PASSWORD))


@pytest.mark.parametrize("name", ["UIDVALIDITY 0", f"UIDVALIDITY {10**23}", "UIDVALIDITY -1", "NOTHING 1"])
def test_a_uidvalidity_that_is_none(scripted: Callable[..., ImapStore], name: str) -> None:
    """UIDs that cannot be told from those of another folder of the same name are not worked with; a sentence says so."""
    store = scripted(
        {"SELECT|EXAMINE": b"* 1 EXISTS\r\n* OK [%b] x\r\n* OK [UIDNEXT 4] x\r\n" % name.encode()}
    )
    with pytest.raises(MailboxError, match="no UIDVALIDITY that can be used") as refused:
        store.open("INBOX")
    assert ONE_SENTENCE.fullmatch(str(refused.value))
    assert not isinstance(refused.value, ConnectionLost)
    store.close()


# --- servers with limits ------------------------------------------------------------------------------


@pytest.mark.parametrize("literal_plus", [True, False])
def test_over_quota(dovecot_servers: Any, literal_plus: bool) -> None:
    """A full account is an OverQuota sentence; what was there stays, and the connection goes on working."""
    capability = "" if literal_plus else "IMAP4rev1 UIDPLUS"
    account = dovecot_servers.get(Variant(quota="20K", capability=capability)).account()
    store = connect(account.host, account.port, account)
    box = store.open("INBOX")
    box.append(PLAIN)
    with pytest.raises(OverQuota, match=r"no room.*nothing was changed\.$"):
        box.append(PLAIN + b"x" * 30_000)
    assert ImapObserver(account).messages() == {1: PLAIN}
    assert box.append(PLAIN) == 2
    store.close()


@pytest.mark.parametrize(
    ("capabilities", "answer", "room", "largest"),
    [
        (b"QUOTA", b'* QUOTAROOT INBOX "a"\r\n* QUOTA "a" (STORAGE 10 512)\r\n', (10240, 524288), None),
        (
            b"QUOTA=RES-STORAGE APPENDLIMIT=35651584",
            b"* QUOTAROOT INBOX a b\r\n* QUOTA a (STORAGE 10 512)\r\n* QUOTA b (MESSAGE 1 9 STORAGE 90 91)\r\n",
            (92160, 93184),
            35651584,
        ),
        (b"QUOTA APPENDLIMIT", b"* QUOTAROOT INBOX\r\n", None, None),
        (b"QUOTA APPENDLIMIT=many", b"NO not for you", None, None),
        (b"APPENDLIMIT=0", b"BAD what?", None, 0),
    ],
)
def test_room_is_told(
    scripted: Any,
    capabilities: bytes,
    answer: bytes,
    room: tuple[int, int] | None,
    largest: int | None,
) -> None:
    """Of several quotas the one that leaves least counts; what is not told is None, and no failure."""
    known = b"* CAPABILITY IMAP4rev1 AUTH=PLAIN %b\r\n" % capabilities
    store = scripted({"CAPABILITY": known, "GETQUOTAROOT": answer})
    assert (store.room("INBOX"), store.largest()) == (room, largest)
    store.close()


def test_copying_over_quota(dovecot_servers: Any) -> None:
    """Without MOVE, a move that needs room it does not have leaves the original unmarked and makes no copy."""
    account = dovecot_servers.get(Variant(quota="20K", capability="IMAP4rev1 UIDPLUS")).account()
    raw = PLAIN + b"x" * 15_000
    ImapObserver(account).deliver([raw])
    store = connect(account.host, account.port, account)
    store.ensure("Quarantine")
    with pytest.raises(OverQuota):
        store.open("INBOX").move([1], "Quarantine")
    assert ImapObserver(account).messages() == {1: raw}
    assert ImapObserver(account).flags() == {1: set()}
    assert ImapObserver(account).messages("Quarantine") == {}
    store.close()


def test_flags_refused_in_silence(dovecot_acl: Dovecot) -> None:
    """Where rights forbid it, the flags read back tell that nothing was set; append drops the keyword, not the mail."""
    account = dovecot_acl.account()
    store = connect(account.host, account.port, account)
    store.ensure("Shelf")
    box = store.open("Shelf")
    assert not box.status().stores("\\Flagged")
    assert not box.status().stores("$Tracked")
    box.append(PLAIN, ["$Tracked", "\\Flagged"])
    assert box.add_flags([1], ["$Tracked", "\\Flagged"]) == {1: set()}
    assert ImapObserver(account).messages("Shelf") == {1: PLAIN}
    store.close()


@pytest.mark.parametrize("act", ["move", "remove"])
@pytest.mark.parametrize("shelf", ["Shelf", "Ledge"])
def test_rights_are_asked_before_moving(dovecot_acl: Dovecot, act: str, shelf: str) -> None:
    """Where messages may not be taken out, nothing is copied first: Dovecot would leave two (seen with MOVE)."""
    account = dovecot_acl.account()
    store = connect(account.host, account.port, account)
    for folder in (shelf, "Quarantine"):
        store.ensure(folder)
    box = store.open(shelf)
    box.append(PLAIN)
    assert not box.may_remove()
    with pytest.raises(MailboxError, match="rights: "):
        box.move([1], "Quarantine") if act == "move" else box.remove([1])
    assert ImapObserver(account).flags(shelf) == {1: set()}
    assert ImapObserver(account).messages(shelf) == {1: PLAIN}
    assert ImapObserver(account).messages("Quarantine") == {}
    store.close()


def test_nothing_is_marked_where_single_messages_cannot_be_taken_away(dovecot_servers: Any) -> None:
    """MOVE without UIDPLUS: a plain EXPUNGE would take along what another program marked, so nothing is begun."""
    account = dovecot_servers.get(Variant(capability="IMAP4rev1 MOVE")).account()
    store = connect(account.host, account.port, account)
    store.ensure("Shelf")
    box = store.open("Shelf")
    box.append(PLAIN)
    with pytest.raises(MailboxError, match="no UIDPLUS"):
        box.remove([1])
    assert box.flags([1])[1] - {"\\Recent"} == set()
    assert ImapObserver(account).messages("Shelf") == {1: PLAIN}
    store.close()


# --- servers that answer oddly ------------------------------------------------------------------------


def test_news_about_other_messages(scripted: Callable[..., ImapStore]) -> None:
    """Unasked answers, with a UID not asked for or with none, never mix into those asked for."""
    store = scripted(
        {
            "UID FETCH": b"* 3 FETCH (FLAGS (\\Deleted))\r\n* 9 FETCH (UID 99 FLAGS (\\Draft))\r\n"
            b"* 1 FETCH (UID 3 FLAGS (\\Seen))\r\n* 2 EXPUNGE\r\n* 1 FETCH (FLAGS (\\Flagged))\r\n",
            "NOOP": b"* 3 FETCH (FLAGS (\\Answered))\r\n",
            "UID SEARCH": b"* SEARCH 3\r\n",
        }
    )
    assert store.open("INBOX").flags([3, 1]) == {3: {"\\Seen"}}
    store.close()


@pytest.mark.parametrize(
    ("told", "expunged"), [(b"2", b"1,3"), (b"2:9", b"1"), (b"77", b""), (b"x", b""), (b"1:3", b"")]
)
def test_what_a_server_says_was_changed_is_not_expunged(told: bytes, expunged: bytes) -> None:
    """A conditional STORE that failed for some: only the others go; none where nobody can tell for which."""
    server = ScriptedServer(
        {
            "CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN UIDPLUS ENABLE CONDSTORE\r\n",
            "ENABLE": b"* ENABLED CONDSTORE\r\n",
            "SELECT|EXAMINE": b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 4] x\r\n* OK [HIGHESTMODSEQ 9] x\r\n",
            "UID FETCH": b"".join(
                b"* %d FETCH (UID %d MODSEQ (5) BODY[HEADER.FIELDS (SUBJECT)] {2}\r\n\r\n)\r\n" % (n, n)
                for n in (1, 2, 3)
            ),
            "UID STORE": b"OK [MODIFIED %s] not all" % told,
            "UID EXPUNGE": b"",
        }
    )
    store = connect(server.host, server.port, Account(server.host, server.port, "alice", PASSWORD))
    box = store.open("INBOX")
    box.headers([1, 2, 3], "Subject")
    with pytest.raises(Changed):
        box.remove([1, 2, 3])
    assert b"UID STORE 1,2,3 (UNCHANGEDSINCE 5) +FLAGS.SILENT (\\Deleted)\r\n" in server.sent
    assert re.findall(rb"UID EXPUNGE (.*)\r\n", bytes(server.sent)) == ([expunged] if expunged else [])
    store.close()


def test_a_message_that_is_listed_and_not_given(scripted: Callable[..., ImapStore]) -> None:
    """A message whose octets the server withholds is an error that names it, not an empty message."""
    said = b"* 1 FETCH (UID 1 FLAGS () RFC822.SIZE 5 BODY[] NIL)\r\n"
    store = scripted({"UID FETCH": said, "NOOP": b"", "UID SEARCH": b"* SEARCH 1\r\n"})
    with pytest.raises(MailboxError, match="message 1 of INBOX"):
        list(store.open("INBOX").fetch([1]))
    store.close()


def test_some_messages_are_gone(scripted: Callable[..., ImapStore]) -> None:
    """EXPUNGEISSUED with some of the answers gives these (RFC 5530)."""
    store = scripted(
        {
            "UID FETCH": b"* 1 FETCH (UID 1 FLAGS (\\Seen))\r\nNO [EXPUNGEISSUED] some are gone",
            "NOOP": b"",
            "UID SEARCH": b"* SEARCH 1\r\n",
        }
    )
    assert store.open("INBOX").flags([1, 2]) == {1: {"\\Seen"}}
    store.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"* 1 FETCH (UID 1 FLAGS (\\Seen)\r\n",
        b"* 1 FETCH (UID x FLAGS)\r\n",
        b"* 1 FETCH (UID 1 BODY[] {99999999999}\r\n",
        b"* 1 FETCH NIL\r\n",
        b"\x00\xff garbage\r\n",
        b"* 1 FETCH (UID 1 RFC822.SIZE many)\r\n",
    ],
)  # fmt: skip
def test_answers_that_are_no_imap(scripted: Callable[..., ImapStore], answer: bytes) -> None:
    """Whatever comes, it ends in a MailboxError or in no size; never in another error, nor in taken memory."""
    store = scripted({"UID FETCH": answer, "NOOP": b"", "UID SEARCH": b"* SEARCH 1\r\n"})
    box = store.open("INBOX")
    try:
        assert box.sizes([1]) == {1: 0}
    except MailboxError as error:
        assert ONE_SENTENCE.fullmatch(str(error))
    store.close()


@pytest.mark.parametrize(
    ("answers", "act"),
    [
        ({"UID SEARCH": b"NO [SERVERBUG] oops", "NOOP": b""}, lambda store: store.open("INBOX").uids()),
        ({"LIST": b"BAD what"}, lambda store: store.folders()),
        ({"SELECT|EXAMINE": b"* OK [UIDVALIDITY x] x\r\n* 1 EXISTS\r\n"}, lambda store: store.open("INBOX")),
        (
            {"UID FETCH": b"* 1 FETCH (UID 1 FLAGS 5)\r\n", "NOOP": b"", "UID SEARCH": b"* SEARCH 1\r\n"},
            lambda store: store.open("INBOX").flags([1]),
        ),
        (
            {"UID FETCH": b"NO [SERVERBUG] oops", "NOOP": b"", "UID SEARCH": b"* SEARCH 1\r\n"},
            lambda store: store.open("INBOX").flags([1]),
        ),
        ({"UID FETCH": b"BAD what", "NOOP": b""}, lambda store: store.open("INBOX").sizes([1])),
    ],
)
def test_commands_answered_with_nonsense(
    scripted: Callable[..., ImapStore], answers: dict[str, Answer], act: Callable[[ImapStore], object]
) -> None:
    """Every call that is answered with nonsense or a refusal raises a MailboxError of one sentence."""
    store = scripted(answers)
    with pytest.raises(MailboxError) as refused:
        act(store)
    assert ONE_SENTENCE.fullmatch(str(refused.value))
    store.close()


def test_a_message_whose_count_leaves_out_its_last_line_end(scripted: Callable[..., ImapStore]) -> None:
    """It is not read as one without: what is left of it stands where the answer has to go on."""
    told = b'* 1 FETCH (UID 1 FLAGS () INTERNALDATE "01-Jan-2024 10:00:00 +0000" RFC822.SIZE 11 BODY[] {9}\r\na: b\r\n\r\nx\r\n)\r\n'
    store = scripted({"UID FETCH": told, "UID SEARCH": b"* SEARCH 1\r\n", "NOOP": b""})
    with pytest.raises(MailboxError):
        list(store.open("INBOX").fetch([1]))
    store.close()


def test_imaplib_remembers_no_password() -> None:
    """imaplib's memory of recent commands, which it would print in a crash, holds no LOGIN."""
    server = ScriptedServer({"CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n", "LOGIN": b""})
    store = connect(server.host, server.port, Account(server.host, server.port, "alice", PASSWORD))
    assert PASSWORD.encode() in server.sent
    assert PASSWORD not in repr(vars(store._connection.imap))
    assert PASSWORD not in repr(vars(store)) + repr(vars(store._connection))
    store.close()


def test_a_folder_without_uidvalidity(scripted: Callable[..., ImapStore]) -> None:
    """Such a folder is refused, as its UIDs mean nothing."""
    store = scripted({"SELECT|EXAMINE": b"* 1 EXISTS\r\n* 0 RECENT\r\n"})
    with pytest.raises(MailboxError, match="UIDVALIDITY"):
        store.open("INBOX")
    store.close()


def test_only_what_was_copied_is_taken_away() -> None:
    """Where the server confirms the copies of some messages only, the others are neither marked nor expunged."""
    server = ScriptedServer(
        {
            "CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN UIDPLUS\r\n",
            "LIST": b'* LIST () "/" ""\r\n',
            "UID COPY": b"OK [COPYUID 9 1,3 11:12] done",
            "UID STORE": b"",
            "UID EXPUNGE": b"",
        }
    )
    store = connect(server.host, server.port, Account(server.host, server.port, "alice", PASSWORD))
    store.open("INBOX").move([1, 2, 3], "Quarantine")
    assert b"UID STORE 1,3 +FLAGS.SILENT (\\Deleted)\r\n" in server.sent
    assert b"UID EXPUNGE 1,3\r\n" in server.sent
    store.close()


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (b'* NAMESPACE (("INBOX." ".")) NIL NIL\r\n', "INBOX.unpixel.Quarantine"),
        (b'* NAMESPACE (("" "/")) NIL NIL\r\n', "unpixel/Quarantine"),
        (b'* NAMESPACE (("" ".")) NIL NIL\r\n', "unpixel.Quarantine"),
    ],
)
def test_folders_take_the_servers_separator(listed: bytes, expected: str) -> None:
    """A folder is made under the name the server would give it, below the user's own prefix, unsubscribed."""
    server = ScriptedServer(
        {
            "CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN NAMESPACE\r\n",
            "NAMESPACE": listed,
            "LIST": b"",
            "CREATE": b"",
            "UNSUBSCRIBE": b"NO not subscribed",
        }
    )
    store = connect(server.host, server.port, Account(server.host, server.port, "alice", PASSWORD))
    store.ensure("unpixel/Quarantine")
    assert f'CREATE "{expected}"'.encode() in server.sent
    assert f'UNSUBSCRIBE "{expected}"'.encode() in server.sent
    assert store.open("unpixel/Quarantine").name == expected
    store.close()


def test_a_folder_name_nobody_can_decode(scripted: Callable[..., ImapStore]) -> None:
    """One broken name does not hide the other folders."""
    store = scripted(
        {"LIST": b'* LIST () "/" "&bad"\r\n* LIST () "/" Good\r\n* LIST (\\Noselect) "/" Step\r\n'}
    )
    assert store.folders() == ["Good"]
    store.close()


def test_hostile_folder_names() -> None:
    """A name with a line end cannot smuggle in a command."""
    server = ScriptedServer({"LIST": b"", "CREATE": b"", "UNSUBSCRIBE": b""})
    store = connect(server.host, server.port, Account(server.host, server.port, "alice", PASSWORD))
    store.ensure('x"\r\nA9 DELETE INBOX\r\n')
    store.close()
    assert not [line for line in bytes(server.sent).splitlines() if line.startswith(b"A9")]


def test_a_long_answer_is_cut(scripted: Callable[..., ImapStore]) -> None:
    """A refusal of any length, with control characters, becomes one short line."""
    store = scripted({"SELECT|EXAMINE": b"NO " + b"no \x1b[31m\x07way " * 5000})
    with pytest.raises(MailboxError) as refused:
        store.open("INBOX")
    assert len(str(refused.value)) < 400
    assert str(refused.value).isprintable()
    store.close()


def test_cut_at_the_sign_in(account: Account, proxy: type[Proxy]) -> None:
    """A connection that ends during the sign-in is not taken for a wrong password."""
    cutting = proxy(account.host, account.port, to_server=cut_at(rb"AUTHENTICATE"))
    with pytest.raises(ConnectionLost):
        connect(cutting.host, cutting.port, account)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("38505 304,319:320 3956:3958", {304: 3956, 319: 3957, 320: 3958}),
        ("1 4 9", {4: 9}),
        ("1 4:5 9", {}),
        ("1 4", {}),
        ("1 x 9", {}),
        ("", {}),
        ("1 1:4000000000 1:4000000000", {}),
    ],
)
def test_what_a_move_tells(data: str, told: dict[int, int]) -> None:
    """COPYUID as RFC 4315 writes it; what cannot be read tells nothing."""
    assert copied(data) == told
