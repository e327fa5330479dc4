"""Where a message waits while it is exchanged: its original bytes and its copy, on this computer's disk.

Files are private (0600 in a folder of 0700) and reach the disk before `keep` returns: from then on the
message exists here, whatever a server does to it.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from blocker.config.model import private_directory
from blocker.service.steps import Place


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

    def keep(self, place: Place, kept: Kept) -> None:
        """Write both, and wait until the disk has them."""
        private_directory(self._directory)
        original = self.path(place)
        _write(_copy_of(original), kept.copy)
        _write(original, kept.original)
        _sync_directory(self._directory)

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
    """Write beside, then rename: a file of that name is always whole."""
    draft = path.with_name(path.name + ".part")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def _sync_directory(path: Path) -> None:
    """Make the new names last through a power cut (fsync(2): the directory needs its own)."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
