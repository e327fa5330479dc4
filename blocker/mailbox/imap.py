"""IMAP: one signed-in connection, and the store that opens folders over it.

With `imap_spoken` the only module that knows imapclient. It keeps these rules (RFC 9051, and what servers were seen to do):

- certificates are always verified; nothing falls back to plain text;
- UIDs travel as lists, since servers read ``9:*`` as ``*:9`` too;
- EXPUNGE and CLOSE are never sent, only ``UID EXPUNGE``;
- every wait has an end, and after a broken answer the connection is not used again;
- each failure leaves as a MailboxError; none of them, and no log, ever holds the password.
"""

from __future__ import annotations

import contextlib
import imaplib
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from imapclient import IMAPClient, SocketTimeout  # type: ignore[import-untyped]  # ships no types
from imapclient.imap_utf7 import decode as decode_utf7  # type: ignore[import-untyped]
from imapclient.imap_utf7 import encode as encode_utf7

from blocker.config.loopback import is_loopback
from blocker.mailbox import imap_idle
from blocker.mailbox import imap_text as text
from blocker.mailbox.imap_facts import ImapFacts
from blocker.mailbox.imap_mailbox import ImapMailbox
from blocker.mailbox.imap_names import FolderNames, Listed
from blocker.mailbox.imap_notify import notified
from blocker.mailbox.imap_reach import tls_context, unreachable
from blocker.mailbox.imap_select import listed, opened, personal, uidnext_of
from blocker.mailbox.imap_spoken import Client
from blocker.mailbox.protocol import ConnectionLost, MailboxError, Status
from blocker.mailbox.sign_in import Secret, sign_in

__all__ = ["ImapStore", "SocketTimeout"]

Security = Literal["tls", "starttls", "none"]
TIMEOUT = SocketTimeout(connect=15, read=60)
"""Seconds. A server may take long to copy a large folder, never this long to say a word."""

_GOODBYE = 5.0
"""Seconds to wait for the answer to LOGOUT."""


class Connection:
    """A signed-in IMAP connection. After ConnectionLost it stays closed."""

    def __init__(self, client: IMAPClient, host: str) -> None:
        self.host = host
        self._client = client
        self.imap: imaplib.IMAP4 = client._imap
        self._open = True
        self._capabilities: frozenset[str] | None = None
        self._counts = False
        self.notifies = True
        """Whether NOTIFY, where it is offered, has not been refused."""
        self.known_rights: dict[str, str | None] = {}
        """Ours on folders, as they were told first."""
        self.selected: object | None = None
        """Whoever selected a folder last; another one has to select its own again."""

    def capabilities(self) -> frozenset[str]:
        """What the server announces to a signed-in client, in upper case; asked once."""
        if self._capabilities is None:
            found = self.call("list its capabilities", self._client.capabilities)
            self._capabilities = frozenset(name.decode("ascii", "replace").upper() for name in found)
        return self._capabilities

    def count_changes(self) -> None:
        """ENABLE CONDSTORE, before any folder is opened: Dovecot counts only from then on."""
        if self.can("CONDSTORE") and self.can("ENABLE"):
            self._counts = (
                self._attempt("count changes", lambda: self._client.enable("CONDSTORE")) is not None
            )

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
        except imaplib.IMAP4.readonly:
            raise MailboxError(
                f"{self.host} lets this account read the folder only, not {doing}; ask its owner for more rights."
            ) from None
        except (imaplib.IMAP4.abort, OSError) as error:
            self.drop()
            raise text.lost(self.host, doing, error) from None
        except imaplib.IMAP4.error as error:
            if "got more than" in str(error):  # imaplib gave up within a line: what follows is out of step
                self.drop()
                raise text.lost(self.host, doing, error) from None
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
            self.forget()
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
        more = self.imap.untagged_responses.get("ESEARCH", [])
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
        codes: list[Any] = self.imap.untagged_responses.get(name) or [b""]
        return str((codes[-1] or b"").decode("ascii", "replace"))

    def noop(self) -> None:
        """Let the server tell what changed."""
        self.command("look for news", self.imap.noop)

    def select(self, folder: str, readonly: bool) -> Status:
        """SELECT, or EXAMINE where readonly; whatever was selected is left without expunging."""
        self.selected = None
        return opened(self, folder, readonly, self._counts)

    def uidnext(self, folder: str) -> int:
        """By STATUS, and by looking into the folder where the server does not tell; the selected one is left then."""
        told = uidnext_of(self, folder)
        return self.select(folder, readonly=True).uidnext if told is None else told

    def unselect(self) -> None:
        """Leave the folder. Without UNSELECT nothing is sent: selecting another one and LOGOUT do not expunge."""
        if self.can("UNSELECT"):
            self.call("leave the folder", self._client.unselect_folder)
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
        self.forget()
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
        self.call(f"make the folder {folder}", lambda: self._client.create_folder(folder))
        self._attempt("unsubscribe it", lambda: self._client.unsubscribe_folder(folder))

    def drop(self) -> None:
        """End the connection without a word."""
        self._open = False
        with contextlib.suppress(OSError):
            self._client.shutdown()

    def close(self) -> None:
        """LOGOUT, which expunges nothing. Does not wait long and does not fail."""
        if not self._open:
            return
        self._open = False
        try:
            self.imap.sock.settimeout(_GOODBYE)
            self._client.logout()
        except (imaplib.IMAP4.error, OSError):
            with contextlib.suppress(OSError):
                self._client.shutdown()

    def forget(self) -> None:
        """Drop answers nobody asked for: imaplib keeps them for ever and would mix them into the next."""
        kept = ("READ-ONLY", "BYE", "CAPABILITY")
        answers = self.imap.untagged_responses
        for name in [name for name in answers if name not in kept]:
            del answers[name]


