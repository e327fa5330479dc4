"""A private Cyrus IMAP server in a folder of its own. Written for Cyrus 3.6.

Debian's package cannot be installed beside Dovecot's, so `tests/run` unpacks it into `.servers/cyrus`; it runs from there.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from tests.servers.common import (
    HOST,
    PASSWORD,
    STOP_SECONDS,
    Account,
    as_unprivileged,
    await_start,
    free_ports,
    give_away,
    greets,
    server_group,
    server_user,
)

ROOT = Path(__file__).resolve().parents[2] / ".servers" / "cyrus"
"""Where the packages are unpacked."""
LIBRARIES = (
    "usr/lib/x86_64-linux-gnu",
    "usr/lib/aarch64-linux-gnu",
    "usr/lib",
    "lib/x86_64-linux-gnu",
    "lib",
)
_numbers = itertools.count(1)


class Cyrus:
    """One running server. `stop` ends it and removes its folder."""

    def __init__(self) -> None:
        self.host = HOST
        (self.port,) = free_ports(1)
        if not (ROOT / "usr/lib/cyrus/bin/master").exists():
            raise RuntimeError(
                "These tests need Cyrus, which `tests/run` unpacks into .servers: run `tests/run`."
            )
        # Short: Cyrus keeps sockets in it, whose paths may not be long.
        self.folder = Path(tempfile.mkdtemp(prefix="unpixel-cyrus-"))
        self._root = self.folder / "root"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Cyrus:
        """Start and wait until it greets. Raises RuntimeError with the end of its log where it does not."""
        shutil.copytree(ROOT, self._root, symlinks=True)  # the user it runs as may not reach the repository
        for name in ("db", "proc", "socket", "log", "msg", "ptclient", "quota", "sieve", "user", "lock"):
            (self.folder / "lib" / name).mkdir(parents=True)
        for name in ("spool", "run"):
            (self.folder / name).mkdir()
        (self.folder / "imapd.conf").write_text(self._settings())
        (self.folder / "cyrus.conf").write_text(self._services())
        give_away(self.folder)
        command = [self._program("master"), "-M", str(self.folder / "cyrus.conf"), "-C", self._config]
        command += ["-p", str(self.folder / "run" / "master.pid")]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [*as_unprivileged(), *command], env=self._environment(), stdin=subprocess.DEVNULL, stderr=log
            )
        process = self._process
        await_start(lambda: greets(self.port), lambda: process.poll() is not None, "Cyrus", self.log)
        return self

    def account(self) -> Account:
        """A new and empty account."""
        user = f"user{next(_numbers)}"
        program = str(self._root / "usr/sbin/saslpasswd2")
        command = [program, "-p", "-c", "-f", str(self.folder / "sasldb2"), "-u", "localhost", user]
        subprocess.run(
            [*as_unprivileged(), *command],
            input=PASSWORD.encode(),
            env=self._environment(),
            check=True,
            capture_output=True,
            timeout=30,
        )
        return Account(self.host, self.port, user, PASSWORD)

    def log(self) -> str:
        """What its main process said."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self) -> None:
        """End the server and remove its folder."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _config(self) -> str:
        return str(self.folder / "imapd.conf")

    def _program(self, name: str) -> str:
        return str(self._root / "usr/lib/cyrus/bin" / name)

    def _environment(self) -> dict[str, str]:
        libraries = [str(self._root / folder) for folder in LIBRARIES]
        plugins = [f"{root}/{folder}/sasl2" for root in (self._root, "") for folder in LIBRARIES[:2]]
        return os.environ | {"LD_LIBRARY_PATH": ":".join(libraries), "SASL_PATH": ":".join(plugins)}

    def _settings(self) -> str:
        folder = self.folder
        return f"""
configdirectory: {folder}/lib
partition-default: {folder}/spool
defaultpartition: default
admins: cyrus
servername: localhost
cyrus_user: {server_user().pw_name}
cyrus_group: {server_group()}
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {folder}/sasldb2
sasl_mech_list: PLAIN LOGIN
unixhierarchysep: yes
altnamespace: yes
autocreate_quota: 1000000
conversations: no
idlesocket: {folder}/run/idle
notifysocket: {folder}/run/notify
mboxname_lockpath: {folder}/lib/lock
proc_path: {folder}/lib/proc
"""

    def _services(self) -> str:
        def command(name: str) -> str:
            return f'cmd="{self._program(name)} -C {self._config}'

        return f"""
START {{
 recover {command("ctl_cyrusdb")} -r"
 idled {command("idled")}"
}}
SERVICES {{
 imap {command("imapd")}" listen="{self.host}:{self.port}" prefork=0 proto="tcp4"
}}
EVENTS {{
}}
"""
