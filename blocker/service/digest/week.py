"""What the catalogue knows of one week of an account."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from blocker.catalogue import Catalogue, MessageFilter

TOP = 5
MANY = 1000
"""Vendors and senders that are looked at to find new ones."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Week:
    """The figures of a week, Monday to Sunday (UTC)."""

    monday: date
    messages: int
    tracked: int
    prevented: int
    """Tracked messages that were neutralised before they could be opened, or beside their original."""
    open: int
    """Tracked messages that were not: only recorded or marked, or left alone."""
    senders: tuple[tuple[str, int], ...]
    """Who sent the most tracked mail, and how much of it."""
    vendors: tuple[tuple[str, int], ...]
    """Whose trackers stood in most messages, and in how many."""
    new_vendors: tuple[str, ...]
    new_senders: tuple[str, ...]
    """Who had tracked in no mail that came before."""
    undecided: tuple[str, ...]
    """Of `senders`, those that a person has set no level for."""

    @property
    def sunday(self) -> date:
        """Its last day."""
        return self.monday + 6 * _DAY


def monday_before(today: date) -> date:
    """The Monday of the last whole week before the week of a day."""
    return today - timedelta(days=today.weekday() + 7)


def week_of(catalogue: Catalogue, account: str, monday: date) -> Week:
    """The week that begins on this day. Raises CatalogueError."""
    wanted = MessageFilter(account=account, since=monday, until=monday + 6 * _DAY)
    tracked = replace(wanted, tracked=True)
    by_action = {action: _count(catalogue, replace(tracked, action=action)) for action in _ACTIONS}
    senders = catalogue.senders("tracked", MANY, tracked)
    vendors = catalogue.vendors(MANY, wanted)
    before = MessageFilter(account=account, until=monday - _DAY)
    known = {line.name for line in catalogue.vendors(MANY, before)}
    levels = catalogue.sender_levels(account)
    return Week(
        monday=monday,
        messages=_count(catalogue, wanted),
        tracked=_count(catalogue, tracked),
        prevented=sum(by_action[action] for action in _PREVENTED),
        open=sum(by_action[action] for action in _ACTIONS if action not in _PREVENTED),
        senders=tuple((line.domain, line.tracked) for line in senders[:TOP]),
        vendors=tuple((line.name, line.messages) for line in vendors[:TOP]),
        new_vendors=tuple(line.name for line in vendors if line.name not in known)[:TOP],
        new_senders=tuple(_new(catalogue, before, [line.domain for line in senders[: 4 * TOP]]))[:TOP],
        undecided=tuple(line.domain for line in senders[:TOP] if line.domain not in levels),
    )


_PREVENTED = ("replaced", "copied")
_ACTIONS = (*_PREVENTED, "reported", "flagged", "left")


def _count(catalogue: Catalogue, wanted: MessageFilter) -> int:
    return catalogue.messages(wanted, size=1).total


def _new(catalogue: Catalogue, before: MessageFilter, domains: list[str]) -> Iterator[str]:
    for domain in domains:
        if not _count(catalogue, replace(before, sender=domain, tracked=True)):
            yield domain
