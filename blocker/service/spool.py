"""Where a message waits while it is exchanged: its original bytes and its copy, on this computer's disk.

Files are private (0600 in a folder of 0700) and reach the disk before `keep` returns: from then on the
message exists here, whatever a server does to it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from blocker.config.model import private_directory
from blocker.service.steps import Place

AT_A_TIME = 8


@dataclass(frozen=True, slots=True)
class Kept:
    """A spooled message."""

    original: bytes
    copy: bytes


class Spool:
    """A folder of messages under way. Raises OSError where the disk is full or refuses."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def path(self, place: Place) -> Path:
        """Where the original's bytes lie; a mail program opens the file."""
        folder = _folder(place.account, place.mailbox)
        return self._directory / f"{folder}-{place.uidvalidity}-{place.uid}.original.eml"

    def places(self, account: str, mailbox: str) -> list[Place]:
        """Messages of a folder that lie here."""
        found = []
        for path in self._directory.glob(f"{_folder(account, mailbox)}-*.original.eml"):
            _, uidvalidity, uid = path.name.removesuffix(".original.eml").split("-")
            found.append(Place(account, mailbox, int(uidvalidity), int(uid)))
        return found

    def keep(self, messages: Mapping[Place, Kept]) -> None:
        """Write both of each, and wait until the disk has them all."""
        private_directory(self._directory)
        files: dict[Path, bytes] = {}
        for place, kept in messages.items():
            original = self.path(place)
            files |= {_copy_of(original): kept.copy, original: kept.original}
        drafts = {path: path.with_name(path.name + ".part") for path in files}
        try:
            for path, raw in files.items():
                _write(drafts[path], raw)
            _sync_all(list(drafts.values()))
            for path, draft in drafts.items():
                draft.replace(path)  # a file of that name is always whole
        except OSError:
            for draft in drafts.values():
                draft.unlink(missing_ok=True)
            raise
        _sync(self._directory)  # makes the new names last through a power cut (fsync(2))

    def read(self, place: Place, sha256: str) -> Kept | None:
        """Both, or None where they are not there whole: `sha256` is of the original."""
        original = self.path(place)
        try:
            kept = Kept(original.read_bytes(), _copy_of(original).read_bytes())
        except FileNotFoundError:
            return None
        return kept if hashlib.sha256(kept.original).hexdigest() == sha256 else None

    def drop(self, place: Place) -> None:
        """Remove both; harmless where they are gone."""
        original = self.path(place)
        original.unlink(missing_ok=True)
        _copy_of(original).unlink(missing_ok=True)


def _folder(account: str, mailbox: str) -> str:
    """Part of a file's name: folders may be called anything."""
    return hashlib.sha256(f"{account}\0{mailbox}".encode()).hexdigest()[:16]


def _copy_of(original: Path) -> Path:
    return original.with_name(original.name.replace(".original.", ".copy."))


def _write(path: Path, raw: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(raw)


def _sync_all(paths: Sequence[Path]) -> None:
    """Wait for several at once: file systems write their journal once for all who wait at that moment."""
    if len(paths) <= AT_A_TIME:
        for path in paths:
            _sync(path)
        return
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        for _ in pool.map(_sync, paths):
            pass


def _sync(path: Path) -> None:
    """Wait until the disk has a file's octets, or a directory's names."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
