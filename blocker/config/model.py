"""What a configuration is, as values. Each field that the file can set carries its `Key`: see `blocker.config.keys`."""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from blocker.choices.levels import DEFAULT_LEVEL, Level
from blocker.choices.modes import DEFAULT_MODE, Mode
from blocker.config.errors import ConfigError
from blocker.config.keys import (
    DAYS,
    TABLE,
    Address,
    FilePath,
    Flag,
    Folder,
    Folders,
    Issuer,
    Line,
    Network,
    Number,
    OneOf,
    Origins,
    Port,
    Texts,
    keys_of,
    takes,
)
from blocker.config.private import only_file, private_directory, refuse_what_others_reach, write_new

Security = Literal["tls", "starttls", "none"]
PORTS: dict[str, int] = {"tls": 993, "starttls": 143, "none": 143}
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class AccountConfig:
    """One account to watch. It knows where the password comes from, never the password."""

    name: str
    """What a person calls it on the command line."""
    address: str = field(
        metadata=takes(Address(), "the account's mail address", example="you@example.org"),
    )
    host: str = field(metadata=takes(Line(), "the IMAP server", example="imap.example.org"))
    user: str = field(metadata=takes(Line(), "the login name", without="the address"))
    aliases: tuple[str, ...] = field(
        default=(), metadata=takes(Texts(), "further addresses that reach it: a pixel may carry any of them")
    )
    port: int = field(
        default=PORTS["tls"], metadata=takes(Port(), """its port; 143 where `security` is not `"tls"`""")
    )
    security: Security = field(
        default="tls",
        metadata=takes(
            OneOf(get_args(Security)),
            '`"tls"`, `"starttls"`, or `"none"` (for a server on this machine alone). Certificates are always verified',
        ),
    )
    ca_file: Path | None = field(
        default=None,
        metadata=takes(
            FilePath(),
            "certificates to trust instead, for a server with an authority of its own",
            without="the system's",
        ),
    )
    password_command: str | None = field(
        default=None,
        metadata=takes(Line(), "a program whose first line of output is the password", signs_in=True),
    )
    password_env: str | None = field(
        default=None,
        metadata=takes(Line(), "an environment variable that holds the password", signs_in=True),
    )
    password_file: Path | None = field(
        default=None,
        metadata=takes(
            FilePath(),
            "a file that you alone can read, whose first line is the password",
            signs_in=True,
        ),
    )
    password_keyring: bool = field(
        default=False,
        metadata=takes(Flag(), "`true` where the system's keyring keeps the password", signs_in=True),
    )
    oauth: str | None = field(
        default=None,
        metadata=takes(
            Issuer(),
            'who signs in to it without a password: `"microsoft"`, `"google"`, or an OpenID provider\'s issuer URL; '
            "see Signing in",
            signs_in=True,
        ),
    )
    oauth_client: str | None = field(
        default=None, metadata=takes(Line(), "the client id that was registered there")
    )
    oauth_scope: str | None = field(
        default=None, metadata=takes(Line(), "what is asked for there", without="the usual one")
    )
    folders: tuple[str, ...] = field(default=("INBOX",), metadata=takes(Folders(), "the folders to watch"))
    mode: Mode = field(default=DEFAULT_MODE, metadata=takes(OneOf(tuple(Mode)), "see [modes](modes.md)"))
    level: Level = field(
        default=DEFAULT_LEVEL, metadata=takes(OneOf(tuple(Level)), "see [levels](levels.md)")
    )
    quarantine: str = field(
        default="Unpixel originals", metadata=takes(Folder(), "the folder that originals are moved to")
    )
    screening: str = field(
        default="Screening",
        metadata=takes(Folder(), "mode `hold`: the folder that the server files new mail into"),
    )
    hold_seconds: float = field(
        default=120.0,
        metadata=takes(
            Number(0, 3600, "seconds"),
            "mode `hold`: how long a message may be held; with 0 all go unchanged",
        ),
    )
    quarantine_days: float | None = field(
        default=None,
        metadata=takes(
            DAYS,
            "after how long an original leaves the quarantine, where its copy still gives it back; never where not said",
        ),
    )
    poll: float = field(
        default=60.0,
        metadata=takes(
            Number(0.05, 86400, "seconds"),
            "time between two looks; new mail in the first folder is seen at once where the server offers IDLE, "
            "in the others where it offers NOTIFY too",
        ),
    )
    digest: Literal["weekly"] | None = field(
        default=None,
        metadata=takes(
            OneOf(("weekly",)),
            '`"weekly"`: a mail in the inbox says once a week who tracked; see [digest](digest.md)',
        ),
    )
    language: Literal["en", "fr"] = field(
        default="en", metadata=takes(OneOf(("en", "fr")), "the language of that mail")
    )
    authserv_ids: tuple[str, ...] = field(
        default=(),
        metadata=takes(
            Texts(),
            "your own mail servers, as their `Authentication-Results` fields (RFC 8601) name them; see Levels for one sender",
        ),
    )

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address that a sender may know this account by."""
        return (self.address, *self.aliases)

    @property
    def sign_ins(self) -> tuple[str, ...]:
        """The keys that say how to sign in with nobody at a terminal; one at the most in a configuration that was read."""
        return tuple(
            name for name, each in keys_of(type(self)).items() if each.signs_in and getattr(self, name)
        )

    @property
    def unattended(self) -> bool:
        """Whether it can be signed in to with nobody at a terminal."""
        return bool(self.sign_ins)


@dataclass(frozen=True, slots=True)
class WebConfig:
    """Where the pages are served."""

    host: str = field(default="127.0.0.1", metadata=takes(Line(), "where the pages are served"))
    port: int = field(default=8400, metadata=takes(Port(), "their port"))
    proxy: str | None = field(
        default=None,
        metadata=takes(
            Network(),
            "the IP address of a proxy in front of them, as they see it; see [service](service.md)",
        ),
    )
    origins: tuple[str, ...] = field(
        default=(),
        metadata=takes(
            Origins(),
            "origins of web pages and extensions whose scripts may use the [API](api.md), for example "
            "`moz-extension://…`; no page may where none is named",
        ),
    )
    hosts: tuple[str, ...] = field(
        default=(),
        metadata=takes(
            Texts(),
            "the names by which browsers reach them, beside `localhost` and the address in `host`; see [access](access.md)",
        ),
    )


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """Bounds on what the service takes on."""

    max_message_mb: float = field(
        default=50.0,
        metadata=takes(
            Number(0.001, 1024, "megabytes"),
            "a larger message is not changed; it is judged where all but its attachments is smaller",
        ),
    )
    retention_days: float | None = field(
        default=None,
        metadata=takes(
            DAYS,
            "how long after its arrival the catalogue knows a message; kept for ever where not said",
        ),
    )
    dkim_lookups: bool = field(
        default=False,
        metadata=takes(
            Flag(),
            "whether the DNS may be asked for the key of a sender's signature; see Levels for one sender",
        ),
    )

    @property
    def max_message_bytes(self) -> int:
        """The bound in octets."""
        return int(self.max_message_mb * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the user decides."""

    path: Path
    """The file it was, or would be, read from."""
    data_dir: Path = field(
        metadata=takes(
            FilePath(),
            "where the catalogue and the key are kept",
            without="the platform's data directory",
        )
    )
    database: str = field(
        metadata=takes(
            Line(),
            'SQLAlchemy URL of the catalogue; for PostgreSQL `pip install "unpixel[postgresql]"` and write '
            "`postgresql://user@host/name`, or `postgresql://user@/name?host=/var/run/postgresql` for its local socket",
            without="`catalogue.sqlite` in `data_dir`",
        )
    )
    accounts: tuple[AccountConfig, ...] = field(default=(), metadata=TABLE)
    web: WebConfig = field(default_factory=WebConfig, metadata=TABLE)
    service: ServiceConfig = field(default_factory=ServiceConfig, metadata=TABLE)

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
