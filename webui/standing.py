"""How it is with the service, in one line for every page."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from flask import g

from blocker.catalogue import CatalogueError
from blocker.catalogue.heartbeats import Condition, Heartbeat
from webui.site import catalogue

URGENCY = (
    Condition.REFUSED,
    Condition.SILENT,
    Condition.STOPPED,
    Condition.TROUBLE,
    Condition.PAUSED,
    Condition.NEVER,
    Condition.CONNECTING,
    Condition.WATCHING,
)
"""What a person should know first, first."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The condition that matters most, and of how many accounts."""

    condition: Condition
    account: str
    """The first that is so."""
    number: int
    """How many accounts are so."""
    others: int
    """How many are not."""


def heartbeats() -> tuple[Heartbeat, ...]:
    """How it is with every account; asked for once a request. Raises CatalogueError."""
    if "heartbeats" not in g:
        g.heartbeats = catalogue().heartbeats()
    found: tuple[Heartbeat, ...] = g.heartbeats
    return found


def standing() -> Standing | None:
    """How it is with the service; None where there is no account yet, or where a page says that the catalogue fails."""
    with suppress(CatalogueError):
        return _worst(heartbeats())
    return None


def _worst(found: tuple[Heartbeat, ...]) -> Standing | None:
    beats = sorted(found, key=lambda beat: URGENCY.index(beat.condition))
    if not beats:
        return None
    first = beats[0]
    number = sum(beat.condition == first.condition for beat in beats)
    return Standing(first.condition, first.account, number, len(beats) - number)


def idle(account: str = "") -> bool:
    """Whether no service runs that would carry out what is asked for: of an account, or of any."""
    return not any(beat.condition.runs for beat in heartbeats() if account in {"", beat.account})
