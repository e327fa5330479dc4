"""Reading the file: typed values out of TOML, and a sentence with the line for each mistake."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import platformdirs

from blocker.config.errors import ConfigError
from blocker.config.keys import Key, Wrong, keys_of, tables_of
from blocker.config.lines import line_of
from blocker.config.loopback import is_loopback
from blocker.config.model import PORTS, AccountConfig, Config, ServiceConfig, WebConfig
from blocker.config.private import only_file, refuse_what_others_write

ENVIRONMENT = "UNPIXEL_CONFIG"
LARGEST_FILE = 1 << 20
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@+")
_NO_PASSWORD = (
    "a password does not belong in this file, where backups and other programs can read it: "
    'take the line out and name a program with password_command = "…", or a variable with '
    'password_env = "…", or a file with password_file = "…", or password_keyring = true, or leave them out to be asked.'
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
    values = read.values(Config, table, ())
    values.setdefault("data_dir", platformdirs.user_data_path("unpixel"))
    values.setdefault("database", f"sqlite:///{values['data_dir'] / 'catalogue.sqlite'}")
    accounts = read.table(table, ("accounts",))
    return Config(
        path=path,
        accounts=tuple(_account(read, name, accounts) for name in accounts),
        web=WebConfig(**read.values(WebConfig, read.table(table, ("web",)), ("web",))),
        service=ServiceConfig(**read.values(ServiceConfig, read.table(table, ("service",)), ("service",))),
        **values,
    )


def _account(read: _Reader, name: str, accounts: Table) -> AccountConfig:
    at = ("accounts", name)
    table = read.table(accounts, at)
    if not 0 < len(name) <= 64 or not set(name) <= _NAME or name[0] in ".-":
        raise read.error(
            at,
            f'"{name}" cannot name an account: use up to 64 letters, digits and . _ - @ +, a letter first.',
        )
    values = read.values(AccountConfig, table, at)
    values.setdefault("user", values["address"])
    made = AccountConfig(name=name, **values)
    if "port" not in values:
        made = replace(made, port=PORTS[made.security])
    for key, sentence in _contradictions(made):
        raise read.error((*at, key), sentence)
    return made


def _contradictions(account: AccountConfig) -> Iterator[tuple[str, str]]:
    """The values that do not go together: each the key to change, and why."""
    if len(account.sign_ins) > 1:
        first, second, *_ = account.sign_ins
        yield second, f"there is one way to sign in: keep {first} or {second}, not both."
    if account.oauth and not account.oauth_client:
        yield (
            "oauth",
            "`oauth` needs the client id that you registered there: "
            f'add oauth_client = "…" to account "{account.name}".',
        )
    if account.security == "none" and not is_loopback(account.host):
        yield (
            "security",
            f'"none" would send the password to {account.host} unencrypted: write security = "tls" or "starttls".',
        )
    if account.quarantine in account.folders:
        yield (
            "quarantine",
            f'"{account.quarantine}" cannot be watched and keep the originals too: name another folder.',
        )
    if account.mode.holds and account.screening in (*account.folders, account.quarantine):
        yield (
            "screening",
            f'"{account.screening}" cannot hold new mail and be watched or keep originals too: name another folder.',
        )


class _Reader:
    """Takes typed values out of parsed TOML, and says where a wrong one stands.

    A place is the full path of a key; the table given is the one that holds its last part.
    """

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.source = text

    def error(self, keys: Keys, sentence: str) -> ConfigError:
        """The mistake at `keys`, with file and line."""
        line = line_of(self.source, keys)
        return ConfigError(f"{self.path}, line {line}: {sentence}" if line else f"{self.path}: {sentence}")

    def values(self, kind: type, table: Table, at: Keys) -> dict[str, Any]:
        """What a table says for the fields of a dataclass: those that it has, checked."""
        known = keys_of(kind)
        self._known(table, at, (*known, *tables_of(kind)))
        return {
            name: self._value(table, (*at, name), key)
            for name, key in known.items()
            if self._has(table, (*at, name), key)
        }

    def _has(self, table: Table, keys: Keys, key: Key) -> bool:
        name = keys[-1]
        if name not in table and key.example:
            raise self.error(keys, f'account "{keys[1]}" has no `{name}`: add {name} = "{key.example}".')
        return name in table

    def _value(self, table: Table, keys: Keys, key: Key) -> Any:
        try:
            return key.kind.read(keys[-1], table[keys[-1]], self.path.parent)
        except Wrong as error:
            raise self.error(keys, str(error)) from None

    def _known(self, table: Table, at: Keys, names: tuple[str, ...]) -> None:
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
