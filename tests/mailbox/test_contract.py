"""The suite of contract.py on every implementation: memory, and IMAP on real servers of different ability."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from blocker.demo.server import MailServer
from blocker.mailbox.imap import ImapStore, SocketTimeout
from tests.mailbox.contract import MovingContract, NotMovingContract, local_zone
from tests.mailbox.memory import MemoryAccount, MemoryStore
from tests.mailbox.observers import ImapObserver, MemoryObserver
from tests.servers.dovecot import Account, Dovecot
from tests.servers.proxy import Proxy

__all__ = ["local_zone"]

FORBIDDEN = re.compile(rb"(?im)^\S+ (EXPUNGE|CLOSE)\r?$")
"""A command that takes away what others marked."""
RANGE = re.compile(rb"(?im)^\S+ UID (FETCH|STORE|MOVE|COPY|EXPUNGE) [\d,]*[:*]")
"""A command on a range, which reaches messages nobody named."""


class MemoryPlace:
    """A memory account."""

    def __init__(self, account: MemoryAccount) -> None:
        self.account = account
        self.observer = MemoryObserver(account)

    def store(self) -> MemoryStore:
        """A connection to it."""
        return MemoryStore(self.account)


class ImapPlace:
    """An account of a real server; the client under test goes through a proxy that keeps what it sends."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.observer = ImapObserver(account)
        self.proxy = Proxy(account.host, account.port)

    def store(self) -> ImapStore:
        """A connection through the proxy."""
        return ImapStore(
            self.proxy.host,
            self.proxy.port,
            self.account.user,
            self.account.password,
            security="none",
            timeout=SocketTimeout(connect=10, read=20),
        )


def watched(account: Account) -> Iterator[ImapPlace]:
    """A place whose wire is looked at when the test is over: neither EXPUNGE nor CLOSE, and UIDs by lists only."""
    place = ImapPlace(account)
    yield place
    sent = bytes(place.proxy.sent)
    place.proxy.stop()
    assert not FORBIDDEN.findall(sent)
    assert not RANGE.findall(sent)


class TestMemory(MovingContract):
    """The memory store."""

    @pytest.fixture
    def place(self) -> MemoryPlace:
        """A new account."""
        return MemoryPlace(MemoryAccount())


class TestMemoryWithout(NotMovingContract):
    """The memory store with the weaknesses of an old server."""

    keeps_keywords = False
    tells_uid = False

    @pytest.fixture
    def place(self) -> MemoryPlace:
        """An account that keeps system flags only, cannot move and tells no UID."""
        account = MemoryAccount(moves=False, appenduid=False)
        account.folders["INBOX"].permanent_flags -= {"\\*"}
        return MemoryPlace(account)


class TestDovecot(MovingContract):
    """IMAP on a Dovecot that can do everything."""

    @pytest.fixture
    def place(self, dovecot: Dovecot) -> Iterator[ImapPlace]:
        """A new account."""
        yield from watched(dovecot.account())


class TestDovecotUidplus(MovingContract):
    """IMAP on a Dovecot without MOVE: copy, mark, targeted expunge."""

    counts_changes = False

    @pytest.fixture
    def place(self, dovecot_uidplus: Dovecot) -> Iterator[ImapPlace]:
        """A new account."""
        yield from watched(dovecot_uidplus.account())


class TestDovecotStripped(NotMovingContract):
    """IMAP on a Dovecot that announces IMAP4rev1 alone (it tells APPENDUID all the same)."""

    @pytest.fixture
    def place(self, dovecot_stripped: Dovecot) -> Iterator[ImapPlace]:
        """A new account."""
        yield from watched(dovecot_stripped.account())


class TestPymap(MovingContract):
    """IMAP on the server of the demonstration; STORE of a keyword is lost there, APPEND of one is not."""

    keeps_keywords = False
    keeps_appended_keywords = True
    counts_changes = False
    tells_parts = False  # it counts a part's header among the octets of its body
    altered = frozenset({"no empty line"})

    @pytest.fixture
    def place(self) -> Iterator[ImapPlace]:
        """A server of its own, as it knows one account only."""
        with MailServer("alice") as server:
            yield from watched(Account(server.host, server.port, server.username, server.password))
