"""Past mail: every message of an account's folders that was there before, newest first.

A sweep goes in pieces. After each it notes in the journal how far down it has come, so that one which was cut short,
or stopped at its limit, goes on there; mail that has come on top meanwhile is looked at first. A sweep that has
reached the end forgets all that: the next one looks at everything anew.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from blocker.catalogue.progress import Asked, Folder, Passed
from blocker.config import AccountConfig
from blocker.config.loopback import is_loopback
from blocker.config.providers import by_server
from blocker.mailbox.protocol import MailboxError, Store
from blocker.service.exchange.account import Account
from blocker.service.exchange.failures import ELSEWHERE, reason_of
from blocker.service.looks.finish import finish, sweeping
from blocker.service.looks.in_place import look_at
from blocker.service.looks.look import TURN, Look, Progress

CAP = 500
"""Messages that a sweep rewrites before it asks whether to go on."""
PACE = 50.0
"""Messages a second at which a sweep asks a server elsewhere: large providers slow down who asks for more."""
_REWRITTEN = ("replaced", "copied")


class Swept(Counter[str]):
    """How many messages were dealt with, by action; and how many were not, as the limit was reached first."""

    left: int = 0
    full: bool = False
    """It ended because the server lets no more be read for now."""
    failed: Mapping[str, str] = MappingProxyType({})
    """Folders of which not all could be looked at, each with the sentence why; `left` does not count their mail."""

    @property
    def rewritten(self) -> int:
        """Messages that were replaced or copied."""
        return sum(self[action] for action in _REWRITTEN)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a sweep may take on at once."""

    rewrites: int | None = None
    """After so many it ends; None for no limit."""
    pace: float | None = None
    """Messages a second; None for as many as the server gives."""
    octets: int | None = None
    """After reading so many it ends; None for no limit."""


def usual(account: AccountConfig, rewrites: int | None, pace: float | None = None) -> Limits:
    """What a sweep of an account may take on, where nobody says otherwise but of its rewrites and pace."""
    return Limits(rewrites, pace or usual_pace(account), _octets(account))


def _octets(account: AccountConfig) -> int | None:
    """Half of what the provider lets one account read a day, or be sent where copies go back: others use it too."""
    provider = by_server(account.host)
    if provider is None:
        return None
    daily = provider.daily_up_mb if account.mode.copies else provider.daily_mb
    return daily * 2**20 // 2 or None


def usual_pace(account: AccountConfig) -> float | None:
    """Messages a second that an account's server is asked for; None, as many as it gives, where it is this computer."""
    return None if is_loopback(account.host) else PACE


def nobody(_done: int, _total: int) -> None:
    """A progress that nobody watches."""


def nothing() -> None:
    """What is done between pieces where nothing is."""


def sweep(
    account: Account,
    store: Store,
    *,
    since: datetime | None = None,
    dry_run: bool = False,
    progress: Progress = nobody,
    limits: Limits = Limits(),
    between: Callable[[], object] = nothing,
) -> Swept:
    """Look at past mail as the account's mode asks; how many messages were dealt with, by action.

    First it finishes what any earlier run or sweep left under way, whatever its own limits are. `between` is called
    after each piece, with nothing under way and `account.turn` free; it may use the store too. With `dry_run` nothing is
    changed or recorded; the observer is told what would be done. A folder that fails is told and left; the others are
    looked at. Raises Stopped when the service is asked to end, what the connection and the catalogue raise, and
    MailboxError where no folder can be opened.
    """
    finished = Counter[str]() if dry_run else _finished(account, store)
    account = sweeping(account)
    failed: dict[str, str] = {}
    ways = _ways(account, store, since, dry_run, failed)
    count = _Count(sum(len(way.uids) for way in ways), progress)
    done = Swept()
    pace = _Pace(limits.pace, account)
    for way in ways:
        with closing(way.look), _apart(account, way.folder, failed):
            while not done.full and (piece := way.next(_room(limits, done, way.look))):
                way.look.past_mail(piece, nobody)
                way.passed(piece)
                done.full = limits.octets is not None and sum(w.look.octets for w in ways) >= limits.octets
                count.passed(len(piece))
                between()
                pace.wait(len(piece))
        done.update(way.look.done)
    done.left = sum(way.left for way in ways if way.folder not in failed)
    done.full = done.full and done.left > 0
    done.failed = failed
    done.update(finished)
    return done


