"""Serving the application: waitress, with an end that does not wait for idle browsers."""

from __future__ import annotations

import logging
import signal
from threading import Event, current_thread, main_thread
from types import FrameType
from typing import Any

from flask import Flask
from waitress import create_server, wasyncore  # type: ignore[import-untyped]

from webui.errors import MAX_BODY

THREADS = 4
TICK = 0.25
"""Seconds between two looks at whether to stop."""


class Server:
    """A listening server. It is bound on construction; `run` serves until `stop`.

    Port 0 takes a free one. Raises OSError where the address is taken or may not be used.
    """

    def __init__(self, app: Flask, host: str = "127.0.0.1", port: int = 8400) -> None:
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._sockets: dict[int, Any] = {}
        self._stopping = Event()
        self._server = create_server(
            app,
            map=self._sockets,
            host=host,
            port=port,
            threads=THREADS,
            ident=None,
            clear_untrusted_proxy_headers=True,
            # The application answers what is a little too large; this only bounds what is absurd.
            max_request_body_size=2 * MAX_BODY,
        )
        self.host = host
        self.port = _port(self._server)

    @property
    def url(self) -> str:
        """Where the pages are."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def run(self) -> None:
        """Serve until `stop` is called."""
        while not self._stopping.is_set():
            wasyncore.loop(timeout=TICK, map=self._sockets, count=1)
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


def serve(app: Flask, host: str = "127.0.0.1", port: int = 8400) -> None:
    """Serve until SIGINT or SIGTERM. Raises OSError as `Server` does."""
    Server(app, host, port).run_until_signal()


def _port(server: Any) -> int:
    listening = getattr(server, "effective_listen", None)
    return int(listening[0][1]) if listening else int(server.effective_port)
