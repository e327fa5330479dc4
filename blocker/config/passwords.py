"""Where an account's password comes from: a program, a variable, a private file, or a prompt kept in memory."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from blocker.config.errors import ConfigError
from blocker.config.model import AccountConfig
from blocker.config.private import only_file, refuse_what_others_reach
from blocker.config.programs import TooMuch, printed

SECONDS = 60.0
"""How long a password program may take: it may ask for a finger or a passphrase itself."""
MOST = 64 * 1024
"""Octets that it may print: the password, and notes behind it as pass keeps them."""
Ask: TypeAlias = Callable[[AccountConfig], str]


class Passwords:
    """Gives each account's password when a connection is made.

    What a program or a variable gives is asked for anew at every connection, so that a changed password
    is found; what a person typed is kept in this object's memory and nowhere else.
    """

    def __init__(self, ask: Ask | None = None) -> None:
        self._ask = ask
        self._typed: dict[str, str] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return "Passwords(…)"

    def __call__(self, account: AccountConfig) -> str:
        """The password. Raises ConfigError with the next step where there is none."""
        if account.password_command:
            return _from_command(account, account.password_command)
        if account.password_env:
            return _from_environment(account, account.password_env)
        if account.password_file:
            return _from_file(account, account.password_file)
        with self._lock:
            if account.name not in self._typed:
                self._typed[account.name] = self._prompt(account)
            return self._typed[account.name]

    def keep(self, account: AccountConfig, password: str) -> None:
        """Remember what a person typed, for as long as this process lives."""
        with self._lock:
            self._typed[account.name] = password

    def _prompt(self, account: AccountConfig) -> str:
        if self._ask is None:
            raise ConfigError(
                f'Nobody is there to type the password of "{account.name}": '
                "give the account a password_command or a password_env."
            )
        return self._ask(account)


def _from_environment(account: AccountConfig, variable: str) -> str:
    password = os.environ.get(variable)
    if not password:
        raise ConfigError(
            f'The password of "{account.name}" should stand in the environment variable {variable}, '
            "which is not set: set it, then try again."
        )
    return password


def _from_file(account: AccountConfig, path: Path) -> str:
    """The first line of a file. Raises ConfigError, also where others can read it."""
    try:
        only_file(path)
        refuse_what_others_reach(path)
        with path.open("rb") as file:
            password = file.read(MOST).decode("utf-8", "replace").splitlines()[:1]
    except OSError as error:
        raise ConfigError(
            f'The password_file of "{account.name}" cannot be read ({error.strerror}): '
            f"put it there with `unpixel account sign-in {account.name}`."
        ) from error
    if not password or not password[0]:
        raise ConfigError(
            f'The password_file of "{account.name}" is empty: '
            f"put the password there with `unpixel account sign-in {account.name}`."
        )
    return password[0]


def _from_command(account: AccountConfig, command: str) -> str:
    """The first line that the program prints, as pass, secret-tool and their like do."""
    try:
        code, said = printed(command, SECONDS, MOST)
    except TooMuch as error:
        raise ConfigError(
            f'The password_command of "{account.name}" printed more than {MOST // 1024} KB and was ended: have it '
            "print the password alone, on one line, then try again."
        ) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError(
            f'The password_command of "{account.name}" did not finish: run it by hand, then try again.'
        ) from error
    password = said.decode("utf-8", "replace").splitlines()[:1]
    if code or not password or not password[0]:
        raise ConfigError(
            f'The password_command of "{account.name}" gave no password (exit code {code}): '
            "run it by hand, then try again."
        )
    return password[0]
