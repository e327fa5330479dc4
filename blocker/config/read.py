"""Reading the file: typed values out of TOML, and a sentence with the line for each mistake."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import platformdirs

from blocker.choices.levels import DEFAULT_LEVEL, Level
from blocker.choices.modes import DEFAULT_MODE, Mode
from blocker.config.errors import ConfigError
from blocker.config.lines import line_of
from blocker.config.loopback import is_loopback
from blocker.config.model import (
    PORTS,
    AccountConfig,
    Config,
    Security,
    ServiceConfig,
    WebConfig,
)
from blocker.config.private import only_file, refuse_what_others_write

ENVIRONMENT = "UNPIXEL_CONFIG"
LARGEST_FILE = 1 << 20
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@+")
_TOP = ("data_dir", "database", "accounts", "web", "service")
_ACCOUNT = (
    "address",
    "aliases",
    "host",
    "port",
    "security",
    "ca_file",
    "user",
    "password_command",
    "password_env",
    "password_keyring",
    "oauth",
    "oauth_client",
    "oauth_scope",
    "folders",
    "mode",
    "level",
    "quarantine",
    "screening",
    "hold_seconds",
    "quarantine_days",
    "poll",
    "authserv_ids",
)
_NO_PASSWORD = (
    "a password does not belong in this file, where backups and other programs can read it: "
    'take the line out and name a program with password_command = "…", or a variable with '
    'password_env = "…", or password_keyring = true, or leave them out to be asked.'
)

Table = Mapping[str, Any]
Keys = tuple[str, ...]


def default_path() -> Path:
    """Where the configuration stands: ``UNPIXEL_CONFIG``, or the platform's place."""
    said = os.environ.get(ENVIRONMENT)
    return Path(said).expanduser() if said else platformdirs.user_config_path("unpixel") / "config.toml"


def load(path: Path | str | None = None) -> Config:
    """Read the configuration; a file that is not there gives the defaults and no accounts.

    Raises ConfigError naming the file, the line and what to write instead.
    """
    place = (Path(path) if path is not None else default_path()).expanduser()
    return parse(read_text(place), place)


