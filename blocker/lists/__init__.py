"""Filter lists in Adblock syntax that a person has added: kept, fetched when asked, and asked of each URL.

Matching is done by `adblock` (Brave's engine): `pip install "unpixel[lists]"`. Lists lie in the data directory; a program
that judges calls `use` with that directory, and the processes that it starts find it by the environment.
"""

from __future__ import annotations

from blocker.lists.engine import install, use
from blocker.lists.fetch import ListError
from blocker.lists.store import Kept, Lists

__all__ = ["Kept", "ListError", "Lists", "install", "use"]
