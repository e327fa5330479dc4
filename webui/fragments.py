"""Parts of a page that many browsers ask for again and again: each is made once in a few seconds, whoever asks."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock

SECONDS = 4.0
"""So long a part is given out; browsers ask a little less often (`static/pages.js`)."""
MOST = 256
"""Parts that are kept at once."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part as it was made, and when, by the clock."""

    body: str
    tag: str
    """Another one where anything in it is another (an entity tag)."""
    made: float


class Fragments:
    """Keeps what was made by a key, which says all that it depends on. Safe to use from several threads."""

    def __init__(self, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._kept: OrderedDict[Hashable, Fragment] = OrderedDict()
        self._making: set[Hashable] = set()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], str]) -> Fragment:
        """The part of this key. While one thread makes it anew, others are given the one before and wait for nothing."""
        with self._lock:
            kept = self._kept.get(key)
            if kept and (key in self._making or self._clock() - kept.made < self._seconds):
                return kept
            self._making.add(key)
        try:
            body = make()
            return self._keep(key, Fragment(body, hashlib.sha256(body.encode()).hexdigest(), self._clock()))
        finally:
            with self._lock:
                self._making.discard(key)

    def _keep(self, key: Hashable, fragment: Fragment) -> Fragment:
        with self._lock:
            self._kept[key] = fragment
            self._kept.move_to_end(key)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return fragment
