"""Two computers that share a PostgreSQL: an account is one process's alone, for as long as its connection lives."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from blocker.catalogue import Catalogue
from blocker.config import Config
from blocker.service import Busy, Runner
from blocker.service.backoff import Backoff
from blocker.service.exchange.lock import Claim, ServerLock, Unlocked
from tests.mailbox.memory import MemoryStore
from tests.patience import BUSY
from tests.servers.postgres import Postgres
from tests.service.world import QUARANTINE, World, mail, original_of

ROOT = Path(__file__).resolve().parents[2]
OURS = f"process {os.getpid()} on {re.escape(socket.gethostname())}"
HOLDER = """
import sys, time
from pathlib import Path
from blocker.catalogue import Catalogue
from blocker.service.exchange.lock import Claim
with Catalogue.open(sys.argv[2]) as catalogue:
    Claim(Path(sys.argv[1]), catalogue, "ada").take()
    print("taken", flush=True)
    time.sleep(600)
"""


@dataclass
class Shared(World):
    """A world whose catalogue is on a server; its directory is one computer's."""

    url: str = ""

    @property
    def config(self) -> Config:
        """The configuration."""
        return replace(super().config, database=self.url)


@pytest.fixture
def shared(tmp_path: Path, postgres: Postgres) -> Shared:
    """Already looked at once."""
    made = World.make(tmp_path / "one")
    w = Shared(made.directory, made.account, url=postgres.database())
    w.begin()
    return w


def elsewhere(w: Shared) -> Shared:
    """The same account and catalogue, served by another computer."""
    return Shared(w.directory.with_name("other"), w.account, w.server, url=w.url)


def end_connections(w: Shared) -> None:
    """The database ends the connections that hold accounts, and those alone."""
    query = "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory'"
    with Catalogue.open(w.url) as catalogue, catalogue.engine.connect() as connection:
        assert connection.execute(text(query)).all()


def until(condition: Callable[[], bool]) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def started(w: Shared, catalogue: Catalogue) -> Runner:
    """A service that watches, and tries again soon."""
    runner = w.runner(catalogue)
    for watch in runner._watches.values():
        watch._backoff = Backoff(0.01, 0.05)
    runner.start()
    return runner


def test_the_second_computer_is_refused_and_told_who_has_the_account(shared: Shared) -> None:
    """Until the first has ended; another account is free."""
    other = elsewhere(shared)
    with Catalogue.open(shared.url) as catalogue:
        runner = started(shared, catalogue)
        with pytest.raises(Busy, match=OURS) as busy:
            other.look()
        assert busy.value.serves
        ServerLock(catalogue.engine, "bob").release()
        assert runner.stop(2 * BUSY)
    other.look()


def test_a_killed_process_holds_nothing(shared: Shared, tmp_path: Path) -> None:
    """The second is told the first one's process id; once that was killed, it may begin."""
    first = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "first"), shared.url],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    with first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"taken\n"
        with pytest.raises(Busy, match=f"process {first.pid} on {re.escape(socket.gethostname())}") as busy:
            shared.look()
        assert not busy.value.serves
        first.kill()
    with Catalogue.open(shared.url) as catalogue:
        claim = Claim(shared.directory, catalogue, "ada")
        until(lambda: not refused(claim))
        claim.release()
    shared.look()


def refused(claim: Claim) -> bool:
    """Whether another process has the account."""
    try:
        claim.take()
    except Busy:
        return True
    return False


def test_a_lost_lock_ends_the_look_before_its_next_step(shared: Shared) -> None:
    """Lost after the copy was stored: the original stays until the account is held again, then all ends as ever."""
    shared.deliver(mail(1))

    def lose(moment: str, operation: str, _folder: str) -> None:
        if (moment, operation) == ("after", "append"):
            shared.server.fault = None
            end_connections(shared)

    shared.server.fault = lose
    with pytest.raises(Unlocked, match='"ada"'):
        shared.look()
    assert len(shared.raws()) == 2, "the copy beside its original"
    assert shared.raws(QUARANTINE) == []
    shared.look()
    assert ([original_of(raw) for raw in shared.raws()], shared.raws(QUARANTINE)) == ([mail(1)], [mail(1)])


def test_a_watch_whose_lock_is_lost_takes_it_anew(shared: Shared) -> None:
    """The connection alone was ended: it is told, the account is taken again, and mail is treated as before."""
    with Catalogue.open(shared.url) as catalogue:
        runner = started(shared, catalogue)
        until(lambda: any(e.action == "watching" for e in shared.events))
        end_connections(shared)
        shared.deliver(mail(1))
        until(lambda: shared.raws(QUARANTINE) == [mail(1)])
        with pytest.raises(Busy, match=OURS):
            elsewhere(shared).look()
        assert runner.stop(2 * BUSY)
    assert any("no longer keeps" in e.detail for e in shared.events if e.action == "trouble")


def test_a_watch_whose_lock_was_taken_by_another_does_nothing_until_it_is_free(shared: Shared) -> None:
    """It names the other all the while, does not as much as sign in, and goes on once the other has ended."""
    signed_in: list[float] = []

    def stores(_account: object) -> MemoryStore:
        signed_in.append(time.monotonic())
        return MemoryStore(shared.server)

    shared.stores = stores  # type: ignore[method-assign]
    with Catalogue.open(shared.url) as catalogue:
        runner = started(shared, catalogue)
        until(lambda: any(e.action == "watching" for e in shared.events))
        (account,) = runner._accounts.values()
        with account.claim._guard:  # so that the other is the faster one
            end_connections(shared)
            other = ServerLock(create_engine(catalogue.engine.url), "ada")
            before = len(signed_in)
        shared.deliver(mail(1))
        until(lambda: sum("works on account" in e.detail for e in shared.events) > 3)
        assert (shared.raws(), len(signed_in)) == ([mail(1)], before)
        other.release()
        until(lambda: shared.raws(QUARANTINE) == [mail(1)])
        assert runner.stop(2 * BUSY)
