"""An access token for each connection, renewed in time. Tokens lie in the keyring alone."""

from __future__ import annotations

import threading
import time

from blocker.config import AccountConfig
from blocker.signin import microsoft, openid, vault
from blocker.signin.grants import Grant, Invite, SignInError


class Tokens:
    """Gives the access token of an account that signs in by OAuth. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __call__(self, account: AccountConfig, *, anew: bool = False) -> str:
        """A token that lasts; `anew` where the server refused the last one.

        Raises SignInError where a person has to sign in, NotReached (an OSError) where the provider does not answer.
        """
        with self._lock:
            grant = kept(account)
            if anew or not grant.fresh(time.time()):
                renew = microsoft.renew if account.oauth == "microsoft" else openid.renew
                grant = renew(account, grant)
                vault.write(vault.token_name(account), grant.dump())
            return grant.access


def sign_in(account: AccountConfig, invite: Invite, secret: str = "") -> None:
    """Have a person grant access, and keep it in the keyring. Raises SignInError, NotReached or ConfigError."""
    if account.oauth == "microsoft":
        grant = microsoft.sign_in(account, invite)
    else:
        grant = openid.sign_in(account, invite, secret)
    vault.write(vault.token_name(account), grant.dump())


def kept(account: AccountConfig) -> Grant:
    """What the keyring keeps. Raises SignInError where that is nothing."""
    text = vault.read(vault.token_name(account))
    if text is None:
        raise SignInError(
            f'Nobody has signed in to "{account.name}" on this machine: run `unpixel account sign-in {account.name}`.'
        )
    return Grant.load(text)
