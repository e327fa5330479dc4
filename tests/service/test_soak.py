"""A long run: 24 accounts on one server, mail coming in, and something going wrong every few seconds.

Behind `tests/run --soak`, which lets it run for 20 minutes.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from blocker.catalogue import Catalogue
from blocker.config import Config, Passwords
from blocker.service import Event, Runner, imap
from blocker.service.backoff import LONGEST
from tests.patience import BUSY
from tests.servers.common import PASSWORD, Account
from tests.servers.dovecot import Dovecot
from tests.servers.proxy import Proxy, passing
from tests.service.test_dovecot import Client, Place
from tests.service.test_killed import assert_only_our_own_is_expunged
from tests.service.test_watch import PATIENCE, until
from tests.service.world import ARRIVED, QUARANTINE, mail, original_of

ACCOUNTS = 24
PAUSE = 3.0
"""Seconds between two faults, about."""
IDLE_SECONDS = 30.0
IDLE_CPU = 0.05
"""Share of one processor that all idle accounts together may take."""


def configured(directory: Path, accounts: list[Account], port: int) -> tuple[Config, Passwords]:
    """A configuration of all accounts by way of the wire, and their passwords."""
    base, passwords = Place(directory, accounts[0]).config("replace", port=port, poll=20.0), Passwords()
    made = [
        replace(base.accounts[0], name=one.user, address=f"{one.user}@example.org", user=one.user)
        for one in accounts
    ]
    for one in made:
        passwords.keep(one, PASSWORD)
    return replace(base, accounts=tuple(made)), passwords


def faults(dovecot: Dovecot, wire: Proxy, accounts: list[Account]) -> Iterator[Callable[[], None]]:
    """What goes wrong, in no order that repeats."""
    chance = random.Random(24)

    def lose() -> None:
        wire.lose_append_reply()

    def refuse() -> None:
        wire.to_client = lambda _: None

    def kick() -> None:
        with contextlib.suppress(subprocess.CalledProcessError):  # who is not connected cannot be kicked
            dovecot.doveadm("kick", chance.choice(accounts).user)

    while True:
        yield chance.choice([wire.close_all, lose, refuse, kick])


def deliver(account: Account, raw: bytes) -> None:
    """A mail arrives, by a connection that is gone before anything goes wrong."""
    client = Client(account)
    client.append(raw, (), ARRIVED)
    client.close()


def lying(account: Account, folder: str) -> list[bytes]:
    """What lies in a folder."""
    client = Client(account)
    try:
        return [message.raw for message in client.messages(folder)]
    finally:
        client.close()


def handles() -> int:
    """Files and sockets that this process has open."""
    return len(list(Path(f"/proc/{os.getpid()}/fd").iterdir()))


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_a_long_run(
    dovecot: Dovecot,
    proxy: type[Proxy],
    tmp_path: Path,
    pytestconfig: pytest.Config,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing is lost or there twice, idle accounts take no processor, threads and sockets stay as many."""
    caplog.set_level(logging.DEBUG, "blocker.service")
    accounts = [dovecot.account() for _ in range(ACCOUNTS)]
    wire = proxy(dovecot.host, dovecot.port)
    config, passwords = configured(tmp_path, accounts, wire.port)
    events: list[Event] = []
    sent: dict[str, list[bytes]] = {account.user: [] for account in accounts}
    with Catalogue.open(config.database) as catalogue:
        runner = Runner(config, catalogue, events.append, imap(passwords))
        runner.start()
        until(lambda: sum(event.action == "watching" for event in events) >= ACCOUNTS)
        until(lambda: wire.sent.count(b" IDLE\r\n") >= ACCOUNTS)
        _assert_idle()
        threads, open_before = threading.active_count(), handles()
        end = time.monotonic() + 60 * float(pytestconfig.getoption("--soak"))
        chance = random.Random(7)
        for fault in faults(dovecot, wire, accounts):
            one = chance.choice(accounts)
            sent[one.user].append(mail(len(sent[one.user])))
            deliver(one, sent[one.user][-1])
            fault()
            time.sleep(chance.uniform(0, PAUSE))
            wire.to_client = passing
            if time.monotonic() > end:
                break

        def settled() -> bool:
            return all(len(lying(one, QUARANTINE)) == len(sent[one.user]) for one in accounts)

        until(settled, LONGEST + PATIENCE)  # who was refused last waits that long
        marked = len(wire.sent)
        until(
            lambda: wire.sent.count(b" IDLE\r\n", marked) >= ACCOUNTS
        )  # all have looked once more, and listen
        for one in accounts:
            raws, inbox = sorted(sent[one.user]), lying(one, "INBOX")
            assert sorted(original_of(raw) or b"" for raw in inbox) == raws, one.user
            assert sorted(lying(one, QUARANTINE)) == raws, one.user
        assert not runner.refused
        # Each connection has two ends and two threads in the proxy, which lives in this process too.
        assert threading.active_count() <= threads + 4
        assert handles() <= open_before + 8
        assert runner.stop(2 * BUSY)
    assert_only_our_own_is_expunged(bytes(wire.sent))
    assert PASSWORD not in caplog.text


def _assert_idle() -> None:
    before = time.process_time()
    time.sleep(IDLE_SECONDS)
    assert (time.process_time() - before) / IDLE_SECONDS < IDLE_CPU
