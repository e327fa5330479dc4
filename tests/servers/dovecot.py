"""A private Dovecot in a folder of its own, on free loopback ports.

Any user name is a new, empty account; all of them share one password, so tests need no cleaning up. Started by root it
runs as nobody, as Dovecot refuses to keep root's mail; else as the user who runs the tests. Written for Dovecot 2.3.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.servers.common import (
    HOST,
    PASSWORD,
    STOP_SECONDS,
    Account,
    as_unprivileged,
    await_start,
    find,
    free_ports,
    give_away,
    greets,
    server_group,
    server_user,
)

__all__ = ["HOST", "PASSWORD", "Account", "Dovecot", "Variant", "free_ports"]

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
    introspection: str = ""
    """URL that tells whose an access token is (RFC 7662); switches token sign-in on."""
    token_mechanisms: str = "oauthbearer xoauth2"
    """Which ways to send one are announced."""


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
        (self.folder / "oauth2").write_text(
            f"introspection_mode = post\nintrospection_url = {self.variant.introspection}\n"
            "username_attribute = username\nactive_attribute = active\nactive_value = true\n"
        )
        for name in ("run", "state", "mail"):
            (self.folder / name).mkdir()
        give_away(self.folder)
        command = [*as_unprivileged(), self._binary, "-F", "-c", str(self.config)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        process = self._process
        await_start(lambda: greets(self.port), lambda: process.poll() is not None, "Dovecot", self.log)
        return self

    def account(self, user: str | None = None) -> Account:
        """An account; a new and empty one unless a name is given."""
        name = user or f"user{next(_numbers)}"
        return Account(self.host, self.port, name, PASSWORD, self.tls_port)

    def doveadm(self, *arguments: str) -> str:
        """Run doveadm on this server; what it prints."""
        command = [*as_unprivileged(), find("doveadm"), "-c", str(self.config), *arguments]
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
        variant, folder, user = self.variant, self.folder, server_user()
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
default_internal_group = {server_group()}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~/Maildir
mail_plugins = {" ".join(plugins)}
disable_plaintext_auth = no
auth_mechanisms = plain login {variant.token_mechanisms if variant.introspection else ""}
auth_failure_delay = 0 secs
{tls}
{_token_passdb(folder) if variant.introspection else ""}
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


def _token_passdb(folder: Path) -> str:
    """Where Dovecot asks whose a token is."""
    return f"passdb {{\n driver = oauth2\n mechanisms = oauthbearer xoauth2\n args = {folder}/oauth2\n}}"
