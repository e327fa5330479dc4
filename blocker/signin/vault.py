"""The system's keyring: where passwords and tokens are kept, if at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from blocker.config import AccountConfig, ConfigError

SERVICE = "unpixel"
_NEXT = (
    "the system's keyring does not answer ({why}): unlock it, or start one (on a desktop it is there; elsewhere, "
    "see the documentation of Python's keyring), or use a password_command instead."
)
T = TypeVar("T")


def read(name: str) -> str | None:
    """What is kept under a name; None where nothing is. Raises ConfigError where there is no keyring."""
    import keyring

    return _asked(lambda: keyring.get_password(SERVICE, name))


def write(name: str, secret: str) -> None:
    """Keep a secret in place of a former one. Raises ConfigError where there is no keyring."""
    import keyring

    _asked(lambda: keyring.set_password(SERVICE, name, secret))


def erase(name: str) -> None:
    """Forget what is kept, if anything is. Raises ConfigError where there is no keyring."""
    import keyring

    if read(name) is not None:
        _asked(lambda: keyring.delete_password(SERVICE, name))


def usable() -> bool:
    """Whether there is a keyring that keeps anything."""
    import keyring
    from keyring.backends.fail import Keyring as Nothing
    from keyring.backends.null import Keyring as Void

    return not isinstance(keyring.get_keyring(), Nothing | Void)


def password_name(account: AccountConfig) -> str:
    """Under which name an account's password is kept."""
    return f"password of {account.user} on {account.host}"


def token_name(account: AccountConfig) -> str:
    """Under which name an account's tokens are kept."""
    return f"tokens of {account.user} from {account.oauth}"


def password(account: AccountConfig) -> str:
    """The password that the keyring keeps. Raises ConfigError where it keeps none."""
    kept = read(password_name(account))
    if not kept:
        raise ConfigError(
            f'The keyring has no password for "{account.name}": put it there with `unpixel account sign-in {account.name}`.'
        )
    return kept


def _asked(ask: Callable[[], T]) -> T:
    from keyring.errors import KeyringError

    try:
        return ask()
    except KeyringError as error:
        why = " ".join(str(error).split())[:120] or type(error).__name__
        raise ConfigError(_NEXT.format(why=why)[0].upper() + _NEXT.format(why=why)[1:]) from None
