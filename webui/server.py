"""Serving the application: waitress, bounded against connections that only wait, with an end that does not wait for them.

Waitress closes a connection that is silent, but gives one that sends an octet now and then all the time it likes, and takes
no more of them once its limit is reached: a hundred such keep everybody out. So each phase of a request has its time
here, and one connection too many takes the place of the one that has waited longest.
"""

from __future__ import annotations

import logging
import signal
import time
from collections import deque
from threading import Event, current_thread, main_thread
from types import FrameType
from typing import Any

from flask import Flask
from waitress import create_server, wasyncore  # type: ignore[import-untyped]
from waitress.server import BaseWSGIServer  # type: ignore[import-untyped]

from webui.access.guard import gate
from webui.bounds import Bounds
from webui.channel import Channel, Gate
from webui.errors import Problem

THREADS = 8
"""Answers that are made at once; `events.PLACES` of them may be streams that wait."""
TICK = 0.25
"""Seconds between two looks at whether to stop, and at who is overdue."""
UNBOUNDED = 1 << 60
"""Where `Channel` bounds in waitress's place."""


class Server:
    """A listening server. It is bound on construction; `run` serves until `stop`.

    Port 0 takes a free one. Raises OSError where the address is taken or may not be used.
    """

    def __init__(
        self,
        app: Flask,
        host: str = "127.0.0.1",
        port: int = 8400,
        bounds: Bounds | None = None,
        proxy: str | None = None,
    ) -> None:
        """`proxy` is the address of a proxy in front, which says for whom it asks (X-Forwarded-For, -Proto)."""
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._sockets: dict[int, Any] = {}
        self._stopping = Event()
        self._watch = Watch(self._sockets, gate(app), bounds or Bounds())
        self._server = create_server(
            app,
            map=self._sockets,
            host=host,
            port=port,
            threads=THREADS,
            ident=None,
            clear_untrusted_proxy_headers=True,
            trusted_proxy=proxy,
            trusted_proxy_headers={"x-forwarded-for", "x-forwarded-proto"} if proxy else set(),
            connection_limit=UNBOUNDED,
            max_request_body_size=UNBOUNDED,
            max_request_header_size=self._watch.bounds.head_size,
        )
        for listening in [one for one in self._sockets.values() if isinstance(one, BaseWSGIServer)]:
            listening.channel_class = Channel
            listening.adj.watch = self._watch
        self.host = host
        self.port = _port(self._server)

    @property
    def url(self) -> str:
        """Where the pages are."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def connections(self) -> list[Channel]:
        """Those that are open."""
        return self._watch.channels()

    def run(self) -> None:
        """Serve until `stop` is called."""
        while not self._stopping.is_set():
            # Not select(), which takes no descriptor above 1023.
            wasyncore.loop(timeout=TICK, map=self._sockets, count=1, use_poll=True)
            self._watch.look()
        self._server.task_dispatcher.shutdown(timeout=1)
        wasyncore.close_all(self._sockets)

    def run_until_signal(self) -> None:
        """Serve until SIGINT or SIGTERM; on another thread than the main one, until `stop` alone."""

        def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (the signal module's signature)
            self.stop()

        if current_thread() is not main_thread():
            self.run()
            return
        before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            self.run()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def stop(self) -> None:
        """End `run` within a moment; from any thread or signal handler."""
        self._stopping.set()


class Watch:
    """Watches over the connections of a server, between two rounds of its loop."""

    def __init__(self, sockets: dict[int, Any], gate: Gate, bounds: Bounds) -> None:
        self.gate = gate
        self.bounds = bounds
        self._sockets = sockets
        self._answers: deque[tuple[Channel, Problem | None]] = deque()
        self._doomed: list[Channel] = []
        self._next = 0.0

    def opened(self) -> None:
        """One connection more: where there are too many, one goes (the new one where every other is being answered)."""
        channels = [one for one in self.channels() if not one.will_close]
        if len(channels) <= self.bounds.connections:
            return
        first = min(channels, key=lambda one: one.rank)
        # It is closed between two rounds: its descriptor must not be taken by another within one.
        first.will_close = True
        self._doomed.append(first)

    def decided(self, channel: Channel, problem: Problem | None) -> None:
        """Keep what the gate said until the server's thread comes by."""
        self._answers.append((channel, problem))

    def look(self) -> None:
        """Close who must go, go on with whom the gate has answered, and at times look for who is overdue."""
        while self._doomed:
            self._doomed.pop().end()
        while self._answers:
            channel, problem = self._answers.popleft()
            channel.decide(problem)
        now = time.monotonic()
        if now >= self._next:
            self._next = now + TICK
            for channel in self.channels():
                if channel.overdue(now):
                    channel.end()

    def channels(self) -> list[Channel]:
        """The open connections."""
        return [one for one in tuple(self._sockets.values()) if isinstance(one, Channel)]


def serve(app: Flask, host: str = "127.0.0.1", port: int = 8400) -> None:
    """Serve until SIGINT or SIGTERM. Raises OSError as `Server` does."""
    Server(app, host, port).run_until_signal()


def _port(server: Any) -> int:
    listening = getattr(server, "effective_listen", None)
    return int(listening[0][1]) if listening else int(server.effective_port)
