"""One connection, as waitress keeps it, which decides on a body before it is read.

Waitress reads a whole request before the application sees it, into a file where it is long. So a body above
`Bounds.open_body`, or of a length that nobody tells, is read only for a program that shows a token. Who looks the token
up is a thread of the pool, as that may take long; the connection is not read meanwhile.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Protocol

from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.parser import HTTPRequestParser  # type: ignore[import-untyped]
from waitress.utilities import Error  # type: ignore[import-untyped]

from blocker.output.safe import as_json
from webui.bounds import Bounds
from webui.errors import CODES, MAX_BODY, MEDIA_TYPE, SENTENCES, Problem
from webui.headers import HEADERS

API = b"/api/v"
"""With which the addresses begin that programs ask for."""
_BEGIN = 64
"""Octets of a request that are kept to see where it goes."""

Gate = Callable[[str], Problem | None]
"""Whether the sender of this Authorization field may send a long body: None, or why not."""


class Watch(Protocol):
    """Who watches over all connections of a server."""

    bounds: Bounds
    gate: Gate

    def opened(self) -> None:
        """A connection was accepted."""

    def channels(self) -> list[Channel]:
        """The open connections."""

    def decided(self, channel: Channel, problem: Problem | None) -> None:
        """The gate has spoken, in another thread than the server's."""


class Refusal(Error):  # type: ignore[misc]
    """A problem as an answer of the server's own, in the shape that the application's have."""

    def __init__(self, problem: Problem, for_program: bool) -> None:
        super().__init__(problem.message)
        self._problem = problem
        self._for_program = for_program

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:  # noqa: ARG002
        """Status line, fields and body."""
        problem, fields = self._problem, [*HEADERS.items(), ("Cache-Control", "no-store")]
        if problem.status == 401:
            fields.append(("WWW-Authenticate", 'Bearer realm="unpixel"'))
        if problem.wait:
            fields.append(("Retry-After", str(problem.wait)))
        status = f"{problem.status} {HTTPStatus(problem.status).phrase}"
        if not self._for_program:
            return status, [*fields, ("Content-Type", "text/plain; charset=utf-8")], problem.message.encode()
        return status, [*fields, ("Content-Type", MEDIA_TYPE)], as_json(problem.as_dict()).encode()


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """A request as it comes in, with the times at which it began and its header ended."""

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self.began = time.monotonic()
        self.head_ended = 0.0
        self.admitted = False
        """Whether its sender may send a long body."""
        self.undecided = False
        """Whether its header is read and the gate has not spoken."""
        self.awaits_continue = False
        self._begin = b""

    @property
    def for_program(self) -> bool:
        """Whether it goes to the API, by its first octets: a header that cannot be read has no path."""
        return self._begin.lstrip().partition(b" ")[2].startswith(API)

    def received(self, data: bytes) -> int:
        """Take octets in; how many. A body that is too long ends the request with an error."""
        self._begin += data[: _BEGIN - len(self._begin)]
        consumed: int = super().received(data)
        if self.headers_finished and not self.head_ended:
            self.head_ended = time.monotonic()
            self._judge_head()
        if not self.error and self.body_bytes_received > self._limit:
            self.refuse(self._too_large())
        if self.error and not isinstance(self.error, Refusal):
            self.refuse(_told(self.error))
        return consumed

    @property
    def weight(self) -> int:
        """Octets of its body that there are, or may come to be."""
        expected = MAX_BODY if self.chunked else self.content_length
        return int(self.body_bytes_received if self.completed else min(expected, MAX_BODY))

    def refuse(self, problem: Problem) -> None:
        """Answer with a problem in place of going on."""
        self.error = Refusal(problem, self.for_program)
        self.completed = True
        self.undecided = self.expect_continue = False

    def admit(self) -> None:
        """Read the body, up to the largest that there may be."""
        self.admitted, self.undecided = True, False
        if self.content_length > self._limit:
            self.refuse(self._too_large())

    @property
    def _limit(self) -> int:
        watch: Watch = self.adj.watch
        return MAX_BODY if self.admitted or self.undecided else watch.bounds.open_body

    def _too_large(self) -> Problem:
        most = self._limit // 1024
        form = f"No form of these pages takes more than {most} KB: send less."
        return Problem(413, "too_large", SENTENCES[413] if self.for_program else form)

    def _judge_head(self) -> None:
        if self.error or self.completed:
            return
        if self.for_program and (self.chunked or self.content_length > self._limit):
            self.undecided = True
            self.awaits_continue, self.expect_continue = self.expect_continue, False
        elif self.content_length > self._limit:
            self.refuse(self._too_large())


