"""Large providers: where their servers are, how one signs in, and which of them are known to change stored mail.

The facts stand in `providers.toml`; nothing here asks a network.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from blocker.config.model import Security


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider."""

    id: str
    name: str
    host: str
    domains: tuple[str, ...] = ()
    """Address domains that are certainly this provider's."""
    hosts: tuple[str, ...] = ()
    """Every name of its IMAP server."""
    port: int = 993
    security: Security = "tls"
    oauth: str = ""
    """Which OAuth provider signs in to it; empty where a password does."""
    oauth_only: bool = False
    """Whether its server takes no password."""
    note: str = ""
    """What a person must do before the sign-in works."""
    careful: str = ""
    """What its server is known to do to stored messages; such an account is flagged only until proven better."""
    daily_mb: int = 0
    """Megabytes that its server lets be read of one account a day, by all programs together; 0 where it names no limit."""
    daily_up_mb: int = 0
    """The same of what is sent to it."""
    capability: str = ""
    """A capability that only its servers announce."""
    server: str = ""
    """A word in what its server calls itself (RFC 2971, ID), in lower case."""


@cache
def providers() -> tuple[Provider, ...]:
    """All that are known."""
    text = resources.files("blocker.config").joinpath("providers.toml").read_text("utf-8")
    return tuple(_provider(name, table) for name, table in tomllib.loads(text).items())


def _provider(name: str, table: Mapping[str, object]) -> Provider:
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    return Provider(id=name, **values)  # type: ignore[arg-type]  # a test reads every entry


def by_address(address: str) -> Provider | None:
    """The provider that an address's domain belongs to."""
    domain = address.rpartition("@")[2].lower().rstrip(".")
    return next((p for p in providers() if domain in p.domains), None)


def by_server(host: str, capabilities: Iterable[str] = (), server: str = "") -> Provider | None:
    """The provider that runs a server: by its name, by what only it announces, or by what it calls itself."""
    name, said = host.lower().rstrip("."), server.lower()
    announced = {c.upper() for c in capabilities}
    for each in providers():
        # Proton's server runs on this computer, as many others do.
        named = name != "127.0.0.1" and (name == each.host or name in each.hosts)
        if (
            named
            or (each.capability and each.capability in announced)
            or (each.server and each.server in said)
        ):
            return each
    return None
