"""How often somebody may try a password."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from threading import Lock

MAX_CLIENTS = 10_000


class Limiter:
    """Counts failures per client in a sliding window. Safe to use from several threads."""

    def __init__(
        self, allowed: int = 5, window: float = 900.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`allowed` failures in `window` seconds; the next try waits until the oldest is that old."""
        self._allowed = allowed
        self._window = window
        self._clock = clock
        self._failures: OrderedDict[str, list[float]] = OrderedDict()
        self._lock = Lock()

    def wait(self, client: str) -> int:
        """Seconds until this client may try again; 0 where it may now."""
        with self._lock:
            recent = self._recent(_network(client))
            if len(recent) < self._allowed:
                return 0
            return max(1, round(recent[-self._allowed] + self._window - self._clock()))

    def failed(self, client: str) -> None:
        """Note a failure."""
        key = _network(client)
        with self._lock:
            self._failures[key] = [*self._recent(key), self._clock()][-self._allowed :]
            self._failures.move_to_end(key)
            while len(self._failures) > MAX_CLIENTS:
                self._failures.popitem(last=False)

    def succeeded(self, client: str) -> None:
        """Forget a client's failures."""
        with self._lock:
            self._failures.pop(_network(client), None)

    def _recent(self, key: str) -> list[float]:
        oldest = self._clock() - self._window
        return [moment for moment in self._failures.get(key, ()) if moment > oldest]


def _network(client: str) -> str:
    """The address, or the /64 that one IPv6 host commands whole."""
    try:
        address = ip_address(client)
    except ValueError:
        return client[:64]
    if isinstance(address, IPv6Address):
        return address.exploded[:19]
    return str(address)
