"""What counts as this computer, for every part that lets a connection to it go unencrypted."""

from __future__ import annotations

from pathlib import Path

import pytest

from blocker.config import ConfigError, parse
from blocker.config.loopback import is_loopback

HERE = ("localhost", "LOCALHOST", "127.0.0.1", "127.0.0.2", "127.255.255.254", "::1")
ELSEWHERE = (
    "127.evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "localhost.",
    "[::1]",
    "127.1",
    "0.0.0.0",
    "::",
    "128.0.0.1",
    "",
)
ACCOUNT = '[accounts.a]\naddress = "a@example.org"\n'


@pytest.mark.parametrize("host", HERE)
def test_this_computer(host: str) -> None:
    """Its name, and every address of the loopback network."""
    assert is_loopback(host)


@pytest.mark.parametrize("host", ELSEWHERE)
def test_another_computer(host: str) -> None:
    """A name that only begins like an address of this computer, and what is no host as connections take it."""
    assert not is_loopback(host)


def test_no_password_goes_unencrypted_to_another_computer() -> None:
    """An account without encryption is refused for a name that begins with 127, and taken for this computer."""
    unencrypted = ACCOUNT + 'security = "none"\nhost = "{}"\n'
    with pytest.raises(ConfigError, match=r"would send the password to 127\.evil\.example"):
        parse(unencrypted.format("127.evil.example"), Path("/nowhere/config.toml"))
    made = parse(unencrypted.format("127.0.0.2"), Path("/nowhere/config.toml"))
    assert made.accounts[0].host == "127.0.0.2"


@pytest.mark.parametrize("netloc", ["127.0.0.1:8080", "localhost", "[::1]:8080"])
def test_an_issuer_on_this_computer_needs_no_encryption(netloc: str) -> None:
    """As tests and gateways have it."""
    made = parse(issued(netloc), Path("/nowhere/config.toml"))
    assert made.accounts[0].oauth == f"http://{netloc}/realm"


@pytest.mark.parametrize("netloc", ["127.evil.example", "localhost:x@evil.example", "[::1"])
def test_an_issuer_elsewhere_does(netloc: str) -> None:
    """Also where what stands before the host looks like this computer."""
    with pytest.raises(ConfigError, match="an issuer's https:// URL"):
        parse(issued(netloc), Path("/nowhere/config.toml"))


def issued(netloc: str) -> str:
    """A configuration that signs in with an issuer there."""
    return ACCOUNT + f'host = "imap.example.org"\noauth_client = "c"\noauth = "http://{netloc}/realm"\n'
