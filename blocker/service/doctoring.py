"""The doctor at an account's server: by a command, or asked for on a page. What was found is kept in the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from blocker.catalogue import Catalogue
from blocker.config import AccountConfig
from blocker.doctor import Advice, Findings, advise, rows
from blocker.doctor.door import Facts
from blocker.doctor.examine import examine
from blocker.mailbox.protocol import MailboxError, Store
from blocker.service.stores import Stores


def examine_and_keep(
    account: AccountConfig, stores: Stores, catalogue: Catalogue, tell: Callable[[str], object]
) -> tuple[Findings, Advice]:
    """Try the server out over connections of its own, and keep what was found; `tell` hears what is being tried.

    Raises MailboxError, ConfigError and CatalogueError.
    """
    found = examine(_Door(account, stores), account.folders, tell)
    advice = advise(found)
    checks = [asdict(row) for row in rows(found)]
    catalogue.save_profile(account.name, account.host, advice.mode, found.as_dict(), advice.why, checks)
    return found, advice


class _Door:
    """Connections to an account over IMAP."""

    def __init__(self, account: AccountConfig, stores: Stores) -> None:
        self._account = account
        self._stores = stores

    @property
    def host(self) -> str:
        """The configured host."""
        return self._account.host

    def __call__(self) -> tuple[Store, Facts]:
        """A signed-in connection and what can be asked over it."""
        from blocker.mailbox.imap import ImapStore

        store = self._stores(self._account)
        if not isinstance(store, ImapStore):
            store.close()
            raise MailboxError("Only a server that speaks IMAP can be tried out.")
        return store, store.facts()
