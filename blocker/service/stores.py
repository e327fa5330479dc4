"""Opening an account's mail store with its password, which goes no further than the connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from blocker.config import AccountConfig, Passwords
from blocker.mailbox.protocol import Store

Stores: TypeAlias = Callable[[AccountConfig], Store]
"""Signs in to an account. Raises MailboxError or ConfigError."""


def imap(passwords: Passwords) -> Stores:
    """Stores that sign in over IMAP with the password that `passwords` gives at that moment."""

    def open_store(account: AccountConfig) -> Store:
        # Not needed by those who bring a store of their own, and slow to import.
        from blocker.mailbox.imap import ImapStore

        return ImapStore(
            account.host,
            account.port,
            account.user,
            passwords(account),
            security=account.security,
            cafile=account.ca_file,
        )

    return open_store
