"""Names of IMAP folders: what a person writes, and what the server calls it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of LIST."""

    name: str
    """Decoded, with the server's separator."""
    separator: str
    attributes: frozenset[str]

    @property
    def holds_mail(self) -> bool:
        """Whether it can be selected (a mere step of the hierarchy cannot)."""
        return not {flag.lower() for flag in self.attributes} & {"\\noselect", "\\nonexistent"}


class Directory(Protocol):
    """Who can be asked about folders."""

    def list(self, pattern: str = "*") -> Sequence[Listed]:
        """Folders that match a LIST pattern."""

    def namespace(self) -> tuple[str, str]:
        """(prefix, separator) of the user's own folders."""


class FolderNames:
    """Translates names, asking the server once for each."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._known: dict[str, str] = {}
        self._namespace: tuple[str, str] | None = None

    def native(self, folder: str) -> str:
        """A folder's name as this server writes it.

        A name that exists is that folder. In any other, ``/`` stands for the server's separator and the prefix
        of the user's own namespace is added, so that "Archive/unpixel" becomes "INBOX.Archive.unpixel" where needed.
        """
        if folder.upper() == "INBOX":
            return "INBOX"
        if folder not in self._known:
            self._known[folder] = self._translate(folder)
        return self._known[folder]

    def exists(self, name: str) -> bool:
        """Whether mail can be kept under this native name. LIST takes it for a pattern, so names are compared."""
        return any(found.name == name and found.holds_mail for found in self._directory.list(name))

    def _translate(self, folder: str) -> str:
        if self._namespace is None:
            self._namespace = self._directory.namespace()
        prefix, separator = self._namespace
        usual = separator in ("", "/") or "/" not in folder
        if (usual and folder.startswith(prefix)) or self.exists(folder):
            return folder
        name = folder if usual else folder.replace("/", separator)
        return name if name.startswith(prefix) else prefix + name
