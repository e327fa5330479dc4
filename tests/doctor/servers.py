"""A mail server in memory with the faults that real ones have, as the doctor meets it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from blocker.mailbox.protocol import MailboxError
from tests.mailbox.memory import MemoryAccount, MemoryMailbox, MemoryStore

CAPABILITIES = frozenset({"IMAP4REV1", "MOVE", "UIDPLUS", "IDLE"})


@dataclass
class Server:
    """One account's server; calling it opens a connection."""

    account: MemoryAccount = field(default_factory=MemoryAccount)
    host: str = "imap.example.org"
    announced: frozenset[str] = CAPABILITIES
    name: str = ""
    held: str | None = None
    """Our rights on every folder."""
    quota: tuple[int, int] | None = None
    drops_duplicates: bool = False
    """Throws away a second message of a Message-ID, and answers as if it had kept it (Gmail)."""
    replaces_duplicates: bool = False
    """Throws away the first one."""
    forgets_dates: bool = False
    deaf: bool = False
    """IDLE never tells."""
    deletes: bool = True
    creates: bool = True

    def __call__(self) -> tuple[MemoryStore, Facts]:
        """A connection."""
        store = Connection(self)
        return store, Facts(self, store)


class Connection(MemoryStore):
    """A connection whose folders have the server's faults."""

    def __init__(self, server: Server) -> None:
        super().__init__(server.account)
        self.server = server

    def open(self, folder: str, *, readonly: bool = False) -> MemoryMailbox:
        """Select a folder."""
        return self.run("open", folder, lambda: Box(self, folder, readonly=readonly))

    def ensure(self, folder: str) -> None:
        """Make it, where the server lets anybody."""
        if not self.server.creates:
            raise MailboxError("The server makes no folder; ask its operator.")
        super().ensure(folder)


class Box(MemoryMailbox):
    """A folder that meddles with what is stored."""

    def __init__(self, store: Connection, name: str, *, readonly: bool) -> None:
        super().__init__(store, name, readonly=readonly)
        self._server = store.server

    def append(
        self, raw: bytes, flags: Iterable[str] = (), internal_date: datetime | None = None
    ) -> int | None:
        """Store, or pretend to."""
        server, messages = self._server, self._server.account.folders[self.name].messages
        same = [uid for uid, stored in messages.items() if message_id(stored.raw) == message_id(raw)]
        if same and server.drops_duplicates:
            return same[0]
        uid = super().append(raw, flags, None if server.forgets_dates else internal_date)
        if same and server.replaces_duplicates:
            del messages[same[0]]
        return uid


@dataclass
class Facts:
    """What the server tells."""

    server_: Server
    store: Connection

    def capabilities(self) -> frozenset[str]:
        """As announced."""
        return self.server_.announced

    def server(self) -> str:
        """Its name."""
        return self.server_.name

    def rights(self, folder: str) -> str | None:  # noqa: ARG002 (the same everywhere)
        """As held."""
        return self.server_.held

    def room(self, folder: str) -> tuple[int, int] | None:  # noqa: ARG002 (one quota)
        """As given."""
        return self.server_.quota

    def largest(self) -> int | None:
        """As announced."""
        return self.server_.account.append_limit

    def delete(self, folder: str) -> None:
        """Away with it, where the server lets anybody."""
        if not self.server_.deletes:
            raise MailboxError("The server deletes no folder; ask its operator.")
        self.store.run("delete", folder, lambda: self.server_.account.folders.pop(folder))

    def hears(self, folder: str, event: Callable[[], object], seconds: float) -> bool:  # noqa: ARG002
        """Whether something came."""
        before = len(self.server_.account.folders[folder].messages)
        event()
        return not self.server_.deaf and len(self.server_.account.folders[folder].messages) > before


def message_id(raw: bytes) -> bytes:
    """The Message-ID line."""
    return next((line for line in raw.split(b"\r\n") if line.lower().startswith(b"message-id:")), b"")
