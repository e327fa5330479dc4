"""A server that says what a test tells it to, for answers no well-behaved server gives."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Mapping

from tests.servers.listening import Listening

Answer = bytes | Callable[[bytes], bytes]
"""What is said before the tagged OK; a last line without a line end is the tagged answer itself."""

USUAL: dict[str, Answer] = {
    "CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN UIDPLUS MOVE\r\n",
    "AUTHENTICATE": b"",
    "SELECT|EXAMINE": b"* 3 EXISTS\r\n* 0 RECENT\r\n* FLAGS (\\Seen)\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 4] x\r\n",
    "LOGOUT": b"* BYE bye\r\n",
}


class ScriptedServer(Listening):
    """Listens on a free port of 127.0.0.1; `answers` maps a pattern of a command (without its tag) to what is said.

    Later patterns go first. `sent` is all that clients sent.
    """

    def __init__(
        self, answers: Mapping[str, Answer] | None = None, greeting: bytes = b"* OK ready\r\n"
    ) -> None:
        self.answers = {**USUAL, **(answers or {})}
        self.greeting = greeting
        self.sent = bytearray()
        self._listen()

    def _serve(self, peer: socket.socket) -> None:
        try:
            with peer, peer.makefile("rb") as lines:
                peer.sendall(self.greeting)
                for line in lines:
                    self.sent += line
                    tag, _, command = line.strip().partition(b" ")
                    if command.upper().startswith(b"AUTHENTICATE"):
                        peer.sendall(b"+ \r\n")
                        self.sent += lines.readline()
                    peer.sendall(self._answer(tag, command))
        except OSError:
            return  # the client left; what it had sent is kept

    def _answer(self, tag: bytes, command: bytes) -> bytes:
        for pattern, answer in reversed(self.answers.items()):
            if re.match(pattern, command.decode("utf-8", "replace"), re.IGNORECASE):
                said = answer(command) if callable(answer) else answer
                last = said.rpartition(b"\r\n")[2]
                if last:  # a tagged line of its own
                    return said[: len(said) - len(last)] + tag + b" " + last + b"\r\n"
                return said + tag + b" OK done\r\n"
        return tag + b" BAD what?\r\n"