def _ways(
    account: Account, store: Store, since: datetime | None, dry_run: bool, failed: dict[str, str]
) -> list[_Way]:
    """What there is to pass in each folder that can be opened; why others cannot goes into `failed`.

    Raises MailboxError where none can.
    """
    ways: list[_Way] = []
    for folder in account.config.folders:
        with _apart(account, folder, failed):
            ways.append(
                _Way(account, look_at(account, store, folder, dry_run=dry_run), folder, since, dry_run)
            )
    if not ways:
        raise MailboxError(" ".join(failed.values()))
    return ways


@contextmanager
def _apart(account: Account, folder: str, failed: dict[str, str]) -> Iterator[None]:
    """What is raised over one folder is told, and costs that one alone."""
    try:
        yield
    except (*ELSEWHERE, OSError):
        raise
    except Exception as error:  # noqa: BLE001 (whatever an answer raises, the other folders are looked at)
        failed[folder] = reason_of(error)
        account.tell("trouble", failed[folder], folder)


class _Count:
    """Tells how many of all messages were passed."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._total, self._progress, self._before = total, progress, 0
        progress(0, total)

    def passed(self, count: int) -> None:
        """So many more."""
        self._before += count
        self._progress(self._before, self._total)


def _finished(account: Account, store: Store) -> Counter[str]:
    """Finish what is under way; how many messages, by action."""
    with account.turn:
        finished = finish(account, store)
    for folder, why in finished.failed.items():
        account.tell("trouble", why, folder)
    return finished.done


def _room(limits: Limits, done: Swept, look: Look) -> int:
    """How many messages may be looked at next, so that no more than allowed can be rewritten."""
    most = TURN if limits.pace is None else max(1, int(min(TURN, limits.pace)))
    if limits.rewrites is None:
        return most
    rewritten = done.rewritten + sum(look.done[action] for action in _REWRITTEN)
    return max(0, min(most, limits.rewrites - rewritten))


class _Way:
    """The messages of one folder that a sweep has still to pass."""

    def __init__(
        self, account: Account, look: Look, folder: str, since: datetime | None, dry_run: bool
    ) -> None:
        self.look, self.folder = look, folder
        self._journal = None if dry_run else account.journal
        config = account.config
        self._place = Folder(config.name, folder, look.folder.opened.uidvalidity)
        self._asked = Asked(config.mode.value, config.level.value, since.date() if since else None)
        found = look.uids(since)
        former = self._journal.passed(self._place) if self._journal else None
        if former is not None and former.asked == self._asked:
            found = [uid for uid in found if not former.low <= uid <= former.top]
        else:
            former = None
        self.uids: Sequence[int] = found
        self._former = former
        self._top = max([*found, *([former.top] if former else [])], default=0)
        self._count = 0

    @property
    def left(self) -> int:
        """How many were not passed."""
        return len(self.uids) - self._count

    def next(self, room: int) -> Sequence[int]:
        """The next messages, at most `room`."""
        return self.uids[self._count : self._count + room]

    def passed(self, piece: Sequence[int]) -> None:
        """Note that these were looked at."""
        self._count += len(piece)
        if self._journal is None:
            return
        if self._count == len(self.uids):
            self._journal.forget_passed(self._place)
        elif self._former is None or piece[-1] < self._former.low:
            self._journal.set_passed(self._place, Passed(self._asked, piece[-1], self._top))


class _Pace:
    """Waits so that no more than so many messages a second are asked for; a stop ends the waiting."""

    def __init__(self, pace: float | None, account: Account) -> None:
        self._pace = pace
        self._account = account
        self._next = time.monotonic()

    def wait(self, count: int) -> None:
        """After `count` messages."""
        if self._pace is None:
            return
        self._next = max(self._next, time.monotonic() - 1.0) + count / self._pace
        self._account.stop.wait(max(0.0, self._next - time.monotonic()))
        self._account.begin()
