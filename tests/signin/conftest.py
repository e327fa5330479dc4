"""A keyring in memory, a provider on loopback, and a Dovecot that trusts its tokens."""

from __future__ import annotations

from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend

from blocker.config import AccountConfig
from tests.conftest import Servers
from tests.servers.dovecot import Dovecot, Variant
from tests.servers.provider import CLIENT, Provider, State


class Memory(KeyringBackend):
    """Keeps secrets for one test."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[str, str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        """What is kept."""
        return self.kept.get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it."""
        self.kept[f"{service}/{username}"] = password

    def delete_password(self, service: str, username: str) -> None:
        """Forget it."""
        del self.kept[f"{service}/{username}"]


@pytest.fixture
def ring() -> Iterator[Memory]:
    """The keyring of this test; the system's is put back."""
    before, memory = keyring.get_keyring(), Memory()
    keyring.set_keyring(memory)
    yield memory
    keyring.set_keyring(before)


@pytest.fixture(scope="session")
def running() -> Iterator[Provider]:
    """A provider for the whole run."""
    provider = Provider()
    yield provider
    provider.stop()


@pytest.fixture
def provider(running: Provider) -> Provider:
    """The provider, knowing nothing yet."""
    running.state = State()
    return running


@pytest.fixture(scope="session")
def dovecot_oauth(dovecot_servers: Servers, running: Provider) -> Dovecot:
    """A Dovecot that asks the provider whose a token is."""
    return dovecot_servers.get(Variant(introspection=f"{running.url}/introspect"))


@pytest.fixture(scope="session")
def dovecot_xoauth2(dovecot_servers: Servers, running: Provider) -> Dovecot:
    """The same with the older mechanism alone, as at Microsoft."""
    return dovecot_servers.get(Variant(introspection=f"{running.url}/introspect", token_mechanisms="xoauth2"))


def account_on(host: str, port: int, issuer: str, user: str = "ada") -> AccountConfig:
    """An account that signs in by OAuth."""
    return AccountConfig(
        name="ada",
        address="ada@example.org",
        host=host,
        port=port,
        user=user,
        security="none",
        oauth=issuer,
        oauth_client=CLIENT,
    )
