"""How long mode hold keeps a message, beyond the server's own notice of it.

    python -m tests.bench.hold [--messages 40]

A Dovecot of its own; the service runs in mode hold. Tracked messages are stored in the screening folder one by one,
as a rule of the server would do. Measured for each: the time from when a bare IDLE client is told of it to when the
service has put its clean copy into the inbox, read it back, and moved its original away. The server's own delay (Dovecot
tells after about half a second) is in neither.

Printed: median, 90th percentile and largest in milliseconds.
"""

from __future__ import annotations

import argparse
import socket
import statistics
import tempfile
import threading
import time
from pathlib import Path

from blocker.catalogue import Catalogue
from blocker.choices.modes import Mode
from blocker.config import AccountConfig, Config, Passwords
from blocker.service import Event, Runner, imap
from tests.patience import BUSY
from tests.servers.dovecot import Account, Dovecot
from tests.service.test_dovecot import Client
from tests.service.world import ARRIVED, mail

BAR = 100.0
"""Milliseconds, of the median."""
PATIENCE = 60.0


class Listener:
    """A bare IDLE client on the screening folder, in a thread: when it was told of each message."""

    def __init__(self, account: Account) -> None:
        self._socket = socket.create_connection((account.host, account.port), timeout=PATIENCE)
        self._lines = self._socket.makefile("rb")
        self._lines.readline()
        for number, command in enumerate((f"LOGIN {account.user} {account.password}", "EXAMINE Screening")):
            self._socket.sendall(f"{number} {command}\r\n".encode())
            while not self._lines.readline().startswith(b"%d OK" % number):
                pass
        self._socket.sendall(b"i IDLE\r\n")
        self._lines.readline()
        self.told: list[float] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        try:
            for line in self._lines:
                # The folder is empty between two messages: every count above nought is a new one.
                if line.endswith(b" EXISTS\r\n") and not line.startswith(b"* 0 "):
                    self.told.append(time.perf_counter())
        except (OSError, ValueError):
            return

    def close(self) -> None:
        """Hang up."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def measured(server: Dovecot, home: Path, count: int) -> list[float]:
    """Milliseconds from notice to release, of each message."""
    account = server.account()
    one = AccountConfig(
        "bench",
        "ada@example.org",
        account.host,
        account.user,
        port=account.port,
        security="none",
        mode=Mode.HOLD,
    )
    config = Config(home / "config.toml", home, f"sqlite:///{home / 'catalogue.sqlite'}", (one,))
    passwords = Passwords()
    passwords.keep(one, account.password)
    released: list[float] = []
    arrived, watching = threading.Semaphore(0), threading.Event()

    def observe(event: Event) -> None:
        if event.action == "watching":
            watching.set()
        elif event.uid:
            assert event.action == "replaced", event
            released.append(time.perf_counter())
            arrived.release()

    rule = Client(account)
    found = []
    with Catalogue.open(config.database) as catalogue:
        runner = Runner(config, catalogue, observe, imap(passwords))
        runner.start()
        assert watching.wait(PATIENCE)
        while "Screening" not in server.doveadm("mailbox", "list", "-u", account.user).split("\n"):
            time.sleep(0.1)
        listener = Listener(account)
        for number in range(1, count + 1):
            sent = time.perf_counter()
            rule.append(mail(number), (), ARRIVED, "Screening")
            assert arrived.acquire(timeout=PATIENCE), "a message was not released"
            time.sleep(2.0)  # both clients are told, also that the folder is empty again
            told = [moment for moment in listener.told if moment > sent]
            # Dovecot does not tell everybody at once: a message may be gone before the bare client hears of it.
            found.append((released[-1] - told[0]) * 1000 if told else 0.0)
        listener.close()
        runner.stop(2 * BUSY)
    rule.close()
    return found


def main() -> int:
    """Measure, print, and give 1 where the bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=40)
    given = parser.parse_args()
    server = Dovecot().start()
    try:
        with tempfile.TemporaryDirectory() as home:
            times = sorted(measured(server, Path(home), given.messages))
    finally:
        server.stop()
    median = statistics.median(times)
    late = times[int(len(times) * 0.9)]
    print(
        f"{len(times)} messages: median {median:.0f} ms, 90% {late:.0f} ms, largest {times[-1]:.0f} ms (bar {BAR:.0f})"
    )
    return 0 if median <= BAR else 1


if __name__ == "__main__":
    raise SystemExit(main())
