"""The lines of a connection: how much a server may say unasked, and spellings that imaplib does not know.

Response names are case-insensitive (RFC 9051, section 9), and text after OK may be missing (Gmail): imaplib takes both for
the end of the protocol. It also keeps every untagged line, however many a server sends.
"""

from __future__ import annotations

import imaplib
import re
import time
from typing import Any

from imapclient import IMAPClient  # type: ignore[import-untyped]  # ships no types
from imapclient.imap4 import IMAP4WithTimeout  # type: ignore[import-untyped]
from imapclient.tls import IMAP4_TLS  # type: ignore[import-untyped]

from blocker.mailbox.imap.reach import TooMuch

LARGEST = 512 * 1024 * 1024
"""Octets of the literals of one command; a server that announces more is not believed, as memory is taken at once."""
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


class _Spoken(imaplib.IMAP4):
    """What both kinds of connection share: counted per command, as that is what its answers are kept for."""

    def __init__(self, *args: Any) -> None:
        self._lines = self._literals = 0
        self._literal_came = self._inside = False
        self._deadline = time.monotonic() + SIGN_IN
        super().__init__(*args)

    def _new_tag(self) -> bytes:
        self._inside = self._inside or self.state in ("AUTH", "SELECTED")
        if self._inside:
            self._lines = self._literals = 0
        tag: bytes = super()._new_tag()  # type: ignore[misc]
        return tag

    def read(self, size: int) -> bytes:
        self._literals += size
        if self._literals > LARGEST:
            raise TooMuch(f"a literal of {size} octets")
        self._literal_came = True
        return super().read(size)

    def readline(self) -> bytes:
        line = self._counted()
        while line == b"\r\n" and not self._literal_came:
            line = self._counted()
        if not self._literal_came:
            line = _usual(line)
        self._literal_came = False
        return line

    def _counted(self) -> bytes:
        line = super().readline()
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


class _Plain(_Spoken, IMAP4WithTimeout):  # type: ignore[misc]
    """Plain text, perhaps until STARTTLS."""


class _Tls(_Spoken, IMAP4_TLS):  # type: ignore[misc]
    """TLS from the first octet."""


class Client(IMAPClient):  # type: ignore[misc]
    """An IMAPClient whose lines are bounded from the greeting on."""

    def _create_IMAP4(self) -> imaplib.IMAP4:
        connect = getattr(self._timeout, "connect", None)
        if self.ssl:
            return _Tls(self.host, self.port, self.ssl_context, connect)
        return _Plain(self.host, self.port, connect)
