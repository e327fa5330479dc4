"""How often somebody may try a password."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from threading import Lock

from blocker.config.loopback import is_loopback
from webui.limiter import Limiter, network

WINDOW = 900.0
"""Seconds that a wrong password counts."""
PER_ADDRESS = 10
"""Of one address: a household behind one router types as many wrong ones."""
PER_PERSON = 30
"""For one person, from however many addresses."""
ALL = 200
"""Of everybody together: what the digests of all tries may cost."""


class Throttle:
    """Counts wrong passwords by address, by person and all together. Safe to use from several threads.

    From this machine itself only its own tries count: nobody elsewhere can keep an owner out who sits at it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = Lock()
        self._addresses = Limiter(PER_ADDRESS, WINDOW, clock)
        self._people = Limiter(PER_PERSON, WINDOW, clock)
        self._all = Limiter(ALL, WINDOW, clock)

    def enter(self, address: str, name: str) -> int:
        """Note a try before its password is looked at, so that tries made at the same moment count too: 0; or how many
        seconds to wait, and it is none."""
        with self._lock:
            limits = tuple(self._limits(address, name))
            wait = max(limiter.wait(key) for limiter, key in limits)
            if not wait:
                for limiter, key in limits:
                    limiter.failed(key)
            return wait

    def succeeded(self, address: str, name: str) -> None:
        """The try was right, and counts no more. Those before it do: who has a password could else guess on for ever."""
        with self._lock:
            for limiter, key in self._limits(address, name):
                limiter.take_back(key)

    def _limits(self, address: str, name: str) -> Iterator[tuple[Limiter, str]]:
        yield self._addresses, network(address)
        if not is_loopback(address):
            yield self._people, name
            yield self._all, ""