def read_text(place: Path) -> str:
    """The file's text; empty where there is no file. Raises ConfigError, also where others can write the file."""
    try:
        only_file(place)
        refuse_what_others_write(place)
        if place.stat().st_size > LARGEST_FILE:
            raise ConfigError(f"{place} is no configuration: it is larger than 1 MB. Name another file.")
        return place.read_text("utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise ConfigError(f"{place} cannot be read: it is not UTF-8 text. Save it as UTF-8.") from error
    except OSError as error:
        raise ConfigError(
            f"{place} cannot be read ({error.strerror}): correct that, then try again."
        ) from error


def parse(text: str, path: Path) -> Config:
    """The configuration that `text` describes; relative paths in it start at the folder of `path`."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}. Correct that line.") from error
    read = _Reader(path, text)
    read.known(table, (), _TOP)
    data_dir = read.path_at(table, ("data_dir",)) or platformdirs.user_data_path("unpixel")
    accounts = read.table(table, ("accounts",))
    return Config(
        path=path,
        data_dir=data_dir,
        database=read.text_at(table, ("database",)) or f"sqlite:///{data_dir / 'catalogue.sqlite'}",
        accounts=tuple(_account(read, name, accounts) for name in accounts),
        web=_web(read, read.table(table, ("web",))),
        service=_service(read, read.table(table, ("service",))),
    )


def _web(read: _Reader, table: Table) -> WebConfig:
    read.known(table, ("web",), ("host", "port", "proxy"))
    return WebConfig(
        host=read.text_at(table, ("web", "host")) or WebConfig().host,
        port=read.port(table, ("web", "port"), WebConfig().port),
        proxy=_address(read, table, ("web", "proxy")),
    )


def _address(read: _Reader, table: Table, keys: Keys) -> str | None:
    """An IP address as its family writes it, or None where the key is missing."""
    value = read.text_at(table, keys)
    try:
        return None if value is None else str(ip_address(value))
    except ValueError:
        raise read.error(keys, f'`{keys[-1]}` is an IP address: write {keys[-1]} = "127.0.0.1".') from None


def _service(read: _Reader, table: Table) -> ServiceConfig:
    read.known(table, ("service",), ("max_message_mb", "retention_days", "dkim_lookups"))
    default = ServiceConfig().max_message_mb
    return ServiceConfig(
        max_message_mb=read.number(table, ("service", "max_message_mb"), default, 0.001, 1024),
        retention_days=read.days(table, ("service", "retention_days")),
        dkim_lookups=read.flag(table, ("service", "dkim_lookups")),
    )


def _folder(name: str) -> str:
    """The folder's one name: that of the inbox counts in any case (RFC 9051, 5.1)."""
    return "INBOX" if name.upper() == "INBOX" else name


def _account(read: _Reader, name: str, accounts: Table) -> AccountConfig:
    at = ("accounts", name)
    table = read.table(accounts, at)
    if not 0 < len(name) <= 64 or not set(name) <= _NAME or name[0] in ".-":
        raise read.error(
            at,
            f'"{name}" cannot name an account: use up to 64 letters, digits and . _ - @ +, a letter first.',
        )
    read.known(table, at, _ACCOUNT)
    address = read.address(table, (*at, "address"))
    security: Security = read.one_of(table, (*at, "security"), get_args(Security), "tls")
    ways = [
        key for key in ("password_command", "password_env", "password_keyring", "oauth") if table.get(key)
    ]
    if len(ways) > 1:
        raise read.error(
            (*at, ways[1]), f"there is one way to sign in: keep {ways[0]} or {ways[1]}, not both."
        )
    oauth = read.issuer(table, (*at, "oauth"))
    if oauth and "oauth_client" not in table:
        raise read.error(
            (*at, "oauth"),
            f'`oauth` needs the client id that you registered there: add oauth_client = "…" to account "{name}".',
        )
    host = read.required(table, (*at, "host"), "imap.example.org")
    if security == "none" and not is_loopback(host):
        raise read.error(
            (*at, "security"),
            f'"none" would send the password to {host} unencrypted: write security = "tls" or "starttls".',
        )
    named = (_folder(folder) for folder in read.texts(table, (*at, "folders"), ("INBOX",)))
    folders = tuple(dict.fromkeys(named))
    quarantine = _folder(read.text_at(table, (*at, "quarantine")) or "Unpixel originals")
    if quarantine in folders:
        raise read.error(
            (*at, "quarantine"),
            f'"{quarantine}" cannot be watched and keep the originals too: name another folder.',
        )
    screening = _folder(read.text_at(table, (*at, "screening")) or "Screening")
    mode = Mode(read.one_of(table, (*at, "mode"), tuple(Mode), DEFAULT_MODE))
    if mode.holds and screening in (*folders, quarantine):
        raise read.error(
            (*at, "screening"),
            f'"{screening}" cannot hold new mail and be watched or keep originals too: name another folder.',
        )
    return AccountConfig(
        name=name,
        address=address,
        aliases=read.texts(table, (*at, "aliases"), ()),
        host=host,
        port=read.port(table, (*at, "port"), PORTS[security]),
        security=security,
        ca_file=read.path_at(table, (*at, "ca_file")),
        user=read.text_at(table, (*at, "user")) or address,
        password_command=read.text_at(table, (*at, "password_command")),
        password_env=read.text_at(table, (*at, "password_env")),
        password_keyring=read.flag(table, (*at, "password_keyring")),
        oauth=oauth,
        oauth_client=read.text_at(table, (*at, "oauth_client")),
        oauth_scope=read.text_at(table, (*at, "oauth_scope")),
        folders=folders,
        mode=mode,
        level=Level(read.one_of(table, (*at, "level"), tuple(Level), DEFAULT_LEVEL)),
        quarantine=quarantine,
        screening=screening,
        hold_seconds=read.number(table, (*at, "hold_seconds"), 120.0, 0, 3600),
        quarantine_days=read.days(table, (*at, "quarantine_days")),
        poll=read.number(table, (*at, "poll"), 60.0, 0.05, 86400),
        authserv_ids=read.texts(table, (*at, "authserv_ids"), ()),
    )


def _host_of(url: str) -> str:
    """The host of a URL, an IPv6 address without its brackets; empty where there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


class _Reader:
    """Takes typed values out of parsed TOML, and says where a wrong one stands.

    `keys` is the full path of a value; the table given is the one that holds its last key.
    """

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.source = text

    def error(self, keys: Keys, sentence: str) -> ConfigError:
        """The mistake at `keys`, with file and line."""
        line = line_of(self.source, keys)
        return ConfigError(f"{self.path}, line {line}: {sentence}" if line else f"{self.path}: {sentence}")

    def known(self, table: Table, at: Keys, names: tuple[str, ...]) -> None:
        """Refuse keys that do not exist, with the nearest that does, and any password."""
        for name in table:
            if name in names:
                continue
            if name.lower() in ("password", "passwd", "pass", "secret", "passphrase"):
                raise self.error((*at, name), f"`{name}`: {_NO_PASSWORD}")
            near = difflib.get_close_matches(name.lower(), names, 1)
            fix = f"did you mean `{near[0]}`?" if near else f"the keys here are {', '.join(names)}."
            raise self.error((*at, name), f"there is no key `{name}`: {fix}")

    def table(self, table: Table, keys: Keys) -> Table:
        """A sub-table; an empty one where it is missing."""
        value = table.get(keys[-1], {})
        if isinstance(value, dict):
            return value
        written = "[accounts.personal]" if keys == ("accounts",) else f"[{'.'.join(keys)}]"
        raise self.error(keys, f"`{keys[-1]}` is a table: write {written} and its keys below that.")

    def text_at(self, table: Table, keys: Keys) -> str | None:
        """One line of text, or None where the key is missing."""
        value = table.get(keys[-1])
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            raise self.error(keys, f'`{keys[-1]}` is one line of text: write {keys[-1]} = "…".')
        return value.strip()

    def required(self, table: Table, keys: Keys, example: str) -> str:
        """Text that an account cannot do without."""
        value = self.text_at(table, keys)
        if value is None:
            raise self.error(keys, f'account "{keys[1]}" has no `{keys[-1]}`: add {keys[-1]} = "{example}".')
        return value

    def address(self, table: Table, keys: Keys) -> str:
        """A mail address, as far as a typing mistake can be told."""
        value = self.required(table, keys, "you@example.org")
        local, at, domain = value.rpartition("@")
        if not (local and at and domain) or " " in value:
            raise self.error(keys, f'"{value}" is no mail address: write address = "you@example.org".')
        return value

    def flag(self, table: Table, keys: Keys) -> bool:
        """Yes or no; no where it is missing."""
        value = table.get(keys[-1], False)
        if not isinstance(value, bool):
            raise self.error(keys, f"`{keys[-1]}` is true or false, without quotes.")
        return value

    def issuer(self, table: Table, keys: Keys) -> str | None:
        """A sign-in provider: one that is known by name, or the URL of an OpenID provider."""
        value = self.text_at(table, keys)
        if value is None or value in ("microsoft", "google") or value.startswith("https://"):
            return value
        if value.startswith("http://") and is_loopback(_host_of(value)):
            return value
        raise self.error(
            keys,
            f'`{keys[-1]}` cannot be "{value}": write "microsoft", "google", or an issuer\'s https:// URL.',
        )

    def path_at(self, table: Table, keys: Keys) -> Path | None:
        """A path; a relative one starts at the configuration's folder."""
        value = self.text_at(table, keys)
        return None if value is None else (self.path.parent / Path(value).expanduser()).absolute()

    def texts(self, table: Table, keys: Keys, default: tuple[str, ...]) -> tuple[str, ...]:
        """A list of texts; a folder list must not be empty."""
        value = table.get(keys[-1])
        if value is None:
            return default
        right = isinstance(value, list) and all(
            isinstance(v, str) and v.strip() and v.isprintable() for v in value
        )
        if not right or (default and not value):
            raise self.error(keys, f'`{keys[-1]}` is a list of texts: write {keys[-1]} = ["…"].')
        return tuple(value)

    def one_of(self, table: Table, keys: Keys, words: tuple[str, ...], default: str) -> Any:
        """One of some words."""
        value = table.get(keys[-1], default)
        if value in words:
            return value
        said = f'"{value}"' if isinstance(value, str) else str(value)
        near = difflib.get_close_matches(str(value).lower(), words, 1)
        fix = f'did you mean "{near[0]}"?' if near else f"choose one of {', '.join(words)}."
        raise self.error(keys, f"`{keys[-1]}` cannot be {said}: {fix}")

    def number(self, table: Table, keys: Keys, default: float, low: float, high: float) -> float:
        """A number within bounds."""
        value = table.get(keys[-1], default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.error(
                keys, f"`{keys[-1]}` cannot be {value!r}: write a number from {low:g} to {high:g}."
            )
        return float(value)

    def days(self, table: Table, keys: Keys) -> float | None:
        """A number of days; None where the key is missing."""
        return self.number(table, keys, 0.0, 1, 36500) if keys[-1] in table else None

    def port(self, table: Table, keys: Keys, default: int) -> int:
        """A TCP port."""
        value = table.get(keys[-1], default)
        if type(value) is not int or not 1 <= value <= 65535:
            raise self.error(keys, f"`{keys[-1]}` cannot be {value!r}: write a whole number from 1 to 65535.")
        return value