def _told(error: Error) -> Problem:
    """What waitress found wrong with a request, as a problem."""
    sentence = SENTENCES.get(error.code) or f"This request cannot be read: {error.body}."
    return Problem(error.code, CODES.get(error.code, "bad_request"), sentence)


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection. Apart from `Question`, everything here happens in the server's own thread."""

    parser_class = Parser
    request: Parser | None

    def __init__(self, server: Any, sock: socket.socket, addr: Any, adj: Any, map: Any = None) -> None:
        self.watch: Watch = adj.watch
        self.since = time.monotonic()
        """When it was opened, or its last request was whole."""
        self._asking = self._refused = False
        self._draining = 0.0
        self._unsent = (0, 0.0)
        super().__init__(server, sock, addr, adj, map=map)
        self.watch.opened()

    def readable(self) -> bool:
        """Whether octets are wanted."""
        return bool(self._draining) or (not self._asking and bool(super().readable()))

    def handle_read(self) -> None:
        """Take octets in; of what was refused, away."""
        if not self._draining:
            super().handle_read()
            return
        try:
            self.recv(1 << 16)
        except OSError:
            self.end()

    def received(self, data: bytes) -> bool:
        """Take in what came, and ask the gate where a long body is announced."""
        took = bool(super().received(data))
        if self.requests:
            self.since = time.monotonic()
        if self.request is not None and self.request.undecided and not self._asking:
            self._asking = True
            self.server.add_task(Question(self, self.request.headers.get("AUTHORIZATION", "")))
        return took

    def decide(self, problem: Problem | None) -> None:
        """Go on as the gate said."""
        self._asking = False
        request = self.request
        if request is None or not self.connected:
            return
        if problem is None and self._is_full():
            problem = Problem(
                503, "unavailable", "Too much is being sent at once: send this again in a moment.", wait=5
            )
        if problem is None:
            request.admit()
        else:
            request.refuse(problem)
        if request.completed:
            self._answer(request)
        elif request.awaits_continue:
            with self.requests_lock:
                request.expect_continue = True
                # Behind an earlier request, the thread that answers it sends the sign to go on.
                if not self.requests:
                    self.send_continue()

    def _is_full(self) -> bool:
        """Whether the long bodies of all connections, with the one that waits here to be let in, are too much together."""
        asked = self.request.weight if self.request is not None else 0
        return asked + sum(channel.weight for channel in self.watch.channels()) > self.watch.bounds.bodies

    @property
    def weight(self) -> int:
        """Octets of the long bodies that it was let in with."""
        return sum(one.weight for one in (*self.requests, self.request) if one is not None and one.admitted)

    def _answer(self, request: Parser) -> None:
        """Hand a whole request on, as waitress does after the octets that end one."""
        with self.requests_lock:
            self.request = None
            self.requests.append(request)
            if len(self.requests) == 1:
                self.server.add_task(self)

    def handle_close(self) -> None:
        """Close; behind a refusal only once its sender had time to read it, as closing at once would take it back."""
        if not self._refused or self._draining or self.total_outbufs_len:
            self.end()
            return
        self.will_close = False
        self._draining = time.monotonic()
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def end(self) -> None:
        """Close now; harmless where it is closed."""
        if self.socket is not None and self._fileno is not None:
            super().handle_close()

    def service(self) -> None:
        """Answer the first request, in a thread of the pool."""
        self._refused = isinstance(self.requests[0].error, Refusal)
        super().service()
        self.since = time.monotonic()

    def overdue(self, now: float) -> bool:
        """Whether it has kept the server waiting for longer than it may."""
        bounds, request = self.watch.bounds, self.request
        if self._draining:
            return now - self._draining > bounds.linger
        if self.total_outbufs_len:
            return self._stuck(now)
        if self.requests or self._asking:
            return False
        if request is None:
            return now - self.since > bounds.idle
        if not request.head_ended:
            return now - request.began > bounds.head
        received: int = request.body_bytes_received
        return now - request.head_ended > bounds.body + received / bounds.rate

    def _stuck(self, now: float) -> bool:
        """Whether nothing of an answer has gone out, or been added to it, for long."""
        unsent, since = self._unsent
        if unsent != self.total_outbufs_len:
            self._unsent = (self.total_outbufs_len, now)
            return False
        return now - since > self.watch.bounds.body

    @property
    def rank(self) -> tuple[int, float]:
        """Who goes first where there are too many: whom the server waits for, longest first; then who takes an answer in,
        and who was let in with a long body; last, whose request is being answered."""
        request = self.request
        if self.requests:
            return 3, self.since
        if request is not None and request.admitted:
            return 2, request.began
        if self.total_outbufs_len:
            return 1, self.since
        return 0, request.began if request is not None else self.since


class Question:
    """Asks the gate, in a thread of the pool."""

    def __init__(self, channel: Channel, authorization: str) -> None:
        self._channel = channel
        self._authorization = authorization

    def service(self) -> None:
        """Ask, and hand the answer to the server's own thread."""
        watch = self._channel.watch
        try:
            problem = watch.gate(self._authorization)
        except Exception as error:  # noqa: BLE001 (whatever it is, this connection gets an answer)
            problem = Problem(503, "unavailable", f"Nobody can be let in at the moment: {error}")
        watch.decided(self._channel, problem)
        self._channel.server.pull_trigger()

    def cancel(self) -> None:
        """The server ends."""
        self._channel.cancel()
