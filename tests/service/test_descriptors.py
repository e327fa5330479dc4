"""Nothing that is done again and again leaves a file, a pipe or a connection open."""

from __future__ import annotations

import gc
import logging
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from blocker.catalogue import Catalogue
from blocker.config import Passwords
from blocker.config.model import AccountConfig
from blocker.judging.budget import apart
from blocker.judging.process import Process
from blocker.judging.warm import Warm
from blocker.judging.worker import no_memory, outcome, within_budget
from blocker.mailbox.imap import ImapStore
from blocker.mailbox.protocol import MailboxError
from blocker.output.log import configure
from tests.mailbox.memory import MemoryAccount
from tests.servers.quirky import Quirky, Reply
from tests.service.world import World, mail

pytestmark = pytest.mark.once

OFTEN = 200
FORKS = 40
"""As often, where each time copies this process."""
ACCOUNT = AccountConfig("ada", "ada@example.org", "h", "ada")
WORK = partial(outcome, mail(1), "", ACCOUNT, b"k")


def opened() -> dict[str, str]:
    """What this process has open, by number."""
    gc.collect()
    found = {}
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found[entry.name] = str(entry.readlink())
        except OSError:  # the listing's own
            continue
    return found


def leaves_nothing_open(act: Callable[[], object], times: int = OFTEN) -> None:
    """Done once, for what is opened once and kept, and then that often: no more is open than before."""
    act()
    before = opened()
    for _ in range(times):
        act()
    deadline = time.monotonic() + 5  # a server's end of a connection is closed by a thread of its own
    while len(after := opened()) > len(before) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(after) <= len(before), sorted(set(after.items()) - set(before.items()))


def test_catalogues(tmp_path: Path) -> None:
    """Opened, asked and closed."""

    def act() -> None:
        with Catalogue.open(f"sqlite:///{tmp_path}/catalogue.sqlite") as store:
            store.accounts()

    leaves_nothing_open(act)


def test_work_that_is_done_apart() -> None:
    """Whether it comes to something or not."""
    leaves_nothing_open(lambda: apart(lambda: 1), FORKS)

    def fails() -> None:
        with pytest.raises(RuntimeError):
            apart(lambda: 1 / 0)

    leaves_nothing_open(fails, FORKS)


def test_judges() -> None:
    """Kept ones that are asked often; and those that are started, asked and ended, or started anew."""
    kept = Warm()
    leaves_nothing_open(lambda: kept.ask(WORK))
    before = opened()
    for _ in range(3):
        one = Process(views=False)
        one.ask(partial(within_budget, WORK), no_memory)
        one.restart()
        one.end()
    assert len(opened()) <= len(before)
    kept.close()
    assert len(opened()) < len(before)


def imap(port: int) -> ImapStore:
    """A connection to a server of this machine."""
    return ImapStore("127.0.0.1", port, "ada", "secret", security="none", timeout=5)


@pytest.mark.parametrize("refused", ["AUTHENTICATE", "LOGIN", "CAPABILITY", "NAMESPACE"])
def test_connections_that_fail(refused: str) -> None:
    """A login that is refused, and one after which the first question is, or the server hangs up."""

    def answer(reply: Reply) -> bytes | None:
        return b"NO [AUTHENTICATIONFAILED] not so" if reply.name == refused else None

    capabilities = "IMAP4rev1 UIDPLUS MOVE NAMESPACE" + (" AUTH=PLAIN" if refused == "AUTHENTICATE" else "")
    server = Quirky(MemoryAccount(), refuse=answer, capabilities=capabilities)

    def act() -> None:
        try:
            imap(server.port).close()
        except MailboxError:
            return

    try:
        leaves_nothing_open(act, 50)
    finally:
        Quirky.stop_all()


def test_connections_to_nobody() -> None:
    """Nothing listens there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    def act() -> None:
        with pytest.raises(MailboxError):
            imap(port)

    leaves_nothing_open(act)


def test_looks_at_a_folder(tmp_path: Path) -> None:
    """Each with a message that is exchanged."""
    w, number = World.make(tmp_path, "replace").begin(), iter(range(1, 1000))

    def act() -> None:
        w.deliver(mail(next(number)))
        w.look()

    leaves_nothing_open(act, 20)


def test_logs_and_passwords() -> None:
    """The log configured anew, and a command that prints a password."""
    leaves_nothing_open(lambda: configure("json", logging.ERROR))
    asked = replace(ACCOUNT, password_command="printf secret")
    leaves_nothing_open(lambda: Passwords()(asked), 50)
