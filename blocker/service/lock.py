"""One process an account: two at once would each put a copy beside the same message."""

from __future__ import annotations

import fcntl
import hashlib
import os
import socket
from pathlib import Path

from blocker.config.model import private_directory


class Busy(Exception):
    """Another process works on the account; the text says which, and on which computer: folders may be shared."""


class Lock:
    """Holds an account from the constructor until `release`, or until the process ends, however it ends."""

    def __init__(self, directory: Path, account: str) -> None:
        private_directory(directory)
        path = directory / f"{hashlib.sha256(account.encode()).hexdigest()[:16]}.lock"
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            host, _, pid = os.read(self._handle, 300).decode("utf-8", "replace").strip().rpartition(" ")
            os.close(self._handle)
            raise Busy(
                f"Another unpixel (process {pid or 'unknown'} on {host or 'this computer'}) "
                f'works on account "{account}": '
                "end that one first, or let it do this."
            ) from None
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, f"{socket.gethostname()} {os.getpid()}".encode(), 0)

    def release(self) -> None:
        """Let others have the account. The file stays: removing it would let two hold two files."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
