"""Opening an account's mail store with its password or token, which goes no further than the connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from blocker.config import AccountConfig, Passwords
from blocker.mailbox.protocol import LoginRefused, Store, WrongSetting

if TYPE_CHECKING:
    from blocker.mailbox.imap.sign_in import Secret

Stores: TypeAlias = Callable[[AccountConfig], Store]
"""Signs in to an account. Raises MailboxError or ConfigError, or OSError where a sign-in provider does not answer."""


def imap(passwords: Passwords) -> Stores:
    """Stores that sign in over IMAP: with a token where the account has `oauth`, with the keyring's password where it
    says so, else with what `passwords` gives at that moment."""
    # Not needed by those who bring a store of their own, and slow to import.
    from blocker.mailbox.imap.sign_in import Token
    from blocker.signin import vault
    from blocker.signin.tokens import Tokens

    tokens = Tokens()

    def open_store(account: AccountConfig) -> Store:
        if not account.oauth:
            return _store(
                account, vault.password(account) if account.password_keyring else passwords(account)
            )
        try:
            return _store(account, Token(tokens(account)))
        except LoginRefused:
            # A token may be withdrawn before its time: one that was made just now decides.
            return _store(account, Token(tokens(account, anew=True)))

    return open_store


def _store(account: AccountConfig, secret: Secret) -> Store:
    from blocker.mailbox.imap import ImapStore

    try:
        return ImapStore(
            account.host,
            account.port,
            account.user,
            secret,
            security=account.security,
            cafile=account.ca_file,
        )
    except WrongSetting as error:
        raise error.of(f"accounts.{account.name}") from None
