"""What all tests share: the options, what they collect, and real servers on loopback.

A test that asks for a Dovecot, a Cyrus or a PostgreSQL is marked `dovecot` or `server` by that. Where one is missing the
fixture fails; nothing here skips.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.servers.cyrus import Cyrus
from tests.servers.dovecot import Dovecot, Variant
from tests.servers.postgres import Postgres
from tests.servers.proxy import Proxy
from tests.wire.wire import Wire

pytest.register_assert_rewrite("tests.mailbox.contract", "tests.mailbox.observers")

SLOW = ("dovecot", "server", "browser")
"""Marks that --fast leaves out."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """What `tests/run` passes on."""
    group = parser.getgroup("unpixel")
    group.addoption("--fast", action="store_true", help="leave out what needs a real server or browser")
    group.addoption("--again", action="store_true", help="leave out what comes out alike on every Python")
    group.addoption("--long", action="store_true", help="go on for long with what tries inputs at random")
    group.addoption("--soak", metavar="MINUTES", help="also run the long run, for so long")
    group.addoption("--corpus", metavar="DIR", help="also collect the tests on the real mail kept in DIR")


def pytest_configure(config: pytest.Config) -> None:
    """A corpus that is not there is a usage error, not a row of failing tests."""
    directory = config.getoption("--corpus")
    if directory is not None and not Path(directory).is_dir():
        raise pytest.UsageError(f"--corpus {directory} is not a directory; name one that holds mail.")
    config.pluginmanager.register(Wire(), "wire")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what uses a Dovecot, then leave out what this run was not asked for."""
    for item in items:
        asked = [*getattr(item, "fixturenames", ()), *_named_in_parameters(item)]
        if any(name.startswith("dovecot") for name in asked):
            item.add_marker("dovecot")
        if {"cyrus", "postgres"} & set(asked):
            item.add_marker("server")
    without = {
        *(SLOW if config.getoption("--fast") else ()),
        *(("once",) if config.getoption("--again") else ()),
        *(() if config.getoption("--corpus") else ("corpus",)),
        *(() if config.getoption("--soak") else ("soak",)),
    }
    out = [item for item in items if any(mark.name in without for mark in item.iter_markers())]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in set(out)]


def _named_in_parameters(item: pytest.Item) -> list[str]:
    """Texts among a test's parameters: a fixture may be named there and asked for by `getfixturevalue`."""
    callspec = getattr(item, "callspec", None)
    return [value for value in callspec.params.values() if isinstance(value, str)] if callspec else []


@pytest.fixture(scope="session")
def corpus(pytestconfig: pytest.Config) -> Path:
    """The directory of real mail, for tests marked `corpus`."""
    directory = pytestconfig.getoption("--corpus")
    assert directory is not None, "mark the test with pytest.mark.corpus"
    return Path(directory)


class Servers:
    """Dovecots of this run: each variant is started once, all are stopped together."""

    def __init__(self) -> None:
        self._running: dict[Variant, Dovecot] = {}

    def get(self, variant: Variant) -> Dovecot:
        """The running server of this variant. Raises RuntimeError where Dovecot is missing or does not start."""
        if variant not in self._running:
            server = Dovecot(variant)
            try:
                self._running[variant] = server.start()
            except BaseException:
                server.stop()
                raise
        return self._running[variant]

    def stop(self) -> None:
        """Stop them all; each takes a second, so they are asked at once."""
        for server in self._running.values():
            server.signal_stop()
        for server in self._running.values():
            server.stop()


@pytest.fixture(scope="session")
def dovecot_servers() -> Iterator[Servers]:
    """Starts any variant of Dovecot on demand."""
    servers = Servers()
    yield servers
    servers.stop()


@pytest.fixture(scope="session")
def dovecot(dovecot_servers: Servers) -> Dovecot:
    """A Dovecot that can do everything."""
    return dovecot_servers.get(Variant())


@pytest.fixture(scope="session")
def dovecot_stripped(dovecot_servers: Servers) -> Dovecot:
    """A Dovecot that announces IMAP4rev1 and nothing else."""
    return dovecot_servers.get(Variant(capability="IMAP4rev1"))


@pytest.fixture(scope="session")
def dovecot_uidplus(dovecot_servers: Servers) -> Dovecot:
    """A Dovecot with UIDPLUS and without MOVE."""
    return dovecot_servers.get(Variant(capability="IMAP4rev1 UIDPLUS"))


@pytest.fixture(scope="session")
def dovecot_acl(dovecot_servers: Servers) -> Dovecot:
    """A Dovecot where the folder "Shelf" can be read and added to, but nothing in it changed or taken out.

    In "Ledge" messages can be marked as deleted, and not be expunged.
    """
    return dovecot_servers.get(Variant(acl="Shelf owner lri\nWindow owner lr\nLedge owner lrswit"))


@pytest.fixture(scope="session")
def dovecot_quota(dovecot_servers: Servers) -> Dovecot:
    """A Dovecot that gives each account 20 KB."""
    return dovecot_servers.get(Variant(quota="20K"))


@pytest.fixture(scope="session")
def cyrus() -> Iterator[Cyrus]:
    """A Cyrus IMAP server."""
    server = Cyrus()
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL."""
    server = Postgres()
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority that nobody trusts unless told to."""
    return trustme.CA()


@pytest.fixture(scope="session")
def dovecot_tls(dovecot_servers: Servers, authority: trustme.CA) -> Dovecot:
    """A Dovecot with TLS, its certificate made out to localhost by `authority`."""
    issued = authority.issue_cert("localhost")
    return dovecot_servers.get(Variant(certificate=issued.private_key_and_cert_chain_pem.bytes()))


@pytest.fixture
def proxy() -> Iterator[type[Proxy]]:
    """Makes proxies in front of servers: ``proxy(host, port)``; they end with the test."""
    yield Proxy
    Proxy.stop_all()
