"""Past mail: every message of an account's folders that was there before, newest first.

A sweep goes in pieces. After each it notes in the journal how far down it has come, so that one which was cut short,
or stopped at its limit, goes on there; mail that has come on top meanwhile is looked at first. A sweep that has
reached the end forgets all that: the next one looks at everything anew.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from blocker.config import AccountConfig
from blocker.config.loopback import is_loopback
from blocker.config.providers import by_server
from blocker.mailbox.protocol import Store
from blocker.service.desk import Desk
from blocker.service.finish import finish, sweeping
from blocker.service.folder import TURN, Look, Progress
from blocker.service.journal import Swept as Passed

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
    daily = provider.daily_up_mb if account.mode in ("copy", "replace", "hold") else provider.daily_mb
    return daily * 2**20 // 2 or None


def usual_pace(account: AccountConfig) -> float | None:
    """Messages a second that an account's server is asked for; None, as many as it gives, where it is this computer."""
    return None if is_loopback(account.host) else PACE


def nobody(_done: int, _total: int) -> None:
    """A progress that nobody watches."""


def nothing() -> None:
    """What is done between pieces where nothing is."""


def sweep(
    desk: Desk,
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
    after each piece, with nothing under way and `desk.turn` free; it may use the store too. With `dry_run` nothing is
    changed or recorded; the observer is told what would be done. Raises Stopped when the service is asked to end, and
    what the mailbox and the catalogue raise.
    """
    finished = Counter[str]() if dry_run else _finished(desk, store)
    desk = sweeping(desk)
    done = Swept()
    looks = [Look(desk, store, folder, dry_run=dry_run) for folder in desk.account.folders]
    ways = [
        _Way(desk, look, folder, since, dry_run)
        for look, folder in zip(looks, desk.account.folders, strict=True)
    ]
    total, before = sum(len(way.uids) for way in ways), 0
    progress(0, total)
    pace = _Pace(limits.pace, desk)
    for look, way in zip(looks, ways, strict=True):
        with closing(look):
            while not done.full and (piece := way.next(_room(limits, done, look))):
                look.past_mail(piece, nobody)
                way.passed(piece)
                before += len(piece)
                done.full = limits.octets is not None and sum(one.octets for one in looks) >= limits.octets
                progress(before, total)
                between()
                pace.wait(len(piece))
        done.update(look.done)
    done.left = total - before
    done.full = done.full and done.left > 0
    done.update(finished)
    return done


def _finished(desk: Desk, store: Store) -> Counter[str]:
    """Finish what is under way; how many messages, by action."""
    with desk.turn:
        finished = finish(desk, store)
    for folder, why in finished.failed.items():
        desk.tell("trouble", why, folder)
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

    def __init__(self, desk: Desk, look: Look, folder: str, since: datetime | None, dry_run: bool) -> None:
        self._journal = None if dry_run else desk.journal
        self._place = (desk.account.name, folder, look.uidvalidity)
        day = since.date().isoformat() if since else ""
        self._wish = f"{desk.account.mode}/{desk.account.level}/{day}"
        found = look.uids(since)
        former = self._journal.swept(*self._place) if self._journal else None
        if former is not None and former.wish == self._wish:
            found = [uid for uid in found if not former.low <= uid <= former.top]
        else:
            former = None
        self.uids: Sequence[int] = found
        self._former = former
        self._top = max([*found, *([former.top] if former else [])], default=0)
        self._count = 0

    def next(self, room: int) -> Sequence[int]:
        """The next messages, at most `room`."""
        return self.uids[self._count : self._count + room]

    def passed(self, piece: Sequence[int]) -> None:
        """Note that these were looked at."""
        self._count += len(piece)
        if self._journal is None:
            return
        if self._count == len(self.uids):
            self._journal.forget_swept(*self._place)
        elif self._former is None or piece[-1] < self._former.low:
            self._journal.set_swept(*self._place, Passed(self._wish, piece[-1], self._top))


class _Pace:
    """Waits so that no more than so many messages a second are asked for; a stop ends the waiting."""

    def __init__(self, pace: float | None, desk: Desk) -> None:
        self._pace = pace
        self._desk = desk
        self._next = time.monotonic()

    def wait(self, count: int) -> None:
        """After `count` messages."""
        if self._pace is None:
            return
        self._next = max(self._next, time.monotonic() - 1.0) + count / self._pace
        self._desk.stop.wait(max(0.0, self._next - time.monotonic()))
        self._desk.go_on()
