"""The one place that knows imaplib and imapclient from inside. Others use the methods here, and those that both document.

imaplib reads through our own buffer. It also takes two things for the end of the protocol: names of responses in small
letters, which are case-insensitive (RFC 9051, section 9), and OK without a text (Gmail); and it keeps every untagged line,
however many a server sends. So lines are counted, and changed to what it knows.
"""

from __future__ import annotations

import contextlib
import imaplib
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from imapclient import IMAPClient, SocketTimeout  # type: ignore[import-untyped]  # ships no types
from imapclient.imap4 import IMAP4WithTimeout  # type: ignore[import-untyped]
from imapclient.imap_utf7 import decode as decode_utf7  # type: ignore[import-untyped]
from imapclient.imap_utf7 import encode as encode_utf7
from imapclient.tls import IMAP4_TLS  # type: ignore[import-untyped]

from blocker.mailbox.imap.incoming import Incoming, TooMuch, patience

__all__ = ["BROKEN", "Client", "ReadOnly", "Refused", "SocketTimeout", "Wire", "decode_utf7", "encode_utf7"]

LARGEST = 512 * 1024 * 1024
"""Octets of the literals of one command; a server that announces more is not believed, as memory is taken at once."""
LINE = 1_000_000
"""Octets of one line, as much as imaplib takes."""
LINES = 64 * 1024 * 1024
"""Octets of the lines of one command: 100,000 folders take a quarter of it."""
BEFORE = 1024 * 1024
"""Octets of the lines before a server has let us in: it may be anybody's."""
SIGN_IN = 120.0
"""Seconds that greeting and sign-in may take altogether."""
_KEPT = 64
"""Octets that a line takes in memory beside its own."""
_NAMED = re.compile(rb"(?:\*|[A-P]{4}\d{1,9})(?: \d{1,10})? (?:[A-Za-z-]{1,40}\b)(?: \[[A-Za-z-]{1,40}\b)?")
_BARE = re.compile(rb"[A-P]{4}\d{1,9} [A-Za-z]{2,7}\r\n")
_LASTING = ("READ-ONLY", "BYE", "CAPABILITY")
"""Answers that say something of the connection itself."""

Refused = imaplib.IMAP4.error
"""The server said NO or BAD."""
ReadOnly = imaplib.IMAP4.readonly
"""A folder turned out to be readable only."""
BROKEN = (imaplib.IMAP4.abort, OSError)
"""The link ended, or what came over it is no IMAP."""


