"""How often one program may ask: counted by its token, in this process's memory."""

from __future__ import annotations

import hashlib
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

PER_MINUTE = 1200


class Rates:
    """Counts requests in a sliding minute. Safe to use from several threads."""

    def __init__(self, per_minute: int = PER_MINUTE) -> None:
        self._allowed = RateLimitItemPerMinute(per_minute)
        self._counter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def wait(self, caller: str) -> int:
        """Count one request; seconds until the next may come where this was one too many, else 0."""
        # A token is kept nowhere, in no memory either, for longer than its request.
        key = hashlib.sha256(caller.encode("utf-8", "replace")).hexdigest()
        if self._counter.hit(self._allowed, key):
            return 0
        return max(1, round(self._counter.get_window_stats(self._allowed, key).reset_time - time.time()))
