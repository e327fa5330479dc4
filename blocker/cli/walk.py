"""The steps from an account to a swept mailbox, a service and its pages, one after the other.

Each step looks for itself whether it is done, so the walk can be ended anywhere and begun again.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import click

from blocker.cli.reach import sentences
from blocker.config import ConfigError, load, set_account
from blocker.output.terminal import confirm, prompt, say

DAYS = 30
_BY_HAND = "Start both yourself: `unpixel run`, and `unpixel web`."
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells give it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the walk, for an account."""

    title: str
    done: Callable[[str], str]
    """A sentence where it is done already; empty where it is not."""
    do: Callable[[str], None]


def ask_to_go_on(name: str) -> None:
    """Offer to take the steps that come after an account was added, where a person is there to say yes."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    with ending_well(), sentences():
        if confirm("Go through these steps now?"):
            walk(name)


@contextmanager
def ending_well() -> Iterator[None]:
    """Ctrl-C, at a question or at work, ends the program with the next step."""
    try:
        yield
    except (click.Abort, KeyboardInterrupt):
        say("", "Ended. What is done stays done: `unpixel setup` goes on from there.", err=True)
        sys.exit(INTERRUPTED)


def walk(name: str) -> None:
    """Take every step that is not done yet."""
    for number, step in enumerate(STEPS, 2):
        say("", f"{number}. {step.title}")
        if told := step.done(name):
            say(f"   {told}")
        else:
            step.do(name)
    say("", "All is set up. The pages are at http://127.0.0.1:8400 once they are served.")


def _examined(name: str) -> str:
    from blocker.catalogue import Catalogue

    config = load()
    with Catalogue.open(config.database) as catalogue:
        profile = catalogue.profile(name)
    if profile is None or profile.host != config.account(name).host:
        return ""
    return f'{profile.host} was tried out on {profile.checked:%Y-%m-%d}: the safest mode there is "{profile.mode}".'


def _examine(name: str) -> None:
    from blocker.cli.doctor import examined, show

    config = load()
    account = config.account(name)
    show(account, *examined(config, account), written=None)


def _moded(name: str) -> str:
    from blocker.choices.modes import DEFAULT_MODE

    mode = load().account(name).mode
    return "" if mode is DEFAULT_MODE and _advised(name) != mode else f'It is "{mode}": {mode.summary}.'


def _mode(name: str) -> None:
    mode = _advised(name)
    if confirm(f'Set mode "{mode}", the safest that works there? Without it, nothing is ever changed.'):
        set_account(load().path, name, mode=mode)
        say(f'   It is "{mode}" from now on.')


def _advised(name: str) -> str:
    from blocker.catalogue import Catalogue

    with Catalogue.open(load().database) as catalogue:
        profile = catalogue.profile(name)
    return profile.mode if profile else ""


def _swept(name: str) -> str:
    from blocker.catalogue import Catalogue, MessageFilter

    with Catalogue.open(load().database) as catalogue:
        known = catalogue.messages(MessageFilter(account=name), size=1).total
    return f"{known} messages were looked at. `unpixel sweep {name}` looks at all of them." if known else ""


def _sweep(name: str) -> None:
    from blocker.cli.past import swept

    asked = prompt(
        "Look at the mail of how many days? 0 for none", type=click.IntRange(0, 36500), default=DAYS
    )
    days = int(asked)
    if days:
        swept(name, since=datetime.now(UTC) - timedelta(days=days))


def _password_set(_name: str) -> str:
    from blocker.catalogue import Catalogue
    from blocker.catalogue.people import People

    with Catalogue.open(load().database) as catalogue:
        return (
            "It is set. `unpixel user password` sets another."
            if People(catalogue).named(None).password
            else ""
        )


def _set_password(_name: str) -> None:
    from blocker.catalogue import Catalogue
    from webui.access.passwords import set_password

    with Catalogue.open(load().database) as catalogue:
        while True:
            given = prompt("Password", hide_input=True, confirmation_prompt="Once more")
            try:
                set_password(catalogue, given)
            except ValueError as error:
                say(str(error), err=True)
            else:
                break
    say("   The password is set.")


def _installed(_name: str) -> str:
    from blocker.cli.service import PAGES, UNIT, directory

    there = all((directory() / unit).exists() for unit in (UNIT, PAGES))
    return "It is installed: `unpixel service status` says how it does." if there else ""


def _install(_name: str) -> None:
    from blocker.cli.service import install

    if shutil.which("systemctl") is None:
        say(f"   This system has no systemd. {_BY_HAND}")
        return
    if not confirm("Have systemd keep the service and the pages running?"):
        say(f"   {_BY_HAND}")
        return
    try:
        context = click.Context(install)
        context.invoke(install, web=True, no_start=False, system=False)
    except (click.ClickException, ConfigError) as error:
        text = error.format_message() if isinstance(error, click.ClickException) else str(error)
        say(f"   {text}", f"   {_BY_HAND}", err=True)


STEPS = (
    Step("Doctor: what is its server fit for?", _examined, _examine),
    Step("Mode: what may be done to the mail", _moded, _mode),
    Step("Past mail", _swept, _sweep),
    Step("Password of the pages", _password_set, _set_password),
    Step("Service", _installed, _install),
)
