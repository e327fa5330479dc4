"""A private PostgreSQL in a folder of its own, reached by its local socket alone."""

from __future__ import annotations

import itertools
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from tests.servers.common import STOP_SECONDS, as_unprivileged, await_start, give_away

_numbers = itertools.count(1)


class Postgres:
    """One running cluster that trusts whoever reaches its socket. `stop` ends it and removes its folder."""

    def __init__(self) -> None:
        self._programs = _programs()
        # Short: it holds the socket, whose path may not be long.
        self.folder = Path(tempfile.mkdtemp(prefix="unpixel-pg-"))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Postgres:
        """Make the cluster, start it and wait until it answers. Raises RuntimeError with the end of its log."""
        give_away(self.folder)
        data = self.folder / "data"
        self._run(
            "initdb", "-D", str(data), "-U", "unpixel", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"
        )
        command = [self._program("postgres"), "-D", str(data), "-k", str(self.folder)]
        command += ["-c", "listen_addresses="]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [*as_unprivileged(), *command], stdin=subprocess.DEVNULL, stderr=log, cwd=self.folder
            )
        process = self._process
        await_start(self._answers, lambda: process.poll() is not None, "PostgreSQL", self.log)
        return self

    def database(self) -> str:
        """The URL of a new and empty database."""
        name = f"mail{next(_numbers)}"
        self._run("createdb", "-h", str(self.folder), "-U", "unpixel", name)
        return f"postgresql://unpixel@/{name}?host={self.folder}"

    def log(self) -> str:
        """What the server said."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self) -> None:
        """End the server without waiting for its clients, and remove its folder."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        command = [*as_unprivileged(), self._program("pg_isready"), "-q", "-h", str(self.folder)]
        return subprocess.run(command, check=False).returncode == 0

    def _program(self, name: str) -> str:
        return str(self._programs / name)

    def _run(self, name: str, *arguments: str) -> None:
        command = [*as_unprivileged(), self._program(name), *arguments]
        subprocess.run(command, check=True, capture_output=True, timeout=120, cwd=self.folder)


def _programs() -> Path:
    """The newest PostgreSQL that Debian installed; its server programs are not on the usual path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    usual = shutil.which("postgres")
    if usual is None:
        raise RuntimeError(
            "These tests need PostgreSQL, which is not installed: run `tests/run`, or `apt-get install postgresql`."
        )
    return Path(usual).resolve().parent
