"""How far one has come from nothing to a swept mailbox, a step each; the first that is not done is the one to take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from blocker.catalogue import Command, MessageFilter
from blocker.catalogue.heartbeats import Condition, Heartbeat
from blocker.catalogue.people import People
from blocker.catalogue.profiles import ServerProfile
from blocker.choices.modes import DEFAULT_MODE, Mode
from blocker.config import AccountConfig, Config, load
from webui.access.who import me
from webui.site import catalogue, site
from webui.standing import heartbeats

STEPS = ("account", "service", "doctor", "mode", "sweep", "password")
ASKED = 50
"""How many of the newest requests are looked through for those of an account."""


@dataclass(frozen=True, slots=True)
class Guide:
    """One account's way, as far as it has come."""

    account: AccountConfig | None
    done: frozenset[str]
    """Those of `STEPS` that are done."""
    beat: Heartbeat | None
    profile: ServerProfile | None
    requests: dict[str, Command]
    """The newest request of each kind."""

    @property
    def current(self) -> str:
        """The step to take now; empty where all are done."""
        return next((step for step in STEPS if step not in self.done), "")

    @property
    def waits(self) -> bool:
        """Whether something is under way that changes by itself, so that the page should be looked at again."""
        asked = self.requests.get(self.current)
        if self.current == "service":
            return self.beat is None or self.beat.condition is not Condition.REFUSED
        return asked is not None and asked.finished is None


def config_of_the_site() -> Config | None:
    """The configuration as its file is now; None where these pages have none to change. Raises ConfigError."""
    path = site().config
    return load(path) if path else None


def guide(name: str = "") -> Guide:
    """How far an account has come; the first of the configuration where none is named. Raises ConfigError."""
    config = config_of_the_site()
    accounts = config.accounts if config else ()
    account = next((each for each in accounts if name in ("", each.name)), None)
    if account is None:
        return Guide(None, frozenset({"password"} if _password_is_set() else ()), None, None, {})
    beat = next((beat for beat in heartbeats() if beat.account == account.name), None)
    profile = catalogue().profile(account.name)
    profile = profile if profile and profile.host == account.host else None
    requests = requests_of(account.name)
    done = {
        "account": True,
        "service": beat is not None and beat.condition in (Condition.WATCHING, Condition.PAUSED),
        "doctor": profile is not None,
        "mode": account.mode is not DEFAULT_MODE or (profile is not None and profile.mode == account.mode),
        "sweep": _swept(account.name, requests.get("sweep")),
        "password": _password_is_set(),
    }
    return Guide(account, frozenset(step for step, yes in done.items() if yes), beat, profile, requests)


def requests_of(account: str) -> dict[str, Command]:
    """The newest request of each kind for an account."""
    found: dict[str, Command] = {}
    for command in catalogue().commands(ASKED):
        if command.account == account:
            found.setdefault(command.kind, command)
    return found


def modes(profile: ServerProfile | None) -> Sequence[Mode]:
    """The modes that can be chosen, the doctor's first."""
    return sorted(Mode, key=lambda mode: profile is None or mode.value != profile.mode)


def left(command: Command) -> int | None:
    """About how many minutes a request will take on, by how long it took so far; None where nobody can tell."""
    if command.started is None or not command.passed or not command.total:
        return None
    took = (datetime.now(UTC) - command.started).total_seconds()
    return max(1, round(took * (command.total - command.passed) / command.passed / 60))


def _password_is_set() -> bool:
    return People(site().catalogue).named(me().name).password is not None


def _swept(account: str, asked: Command | None) -> bool:
    if asked is not None:
        return asked.state == "done"
    return catalogue().messages(MessageFilter(account=account), size=1).total > 0
