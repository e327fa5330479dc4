"""An IMAP server inside this process, for the demonstration and for tests.

pymap's in-memory backend, on 127.0.0.1 and a port the system picks, in one thread with an event loop of
its own. It keeps nothing on disk, resolves no name, and knows one user whose password is made anew for
each run. What pymap cannot do, so that callers need not find out: it answers IDLE in pieces that
imapclient refuses (poll instead), and it stores no keywords.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
from argparse import Namespace
from collections.abc import Coroutine
from datetime import datetime
from types import TracebackType
from typing import Any, TypeVar

from proxyprotocol.noop import ProxyProtocolNoop
from proxyprotocol.sock import SocketInfoLocal
from pymap.backend.dict import Config, DictBackend, Login
from pymap.concurrent import Subsystem
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.user import UserMetadata
from pysasl.creds.plain import PlainCredentials
from pysasl.hashing import Cleartext

HOST = "127.0.0.1"
START_SECONDS = 10.0
STOP_SECONDS = 1.0
_log = logging.getLogger(__name__)
T = TypeVar("T")


class MailServer:
    """One user's mailbox behind real IMAP, from `start` to `stop`; also a context manager.

    `username`, `password`, `host` and `port` are what a client needs; `port` is 0 before `start`.
    """

    def __init__(self, username: str) -> None:
        self.username = username
        self.password = secrets.token_urlsafe(24)
        self.host = HOST
        self.port = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._login: Login | None = None
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._stopping: asyncio.Event | None = None

    def start(self) -> None:
        """Listen. Raises OSError where no port can be had on 127.0.0.1."""
        self._thread = threading.Thread(target=self._run, name="demo-imap", daemon=True)
        self._thread.start()
        if not self._ready.wait(START_SECONDS):
            raise OSError(f"The demo's IMAP server did not start within {START_SECONDS:.0f} seconds.")
        if self._failure is not None:
            self._thread.join()
            raise OSError(f"The demo's IMAP server cannot start: {self._failure}.") from self._failure

    def deliver(self, raw: bytes, when: datetime, folder: str = "INBOX") -> int:
        """Put a message into a folder as a mail server would on its arrival; its UID.

        `when` must be aware and becomes INTERNALDATE.
        """
        return self._call(self._append(raw, when, folder))

    def stop(self) -> None:
        """Say BYE to every client and end the thread; harmless when not running."""
        loop, stopping, thread = self._loop, self._stopping, self._thread
        if thread is None:
            return
        if loop is not None and stopping is not None and thread.is_alive():
            loop.call_soon_threadsafe(stopping.set)
        thread.join(2 * STOP_SECONDS)
        self._thread = None

    def __enter__(self) -> MailServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the server's loop and wait for its result."""
        if self._loop is None:
            work.close()
            raise RuntimeError("The demo's IMAP server is not running.")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(START_SECONDS)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except OSError as error:
            self._failure = error
            self._ready.set()

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_note)
        self._stopping = asyncio.Event()
        config = _config(self.username, self.password)
        self._login = Login(config)
        identity = self._login.demo_user_identity
        await identity.set(UserMetadata(config, self.username, password=self.password))
        await self._authorized()
        connections: set[asyncio.Task[Any]] = set()
        accept = IMAPServer(DictBackend(self._login, config).login, config)

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            connections.add(task)
            try:
                await accept(reader, writer, SocketInfoLocal(writer))
            except ConnectionError:  # a client that leaves without LOGOUT is nobody's fault
                _log.debug("client went away")
            finally:
                connections.discard(task)

        server = await asyncio.start_server(connected, HOST, 0)
        self.port = server.sockets[0].getsockname()[1]
        self._loop = loop
        self._ready.set()
        await self._stopping.wait()
        self._loop = None
        server.close()
        for task in list(connections):
            task.cancel()
        if connections:
            await asyncio.wait(connections, timeout=STOP_SECONDS)

    async def _authorized(self) -> Any:
        assert self._login is not None
        creds = PlainCredentials(self.username, self.password)
        identity = await self._login.authorize(await self._login.authenticate(creds), self.username)
        return identity.new_session()

    async def _append(self, raw: bytes, when: datetime, folder: str) -> int:
        async with await self._authorized() as session:
            mailbox = await session.mailbox_set.get_mailbox(folder)
            message = await mailbox.append(AppendMessage(raw, when), recent=True)
            uid: int = message.uid
            return uid


class _QuietConfig(Config):
    """pymap's settings without its look-up of this machine's name."""

    @property
    def greeting(self) -> bytes:
        return b"unpixel demonstration"


def _config(username: str, password: str) -> Config:
    """Settings for one user on loopback: no TLS, no thread pool, no file, no look-up.

    The password is random and lives for one run in one process, so it is compared, not hashed.
    """
    arguments = Namespace(passlib_cfg=None, proxy_protocol=None)
    return _QuietConfig(
        arguments,
        host=HOST,
        port=0,
        tls_enabled=False,
        proxy_protocol=ProxyProtocolNoop(),
        hash_context=Cleartext(),
        cpu_subsystem=Subsystem.for_asyncio(),
        demo_data=False,
        demo_user=username,
        demo_password=password,
    )


def _note(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Keep the loop's complaints out of the demonstration's output, but in its log."""
    _log.debug("imap server: %s", context.get("message"), exc_info=context.get("exception"))
