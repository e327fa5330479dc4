"""Whether a server gives copies back as they were sent. Where it does not, no more are sent: each was seen by its owner."""

from __future__ import annotations

ENOUGH = 3
"""Copies in a row that did not read back; one alone may be an odd message's fault."""


class Fidelity:
    """How an account's server treated our copies, as far as this process has seen."""

    def __init__(self) -> None:
        self._altered = 0

    def kept(self) -> None:
        """A copy read back as it was sent."""
        if not self.doubt:
            self._altered = 0

    def altered(self) -> bool:
        """A copy read back otherwise; whether that was the last one to be sent."""
        self._altered += 1
        return self._altered == ENOUGH

    @property
    def doubt(self) -> str:
        """Why no copy is sent any more; empty where nothing speaks against it."""
        return "the server changes what is stored" if self._altered >= ENOUGH else ""
