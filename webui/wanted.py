"""What a list or a figure is asked for: the filter that the address of a page holds."""

from __future__ import annotations

from datetime import UTC, date, datetime

from flask import request

from blocker.catalogue.filtering import since
from blocker.catalogue.values import ACTIONS, PROOFS, MessageFilter
from blocker.detect.report import KINDS

RANGES: dict[str, int | None] = {"7": 7, "30": 30, "90": 90, "365": 365, "all": None}
"""The stretches of days that pages offer, by the word in their address."""
_LONGEST = {"sender": 253, "host": 253}
_LONG = 200


def days(usual: str) -> str:
    """The stretch of days asked for; the usual one where it is none of ours."""
    asked = request.args.get("days", usual)
    return asked if asked in RANGES else usual


def chosen(usual: str = "all") -> str:
    """The stretch of days that the page shows; empty where it shows own dates."""
    return "" if _day("since") or _day("until") else days(usual)


def wanted(usual: str = "all") -> MessageFilter:
    """The filter of this page. What it cannot read does not restrict it. Own dates win over a stretch of days."""
    first, last = _day("since"), _day("until")
    if first is None and last is None:
        first = since(RANGES[days(usual)], datetime.now(UTC).date())
    return MessageFilter(
        account=_text("account"),
        sender=_text("sender").lower(),
        vendor=_text("vendor"),
        action=_one_of("action", ACTIONS),
        tracked={"yes": True, "no": False}.get(_text("tracked")),
        text=_text("text"),
        kind=_one_of("kind", KINDS),
        host=_text("host").lower(),
        proof=_one_of("proof", PROOFS),
        since=first,
        until=last,
    )


def query() -> dict[str, str]:
    """What the address of this page holds, for links that change one thing of it.

    Names that mean something to `url_for` itself are left out: whoever writes the address must not choose a link's host.
    """
    return {
        name: value
        for name, value in request.args.items()
        if value and name != "endpoint" and not name.startswith("_")
    }


def number(name: str, usual: int = 1) -> int:
    """A whole number that the address holds."""
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else usual


def _text(name: str) -> str:
    return request.args.get(name, "")[: _LONGEST.get(name, _LONG)]


def _one_of(name: str, known: tuple[str, ...]) -> str:
    asked = _text(name)
    return asked if asked in known else ""


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(_text(name))
    except ValueError:
        return None
