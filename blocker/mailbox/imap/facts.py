"""What an IMAP server tells of itself, asked over a connection that is signed in. Nothing here touches mail."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from blocker.mailbox.imap import text
from blocker.mailbox.imap.connection import Connection
from blocker.mailbox.imap.idle import listen
from blocker.mailbox.imap.notify import Others
from blocker.mailbox.imap.select import select
from blocker.mailbox.protocol import ConnectionLost, MailboxError

_STORAGE = re.compile(r"\bSTORAGE (\d{1,15}) (\d{1,15})\b", re.IGNORECASE)


class ImapFacts:
    """Asks the server of a connection; `native` translates folder names."""

    def __init__(self, connection: Connection, native: Callable[[str], str]) -> None:
        self._connection = connection
        self._native = native

    def capabilities(self) -> frozenset[str]:
        """What the server announces to a signed-in client, in upper case."""
        return self._connection.capabilities()

    def server(self) -> str:
        """What the server calls itself (RFC 2971, ID); empty where it does not say."""
        if not self._connection.can("ID"):
            return ""
        answer = self._asked("say what it is", lambda: self._connection.client.id_(None))
        pairs = next(iter(answer or ()), None)
        if not isinstance(pairs, tuple | list):
            return ""
        said = {_said(key).lower(): _said(value) for key, value in zip(pairs[::2], pairs[1::2], strict=False)}
        return " ".join(said[key] for key in ("vendor", "name", "version") if said.get(key))

    def rights(self, folder: str) -> str | None:
        """Our rights on a folder (RFC 4314); None where the server does not tell."""
        return self._connection.rights(self._native(folder))

    def room(self, folder: str) -> tuple[int, int] | None:
        """(used, limit) in octets of the quota that holds for a folder (RFC 9208; STORAGE counts 1,024 octets).

        Of several, the one that leaves least.
        """
        if not any(c == "QUOTA" or c.startswith("QUOTA=") for c in self._connection.capabilities()):
            return None
        wire = self._connection.wire(self._native(folder))
        answer = self._asked("tell its quota", lambda: self._connection.imap.getquotaroot(wire))
        if answer is None or answer[0] != "OK":
            return None
        lines = [line for part in answer[1] for line in (part if isinstance(part, list) else [part])]
        told = _STORAGE.findall(" ".join(map(_said, lines)))
        quotas = [(int(used) * 1024, int(limit) * 1024) for used, limit in told]
        return min(quotas, key=lambda quota: quota[1] - quota[0], default=None)

    def largest(self) -> int | None:
        """APPENDLIMIT in octets where it is one for all folders (RFC 7889); None where the server does not tell."""
        told = [c.partition("=")[2] for c in self._connection.capabilities() if c.startswith("APPENDLIMIT=")]
        return int(told[0]) if told and told[0].isdigit() and len(told[0]) < 16 else None

    def delete(self, folder: str) -> None:
        """DELETE a folder with all that is in it. Raises MailboxError."""
        name = self._native(folder)
        self._connection.call(
            f"delete the folder {name}", lambda: self._connection.client.delete_folder(name)
        )

    def hears(self, folder: str, event: Callable[[], object], seconds: float) -> bool:
        """Whether IDLE on a folder tells of a message that `event` puts there, within some seconds: as the service listens."""
        select(self._connection, self._native(folder), readonly=True)

        def begun() -> None:
            self._connection.imap.forget()  # what was told before is no answer to it
            event()

        heard = listen(self._connection, seconds, lambda: False, Others(self._connection, {}), begun)
        self._connection.unselect()
        return heard

    def _asked(self, doing: str, function: Callable[[], Any]) -> Any:
        """What may be refused without harm: None then. A lost connection is no refusal."""
        try:
            return self._connection.call(doing, function)
        except ConnectionLost:
            raise
        except MailboxError:
            return None


def _said(value: object) -> str:
    return "" if value is None else text.clean(value)
