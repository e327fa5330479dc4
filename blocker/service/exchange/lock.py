"""One process an account: two at once would each put a copy beside the same message.

On one computer, or where computers share the data directory, a lock on a file tells the second of two. Computers that
share a PostgreSQL share no file: there the database keeps one more lock, for as long as a connection of ours lives.

Nothing is done once that connection is lost, as another process may have the account by then: what was under way
ends with `Unlocked`, and goes on from the journal after `Claim.take`, which takes the account anew or says who has it.
The look that was cut is not gone on with even then, for it may have seen what somebody else has changed since.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import socket
import threading
from pathlib import Path

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from blocker.catalogue import Catalogue, CatalogueError
from blocker.catalogue.errors import place, told
from blocker.config.private import private_directory

TIMEOUT = 10.0
"""Seconds for an answer of the database about a lock: one that is silent for longer counts as lost."""


_SERVES, _WORKS = "serves", "works"
"""What a lock says of its holder, before its process id and its computer."""


class Busy(Exception):
    """Another process works on the account; the text says which, and on which computer: folders may be shared."""

    def __init__(self, sentence: str, *, serves: bool) -> None:
        super().__init__(sentence)
        self.serves = serves
        """Whether it carries out what is asked for in the catalogue, as a running service does and a sweep does not."""


class Unlocked(CatalogueError):
    """The database's lock on an account was lost: another process may have it by now."""


class Lock:
    """Holds an account from the constructor until `release`, or until the process ends, however it ends."""

    def __init__(self, directory: Path, account: str, *, serves: bool = False) -> None:
        private_directory(directory)
        path = directory / f"{hashlib.sha256(account.encode()).hexdigest()[:16]}.lock"
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(self._handle, 300).decode("utf-8", "replace")
            os.close(self._handle)
            raise _busy(account, holder, "this computer") from None
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, _ours(serves).encode(), 0)

    def release(self) -> None:
        """Let others have the account. The file stays: removing it would let two hold two files."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


class ServerLock:
    """Holds an account among all that share a PostgreSQL: from the constructor until `release`, or its connection's end.

    The lock is a session's advisory lock, so nothing has to be tidied up after a process that was killed; the
    connection's application_name says whose it is. The constructor raises Busy and CatalogueError.
    """

    def __init__(self, engine: Engine, account: str, *, serves: bool = False) -> None:
        key = hashlib.sha256(f"unpixel\0{account}".encode()).digest()[:8]
        # A connection of its own, outside the pool, which would hand it to others; and outside any transaction, as one
        # that stands open for days keeps the database from tidying up.
        arguments = {"timeout": TIMEOUT} if engine.driver == "pg8000" else {}
        own = create_engine(
            engine.url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=arguments
        )
        with told(place(engine.url)):
            self._connection = own.connect()
            try:
                # PostgreSQL cuts a name at 63 octets: the host's end is what can be spared.
                self._connection.execute(_NAME, {"name": f"unpixel {_ours(serves)}"})
                taken = self._connection.scalar(_TAKE, {"key": int.from_bytes(key, signed=True)})
                holder = None if taken else self._connection.scalar(_HOLDER, _halves(key))
            except BaseException:
                self._connection.invalidate()
                raise
        if not taken:
            self._connection.close()
            raise _busy(account, (holder or "").removeprefix("unpixel "), "another computer")

    def alive(self) -> bool:
        """Whether the account is still held: asks the database over the lock's own connection. Once not, never again."""
        if self._connection.closed:
            return False
        try:
            self._connection.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError):  # the driver passes some of the system's own on
            self._connection.invalidate()
            self._connection.close()
            return False
        return True

    def release(self) -> None:
        """Let others have the account; harmless where it is lost already."""
        self._connection.close()


class Claim:
    """A runner's claim to an account, on this computer and where the catalogue is shared. Safe to use from several threads."""

    def __init__(self, directory: Path, catalogue: Catalogue, account: str) -> None:
        self._directory = directory
        self._engine = catalogue.engine
        self._account = account
        self._guard = threading.Lock()
        self._file: Lock | None = None
        self._server: ServerLock | None = None
        self._serves = False

    def take(self, *, serves: bool = False) -> None:
        """Have the account for oneself from now on; anew where that was lost. Raises Busy and CatalogueError.

        With `serves` the lock says that its holder carries out what is asked for in the catalogue.
        """
        with self._guard:
            self._serves |= serves
            if self._file is None:
                self._file = Lock(self._directory, self._account, serves=self._serves)
            if self._engine.dialect.name == "postgresql" and not (self._server and self._server.alive()):
                self._server = ServerLock(self._engine, self._account, serves=self._serves)

    def check(self) -> None:
        """Raises Unlocked where what was taken is lost. Nothing is to be done to the account then."""
        with self._guard:
            if self._server is not None and not self._server.alive():
                raise Unlocked(
                    f'The database no longer keeps account "{self._account}" for this process, so nothing more is '
                    "done to it; what was under way goes on next time."
                )

    def release(self) -> None:
        """Let others have the account."""
        with self._guard:
            if self._server is not None:
                self._server.release()
                self._server = None
            if self._file is not None:
                self._file.release()
                self._file = None


# A host that is gone without a word is noticed after a minute, in place of two hours.
_NAME = text(
    "SELECT set_config('application_name', :name, false), set_config('tcp_keepalives_idle', '30', false),"
    " set_config('tcp_keepalives_interval', '10', false), set_config('tcp_keepalives_count', '3', false)"
)
_TAKE = text("SELECT pg_try_advisory_lock(:key)")
_HOLDER = text(
    "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE locktype = 'advisory' AND granted AND objsubid = 1"
    " AND classid = CAST(:high AS oid) AND objid = CAST(:low AS oid)"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def _halves(key: bytes) -> dict[str, int]:
    """How pg_locks shows a key of 64 bits."""
    return {"high": int.from_bytes(key[:4]), "low": int.from_bytes(key[4:])}


def _ours(serves: bool) -> str:
    """What a lock of ours says of this process."""
    return f"{_SERVES if serves else _WORKS} {os.getpid()} {socket.gethostname()}"


def _busy(account: str, holder: str, somewhere: str) -> Busy:
    """`holder` is what the lock says, `somewhere` where its process is if that is not known."""
    role, _, who = holder.strip().partition(" ")
    pid, _, host = who.partition(" ")
    serves = role == _SERVES
    return Busy(
        f'Another unpixel (process {pid or "unknown"} on {host or somewhere}) works on account "{account}": '
        + ("end that one first, or let it do this." if serves else "wait for its end, then try again."),
        serves=serves,
    )
