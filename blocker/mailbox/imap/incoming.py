"""What a connection has read and nobody has taken yet: one buffer, for lines, for literals, and for waiting.

imaplib has a buffer of its own: a file until Python 3.13, a list of pieces since 3.14. `select` sees nothing of what lies
in a buffer, and what one buffer took from the link another never gets. So all that reads goes through this one.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

PIECE = 64 * 1024
"""Octets that are taken from the link at once; TLS gives a quarter of it."""


class TooMuch(OSError):
    """A server says more than any answer needs, or takes longer over it."""


class Incoming:
    """Reads a socket, plain or TLS. Waits for the peer as long as the socket does, and raises what it raises."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._octets = bytearray()

    def line(self, most: int) -> bytes:
        """What comes up to and with the next LF; less, where the link ends before. Raises TooMuch for more octets than `most`."""
        looked = 0
        while (end := self._octets.find(b"\n", looked, most)) < 0:
            looked = len(self._octets)
            if looked > most:
                raise TooMuch(f"a line of more than {most} octets")
            if not self._more():
                break
        return self._take(looked if end < 0 else end + 1)

    def literal(self, size: int) -> bytes:
        """So many octets; fewer, where the link ends before."""
        pieces = [self._take(size)]
        left = size - len(pieces[0])
        while left > 0 and (piece := self._sock.recv(min(left, PIECE))):
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    def comes(self, seconds: float) -> bool:
        """Whether there is something to read, or comes within so many seconds. Raises OSError where the peer closed the link."""
        if self._octets or self._came():  # TLS may hold octets back that no selector sees
            return True
        with selectors.DefaultSelector() as selector:
            selector.register(self._sock, selectors.EVENT_READ)
            # Without octets after that, TLS said something to itself.
            return bool(selector.select(seconds)) and self._came()

    def _came(self) -> bool:
        """Take what is there, without waiting."""
        with patience(self._sock, 0.0), contextlib.suppress(BlockingIOError, ssl.SSLWantReadError):
            if not self._more():
                raise ConnectionResetError("the server closed the connection")
            return True
        return False

    def _more(self) -> bool:
        """Take what comes next; False at the end of the link."""
        piece = self._sock.recv(PIECE)
        self._octets += piece
        return bool(piece)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._octets[:size])
        del self._octets[:size]
        return taken


@contextmanager
def patience(sock: socket.socket, seconds: float) -> Iterator[None]:
    """For a while, wait at most so long for the peer."""
    before = sock.gettimeout()
    sock.settimeout(seconds)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # closed meanwhile
            sock.settimeout(before)