class ImapStore:
    """An IMAP account: signed in when it is made, until `close`.

    `security` is "tls" (from the first byte), "starttls", or "none", which is refused unless the host is this
    computer or `insecure` says so. `cafile` names the authority to trust in place of the system's. A folder's
    name is taken as the server shows it; where no such folder exists, ``/`` stands for the server's
    separator and the user's own namespace is meant. Raises LoginRefused, ConnectionLost or MailboxError.
    """

    def __init__(
        self,
        host: str,
        port: int,
        user: str,
        password: Secret,
        *,
        security: Security = "tls",
        cafile: str | Path | None = None,
        timeout: SocketTimeout = TIMEOUT,
        insecure: bool = False,
    ) -> None:
        if security == "none" and not (insecure or is_loopback(host)):
            raise MailboxError(
                f'A password must not travel to {host} in plain text; set security to "tls" or "starttls".'
            )
        client = _connect(host, port, security, cafile, timeout)
        try:
            sign_in(client, host, user, password)
        except BaseException:
            with contextlib.suppress(OSError):
                client.shutdown()
            raise
        self._connection = Connection(client, host)
        self._connection.capabilities()  # now, while imaplib still has what came with the sign-in
        self._connection.count_changes()
        self._names = FolderNames(self._connection)

    def open(self, folder: str, *, readonly: bool = False) -> ImapMailbox:
        """Select a folder, or EXAMINE it: only then does the server leave ``\\Recent`` to other clients."""
        return ImapMailbox(
            self._connection, self._names.native(folder), self._names.native, readonly=readonly
        )

    def folders(self) -> list[str]:
        """Names of all folders that can hold messages, as the server shows them, decoded and sorted."""
        return sorted(listed.name for listed in self._connection.list() if listed.holds_mail)

    def ensure(self, folder: str) -> None:
        """Make a folder if it is missing, not subscribed; one that exists stays as it is."""
        name = self._names.native(folder)
        if name == "INBOX" or self._names.exists(name):
            return
        try:
            self._connection.create(name)
        except ConnectionLost:
            raise
        except MailboxError:
            if uidnext_of(self._connection, name) is None:
                raise  # else it was there, in a list that could not be read

    def uidnext(self, folder: str) -> int:
        """By STATUS: the selected folder stays selected, which opening another one and this one anew would cost."""
        return self._connection.uidnext(self._names.native(folder))

    def can_move(self) -> bool:
        """Whether the server offers MOVE or UIDPLUS."""
        return self._connection.can("MOVE") or self._connection.can("UIDPLUS")

    def moves_at_once(self) -> bool:
        """Whether the server offers MOVE."""
        return self._connection.can("MOVE")

    def room(self, folder: str) -> tuple[int, int] | None:
        """By GETQUOTAROOT."""
        return self.facts().room(folder)

    def largest(self) -> int | None:
        """APPENDLIMIT."""
        return self.facts().largest()

    def can_listen(self) -> bool:
        """Whether the server offers IDLE."""
        return self._connection.can("IDLE")

    def listen(self, folders: Mapping[str, int], seconds: float, until: Callable[[], bool]) -> bool:
        """By IDLE in the first folder, which is EXAMINEd; of the others the server tells where it offers NOTIFY."""
        (first, uidnext), *others = ((self._names.native(name), next_) for name, next_ in folders.items())
        if self._connection.select(first, readonly=True).uidnext > uidnext:
            return True
        with notified(self._connection, dict(others)) as heard:
            return imap_idle.listen(self._connection, seconds, until, heard)

    def capabilities(self) -> frozenset[str]:
        """What the server announces to a signed-in client, in upper case."""
        return self._connection.capabilities()

    def facts(self) -> ImapFacts:
        """What else the server can be asked about itself, over this connection."""
        return ImapFacts(self._connection, self._names.native)

    def close(self) -> None:
        """Sign out. Expunges nothing, never fails."""
        self._connection.close()


def _connect(
    host: str, port: int, security: Security, cafile: str | Path | None, timeout: SocketTimeout
) -> IMAPClient:
    context = None if security == "none" else tls_context(cafile)
    try:
        client = Client(host, port, ssl=security == "tls", ssl_context=context, timeout=timeout)
    except Exception as error:  # noqa: BLE001 (what greets us may be no IMAP server at all)
        raise unreachable(host, port, error) from None
    imap: Any = client._imap
    imap.debug = 0  # imapclient sets 5, at which imaplib formats every fetched body for a log nobody reads
    imap._log = lambda _: (
        None
    )  # below 4 imaplib keeps the last commands in memory, LOGIN with its password too
    try:
        if security == "starttls":
            _start_tls(client, host, context)
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.socket().setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    except BaseException as error:
        with contextlib.suppress(OSError):
            client.shutdown()
        if isinstance(error, OSError | imaplib.IMAP4.error):
            raise unreachable(host, port, error) from None
        raise
    return client


def _start_tls(client: IMAPClient, host: str, context: ssl.SSLContext | None) -> None:
    if not client.has_capability("STARTTLS") or client._imap.state != "NONAUTH":
        raise MailboxError(f'{host} does not offer STARTTLS here; set security to "tls" (usually port 993).')
    client.starttls(context)
    client._imap.untagged_responses.clear()  # nothing said in plain text counts (CVE-2011-0411)


def _decoded(raw: bytes) -> str | None:
    try:
        decoded = str(decode_utf7(raw))
        decoded.encode()
    except UnicodeError:
        return None
    return decoded
