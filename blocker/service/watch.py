"""Watching one account: connect, look, wait, look again; reconnect when the link breaks; end when asked to."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial

from blocker.catalogue import Catalogue, CatalogueError
from blocker.catalogue.heartbeats import Condition
from blocker.config import ConfigError
from blocker.judging.judge import Judgement, unread
from blocker.mailbox.protocol import ConnectionLost, LoginRefused, MailboxError, Recreated, Store, TryLater
from blocker.output.log import logger
from blocker.service.backoff import Backoff
from blocker.service.commands import Desk, carry_out
from blocker.service.digest import monday_before, send
from blocker.service.exchange.account import Account, Paused, Stopped, seen_of
from blocker.service.exchange.failures import reason_of
from blocker.service.exchange.lock import Busy, Unlocked
from blocker.service.exchange.steps import Place, source_of
from blocker.service.looks.emptying import Emptying
from blocker.service.looks.finish import finish
from blocker.service.looks.header_views import fill
from blocker.service.looks.hold import Hold, Waiting
from blocker.service.looks.in_place import look_at
from blocker.service.looks.overdue import Overdue
from blocker.service.pulse import Pulse
from blocker.service.stores import Stores

_log = logger()
IDLE = 9 * 60.0
"""Seconds after which IDLE is begun anew: some networks forget a silent link after ten minutes."""
RESUMED = 0.5
"""Seconds between two questions whether a pause has ended."""
ASKED = 2.0
"""Seconds between two questions whether a page wants something."""
BESIDE = 10.0
"""Seconds between two looks at new mail while something that takes long is done, such as a sweep."""
WITHOUT = 10.0
"""Seconds between two looks at held mail while the catalogue cannot be used."""
STEADY = 30.0
"""Seconds after which a connection counts as good, so that the next failure is the first one again."""


class Watch:
    """One account, watched in the calling thread by `run` until `account.stop` is set."""

    def __init__(
        self,
        account: Account,
        catalogue: Catalogue,
        stores: Stores,
        pulse: Pulse,
        backoff: Backoff | None = None,
    ) -> None:
        self._account = account
        self._catalogue = catalogue
        self._stores = stores
        self._pulse = pulse
        self._backoff = backoff or Backoff()
        self._emptying = Emptying(account)
        self._waiting = Waiting()
        self._holds = account.config.mode.holds
        self._heard = (account.config.screening,) if self._holds else account.config.folders
        """The folders whose news is listened for: the first for certain, the others where the server can tell of them."""
        self._told: set[str] = set()
        self._failed: list[str] = []
        """What went wrong at this look, a sentence each."""
        self._held_back = ""
        """Mode hold: why the last look at held mail was not finished; empty where it was."""
        self._uidnexts: dict[str, int] = {}
        """Of the folders that are listened to, at their last look: what comes there is new."""
        self._looked = 0.0
        """When new mail was looked at last."""
        self._ask_next = 0.0
        self._wanted = False
        self._digested: date | None = None
        """The Monday of the last week of which it is known that its digest was sent."""
        self._resting = False
        """Whether the watch does as a pause asks."""
        self.refused = ""
        """Why the account is not watched any more: the server refuses the login."""

    def run(self) -> None:
        """Watch until stopped, or until the server refuses the login."""
        self._note(Condition.CONNECTING)
        while not self._account.stop.is_set():
            try:
                self._session()
            except Stopped:
                return
            except (LoginRefused, ConfigError) as error:
                self._refused(str(error))
                return
            except TryLater as error:
                self._trouble(str(error))
                self._account.stop.wait(error.seconds)
            except (MailboxError, CatalogueError, Busy, OSError) as error:
                self._trouble(str(error))
            # A mistake of ours: told with its trace, and the account is not given up in silence.
            except Exception as error:  # noqa: BLE001
                _log.exception("unexpected failure", account=self._account.config.name)
                self._trouble(f"unexpected failure ({type(error).__name__}): please report it with the log")
            self._account.stop.wait(self._backoff.wait())

    def once(self) -> None:
        """One look at every folder and at what is asked. Raises what went wrong, once all that could be done is done."""
        store = self._stores(self._account.config)
        try:
            self._failed.clear()
            self._look(store)
        except Paused:
            self._rest_once(store)
        finally:
            store.close()
        if self._failed:
            raise MailboxError(" ".join(dict.fromkeys(self._failed)))

    def _session(self) -> None:
        """Watch over one connection; held mail is looked after over another one where the catalogue fails."""
        try:
            self._connected()
        except Unlocked:
            raise
        except CatalogueError as error:
            if not self._holds:
                raise
            self._trouble(str(error))
            self._without_catalogue(str(error))

    def _without_catalogue(self, why: str) -> None:
        """Mode hold: let go what is held for too long, until the catalogue answers again.

        With PostgreSQL the account is not held then. What is done is done all the same: who cannot reach the database
        cannot know whether somebody else has the account, and to move what is still held harms nobody (see `overdue`).
        """
        overdue, why = self._overdue(), f"the catalogue cannot be used ({why})"
        store = self._stores(self._account.config)
        try:
            while not self._account.stop.is_set():
                overdue.look(store, why)
                self._account.stop.wait(min(self._account.config.poll, WITHOUT))
                try:
                    self._account.claim.take()
                    self._catalogue.pending(self._account.config.name)
                except CatalogueError as error:
                    why = f"the catalogue cannot be used ({error})"
                else:
                    self._backoff.limit(STEADY)
                    return
        finally:
            store.close()

    def _connected(self) -> None:
        """One connection, for as long as it lasts, and as long as nobody else has the account."""
        self._account.claim.take()
        store = self._stores(self._account.config)
        self._waiting.made = False
        try:
            self._watch(store)
        except Paused:
            self._rest(store)
        finally:
            store.close()

    def _watch(self, store: Store) -> None:
        """Look, and look again, until stopped. Raises Paused."""
        begun = time.monotonic()
        self._look(store)
        self._backoff.limit(STEADY)  # a network that is bad for all is no server that wants to be left alone
        self._account.tell("watching", "")  # only now is it true that mail from here on is looked at
        self._note(Condition.WATCHING)
        while True:
            if time.monotonic() - begun > STEADY:
                self._backoff.reset()
            self._wait(store)
            if self._account.stop.is_set():
                return
            self._look(store)

    def _rest(self, store: Store) -> None:
        """Until the pause ends nothing is begun. Only mode hold needs the connection: what it would hold goes on at once."""
        self._account.tell("paused", "Paused: nothing is judged or changed.")
        self._note(Condition.PAUSED)
        self._resting = True
        try:
            self._rest_once(store)
            if not self._holds:
                store.close()
            while not self._account.stop.is_set() and self._account.pausing.is_set():
                if not self._holds:
                    self._account.stop.wait(RESUMED)
                    continue
                self._wait(store)
                self._guarded(partial(self._hold, store), self._account.config.screening)
        finally:
            self._resting = False
        self._note(Condition.CONNECTING)

    def _rest_once(self, store: Store) -> None:
        """Bring to its end what is under way, and in mode hold let everything go."""
        if self._holds:
            self._guarded(partial(self._hold, store), self._account.config.screening)
        self._guarded(partial(self._finish, store), "")

    def _wait(self, store: Store) -> None:
        """Wait until the next look: as long as the account says, or until the server tells of news or a page asks.

        IDLE is begun anew every few minutes, as servers end what is silent for half an hour (RFC 9051, section 5.4),
        and the next look comes in time even if the server never tells.
        """
        end, self._wanted = time.monotonic() + self._account.config.poll, False
        while (left := end - time.monotonic()) > 0 and not self._called():
            heard = {name: self._uidnexts[name] for name in self._heard if name in self._uidnexts}
            if self._heard[0] not in heard or not store.can_listen():
                self._account.stop.wait(min(left, ASKED))
                continue
            try:
                if store.listen(heard, min(left, IDLE), self._called):
                    return
            except (ConnectionLost, LoginRefused):
                raise
            except MailboxError as error:
                self._uidnexts.clear()  # it says that it can, and does not: looked at now and then instead
                self._tell_once(str(error), self._heard[0])

    def _called(self) -> bool:
        """Whether to stop waiting: the service ends, a pause begins or ends, or something was asked for on a page."""
        if self._account.stop.is_set() or self._account.pausing.is_set() != self._resting:
            return True
        if self._resting:
            return False
        now = time.monotonic()
        if not self._wanted and now >= self._ask_next:
            self._ask_next = now + ASKED
            self._account.claim.check()
            self._wanted = bool(self._catalogue.pending(self._account.config.name))
        return self._wanted

    def _look(self, store: Store) -> None:
        """Raises Paused, before anything is begun or between two messages."""
        self._account.begin()
        self._new_mail(store)
        desk = Desk(self._account, store, self._stores, self._catalogue, partial(self._beside, store))
        self._guarded(partial(carry_out, desk), "")
        self._guarded(partial(self._views, store), "")
        self._guarded(partial(self._emptying.look, store), "")
        self._guarded(partial(self._digest, store), "")

    def _digest(self, store: Store) -> None:
        """The digest of a week is sent at the first look of the next."""
        now, config = datetime.now(UTC), self._account.config
        if config.digest is None or self._digested == monday_before(now.date()):
            return
        with self._account.turn:
            send(config, self._account.key, store, self._catalogue, now)
        self._digested = monday_before(now.date())

    def _beside(self, store: Store) -> None:
        """New mail's turn, where it had none for a while."""
        if time.monotonic() - self._looked > BESIDE:
            self._new_mail(store)

    def _new_mail(self, store: Store) -> None:
        if self._holds:
            screening = self._account.config.screening
            self._guarded(partial(self._hold, store), screening)
        self._guarded(partial(self._finish, store), "")
        if not self._holds:
            for folder in self._account.config.folders:
                self._guarded(partial(self._folder, store, folder), folder)
        self._looked = time.monotonic()

    def _folder(self, store: Store, folder: str) -> None:
        self._uidnexts.pop(
            folder, None
        )  # one that cannot be looked at is not listened to: it would never be silent
        with self._account.turn, closing(look_at(self._account, store, folder)) as look:
            look.new_mail()
        self._uidnexts[folder] = look.folder.uidnext

    def _hold(self, store: Store) -> None:
        """Where the last look was not finished, whatever the reason, what is overdue goes first, by a way of its own."""
        self._uidnexts.clear()  # as above
        if self._held_back:
            self._overdue(self._record).look(store, self._held_back)
        try:
            self._held(store)
        except (Stopped, Unlocked):
            raise
        except Exception as error:
            self._held_back = f"held mail cannot be dealt with ({error or type(error).__name__})"
            raise
        self._held_back = ""

    def _overdue(
        self, record: Callable[[Sequence[Place], str], None] = lambda _places, _why: None
    ) -> Overdue:
        config = self._account.config
        if self._account.pausing.is_set():
            config = replace(config, hold_seconds=0.0)  # overdue is whatever is held
        return Overdue(config, self._account.spool, self._account.observer, self._waiting, record)

    def _record(self, places: Sequence[Place], why: str) -> None:
        now = datetime.now(UTC)
        judged = [(place, Judgement(unread(source_of(place), why))) for place in places]
        with self._account.journal.batch() as batch:
            batch.record([seen_of(place, unread_, 0, now, "left", why) for place, unread_ in judged])

    def _held(self, store: Store) -> None:
        with self._account.turn:
            with closing(Hold(self._account, store, self._waiting)) as look:
                if self._account.pausing.is_set():
                    look.pass_on()
                else:
                    look.new_mail()
            self._uidnexts[self._account.config.screening] = look.uidnext

    def _finish(self, store: Store) -> None:
        """Go on with what is under way; held mail was seen to by its own look."""
        with self._account.turn:
            finished = finish(
                self._account, store, but_held=self._account.config.screening if self._holds else ""
            )
        for folder, why in finished.failed.items():
            self._tell_once(why, folder)

    def _views(self, store: Store) -> None:
        with self._account.turn:
            fill(self._account, store, self._catalogue)

    def _guarded(self, work: Callable[[], object], folder: str) -> None:
        """A folder that cannot be looked at does not keep the others back; it is told once."""
        self._account.go_on()
        try:
            work()
        except (ConnectionLost, LoginRefused, CatalogueError, Stopped, Unlocked, OSError):
            raise
        except Recreated:
            return  # the next look begins anew with what is there
        except Exception as error:  # noqa: BLE001 (a mistake of ours is told with its trace)
            why = reason_of(error)
            self._failed.append(why)
            self._tell_once(why, folder)

    def _tell_once(self, why: str, folder: str) -> None:
        if why not in self._told:
            self._told.add(why)
            self._account.tell("trouble", why, folder)

    def _refused(self, why: str) -> None:
        self.refused = why
        self._account.tell("refused", why)
        self._note(Condition.REFUSED, why)

    def _trouble(self, why: str) -> None:
        self._account.tell("trouble", why)
        self._note(Condition.TROUBLE, why)

    def _note(self, condition: Condition, why: str = "") -> None:
        self._pulse.note(self._account.config.name, condition, why)
