"""Whether a neutralised copy has room on the server, asked before it is sent.

Original and copy both stay, the one in the quarantine or beside the other: the account grows by every copy. Part of what
it may hold is left free for mail to come: a server turns mail away from a full account, and no pixel is worth that.
"""

from __future__ import annotations

from blocker.mailbox.protocol import Store

SPARE = 20
"""The part of a quota that is left free: one in so many."""
SPARE_MOST = 50 * 1024 * 1024
"""Octets; more need not be left free."""


class Quota:
    """The room for copies in one folder, counted down from what the server says. Its methods raise MailboxError."""

    def __init__(self, store: Store, folder: str) -> None:
        self._store = store
        self._folder = folder
        self._asked = False
        self._left: int | None = None
        self._limit = 0

    def take(self, octets: int) -> str:
        """Count a copy of so many octets in; why there is no room for it, an empty text where there is or nobody tells."""
        largest = self._store.largest()
        if largest is not None and octets > largest:
            return "its copy would be larger than the server takes"
        self._ask()
        if self._left is None:
            return ""
        if octets > self._left:
            return f"the account is too full for a copy of it (quota: {self._limit / 2**20:.2g} MB)"
        self._left -= octets
        return ""

    def forget(self) -> None:
        """Ask the server again next time: others use the account too."""
        self._asked = False

    def _ask(self) -> None:
        if self._asked:
            return
        self._asked, told = True, self._store.room(self._folder)
        used, self._limit = told or (0, 0)
        spare = min(self._limit // SPARE, SPARE_MOST)
        self._left = self._limit - used - spare if self._limit > 0 else None
