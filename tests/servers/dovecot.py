"""A private Dovecot in a folder of its own, on free loopback ports.

Any user name is a new, empty account; all of them share one password, so tests need no cleaning up. Started by root it
runs as nobody, as Dovecot refuses to keep root's mail; else as the user who runs the tests. Written for Dovecot 2.3.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
PASSWORD = "correct-horse"
START_SECONDS = 20.0
STOP_SECONDS = 15.0
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Variant:
    """What makes one server differ from another."""

    capability: str = ""
    """Announced in place of all Dovecot can do; what is not announced it also refuses to imapclient."""
    acl: str = ""
    """Lines of a global ACL file, such as "Shelf owner lri"; empty switches ACLs off."""
    quota: str = ""
    """Room of each account, such as "20K"; empty for no limit."""
    certificate: bytes = b""
    """PEM with key and chain; switches TLS on, on the second port and by STARTTLS."""
    connections: int = 500
    """Connections of one user at a time."""


@dataclass(frozen=True)
class Account:
    """A user of a test server."""

    host: str
    port: int
    user: str
    password: str
    tls_port: int = 0


class Dovecot:
    """One running server. `stop` ends it and removes its folder."""

    def __init__(self, variant: Variant | None = None) -> None:
        self.variant = variant or Variant()
        self.host = HOST
        self.port, self.tls_port = free_ports(2)
        self.folder = Path(tempfile.mkdtemp(prefix="unpixel-dovecot-"))
        self.config = self.folder / "dovecot.conf"
        self._binary = find("dovecot")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Dovecot:
        """Start and wait until it greets. Raises RuntimeError with the end of its log where it does not."""
        self.config.write_text(self._text())
        (self.folder / "acl").write_text(self.variant.acl + "\n" if self.variant.acl else "")
        (self.folder / "tls.pem").write_bytes(self.variant.certificate)
        for name in ("run", "state", "mail"):
            (self.folder / name).mkdir()
        _give_away(self.folder)
        command = [*_as_unprivileged(), self._binary, "-F", "-c", str(self.config)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        end = time.monotonic() + START_SECONDS
        while not self._greets():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"Dovecot did not start; its log ends with:\n{self.log()[-2000:]}")
            time.sleep(0.02)
        return self

    def _greets(self) -> bool:
        try:
            with socket.create_connection((self.host, self.port), timeout=2) as peer:
                return peer.recv(4) == b"* OK"
        except OSError:
            return False

    def account(self, user: str | None = None) -> Account:
        """An account; a new and empty one unless a name is given."""
        name = user or f"user{next(_numbers)}"
        return Account(self.host, self.port, name, PASSWORD, self.tls_port)

    def doveadm(self, *arguments: str) -> str:
        """Run doveadm on this server; what it prints."""
        command = [*_as_unprivileged(), find("doveadm"), "-c", str(self.config), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout

    def log(self) -> str:
        """What the server wrote to its log so far."""
        path = self.folder / "dovecot.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def signal_stop(self) -> None:
        """Ask the server to end, by the process id in its master.pid; `stop` waits for it."""
        with contextlib.suppress(OSError, ValueError):
            os.kill(int((self.folder / "run" / "master.pid").read_text()), signal.SIGTERM)

    def stop(self) -> None:
        """End the server and remove its folder."""
        if self._process is not None:
            self.signal_stop()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _text(self) -> str:
        """The configuration."""
        variant, folder, user = self.variant, self.folder, _user()
        plugins = [*(["acl"] if variant.acl else []), *(["quota"] if variant.quota else [])]
        imap_plugins = [*plugins, *(f"imap_{name}" for name in plugins)]
        tls = (
            f"ssl = yes\nssl_cert = <{folder}/tls.pem\nssl_key = <{folder}/tls.pem"
            if variant.certificate
            else "ssl = no"
        )
        tls_listener = (
            f"inet_listener imaps {{\n port = {self.tls_port if variant.certificate else 0}\n ssl = yes\n }}"
        )
        settings = [
            *([f"acl = vfile:{folder}/acl"] if variant.acl else []),
            *(["quota = maildir:Room", f"quota_rule = *:storage={variant.quota}"] if variant.quota else []),
        ]
        nl = "\n "
        return f"""
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
instance_name = unpixel-test
protocols = imap
listen = {self.host}
default_login_user = {user.pw_name}
default_internal_user = {user.pw_name}
default_internal_group = {_group(user)}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~/Maildir
mail_plugins = {" ".join(plugins)}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0 secs
{tls}
passdb {{
 driver = static
 args = password={PASSWORD}
}}
userdb {{
 driver = static
 args = uid={user.pw_uid} gid={user.pw_gid} home={folder}/mail/%u
}}
namespace inbox {{
 inbox = yes
 separator = /
}}
plugin {{
 {nl.join(settings)}
}}
service anvil {{
 chroot =
 unix_listener anvil-auth-penalty {{
 mode = 0
 }}
}}
service imap-login {{
 chroot =
 inet_listener imap {{
 port = {self.port}
 }}
 {tls_listener}
}}
service stats {{
 chroot =
}}
protocol imap {{
 mail_plugins = {" ".join(imap_plugins)}
 mail_max_userip_connections = {variant.connections}
 {f"imap_capability = {variant.capability}" if variant.capability else ""}
}}
"""


def find(name: str) -> str:
    """A program's path, also from where Debian keeps servers. Raises RuntimeError where it is missing."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if found is None:
        raise RuntimeError(
            f"These tests need {name}, which is not installed: run `tests/run`, or `apt-get install dovecot-imapd`."
        )
    return found


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind((HOST, 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _user() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())


def _group(user: pwd.struct_passwd) -> str:
    import grp

    return grp.getgrgid(user.pw_gid).gr_name


def _as_unprivileged() -> list[str]:
    if os.getuid() != 0:
        return []
    user = _user()
    return [find("setpriv"), f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def _give_away(folder: Path) -> None:
    if os.getuid() == 0:
        user = _user()
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)
