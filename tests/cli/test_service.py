"""unpixel service: the unit that is written is the one that travels with the package, and systemd is asked for no more than needed."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from blocker.cli import main
from blocker.cli.service import PAGES, UNIT, unit

SYSTEMCTL = """#!/bin/sh
echo "$*" >> "{log}"
case "$*" in *show*) cat "{state}";; esac
[ ! -e "{fail}" ] || { echo "Failed to connect to bus: No medium found" >&2; exit 1; }
"""


@dataclass
class Machine:
    """A machine whose systemctl notes what it is asked."""

    home: Path

    def asked(self) -> list[str]:
        """What systemctl was called with, in order."""
        log = self.home / "log"
        return log.read_text().splitlines() if log.exists() else []

    @property
    def units(self) -> Path:
        """Where a user's units lie."""
        return self.home / "config" / "systemd" / "user"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A home with a configuration and a systemctl of its own."""
    program = tmp_path / "bin" / "systemctl"
    program.parent.mkdir()
    text = SYSTEMCTL
    for name in ("log", "state", "fail"):
        text = text.replace(f"{{{name}}}", str(tmp_path / name))
    program.write_text(text)
    program.chmod(0o755)
    (tmp_path / "state").write_text("ActiveState=active\nSubState=running\nResult=success\nNRestarts=2\n")
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("UNPIXEL_CONFIG", str(tmp_path / "100% mine.toml"))
    configure(tmp_path, 'password_command = "true"')
    return Machine(tmp_path)


def configure(home: Path, password: str) -> None:
    """One account."""
    (home / "100% mine.toml").write_text(
        f'data_dir = "data"\n[accounts.ada]\naddress = "ada@example.org"\nhost = "imap.example.org"\n{password}\n'
    )


def unpixel(*arguments: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, ["service", *arguments])


def test_install_writes_and_starts_what_uninstall_takes_away(machine: Machine) -> None:
    """The unit names this program and this configuration; afterwards no file is left."""
    result = unpixel("install", "--web")
    assert result.exit_code == 0, result.output
    assert machine.asked() == ["--user daemon-reload", f"--user enable --now {UNIT} {PAGES}"]
    text = (machine.units / UNIT).read_text()
    assert f'Environment="UNPIXEL_CONFIG={machine.home}/100%% mine.toml"' in text
    assert "run --log human" in text
    assert "@" not in text
    assert 'web"' not in (machine.units / PAGES).read_text()
    assert unpixel("uninstall").exit_code == 0
    assert machine.asked()[2:] == [f"--user disable --now {UNIT} {PAGES}", "--user daemon-reload"]
    assert list(machine.units.iterdir()) == []
    assert unpixel("uninstall").exit_code == 1


def test_no_start_asks_systemd_for_nothing(machine: Machine) -> None:
    """Only the file is there, and the next step is named."""
    result = unpixel("install", "--no-start")
    assert result.exit_code == 0, result.output
    assert machine.asked() == []
    assert [path.name for path in machine.units.iterdir()] == [UNIT]
    assert f"systemctl --user enable --now {UNIT}" in result.output


def test_a_service_of_the_machine_is_only_told_of(machine: Machine) -> None:
    """--system prints the unit and the commands, writes nothing, asks nothing."""
    result = unpixel("install", "--system")
    assert result.exit_code == 0, result.output
    assert "User=unpixel" in result.output
    assert "WantedBy=multi-user.target" in result.output
    assert machine.asked() == []
    assert not machine.units.exists()


@pytest.mark.parametrize(
    ("password", "word"), [("", "type the password"), ('password_env = "SECRET"', "does not see")]
)
def test_what_needs_a_person_is_refused(machine: Machine, password: str, word: str) -> None:
    """A service has no terminal and no shell's variables: such an account is named, and nothing is written."""
    configure(machine.home, password)
    result = unpixel("install")
    assert (result.exit_code, word in result.output, '"ada"' in result.output) == (1, True, True)
    assert not machine.units.exists()


def test_status_says_how_it_does(machine: Machine) -> None:
    """Running, not running, not installed; exit code 1 only where an installed one does not run."""
    assert unpixel("status").exit_code == 0
    unpixel("install")
    assert "runs (running), restarted 2 times" in unpixel("status").output
    (machine.home / "state").write_text(
        "ActiveState=failed\nSubState=failed\nResult=exit-code\nNRestarts=5\n"
    )
    result = unpixel("status")
    assert (result.exit_code, "does not run (failed, exit-code)" in result.output) == (1, True)
    told = json.loads(unpixel("status", "--json").output)
    assert told[UNIT]["Result"] == "exit-code"


def test_a_refusal_of_systemd_is_one_sentence(machine: Machine) -> None:
    """Its own words, and the next step."""
    (machine.home / "fail").touch()
    result = unpixel("install")
    assert result.exit_code == 1
    assert "No medium found" in result.output
    assert "Traceback" not in result.output


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    """systemd's own checker finds nothing wrong with them, wherever it is installed; their places are all filled."""
    checker = shutil.which("systemd-analyze")
    for name in (UNIT, PAGES):
        text = unit(name, program='"/bin/true"', environment='Environment="UNPIXEL_CONFIG=/x"\n')
        assert "@" not in text
        (tmp_path / name).write_text(text)
        if checker:
            done = subprocess.run(
                [checker, "verify", "--user", str(tmp_path / name)],
                capture_output=True,
                text=True,
                check=False,
            )
            complaints = [line for line in done.stderr.splitlines() if name in line]
            assert complaints == []
