"""Watching one account: connect, look, wait, look again; reconnect when the link breaks; end when asked to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import partial

from blocker.catalogue import Catalogue, CatalogueError
from blocker.config import ConfigError
from blocker.mailbox.protocol import ConnectionLost, LoginRefused, MailboxError, Recreated, Store
from blocker.service.backoff import Backoff
from blocker.service.commands import carry_out
from blocker.service.desk import Desk, Stopped
from blocker.service.emptying import Emptying
from blocker.service.folder import Look
from blocker.service.log import logger
from blocker.service.stores import Stores
from blocker.service.views import fill

_log = logger()


class Watch:
    """One account, watched in the calling thread by `run` until `desk.stop` is set."""

    def __init__(
        self, desk: Desk, catalogue: Catalogue, stores: Stores, backoff: Backoff | None = None
    ) -> None:
        self._desk = desk
        self._catalogue = catalogue
        self._stores = stores
        self._backoff = backoff or Backoff()
        self._emptying = Emptying(desk)
        self._told: set[str] = set()
        self.paused = ""
        """Why the account is not watched any more: the server refuses the login."""

    def run(self) -> None:
        """Watch until stopped, or until the server refuses the login."""
        while not self._desk.stop.is_set():
            try:
                self._session()
            except Stopped:
                return
            except (LoginRefused, ConfigError) as error:
                self._pause(str(error))
                return
            except (MailboxError, CatalogueError, OSError) as error:
                self._trouble(str(error))
            # A mistake of ours: told with its trace, and the account is not given up in silence.
            except Exception as error:  # noqa: BLE001
                _log.exception("unexpected failure", account=self._desk.account.name)
                self._trouble(f"unexpected failure ({type(error).__name__}): please report it with the log")
            self._desk.stop.wait(self._backoff.wait())

    def once(self) -> None:
        """One look at every folder and at what is asked. Raises what goes wrong."""
        store = self._stores(self._desk.account)
        try:
            self._look(store, raising=True)
        finally:
            store.close()

    def _session(self) -> None:
        """One connection, for as long as it lasts."""
        store = self._stores(self._desk.account)
        try:
            self._desk.tell("watching", "")
            while not self._desk.stop.is_set():
                self._look(store, raising=False)
                self._backoff.reset()
                self._desk.stop.wait(self._desk.account.poll)
        finally:
            store.close()

    def _look(self, store: Store, *, raising: bool) -> None:
        for folder in self._desk.account.folders:
            self._guarded(partial(self._folder, store, folder), folder, raising=raising)
        self._guarded(partial(carry_out, self._desk, store, self._catalogue), "", raising=raising)
        self._guarded(partial(self._views, store), "", raising=raising)
        self._guarded(partial(self._emptying.look, store), "", raising=raising)

    def _folder(self, store: Store, folder: str) -> None:
        with self._desk.turn, closing(Look(self._desk, store, folder)) as look:
            look.new_mail()

    def _views(self, store: Store) -> None:
        with self._desk.turn:
            fill(self._desk, store, self._catalogue)

    def _guarded(self, work: Callable[[], object], folder: str, *, raising: bool) -> None:
        """A folder that cannot be looked at does not keep the others back; it is told once."""
        try:
            work()
        except (ConnectionLost, LoginRefused):
            raise
        except Recreated:
            return  # the next look begins anew with what is there
        except MailboxError as error:
            if raising:
                raise
            if str(error) not in self._told:
                self._told.add(str(error))
                self._desk.tell("trouble", str(error), folder)

    def _pause(self, why: str) -> None:
        self.paused = why
        self._desk.tell("paused", why)

    def _trouble(self, why: str) -> None:
        self._desk.tell("trouble", why)
