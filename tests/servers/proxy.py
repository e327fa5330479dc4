"""A TCP proxy that misbehaves on request, and keeps what went through it.

Each side of each connection passes through a `Fault`, which sees the octets and says what becomes of them.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Callable
from typing import ClassVar

Fault = Callable[[bytes], bytes | None]
"""Octets in, octets out; None ends the connection at once."""


def passing(data: bytes) -> bytes | None:
    """Everything as it comes."""
    return data


def stalling(_: bytes) -> bytes | None:
    """A black hole: the connection stays open and nothing arrives."""
    return b""


def cut_after(octets: int) -> Fault:
    """Pass this many octets, then end the connection."""
    left = octets

    def fault(data: bytes) -> bytes | None:
        nonlocal left
        if left <= 0:
            return None
        data, left = data[:left], left - len(data)
        return data

    return fault


def stall_after(octets: int) -> Fault:
    """Pass this many octets, then nothing more; the connection stays open."""
    left = octets

    def fault(data: bytes) -> bytes | None:
        nonlocal left
        data, left = data[: max(left, 0)], left - len(data)
        return data

    return fault


def cut_at(pattern: bytes) -> Fault:
    """Pass until `pattern` is seen, give nothing of that piece, end the connection."""

    def fault(data: bytes) -> bytes | None:
        return None if re.search(pattern, data) else data

    return fault


class Proxy:
    """Listens on a free port of 127.0.0.1 and speaks to one server.

    `to_server` and `to_client` are the faults; they may be exchanged while connections run. `sent` is what
    clients sent, `received` what the server sent, both before any fault.
    """

    _all: ClassVar[list[Proxy]] = []

    def __init__(
        self, host: str, port: int, *, to_server: Fault = passing, to_client: Fault = passing
    ) -> None:
        self.to_server = to_server
        self.to_client = to_client
        self.sent = bytearray()
        self.received = bytearray()
        self.closed = False
        self._target = (host, port)
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host, self.port = "127.0.0.1", int(self._listener.getsockname()[1])
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        Proxy._all.append(self)

    def lose_append_reply(self) -> None:
        """From now on the server gets each APPEND whole, and its answer, with the connection, is lost."""
        self.to_client = cut_at(rb"(?im)^[A-Z]+\d+ OK (\[APPENDUID|append)")

    def swallow_append(self) -> SwallowAppend:
        """From now on literals of APPEND do not reach the server, and the client is told that all went well."""
        swallowing = SwallowAppend(self)
        self.to_server = swallowing
        return swallowing

    def close_all(self) -> None:
        """End every connection now, and go on listening."""
        for each in list(self._sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        """End everything."""
        self.closed = True
        self._listener.close()
        self.close_all()

    @classmethod
    def stop_all(cls) -> None:
        """End every proxy that was made."""
        while cls._all:
            cls._all.pop().stop()

    def _accept(self) -> None:
        while not self.closed:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target, timeout=10)
            except OSError:
                continue
            server.settimeout(None)
            for each in (client, server):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets += [client, server]
            for source, target, upward in ((client, server, True), (server, client, False)):
                thread = threading.Thread(target=self._pump, args=(source, target, upward), daemon=True)
                thread.start()

    def _pump(self, source: socket.socket, target: socket.socket, upward: bool) -> None:
        """Carry one direction until either end closes or the fault says so."""
        try:
            while data := source.recv(65536):
                (self.sent if upward else self.received).extend(data)
                passed = (self.to_server if upward else self.to_client)(data)
                if passed is None:
                    break
                if passed:
                    target.sendall(passed)
        except OSError:
            pass
        finally:
            for each in (source, target):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            # The other direction's thread wakes up and closes its own.
            source.close()
            with contextlib.suppress(ValueError):
                self._sockets.remove(source)

    def tell_client(self, data: bytes) -> None:
        """Say something to the client of the newest connection, as if the server had."""
        self._sockets[-2].sendall(data)


class SwallowAppend:
    """A server that takes an APPEND and drops it, as Gmail was seen to do with a Message-ID it knows.

    `answer` is put behind ``OK``; name an old UID there to have the client told that one.
    """

    def __init__(self, proxy: Proxy, answer: bytes = b"Append completed.") -> None:
        self.answer = answer
        self.swallowed = 0
        self._proxy = proxy
        self._tag = b""
        self._left = 0

    def __call__(self, data: bytes) -> bytes | None:
        if self._left:
            return self._swallow(data)
        begun = re.match(rb"(?s)([A-Z]+\d+) APPEND [^\n]*\{(\d+)(\+?)\}\r\n", data)
        if begun is None:
            return data
        self._tag, self._left = begun[1], int(begun[2]) + len(b"\r\n")
        if not begun[3]:
            self._proxy.tell_client(b"+ OK\r\n")
        return self._swallow(data[begun.end() :])

    def _swallow(self, data: bytes) -> bytes:
        taken = min(len(data), self._left)
        self._left -= taken
        if not self._left:
            self.swallowed += 1
            self._proxy.tell_client(self._tag + b" OK " + self.answer + b"\r\n")
        return data[taken:]
