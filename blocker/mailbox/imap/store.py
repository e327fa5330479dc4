"""The store that opens folders over one signed-in connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from blocker.config.loopback import is_loopback
from blocker.config.model import Security
from blocker.mailbox.imap import idle
from blocker.mailbox.imap.connection import Connection
from blocker.mailbox.imap.facts import ImapFacts
from blocker.mailbox.imap.folder import ImapMailbox
from blocker.mailbox.imap.names import FolderNames
from blocker.mailbox.imap.notify import notified
from blocker.mailbox.imap.reach import connect
from blocker.mailbox.imap.select import select, told_uidnext, uidnext
from blocker.mailbox.imap.sign_in import Secret, sign_in
from blocker.mailbox.imap.wire import SocketTimeout
from blocker.mailbox.protocol import ConnectionLost, MailboxError

TIMEOUT = SocketTimeout(connect=15, read=60)
"""Seconds. A server may take long to copy a large folder, never this long to say a word."""


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
        client = connect(host, port, security, cafile, timeout)
        try:
            sign_in(client, host, user, password)
        except BaseException:
            client.end()
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
            if told_uidnext(self._connection, name) is None:
                raise  # else it was there, in a list that could not be read

    def uidnext(self, folder: str) -> int:
        """By STATUS: the selected folder stays selected, which opening another one and this one anew would cost."""
        return uidnext(self._connection, self._names.native(folder))

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
        (first, known), *others = ((self._names.native(name), next_) for name, next_ in folders.items())
        if select(self._connection, first, readonly=True).uidnext > known:
            return True
        with notified(self._connection, dict(others)) as heard:
            return idle.listen(self._connection, seconds, until, heard)

    def capabilities(self) -> frozenset[str]:
        """What the server announces to a signed-in client, in upper case."""
        return self._connection.capabilities()

    def facts(self) -> ImapFacts:
        """What else the server can be asked about itself, over this connection."""
        return ImapFacts(self._connection, self._names.native)

    def close(self) -> None:
        """Sign out. Expunges nothing, never fails."""
        self._connection.close()
