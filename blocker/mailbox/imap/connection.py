"""One signed-in IMAP connection: each exchange goes through `Connection.call`, so that every failure is a MailboxError."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from blocker.mailbox.imap import text
from blocker.mailbox.imap.listing import listed, personal
from blocker.mailbox.imap.names import Listed
from blocker.mailbox.imap.wire import BROKEN, Client, ReadOnly, Refused, Wire, decode_utf7, encode_utf7
from blocker.mailbox.protocol import ConnectionLost, MailboxError

_GOODBYE = 5.0
"""Seconds to wait for the answer to LOGOUT."""


class Connection:
    """A signed-in IMAP connection. After ConnectionLost it stays closed."""

    def __init__(self, client: Client, host: str) -> None:
        self.host = host
        self.client = client
        self.imap: Wire = client.wire
        self._open = True
        self._capabilities: frozenset[str] | None = None
        self.counts = False
        """Whether the server counts changes, as it was asked to."""
        self.notifies = True
        """Whether NOTIFY, where it is offered, has not been refused."""
        self.known_rights: dict[str, str | None] = {}
        """Ours on folders, as they were told first."""
        self.selected: object | None = None
        """Whoever selected a folder last; another one has to select its own again."""

    def capabilities(self) -> frozenset[str]:
        """What the server announces to a signed-in client, in upper case; asked once."""
        if self._capabilities is None:
            found = self.call("list its capabilities", self.client.capabilities)
            self._capabilities = frozenset(name.decode("ascii", "replace").upper() for name in found)
        return self._capabilities

    def count_changes(self) -> None:
        """ENABLE CONDSTORE, before any folder is opened: Dovecot counts only from then on."""
        if self.can("CONDSTORE") and self.can("ENABLE"):
            self.counts = self._attempt("count changes", lambda: self.client.enable("CONDSTORE")) is not None

    def can(self, capability: str) -> bool:
        """Whether the server offers this capability."""
        return capability in self.capabilities()

    def call(self, doing: str, function: Callable[[], Any]) -> Any:
        """Run one exchange. `doing` is an infinitive for the sentence of a failure."""
        if not self._open:
            raise ConnectionLost(f"The connection to {self.host} has ended; connect again.")
        try:
            return function()
        except MailboxError:
            raise
        except ReadOnly:
            raise MailboxError(
                f"{self.host} lets this account read the folder only, not {doing}; ask its owner for more rights."
            ) from None
        except BROKEN as error:
            self.drop()
            raise text.lost(self.host, doing, error) from None
        except Refused as error:
            raise text.refused(self.host, doing, error) from None
        except Exception as error:  # noqa: BLE001 (parsers fail in many ways on an answer that is not IMAP)
            self.drop()
            raise ConnectionLost(
                f"{self.host} answered in a way that is not IMAP when asked to {doing} "
                f"({type(error).__name__}); connect again."
            ) from None

    def command(self, doing: str, function: Callable[[], tuple[str, list[Any]]]) -> list[Any]:
        """Run one imaplib command and give its untagged data. Raises where the server does not say OK."""

        def run() -> list[Any]:
            self.imap.forget()
            typ, data = function()
            if typ != "OK":
                raise text.refused(self.host, doing, text.last(data))
            return data

        found: list[Any] = self.call(doing, run)
        return found

    def uid(self, doing: str, name: str, uids: Sequence[int], *args: str) -> list[Any]:
        """One UID command on UIDs given one by one, at most `text.CHUNK` of them."""
        listed = ",".join(map(str, uids))
        return self.command(doing, lambda: self.imap.uid(name, listed, *args))

    def search(self, criteria: str) -> list[int]:
        """UIDs that UID SEARCH gives, ascending; those that IMAP knows."""
        data = self.command("search", lambda: self.imap.uid("SEARCH", criteria))
        more = self.imap.answers.get("ESEARCH", [])
        found: list[int] = self.call("search", lambda: text.searched(data, more))
        return found

    def present(self, uids: Sequence[int]) -> list[int]:
        """Those of `uids`, at most `text.CHUNK`, that still exist: asked for anew, by a search."""
        if not uids:
            return []
        self.noop()
        here = set(self.search(f"UID {','.join(map(str, uids))}"))
        return [uid for uid in uids if uid in here]

    def code(self, name: str) -> str:
        """The data of a response code that came with the last command, or an empty string."""
        codes: list[Any] = self.imap.answers.get(name) or [b""]
        return str((codes[-1] or b"").decode("ascii", "replace"))

    def noop(self) -> None:
        """Let the server tell what changed."""
        self.command("look for news", self.imap.noop)

    def unselect(self) -> None:
        """Leave the folder. Without UNSELECT nothing is sent: selecting another one and LOGOUT do not expunge."""
        if self.can("UNSELECT"):
            self.call("leave the folder", self.client.unselect_folder)
        self.selected = None

    def rights(self, folder: str) -> str | None:
        """Our rights on a folder as RFC 4314 letters; None where the server does not tell."""
        if not self.can("ACL"):
            return None
        imap: Any = self.imap
        answer = self._attempt("tell our rights", lambda: imap.myrights(self.wire(folder)))
        told = text.clean(text.last(answer[1])) if answer is not None and answer[0] == "OK" else ""
        return told.rpartition(" ")[2].strip('"') if told else None

    def _attempt(self, doing: str, function: Callable[[], Any]) -> Any:
        """What may be refused without harm: None then. A lost connection is no refusal."""
        self.imap.forget()
        try:
            return self.call(doing, function)
        except ConnectionLost:
            raise
        except MailboxError:
            return None

    def wire(self, folder: str) -> str:
        """A folder's name as an argument: modified UTF-7 (RFC 3501, section 5.1.3), quoted."""
        return text.quoted(encode_utf7(folder).decode("ascii"))

    def list(self, pattern: str = "*") -> list[Listed]:
        """The folders that match. One whose name no program can decode is left out, as it could not be opened."""
        wire = text.quoted(encode_utf7(pattern).decode("ascii"))
        data = self.command("list the folders", lambda: self.imap.list('""', wire))
        return [
            Listed(name, separator.decode("ascii", "replace"), attributes)
            for attributes, separator, raw in listed(data)
            if (name := _decoded(raw)) is not None
        ]

    def namespace(self) -> tuple[str, str]:
        """(prefix, separator) of the user's own folders (RFC 2342)."""
        if self.can("NAMESPACE"):
            own = personal(self.command("tell its namespaces", self.imap.namespace))
            if own is not None:
                return _decoded(own[0]) or "", own[1].decode("ascii", "replace")
        root = self.list("")
        return "", root[0].separator if root else ""

    def create(self, folder: str) -> None:
        """CREATE, then UNSUBSCRIBE, as some servers subscribe by themselves."""
        self.call(f"make the folder {folder}", lambda: self.client.create_folder(folder))
        self._attempt("unsubscribe it", lambda: self.client.unsubscribe_folder(folder))

    def drop(self) -> None:
        """End the connection without a word."""
        self._open = False
        self.client.end()

    def close(self) -> None:
        """LOGOUT, which expunges nothing. Does not wait long and does not fail."""
        if not self._open:
            return
        self._open = False
        try:
            with self.imap.patience(_GOODBYE):
                self.client.logout()
        except (*BROKEN, Refused):
            self.client.end()


def _decoded(raw: bytes) -> str | None:
    try:
        decoded = str(decode_utf7(raw))
        decoded.encode()
    except UnicodeError:
        return None
    return decoded
