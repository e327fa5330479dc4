"""What the tests' servers share: a free port, a user without rights to run as, programs, an account."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import shutil
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
PASSWORD = "correct-horse"
START_SECONDS = 60.0
STOP_SECONDS = 15.0


@dataclass(frozen=True)
class Account:
    """A user of a test server."""

    host: str
    port: int
    user: str
    password: str
    tls_port: int = 0


def find(name: str, package: str = "dovecot-imapd") -> str:
    """A program's path, also from where Debian keeps servers. Raises RuntimeError where it is missing."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if found is None:
        raise RuntimeError(
            f"These tests need {name}, which is not installed: run `tests/run`, or `apt-get install {package}`."
        )
    return found


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((HOST, 0))
        return [int(each.getsockname()[1]) for each in sockets]


def greets(port: int) -> bool:
    """Whether an IMAP server says hello there."""
    try:
        with socket.create_connection((HOST, port), timeout=2) as peer:
            return peer.recv(4) == b"* OK"
    except OSError:
        return False


def await_start(
    ready: Callable[[], bool], ended: Callable[[], bool], what: str, log: Callable[[], str]
) -> None:
    """Wait until a server is ready. Raises RuntimeError with the end of its log where it does not get so far."""
    end = time.monotonic() + START_SECONDS
    while not ready():
        if ended() or time.monotonic() > end:
            raise RuntimeError(f"{what} did not start; its log ends with:\n{log()[-2000:]}")
        time.sleep(0.02)


def server_user() -> pwd.struct_passwd:
    """Whom servers run as: root's tests take nobody."""
    return pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())


def server_group() -> str:
    """That user's group."""
    return grp.getgrgid(server_user().pw_gid).gr_name


def as_unprivileged() -> list[str]:
    """Before a command line: run it without root's rights."""
    if os.getuid() != 0:
        return []
    user = server_user()
    return [
        find("setpriv", "util-linux"),
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
    ]


def give_away(folder: Path) -> None:
    """Make a folder the server user's own."""
    if os.getuid() == 0:
        user = server_user()
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
