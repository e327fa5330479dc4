"""What the servers in this folder share: they listen on a free port, and serve each that comes in a thread of its own."""

from __future__ import annotations

import socket
import threading
from typing import ClassVar


class Listening:
    """Listens on a free port of 127.0.0.1 until `stop_all` of its class; a subclass says what is served."""

    _all: ClassVar[list[Listening]]

    def __init_subclass__(cls) -> None:
        cls._all = []

    def _listen(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host, self.port = "127.0.0.1", int(self._listener.getsockname()[1])
        self._all.append(self)
        threading.Thread(target=self._accept, daemon=True).start()

    @classmethod
    def stop_all(cls) -> None:
        """Stop listening, all of them."""
        while cls._all:
            cls._all.pop()._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        raise NotImplementedError
