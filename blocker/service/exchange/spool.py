"""Where messages wait while they are exchanged: their original bytes and their copies, on this computer's disk.

Messages that are exchanged together lie in one file, so that the disk is waited for once. Files are private (0600 in a
folder of 0700) and reach the disk before `keep` returns: from then on the messages exist here, whatever a server does
to them. A file goes when the last of its messages is let go.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from blocker.config.private import private_directory, write_private
from blocker.service.exchange.steps import Place

_ENDING = ".spool"


@dataclass(frozen=True, slots=True)
class Kept:
    """A spooled message."""

    original: bytes
    copy: bytes


class _At(NamedTuple):
    """Where a message lies in a file."""

    path: Path
    start: int
    original: int
    """Octets of the original; the copy follows."""
    copy: int


class Spool:
    """A folder of messages under way. Raises OSError where the disk is full or refuses.

    Of one account only one thread may use it at a time.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._folders: dict[tuple[str, str], dict[Place, _At]] = {}
        """What lies here of each folder of an account."""
        self._left: dict[Path, set[Place]] = {}
        """By file, what was not let go of it."""

    def apart(self, place: Place) -> Path:
        """The file of its own that an original may get in the end; a mail program opens it."""
        name = _name(place.account, place.mailbox)
        return self._directory / f"{name}-{place.uidvalidity}-{place.uid}.original.eml"

    def places(self, account: str, mailbox: str) -> list[Place]:
        """Messages of a folder that lie here."""
        return list(self._folder(account, mailbox))

    def keep(self, messages: Mapping[Place, Kept]) -> None:
        """Write both of each, and wait until the disk has them all. The messages are of one folder."""
        if not messages:
            return
        private_directory(self._directory)
        first = next(iter(messages))
        known = self._folder(first.account, first.mailbox)
        name = _name(first.account, first.mailbox)
        last = max(self._directory.glob(f"{name}-*{_ENDING}"), default=None)
        number = int(last.stem.partition("-")[2]) + 1 if last else 1
        path = self._directory / f"{name}-{number:012d}{_ENDING}"
        index = [[p.uidvalidity, p.uid, len(kept.original), len(kept.copy)] for p, kept in messages.items()]
        octets = (raw for kept in messages.values() for raw in (kept.original, kept.copy))
        write_private(path, [json.dumps(index).encode(), b"\n", *octets], alone=True)
        self._look_into(path, first, known)

    def read(self, place: Place, sha256: str) -> Kept | None:
        """Both, or None where they are not there whole: `sha256` is of the original."""
        at = self._folder(place.account, place.mailbox).get(place)
        if at is None:
            return None
        try:
            with at.path.open("rb") as file:
                file.seek(at.start)
                kept = Kept(file.read(at.original), file.read(at.copy))
        except FileNotFoundError:
            return None
        whole = hashlib.sha256(kept.original).hexdigest() == sha256 and len(kept.copy) == at.copy
        return kept if whole else None

    def end(self, place: Place, *, keep: bool) -> None:
        """Let a message go; harmless where it is gone. With `keep` its original gets a file of its own, which stays.

        Where the disk has no room for that, it stays where it is.
        """
        known = self._folder(place.account, place.mailbox)
        at = known.get(place)
        if keep and at is not None:
            try:
                with at.path.open("rb") as file:
                    file.seek(at.start)
                    write_private(self.apart(place), [file.read(at.original)], alone=True)
            except OSError:
                return
        self._forget(place, known)

    def _forget(self, place: Place, known: dict[Place, _At]) -> None:
        at = known.pop(place, None)
        if at is None:
            return
        left = self._left[at.path]
        left.discard(place)
        if not left:
            del self._left[at.path]
            at.path.unlink(missing_ok=True)

    def _folder(self, account: str, mailbox: str) -> dict[Place, _At]:
        """What lies here of a folder: looked for once, as from then on only this object changes it."""
        known = self._folders.get((account, mailbox))
        if known is None:
            known = self._folders[account, mailbox] = {}
            of_it = Place(account, mailbox, 0, 0)
            for path in sorted(self._directory.glob(f"{_name(account, mailbox)}-*{_ENDING}")):
                self._look_into(path, of_it, known)
        return known

    def _look_into(self, path: Path, of_it: Place, known: dict[Place, _At]) -> None:
        """Note where each message of a file lies: there, and no longer in the files before it."""
        try:
            with path.open("rb") as file:
                index = json.loads(file.readline())
                start = file.tell()
            for uidvalidity, uid, original, copy in index:
                place = Place(of_it.account, of_it.mailbox, int(uidvalidity), int(uid))
                self._forget(place, known)
                known[place] = _At(path, start, int(original), int(copy))
                self._left.setdefault(path, set()).add(place)
                start += int(original) + int(copy)
        except (FileNotFoundError, TypeError, ValueError):
            return  # not written by us: what was in it counts as missing


def _name(account: str, mailbox: str) -> str:
    """Part of a file's name: folders may be called anything."""
    return hashlib.sha256(f"{account}\0{mailbox}".encode()).hexdigest()[:16]