class Wire(imaplib.IMAP4):
    """imaplib's connection: what it reads is counted per command, as that is what its answers are kept for."""

    def __init__(self, *args: Any) -> None:
        self._lines = self._literals = 0
        self._literal_came = self._inside = False
        self._deadline = time.monotonic() + SIGN_IN
        super().__init__(*args)

    @property
    def sock(self) -> socket.socket:
        """imaplib's socket; each comes with a new buffer: what was said in plain text is not read over TLS (CVE-2011-0411)."""
        return self._sock

    @sock.setter
    def sock(self, sock: socket.socket) -> None:
        self._sock = sock
        self._incoming = Incoming(sock)

    @property
    def answers(self) -> dict[str, list[Any]]:
        """What the server said beside the results of commands, by kind: imaplib's own, to take things from."""
        return self.untagged_responses

    def forget(self) -> None:
        """Drop answers nobody asked for: imaplib keeps them for ever and would mix them into the next."""
        for name in self.answers.keys() - _LASTING:
            del self.answers[name]

    def forget_plain_text(self) -> None:
        """Drop all that was said before TLS: anybody may have said it."""
        self.answers.clear()

    def greeted(self) -> bool:
        """Whether the server waits for a sign-in."""
        return self.state == "NONAUTH"

    def keep_no_log(self) -> None:
        """imapclient has imaplib format every fetched body for a log nobody reads; else imaplib keeps the last commands.

        LOGIN with its password among them.
        """
        self.debug = 0
        self._log = lambda _line: None

    def keep_alive(self) -> None:
        """Send what is short at once, and let the system notice a peer that is gone."""
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    @contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        """For a while, wait at most so long for the server."""
        with patience(self.sock, seconds):
            yield

    def uid(self, command: str, *args: str) -> tuple[str, list[Any]]:
        """A UID command. Its arguments leave as they are: since Python 3.14 imaplib quotes some, and takes three to STORE at most."""
        status, data = self._simple_command("UID", command, *args)
        kind = "SEARCH" if command == "SEARCH" else "FETCH"
        answer: tuple[str, list[Any]] = self._untagged_response(status, data, kind)
        return answer

    # --- a command that is sent piece by piece: `begin`, `send`, `continued`, `complete` ------------------

    def begin(self) -> bytes:
        """The tag of a new command."""
        return self._new_tag()

    def continued(self, tag: bytes) -> bool:
        """Whether the server asks for more of the command of this tag; False where it has refused already."""
        while self._next() is not None:
            if self.tagged_commands[tag]:
                return False
        return True

    def complete(self, name: str, tag: bytes) -> tuple[str, list[Any]]:
        """The result of a command, waited for: its status, and what stands beside it."""
        result: tuple[str, list[Any]] = self._command_complete(name, tag)
        return result

    def hear(self, seconds: float) -> None:
        """Take one answer where one begins within so many seconds. Raises one of BROKEN at the end of the link, or at BYE."""
        if self._incoming.comes(seconds):
            self._next()
            self._check_bye()

    def _next(self) -> Any:
        """imaplib takes an answer; None where it is a request to go on."""
        return self._get_response()

    # --- what imaplib calls -----------------------------------------------------------------------------

    def _new_tag(self) -> bytes:
        self._inside = self._inside or self.state in ("AUTH", "SELECTED")
        if self._inside:
            self._lines = self._literals = 0
        tag: bytes = super()._new_tag()  # type: ignore[misc]
        return tag

    def read(self, size: int) -> bytes:
        """A literal."""
        self._literals += size
        if self._literals > LARGEST:
            raise TooMuch(f"a literal of {size} octets")
        self._literal_came = True
        return self._incoming.literal(size)

    def readline(self) -> bytes:
        """A line, or what follows a literal."""
        line = self._counted()
        while line == b"\r\n" and not self._literal_came:
            line = self._counted()
        if not self._literal_came:
            line = _usual(line)
        elif line == b"\r\n":
            line = b" \r\n"  # imaplib would pass over it since Python 3.14: the end of a message whose count was too short
        self._literal_came = False
        return line

    def _counted(self) -> bytes:
        line = self._incoming.line(LINE)
        self._lines += len(line) + _KEPT
        if self._lines > (LINES if self._inside else BEFORE):
            raise TooMuch(f"more than {self._lines >> 20} MB of lines")
        if not self._inside and time.monotonic() > self._deadline:
            raise TooMuch(f"and not let us in within {SIGN_IN:g} seconds")
        return line


def _usual(line: bytes) -> bytes:
    """A response as imaplib knows it."""
    found = _NAMED.match(line)
    if found is None:
        return line
    line = found[0].upper() + line[found.end() :]
    return line[:-2] + b" \r\n" if _BARE.fullmatch(line) else line


class _Plain(Wire, IMAP4WithTimeout):  # type: ignore[misc]
    """Plain text, perhaps until STARTTLS."""


class _Tls(Wire, IMAP4_TLS):  # type: ignore[misc]
    """TLS from the first octet."""


class Client(IMAPClient):  # type: ignore[misc]
    """An IMAPClient over a `Wire`, bounded from the greeting on."""

    @property
    def wire(self) -> Wire:
        """The connection under it."""
        wire: Wire = self._imap
        return wire

    def end(self) -> None:
        """End the connection without a word; never fails."""
        with contextlib.suppress(OSError):
            self.shutdown()

    def _create_IMAP4(self) -> Wire:
        connect = getattr(self._timeout, "connect", None)
        if self.ssl:
            return _Tls(self.host, self.port, self.ssl_context, connect)
        return _Plain(self.host, self.port, connect)
