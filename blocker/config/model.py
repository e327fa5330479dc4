"""What a configuration is, as values."""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from blocker.choices.levels import DEFAULT_LEVEL, Level
from blocker.choices.modes import DEFAULT_MODE, Mode
from blocker.config.errors import ConfigError
from blocker.config.private import only_file, private_directory, refuse_what_others_reach, write_new

Security = Literal["tls", "starttls", "none"]
PORTS: dict[str, int] = {"tls": 993, "starttls": 143, "none": 143}
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class AccountConfig:
    """One account to watch. It knows where the password comes from, never the password."""

    name: str
    """What a person calls it on the command line."""
    address: str
    host: str
    user: str
    """The login name."""
    aliases: tuple[str, ...] = ()
    """Further addresses that reach this account: a pixel may carry any of them."""
    port: int = 993
    security: Security = "tls"
    ca_file: Path | None = None
    """Certificates to trust instead of the system's, for a server with an authority of its own."""
    password_command: str | None = None
    password_env: str | None = None
    password_keyring: bool = False
    """Whether the system's keyring keeps the password."""
    oauth: str | None = None
    """Who signs in to it without a password: "microsoft", "google", or an OpenID provider's issuer URL."""
    oauth_client: str | None = None
    """The client id that was registered there."""
    oauth_scope: str | None = None
    """What is asked for there; None for the provider's usual one."""
    folders: tuple[str, ...] = ("INBOX",)
    mode: Mode = DEFAULT_MODE
    level: Level = DEFAULT_LEVEL
    quarantine: str = "Unpixel originals"
    """The folder that originals are moved to."""
    screening: str = "Screening"
    """Mode hold: the folder that the server files new mail into."""
    hold_seconds: float = 120.0
    """Mode hold: how long a message may be held; 0 to let all go unchanged."""
    quarantine_days: float | None = None
    """Days after which an original leaves the quarantine, where its copy still gives it back; None for never."""
    poll: float = 60.0
    """Seconds between two looks."""
    authserv_ids: tuple[str, ...] = ()
    """Names of the reader's own mail servers in Authentication-Results (RFC 8601) whose word counts."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address that a sender may know this account by."""
        return (self.address, *self.aliases)

    @property
    def unattended(self) -> bool:
        """Whether it can be signed in to with nobody at a terminal."""
        return bool(self.password_command or self.password_env or self.password_keyring or self.oauth)


@dataclass(frozen=True, slots=True)
class WebConfig:
    """Where the pages are served."""

    host: str = "127.0.0.1"
    port: int = 8400
    proxy: str | None = None
    """Address of the one HTTPS proxy in front, whose word is taken for whom it speaks for."""


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """Bounds on what the service takes on."""

    max_message_mb: float = 50.0
    """A larger message is not changed, and no more octets of one are read."""
    retention_days: float | None = None
    """Days for which the catalogue keeps what it knows of a message, from its arrival; None for ever."""
    dkim_lookups: bool = False
    """Whether the DNS may be asked for the key of a sender's signature."""

    @property
    def max_message_bytes(self) -> int:
        """The bound in octets."""
        return int(self.max_message_mb * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the user decides."""

    path: Path
    """The file it was, or would be, read from."""
    data_dir: Path
    database: str
    """SQLAlchemy URL of the catalogue."""
    accounts: tuple[AccountConfig, ...] = ()
    web: WebConfig = field(default_factory=WebConfig)
    service: ServiceConfig = field(default_factory=ServiceConfig)

    def account(self, name: str) -> AccountConfig:
        """The account of that name. Raises ConfigError that says which names there are."""
        for account in self.accounts:
            if account.name == name:
                return account
        names = ", ".join(a.name for a in self.accounts)
        if not names:
            raise ConfigError(f'There is no account "{name}": add one with `unpixel account add`.')
        raise ConfigError(f'There is no account "{name}": choose one of {names}.')

    def key(self) -> bytes:
        """The installation's key: 32 random bytes in the data directory, made on first need, mode 0600.

        Two processes that need it at once get the same one. Raises ConfigError where the file cannot be
        used, or others can reach it: a new key in its place would disown every message neutralised before.
        """
        path = self.data_dir / "key"
        try:
            if path.exists():
                only_file(path)
                refuse_what_others_reach(path)
            key = path.read_bytes() if path.exists() else _new_key(path)
        except OSError as error:
            raise ConfigError(
                f"The key file {path} cannot be used ({error.strerror or error}): correct that, then try again."
            ) from error
        if len(key) != KEY_BYTES:
            raise ConfigError(
                f"The key file {path} is damaged: put its {KEY_BYTES} bytes back from a backup."
            )
        return key


def _new_key(path: Path) -> bytes:
    """Write a key beside its place and link it there: whoever links first wins, and all read that one."""
    private_directory(path.parent)
    draft = path.with_name(f".key-{os.getpid()}-{secrets.token_hex(4)}")
    write_new(draft, [secrets.token_bytes(KEY_BYTES)])
    try:
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        return path.read_bytes()
    finally:
        draft.unlink()
