"""Changing the file: an account comes or goes, and every comment and blank line of the user's stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import Table

from blocker.config.errors import ConfigError
from blocker.config.model import PORTS, AccountConfig, Config
from blocker.config.private import private_directory, write_private
from blocker.config.read import parse, read_text


def add_account(path: Path, account: AccountConfig) -> Config:
    """Write a new account into the file, which is made if missing; the configuration as it is then.

    Raises ConfigError where the name is taken, a value is wrong, or the file cannot be written; the file
    is then as it was.
    """
    return _save(path, _with(path, account))


def check_account(path: Path, account: AccountConfig) -> None:
    """Raises ConfigError where `add_account` would, as far as that can be told without writing."""
    parse(_with(path, account), path)


def _with(path: Path, account: AccountConfig) -> str:
    """The file's text with a further account."""
    text = read_text(path)
    before = parse(text, path)
    if any(a.name == account.name for a in before.accounts):
        raise ConfigError(
            f'There is an account "{account.name}" already: choose another name, or take it out with '
            f"`unpixel account remove {account.name}`."
        )
    document = tomlkit.parse(text)
    if "accounts" not in document:
        document["accounts"] = tomlkit.table(is_super_table=True)
    accounts: Any = document["accounts"]
    accounts[account.name] = _table(account)
    return tomlkit.dumps(document)


def remove_account(path: Path, name: str) -> Config:
    """Take an account out of the file; the configuration as it is then. Raises ConfigError."""
    text = read_text(path)
    parse(text, path).account(name)
    document = tomlkit.parse(text)
    accounts: Any = document["accounts"]
    del accounts[name]
    if not accounts:
        del document["accounts"]
    return _save(path, tomlkit.dumps(document))


def set_account(path: Path, name: str, **values: Any) -> Config:
    """Write other values into an account of the file, or with None take them out; the configuration as it is then.

    Also with no value it is written anew, at which a running service tries again what was refused. Raises ConfigError.
    """
    text = read_text(path)
    parse(text, path).account(name)
    document = tomlkit.parse(text)
    accounts: Any = document["accounts"]
    _set(accounts[name], values)
    return _save(path, tomlkit.dumps(document))


def set_service(path: Path, **values: Any) -> Config:
    """Write other values into `[service]`, or with None take them out; the configuration as it is then. Raises ConfigError."""
    document = tomlkit.parse(read_text(path))
    if "service" not in document:
        document["service"] = tomlkit.table()
    _set(document["service"], values)
    return _save(path, tomlkit.dumps(document))


def _set(table: Any, values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        if value is None:
            table.pop(key, None)
        else:
            table[key] = _written(value)


def _table(account: AccountConfig) -> Table:
    """What differs from the defaults, in the order of the fields."""
    table = tomlkit.table()
    for item in fields(account):
        value = getattr(account, item.name)
        default = PORTS[account.security] if item.name == "port" else item.default
        if item.name == "name" or value == default or (item.name == "user" and value == account.address):
            continue
        table[item.name] = _written(value)
    return table


def _written(value: Any) -> Any:
    """A value as TOML has it."""
    if isinstance(value, StrEnum | Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def _save(path: Path, text: str) -> Config:
    """Check, then replace the file in one act: a reader sees the old one or the new one, mode 0600."""
    config = parse(text, path)
    place = path.resolve() if path.is_symlink() else path
    try:
        private_directory(place.parent)
        write_private(place, [text.encode()])
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written ({error.strerror}): correct that, then try again."
        ) from error
    return config
