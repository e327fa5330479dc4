"""`unpixel run` is killed (SIGKILL) at every step, on real servers and databases: nothing is lost, nothing comes twice.

Each step gets a message of its own on one account: the process is killed there, another goes on, and a further run has
nothing left to do. A table of all steps is printed at the end of the run.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest
from sqlalchemy import func, select

from blocker.catalogue import Catalogue
from blocker.catalogue.model import MessageRow
from tests.servers.common import PASSWORD, Account
from tests.servers.postgres import Postgres
from tests.servers.proxy import Proxy
from tests.service.kills import KILLED
from tests.service.test_dovecot import FLAGS, Client, Seen
from tests.service.world import ARRIVED, QUARANTINE, mail, original_of

KILL = -9
ROOT = Path(__file__).resolve().parents[2]
NEEDED = {
    "replace": {
        "after spool written",
        "half of APPEND",
        "unanswered APPEND",
        "after APPEND",
        "after journal planned",
        "after journal located",
        "after journal verified",
        "after journal moving",
        "before commit",
        "after catalogue",
        "after spool let go",
    },
    "hold": {
        "half of APPEND",
        "unanswered APPEND",
        "after journal moving",
        "unanswered MOVE",
        "before commit",
    },
    "copy": {"half of APPEND", "unanswered APPEND", "after STORE", "after journal verified", "before commit"},
}


class Accounts(Protocol):
    """A running server."""

    def account(self) -> Account:
        """A new and empty account."""


class Killer:
    """The process that forks the others, each of which runs the service once."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.service.killing"]
        pipe = subprocess.PIPE
        environment = os.environ | {"KILLED_PASSWORD": PASSWORD}
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT, env=environment
        )

    def run(self, config: Path, moment: int | None = None) -> dict[str, Any]:
        """Run the service once, to the end or to a moment; what is told of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"config": str(config), "moment": moment}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


@pytest.fixture(scope="module")
def killer() -> Iterator[Killer]:
    """One for all combinations: it takes a second to start."""
    made = Killer()
    yield made
    made.close()


@dataclass
class Scene:
    """One account, its service, and the eyes of another mail program."""

    killer: Killer
    config: Path
    database: str
    mode: str
    client: Client
    sent: list[bytes] = field(default_factory=list)

    def deliver(self) -> bytes:
        """One more mail arrives."""
        raw = mail(len(self.sent) + 1)
        self.client.append(raw, FLAGS, ARRIVED, "Screening" if self.mode == "hold" else "INBOX")
        self.sent.append(raw)
        return raw

    def run(self, moment: int | None = None) -> dict[str, Any]:
        """The service looks, and where it is not killed it looks once more."""
        return self.killer.run(self.config, moment)

    def exists(self, raw: bytes) -> bool:
        """Whether a mail is there, as it was or as a copy that gives it back; or in the spool."""
        # In this order: what is moved meanwhile is seen in the second.
        for folder in ("Screening", "INBOX", QUARANTINE):
            if any(raw in (m.raw, original_of(m.raw)) for m in self.client.messages(folder)):
                return True
        return any(raw in path.read_bytes() for path in self.config.parent.glob("spool/*.spool"))

    def assert_all_is_well(self, moment: str) -> None:
        """Every mail was exchanged once: a copy with the original's flags and date, and the original."""
        inbox, quarantine = self.client.messages(), self.client.messages(QUARANTINE)
        copies = [m for m in inbox if original_of(m.raw) is not None]
        assert sorted(original_of(m.raw) or b"" for m in copies) == sorted(self.sent), moment
        others = [m for m in inbox if original_of(m.raw) is None] + quarantine
        assert sorted(m.raw for m in others) == sorted(self.sent), moment
        assert bool(quarantine) == (self.mode != "copy"), moment
        assert self.client.messages("Screening") == [], moment
        assert all(_theirs(m) == set(FLAGS) and m.date == ARRIVED for m in (*inbox, *quarantine)), moment
        assert not list(self.config.parent.glob("spool/*")), moment
        with Catalogue.open(self.database) as catalogue, catalogue.reading() as connection:
            count = connection.scalar(select(func.count()).select_from(MessageRow))
        assert count == len(self.sent), moment


def _theirs(message: Seen) -> set[str]:
    return {flag for flag in message.flags if not flag.startswith("$Track")}


def silent_about_uids(data: bytes) -> bytes:
    """Dovecot tells the UID of an append also where it announces no UIDPLUS; here it does not."""
    return re.sub(rb"\[APPENDUID \d+ \d+\] ", b"", data)


@pytest.mark.parametrize(
    ("server", "mode", "database"),
    [
        ("dovecot", "replace", "sqlite"),
        ("dovecot_uidplus", "replace", "sqlite"),
        ("dovecot_stripped", "copy", "sqlite"),
        ("cyrus", "replace", "sqlite"),
        ("dovecot", "hold", "sqlite"),
        ("dovecot", "replace", "postgres"),
        ("dovecot_stripped", "copy", "postgres"),
        ("cyrus", "replace", "postgres"),
    ],
)
def test_killed_at_every_step(
    request: pytest.FixtureRequest,
    killer: Killer,
    proxy: type[Proxy],
    tmp_path: Path,
    server: str,
    mode: str,
    database: str,
) -> None:
    """0 lost, 0 duplicated, 0 steps on a further run, wherever the process is killed."""
    running: Accounts = request.getfixturevalue(server)
    account = running.account()
    wire = proxy(account.host, account.port, to_client=silent_about_uids if mode == "copy" else lambda d: d)
    url = f"sqlite:///{tmp_path / 'catalogue.sqlite'}"
    if database == "postgres":
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.database()
    config = _configured(tmp_path, account.user, wire.port, mode, url)
    scene = Scene(killer, config, url, mode, Client(account))
    assert scene.run()["ended"] == 0
    scene.deliver()
    whole = scene.run()
    assert (whole["ended"], whole["again"]) == (0, [])
    scene.assert_all_is_well("not killed")
    assert set(whole["moments"]) >= NEEDED[mode]
    for number, moment in enumerate(whole["moments"], 1):
        raw = scene.deliver()
        killed = scene.run(number)
        assert (killed["ended"], killed["moments"][-1]) == (KILL, moment)
        assert scene.exists(raw), f"lost when killed {moment}"
        resumed = scene.run()
        assert (resumed["ended"], resumed["again"]) == (0, []), moment
        scene.assert_all_is_well(moment)
        request.config.stash.setdefault(KILLED, {}).setdefault(moment, []).append(
            f"{server}/{mode}/{database}"
        )
    scene.client.close()
    assert_only_our_own_is_expunged(bytes(wire.sent))
    assert PASSWORD not in (tmp_path / "output").read_text()


def assert_only_our_own_is_expunged(sent: bytes) -> None:
    """On the wire stands no EXPUNGE but UID EXPUNGE of single UIDs, and no CLOSE."""
    commands = re.findall(rb"(?m)^[A-Z]+\d+ ((?:UID )?(?:EXPUNGE|CLOSE)\b[^\r\n]*)", sent)
    assert all(re.fullmatch(rb"UID EXPUNGE \d+", command) for command in commands), commands


def _configured(directory: Path, user: str, port: int, mode: str, url: str) -> Path:
    path = directory / "config.toml"
    path.write_text(
        f'data_dir = "{directory}"\ndatabase = "{url}"\n[accounts.ada]\n'
        'address = "ada@example.org"\nhost = "127.0.0.1"\nsecurity = "none"\npassword_env = "KILLED_PASSWORD"\n'
        f'port = {port}\nuser = "{user}"\nmode = "{mode}"\n'
    )
    return path
