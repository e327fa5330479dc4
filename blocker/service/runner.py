"""The service as one object: `Runner` watches all accounts of a configuration, each in a thread of its own."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from blocker.catalogue import Catalogue, CatalogueError
from blocker.catalogue.heartbeats import Condition
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
from blocker.service.follow import Follow
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
        self._stores = stores or imap(Passwords())
        self._catalogue = catalogue
        self._path = config.path
        self._observer = observer
        self._only = tuple(only)
        self._stop = threading.Event()
        self._end = math.inf
        """When whoever stops it waits no longer."""
        self._journal, self._spool = Journal(catalogue), Spool(config.data_dir / "spool")
        self._memory = CatalogueMemory(catalogue)
        self._configured: dict[str, AccountConfig] = {}
        self._accounts: dict[str, Account] = {}
        self._watches: dict[str, Watch] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._pauses = Pauses(catalogue, self._accounts, self._stop)
        self._pulse = Pulse(catalogue)
        self._retention = Retention(catalogue, config.service.retention_days, self._stop)
        for account in self._chosen(config):
            self._add(config, account)

    def _chosen(self, config: Config) -> list[AccountConfig]:
        return [config.account(name) for name in self._only] or list(config.accounts)

    def _add(self, config: Config, configured: AccountConfig) -> None:
        """Have an account among those that are worked on."""
        account, why = as_allowed(configured, self._catalogue)
        name = account.name
        made = Account(
            account,
            Claim(config.data_dir / "locks", self._catalogue, name),
            self._journal,
            self._spool,
            config.key(),
            self._observer,
            self._memory,
            config.service.max_message_bytes,
            trust=trust(config, account),
        )
        self._configured[name] = configured
        self._watches[name] = Watch(made, self._catalogue, self._stores, self._pulse)
        self._accounts[name] = made
        self._catalogue.ensure_account(name, account.address, account.mode, account.level)
        if why:
            self._observer(Event(name, "trouble", detail=why))

    def start(self) -> None:
        """Begin to watch. Raises Busy where another process works on an account."""
        for account in self._accounts.values():
            account.claim.take(serves=True)
        self._pauses.start()
        WARM.begin()
        self._pulse.start()
        for name in self._watches:
            self._watch(name)
        if self._retention.wanted:
            # What a step of it has not erased yet is erased next time: nobody waits for its end.
            threading.Thread(target=self._retention.run, name="retention", daemon=True).start()

    def _watch(self, name: str) -> None:
        """Watch an account in a thread of its own."""
        thread = threading.Thread(target=self._watches[name].run, name=f"watch-{name}", daemon=True)
        self._threads[name] = thread
        thread.start()

    def follow(self) -> None:
        """Take up what changes in the configuration's file, from now on and while it runs; see `apply`."""
        Follow(self._path, self.apply, self._observer, self._stop).start()

    def apply(self, config: Config) -> None:
        """Go on by another configuration: accounts come and go, and one that changed is begun with anew.

        So is one that was refused, as whoever wrote the file may have seen to that. Nothing else is taken up. Waits
        until the accounts that go have ended the step that they are in.
        """
        wanted = {account.name: account for account in self._wanted(config)}
        for name, configured in tuple(self._configured.items()):
            if wanted.get(name) != configured or self._watches[name].refused:
                self._drop(name)
        for name, configured in wanted.items():
            if name not in self._configured and not self._stop.is_set():
                self._take_up(config, configured)

    def _wanted(self, config: Config) -> list[AccountConfig]:
        return [account for account in config.accounts if not self._only or account.name in self._only]

    def _drop(self, name: str) -> None:
        """End with an account."""
        account = self._accounts[name]
        account.stop.set()
        while self._threads[name].is_alive() and not self._stop.is_set():
            self._threads[name].join(0.1)
        if not self._stop.is_set():
            self._pulse.note(name, Condition.STOPPED)
            account.claim.release()
            for known in (self._configured, self._accounts, self._watches, self._threads):
                known.pop(name)

    def _take_up(self, config: Config, configured: AccountConfig) -> None:
        """Begin with an account while the others are watched; what is in its way is told."""
        try:
            self._add(config, configured)
            self._accounts[configured.name].claim.take(serves=True)
        except (Busy, CatalogueError, ConfigError) as error:
            self._observer(Event(configured.name, "trouble", detail=str(error)))
            for known in (self._configured, self._accounts, self._watches):
                known.pop(configured.name, None)
            return
        self._pauses.look()
        if not self._stop.is_set():
            self._watch(configured.name)

    def stop(self, timeout: float = STOP_SECONDS) -> bool:
        """End within `timeout` seconds; whether every thread has ended. What is under way goes on next time.

        Called again, it waits until the same moment: who has waited for a silent server once does not do so twice.
        """
        self._stop.set()
        for account in tuple(self._accounts.values()):
            account.stop.set()
        self._end = min(self._end, time.monotonic() + timeout)
        threads = tuple(self._threads.values())
        for thread in threads:
            thread.join(max(0.0, self._end - time.monotonic()))
        self._pulse.end(max(0.0, self._end - time.monotonic()))
        ended = not any(thread.is_alive() for thread in threads)
        if ended:
            for account in tuple(self._accounts.values()):
                account.claim.release()
        return ended

    @property
    def refused(self) -> Mapping[str, str]:
        """Accounts whose login the server refuses, and its sentence."""
        return {name: watch.refused for name, watch in tuple(self._watches.items()) if watch.refused}

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
        """The accounts that are worked on."""
        return [account.config for account in self._accounts.values()]
