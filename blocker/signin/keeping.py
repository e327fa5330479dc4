"""Where a typed password is kept, so that nobody has to type it again: the system's keyring, else a private file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from blocker.config import AccountConfig, ConfigError
from blocker.config.private import private_directory, write_private
from blocker.signin import vault

LONGEST = 1000
"""Characters of a password."""


def kept(account: AccountConfig, password: str, data_dir: Path) -> AccountConfig:
    """Keep a password, and the account that says where. Raises ConfigError where that cannot be done.

    An account that says already that it has a file or the keyring keeps that place; any other gets the keyring, or
    a file of mode 0600 in the data directory where the system has none.
    """
    if not password or len(password) > LONGEST or not password.isprintable():
        raise ConfigError("That is no password: type it in one line.")
    if account.password_keyring or (account.password_file is None and vault.usable()):
        vault.write(vault.password_name(account), password)
        return replace(account, password_keyring=True)
    path = account.password_file or data_dir / "passwords" / account.name
    try:
        private_directory(path.parent)
        write_private(path, [password.encode(), b"\n"])
    except OSError as error:
        raise ConfigError(
            f"The password cannot be kept in {path} ({error.strerror}): correct that, then try again."
        ) from error
    return replace(account, password_file=path)


def place_of(account: AccountConfig) -> str:
    """Where that is, in words."""
    return (
        "the system's keyring"
        if account.password_keyring
        else f"{account.password_file}, which you alone can read"
    )
