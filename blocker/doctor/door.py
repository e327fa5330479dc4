"""What the doctor needs of a server beyond what every mail store offers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from blocker.mailbox.protocol import Store


class Facts(Protocol):
    """What a server tells of itself, asked over one connection."""

    def capabilities(self) -> frozenset[str]:
        """What it announces to a signed-in client, in upper case."""

    def server(self) -> str:
        """What it calls itself; empty where it does not say."""

    def rights(self, folder: str) -> str | None:
        """Our rights on a folder; None where it does not tell."""

    def room(self, folder: str) -> tuple[int, int] | None:
        """(used, limit) in octets of the quota that holds for a folder; None where there is none."""

    def largest(self) -> int | None:
        """Octets of the largest message that can be stored; None where it does not tell."""

    def delete(self, folder: str) -> None:
        """Delete a folder with all that is in it."""

    def hears(self, folder: str, event: Callable[[], object], seconds: float) -> bool:
        """Whether IDLE on a folder tells of what `event` does there, within some seconds."""


class Door(Protocol):
    """Opens connections to one account."""

    @property
    def host(self) -> str:
        """The server's name, as configured."""

    def __call__(self) -> tuple[Store, Facts]:
        """A new connection, and what can be asked over it. Raises MailboxError or ConfigError."""
