"""`unpixel service`: have systemd keep the service running, as a unit of the user's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path

import click

from blocker.cli.reach import AS_JSON, sentences
from blocker.config import AccountConfig, ConfigError, load
from blocker.config.read import ENVIRONMENT
from blocker.output.terminal import say, say_json

UNIT, PAGES = "unpixel.service", "unpixel-web.service"
SECONDS = 60
"""How long systemctl may take."""
_SHOWN = ("LoadState", "ActiveState", "SubState", "Result", "NRestarts")


@click.group()
def service() -> None:
    """Have systemd keep `unpixel run` going, also after a restart of the machine.

    \b
    Example:
      unpixel service install
      unpixel service status
    """


@service.command()
@click.option("--web", is_flag=True, help="Also keep the pages going.")
@click.option("--no-start", is_flag=True, help="Only write the unit; start nothing.")
@click.option(
    "--system", is_flag=True, help="Print what an administrator does for a service of the whole machine."
)
def install(web: bool, no_start: bool, system: bool) -> None:
    """Write a unit for your own systemd, and start it.

    \b
    Example:
      unpixel service install --web
    """
    with sentences():
        if system:
            say(*for_the_machine(web).split("\n"))
            return
        _fit_for_nobody_there(load().accounts)
        places = [_write(name) for name in _names(web)]
        for place in places:
            say(f"Wrote {place}.")
        if no_start:
            say(f"Start it with: systemctl --user enable --now {' '.join(_names(web))}")
            return
        _systemctl("daemon-reload")
        _systemctl("enable", "--now", *_names(web))
        say("It runs, and starts with your session. To have it run while you are logged out:")
        say("  loginctl enable-linger")


@service.command()
def uninstall() -> None:
    """Stop the units and take them away. Accounts, catalogue and mail stay as they are.

    \b
    Example:
      unpixel service uninstall
    """
    with sentences():
        there = [name for name in (UNIT, PAGES) if (directory() / name).exists()]
        if not there:
            raise ConfigError("No unit of unpixel is installed: there is nothing to take away.")
        _systemctl("disable", "--now", *there)
        for name in there:
            (directory() / name).unlink()
            say(f"Removed {directory() / name}.")
        _systemctl("daemon-reload")


@service.command()
@AS_JSON
def status(as_json: bool) -> None:
    """Say whether the units are installed and how they do. Exit code 1 where one that is installed does not run.

    \b
    Example:
      unpixel service status --json
    """
    with sentences():
        found = {name: _state(name) for name in (UNIT, PAGES) if (directory() / name).exists()}
    if as_json:
        say_json(found, indent=2)
    elif not found:
        say("No unit is installed: install one with `unpixel service install`.")
    else:
        for name, state in found.items():
            say(f"{name}: {_sentence(state)}")
    if any(state["ActiveState"] != "active" for state in found.values()):
        sys.exit(1)


def unit(name: str, *, program: str, environment: str = "", target: str = "default.target") -> str:
    """The text of a unit that travels with the package, its places filled in."""
    text = resources.files("blocker.cli").joinpath("units", name).read_text("utf-8")
    for key, value in (("PROGRAM", program), ("ENVIRONMENT", environment), ("TARGET", target)):
        text = text.replace(f"@{key}@", value)
    return text


def directory() -> Path:
    """Where systemd looks for a user's own units (systemd.unit(5))."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "systemd" / "user"


def for_the_machine(web: bool) -> str:
    """What an administrator types for a service that belongs to no person."""
    home = "/var/lib/unpixel"
    environment = f'User=unpixel\nStateDirectory=unpixel\nEnvironment="UNPIXEL_CONFIG={home}/config.toml"\n'
    parts = [
        "# As root:",
        f"useradd --system --home-dir {home} --create-home --shell /usr/sbin/nologin unpixel",
        f"# Write {home}/config.toml, its accounts with a password_command, then:",
    ]
    for name in _names(web):
        text = unit(name, program=_program(), environment=environment, target="multi-user.target")
        parts.append(f"cat > /etc/systemd/system/{name} <<'END'\n{text}END")
    parts.append(f"systemctl daemon-reload && systemctl enable --now {' '.join(_names(web))}")
    return "\n".join(parts)


def _names(web: bool) -> tuple[str, ...]:
    return (UNIT, PAGES) if web else (UNIT,)


def _program() -> str:
    """How this very installation is called, quoted as systemd wants it (systemd.service(5), Command lines)."""
    beside = Path(sys.executable).with_name("unpixel")
    words = [str(beside)] if beside.exists() else [sys.executable, "-m", "blocker"]
    return " ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    plain = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{plain}"'


def _write(name: str) -> Path:
    said = os.environ.get(ENVIRONMENT)
    where = "" if not said else str(Path(said).expanduser().absolute()).replace("%", "%%")
    environment = f'Environment="{ENVIRONMENT}={where}"\n' if where else ""
    directory().mkdir(parents=True, exist_ok=True)
    place = directory() / name
    place.write_text(unit(name, program=_program(), environment=environment), "utf-8")
    return place


def _fit_for_nobody_there(accounts: tuple[AccountConfig, ...]) -> None:
    """Refuse what could only work with a person at a terminal."""
    for account in accounts:
        if account.password_env:
            raise ConfigError(
                f'The password of "{account.name}" stands in the variable {account.password_env}, which a service '
                "does not see: give the account a password_command instead."
            )
        if not account.unattended:
            raise ConfigError(
                f'Nobody is there to type the password of "{account.name}" for a service: give the account a '
                "password_command, or keep its password in the keyring."
            )


def _systemctl(*arguments: str) -> str:
    """What `systemctl --user` prints. Raises ConfigError where it is missing or refuses."""
    program = shutil.which("systemctl")
    if program is None:
        raise ConfigError("This system has no systemd: start `unpixel run` by your own means.")
    done = subprocess.run(
        [program, "--user", *arguments], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ConfigError(
            f"`systemctl --user {' '.join(arguments)}` failed ({why}): run it in a session of your own, not by sudo."
        )
    return done.stdout


def _state(name: str) -> dict[str, str]:
    lines = _systemctl("show", name, f"--property={','.join(_SHOWN)}").splitlines()
    return dict.fromkeys(_SHOWN, "") | dict(line.split("=", 1) for line in lines if "=" in line)


def _sentence(state: dict[str, str]) -> str:
    if state["ActiveState"] == "active":
        return f"runs ({state['SubState']}), restarted {state['NRestarts'] or '0'} times."
    return (
        f"does not run ({state['ActiveState']}, {state['Result']}): `journalctl --user -u unpixel` says why."
    )
