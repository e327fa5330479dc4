"""How messages were when they were read (CONDSTORE, RFC 7162): a removal takes away none that changed since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from blocker.mailbox.imap import text
from blocker.mailbox.imap.answers import Item

REMEMBERED = 10_000
"""Messages of which is known how they were when they were read: a removal follows soon, or never."""


class Versions:
    """The modification sequences of a folder's messages, by UID."""

    def __init__(self) -> None:
        self._modseqs: dict[int, int] = {}

    def note(self, found: Mapping[int, Item]) -> None:
        """Messages were read."""
        if len(self._modseqs) > REMEMBERED:
            self._modseqs.clear()
        for uid, item in found.items():
            match item.get(b"MODSEQ"):
                case (int(modseq),) if modseq > 0:
                    self._modseqs[uid] = modseq

    def forget(self, uids: Sequence[int]) -> None:
        """These were changed here."""
        for uid in uids:
            self._modseqs.pop(uid, None)

    def taken(self, uids: Sequence[int]) -> dict[int | None, list[int]]:
        """These by how they were, and forgotten; under None those of which that is not known."""
        known: dict[int | None, list[int]] = defaultdict(list)
        for uid in uids:
            known[self._modseqs.pop(uid, None)].append(uid)
        return known


def modified(told: str, uids: Sequence[int]) -> list[int]:
    """Those of `uids` that the server's MODIFIED code names; all of them where it cannot be read, none where it is empty."""
    if not told:
        return []
    try:
        named = set(text.uid_set(told)).intersection(uids)
    except ValueError:
        named = set()
    return sorted(named) or list(uids)  # where nobody can tell which
