"""The service as one object: `Runner` watches all accounts of a configuration, each in a thread of its own."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from blocker.catalogue import Catalogue
from blocker.catalogue.memory import CatalogueMemory
from blocker.config import AccountConfig, Config, ConfigError, Passwords
from blocker.judging.warm import WARM
from blocker.mailbox.protocol import MailboxError
from blocker.sender.trust import trust
from blocker.service.allow import as_allowed
from blocker.service.digest import send
from blocker.service.exchange.account import Account
from blocker.service.exchange.events import Event, Observer, ignore
from blocker.service.exchange.journal import Journal
from blocker.service.exchange.lock import Busy, Claim
from blocker.service.exchange.spool import Spool
from blocker.service.looks.header_views import fill
from blocker.service.looks.look import Progress
from blocker.service.looks.restore import NotRestored, restore
from blocker.service.looks.retention import Retention
from blocker.service.looks.sweep import Limits, Swept, nobody, sweep
from blocker.service.pauses import Pauses
from blocker.service.pulse import Pulse
from blocker.service.stores import Stores, imap
from blocker.service.watch import Watch

STOP_SECONDS = 1.6
"""How long `stop` waits for steps under way; a thread that hangs in a dead link is left behind, its journal is safe."""


class Runner:
    """Watches the accounts of a configuration. Safe to use from several threads.

    `observer` is called with an Event for each message, from the account's thread; `stores` signs in to
    an account (IMAP unless said otherwise). The constructor records the accounts in the catalogue.
    """

    def __init__(
        self,
        config: Config,
        catalogue: Catalogue,
        observer: Observer = ignore,
        stores: Stores | None = None,
        *,
        only: Iterable[str] = (),
    ) -> None:
        configured = [config.account(name) for name in only] or list(config.accounts)
        allowed = [as_allowed(account, catalogue) for account in configured]
        chosen = [account for account, _ in allowed]
        self._stores = stores or imap(Passwords())
        self._catalogue = catalogue
        self._stop = threading.Event()
        self._end = math.inf
        """When whoever stops it waits no longer."""
        key = config.key()
        journal, spool = Journal(catalogue), Spool(config.data_dir / "spool")
        memory, limit = CatalogueMemory(catalogue), config.service.max_message_bytes
        self._accounts = {
            account.name: Account(
                account,
                Claim(config.data_dir / "locks", catalogue, account.name),
                journal,
                spool,
                key,
                observer,
                memory,
                limit,
                self._stop,
                trust=trust(config, account),
            )
            for account in chosen
        }
        self._pauses = Pauses(catalogue, self._accounts, self._stop)
        self._pulse = Pulse(catalogue)
        self._watches = {
            name: Watch(account, catalogue, self._stores, self._pulse)
            for name, account in self._accounts.items()
        }
        self._retention = Retention(catalogue, config.service.retention_days, self._stop)
        self._threads: list[threading.Thread] = []
        for account in chosen:
            catalogue.ensure_account(account.name, account.address, account.mode, account.level)
        for account, why in allowed:
            if why:
                observer(Event(account.name, "trouble", detail=why))

    def start(self) -> None:
        """Begin to watch. Raises Busy where another process works on an account."""
        for account in self._accounts.values():
            account.claim.take(serves=True)
        self._pauses.start()
        WARM.begin()
        self._pulse.start()
        for name, watch in self._watches.items():
            thread = threading.Thread(target=watch.run, name=f"watch-{name}", daemon=True)
            self._threads.append(thread)
            thread.start()
        if self._retention.wanted:
            # What a step of it has not erased yet is erased next time: nobody waits for its end.
            threading.Thread(target=self._retention.run, name="retention", daemon=True).start()

    def stop(self, timeout: float = STOP_SECONDS) -> bool:
        """End within `timeout` seconds; whether every thread has ended. What is under way goes on next time.

        Called again, it waits until the same moment: who has waited for a silent server once does not do so twice.
        """
        self._stop.set()
        self._end = min(self._end, time.monotonic() + timeout)
        for thread in self._threads:
            thread.join(max(0.0, self._end - time.monotonic()))
        self._pulse.end(max(0.0, self._end - time.monotonic()))
        ended = not any(thread.is_alive() for thread in self._threads)
        if ended:
            for account in self._accounts.values():
                account.claim.release()
        return ended

    def wait(self, seconds: float) -> bool:
        """Wait; True as soon as no account is watched any more."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    @property
    def refused(self) -> Mapping[str, str]:
        """Accounts whose login the server refuses, and its sentence."""
        return {name: watch.refused for name, watch in self._watches.items() if watch.refused}

    def once(self) -> None:
        """One look at every account in turn, in the calling thread; one that fails does not keep the others back.

        Raises what went wrong, once all are done: the failure itself, or the sentences of several as a MailboxError.
        """
        failed: list[Exception] = []
        self._pauses.start()
        for name, watch in self._watches.items():
            try:
                self._accounts[name].claim.take()
                watch.once()
            except (MailboxError, ConfigError, Busy, OSError) as error:
                failed.append(error)
        self._retention.once()
        if len(failed) > 1:
            raise MailboxError(" ".join(map(str, failed)))
        if failed:
            raise failed[0]

    def sweep(
        self,
        account: str,
        since: datetime | None = None,
        *,
        dry_run: bool = False,
        progress: Progress = nobody,
        limits: Limits = Limits(),  # noqa: B008 (frozen)
    ) -> Swept:
        """Look at an account's past mail in the calling thread; how many messages were dealt with, by action.

        May be called while the account is watched: the two take turns. Raises Stopped when `stop` is
        called, Paused where the account is paused, Busy where another process works on the account, MailboxError and CatalogueError (Unlocked, where
        the account is lost to another process meanwhile).
        """
        watched = self._begun(account)
        if not dry_run:
            watched.claim.take()
        store = self._stores(watched.config)
        try:
            return sweep(watched, store, since=since, dry_run=dry_run, progress=progress, limits=limits)
        finally:
            store.close()

    def restore(self, account: str, messages: Iterable[int], restored: Callable[[int, str], None]) -> None:
        """Put originals back by their numbers in the catalogue, in the calling thread.

        `restored` is called for each with why it could not be, or an empty text. Raises as `sweep` does.
        """
        watched = self._begun(account)
        watched.claim.take()
        store = self._stores(watched.config)
        try:
            for message in messages:
                watched.begin()
                with watched.turn:
                    why = ""
                    try:
                        restore(watched, store, self._catalogue, message)
                    except NotRestored as error:
                        why = str(error)
                restored(message, why)
        finally:
            store.close()

    def digest(self, account: str, now: datetime) -> bool:
        """Send an account's digest of last week, in the calling thread; whether there was one to send.

        Raises as `sweep` does.
        """
        watched = self._begun(account)
        watched.claim.take()
        store = self._stores(watched.config)
        try:
            return send(watched.config, watched.key, store, self._catalogue, now)
        finally:
            store.close()

    def views(self, account: str) -> int:
        """Make the header views that a sweep left for later, in the calling thread; how many."""
        watched = self._begun(account)
        watched.claim.take()
        store = self._stores(watched.config)
        try:
            return fill(watched, store, self._catalogue, None)
        finally:
            store.close()

    def _begun(self, account: str) -> Account:
        """The account, with which something is to be done in the calling thread. Raises Paused and Stopped."""
        self._pauses.start()
        found = self._accounts[account]
        found.begin()
        return found

    def accounts(self) -> list[AccountConfig]:
        """The accounts that are watched."""
        return [account.config for account in self._accounts.values()]
