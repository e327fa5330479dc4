"""Counting what happens too often."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from threading import Lock

MAX_KEYS = 10_000


class Limiter:
    """Counts failures by key in a sliding window. Safe to use from several threads."""

    def __init__(
        self, allowed: int = 5, window: float = 900.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`allowed` failures in `window` seconds; the next try waits until the oldest is that old."""
        self._allowed = allowed
        self._window = window
        self._clock = clock
        self._failures: OrderedDict[str, list[float]] = OrderedDict()
        self._lock = Lock()

    def wait(self, key: str) -> int:
        """Seconds until the next try; 0 where it may be made now."""
        with self._lock:
            recent = self._recent(key)
            if len(recent) < self._allowed:
                return 0
            return max(1, round(recent[-self._allowed] + self._window - self._clock()))

    def failed(self, key: str) -> None:
        """Note a failure."""
        with self._lock:
            self._failures[key] = [*self._recent(key), self._clock()][-self._allowed :]
            self._failures.move_to_end(key)
            while len(self._failures) > MAX_KEYS:
                self._failures.popitem(last=False)

    def take_back(self, key: str) -> None:
        """The last failure was none."""
        with self._lock:
            if left := self._failures.pop(key, [])[:-1]:
                self._failures[key] = left

    def _recent(self, key: str) -> list[float]:
        oldest = self._clock() - self._window
        return [moment for moment in self._failures.get(key, ()) if moment > oldest]


def network(address: str) -> str:
    """The key of an address: itself, or the /64 that one IPv6 host commands whole."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:64]
    return parsed.exploded[:19] if isinstance(parsed, IPv6Address) else str(parsed)
