"""How long to wait after a failure: twice as long each time, with jitter, so that many do not return at once."""

from __future__ import annotations

import random

FIRST = 1.0
LONGEST = 300.0
"""Seconds."""


class Backoff:
    """Waiting times in seconds between `FIRST` / 2 and `LONGEST`."""

    def __init__(self, first: float = FIRST, longest: float = LONGEST) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    def wait(self) -> float:
        """The next waiting time: half of it certain, half by chance."""
        time = self._next
        self._next = min(self._next * 2, self._longest)
        return time * random.uniform(0.5, 1.0)

    def limit(self, longest: float) -> None:
        """Something worked: the next waiting time is at most so long."""
        self._next = min(self._next, longest)

    def reset(self) -> None:
        """It went well: begin anew."""
        self._next = self._first
