"""Marionette, the remote protocol of Firefox and Thunderbird.

It is JSON over a socket (Firefox source, remote/marionette/packets.sys.mjs and message.sys.mjs):
`LENGTH:[0, id, command, parameters]` one way, `LENGTH:[1, id, error, result]` back.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

STARTS_WITHIN = 90.0
"""Seconds until a program that is started answers."""
_ANSWERS_WITHIN = 90.0
_ENDS_WITHIN = 10.0


class MarionetteError(RuntimeError):
    """The program did not start, or refused a command; the text says which."""


class Marionette:
    """A program that is started with a profile of its own, and the session with it. `end` ends both."""

    def __init__(self, command: Sequence[str], profile: Path, environment: Mapping[str, str]) -> None:
        self._name = command[0]
        self._number = 0
        self._received = b""
        self._process = subprocess.Popen(
            [*command, "--headless", "--no-remote", "--marionette", "--profile", str(profile)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**environment, "HOME": str(profile)},
        )
        try:
            self._socket = socket.create_connection(
                ("127.0.0.1", self._port(profile)), timeout=_ANSWERS_WITHIN
            )
            self._read()
        except BaseException:
            self._stop()
            raise

    def end(self) -> None:
        """End the program."""
        self._socket.close()
        self._stop()

    def command(self, name: str, parameters: Mapping[str, Any]) -> Any:
        """What the program answers. Raises MarionetteError."""
        self._number += 1
        text = json.dumps([0, self._number, name, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(text), text))
        _, number, error, result = self._read()
        if error is not None:
            raise MarionetteError(f"{name}: {error['error']}: {error['message']}")
        if number != self._number:
            raise MarionetteError(f"{name} was answered out of turn")
        return result

    def _port(self, profile: Path) -> int:
        """The port that the program chose, which it writes to its profile."""
        end = time.monotonic() + STARTS_WITHIN
        written = profile / "MarionetteActivePort"
        while time.monotonic() < end and self._process.poll() is None:
            if written.is_file() and (text := written.read_text(encoding="ascii").strip()):
                return int(text)
            time.sleep(0.05)
        raise MarionetteError(f"{self._name} did not open its Marionette port within {STARTS_WITHIN:.0f} s")

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(_ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _read(self) -> Any:
        while b":" not in self._received:
            self._receive()
        size, _, self._received = self._received.partition(b":")
        while len(self._received) < int(size):
            self._receive()
        packet, self._received = self._received[: int(size)], self._received[int(size) :]
        return json.loads(packet)

    def _receive(self) -> None:
        data = self._socket.recv(1 << 16)
        if not data:
            raise MarionetteError(f"{self._name} hung up")
        self._received += data


def write_preferences(profile: Path, preferences: Mapping[str, bool | int | str]) -> None:
    """Have a program begin with these."""
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences.items())
    (profile / "user.js").write_text("".join(lines), encoding="utf-8")
