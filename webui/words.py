"""How values are written on the pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flask import Flask
from markupsafe import Markup

from blocker.catalogue.heartbeats import Condition
from blocker.choices.levels import label_of
from blocker.detect.words import KIND_NAMES, sentence, whose

ACTION_NAMES = {
    "reported": "Looked at only",
    "flagged": "Marked with a keyword",
    "copied": "Neutralised copy put beside it",
    "replaced": "Replaced by a neutralised copy",
    "left": "Left alone",
}
ORDER_NAMES = {
    "tracked": "Most tracked mail",
    "messages": "Most mail",
    "share": "Largest share",
    "recent": "Newest",
    "name": "Name",
}
RANGE_NAMES = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "A year", "all": "All"}
ROLE_NAMES = {
    "esp": "A service that sends mail for others",
    "tracker": "A service whose trade is to tell who opens mail",
    "ad": "An advertising network",
    "sales": "A tool with which sales people watch single readers",
    "analytics": "An audience counter",
    "commerce": "A shop, bank, or network that tracks the mail it sends",
}
CONDITION_NAMES: dict[str, str] = {
    Condition.CONNECTING: "Connecting",
    Condition.WATCHING: "Watching",
    Condition.TROUBLE: "Trying again",
    Condition.PAUSED: "Paused",
    Condition.REFUSED: "Waits for you",
    Condition.STOPPED: "Not running",
    Condition.SILENT: "Not running",
    Condition.NEVER: "Not watched yet",
}
REMEDIES: dict[str, str] = {
    Condition.REFUSED: "See to that, then start `unpixel run` again.",
    Condition.STOPPED: "Start it with `unpixel run`.",
    Condition.SILENT: "It ended without a word. Start it with `unpixel run`.",
    Condition.NEVER: "Start it with `unpixel run`.",
}
STATE_NAMES = {"waiting": "Waiting", "running": "Under way", "done": "Done", "failed": "Failed"}
COMMAND_NAMES = {"sweep": "Look through past mail", "restore": "Put the original back"}


def percent(share: float) -> str:
    """A share in whole per cent; only none is 0 and only all is 100."""
    if share <= 0:
        return "0 %"
    if share >= 1:
        return "100 %"
    return f"{min(99, max(1, round(100 * share)))} %"


def moment(value: datetime) -> Markup:
    """An instant, to the minute, in UTC."""
    return Markup('<time datetime="{}">{}</time>').format(
        value.isoformat(timespec="seconds"), f"{value.day} {value:%b %Y, %H:%M}"
    )


def size(octets: int) -> str:
    """Octets, rounded."""
    if octets < 1000:
        return f"{octets} bytes"
    if octets < 999_500:
        return f"{octets / 1000:.0f} KB"
    return f"{octets / 1_000_000:.1f} MB"


def count(number: int) -> str:
    """A number with thin spaces between thousands."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def plural(number: int, one: str, many: str) -> str:
    """A number and its noun."""
    return f"{count(number)} {one if number == 1 else many}"


def without(query: Mapping[str, str], *names: str) -> dict[str, str]:
    """What the address of a page holds, but for these."""
    return {name: value for name, value in query.items() if name not in names}


def register(app: Flask) -> None:
    """Make these words known to the templates."""
    app.jinja_env.filters.update(
        percent=percent,
        moment=moment,
        size=size,
        count=count,
        plural=plural,
        sentence=sentence,
        whose=whose,
        action=lambda name: ACTION_NAMES.get(name, name),
        kind=lambda name: KIND_NAMES.get(name, name),
        order=lambda name: ORDER_NAMES.get(name, name),
        range_name=lambda name: RANGE_NAMES.get(name, name),
        level=label_of,
        role=lambda name: ROLE_NAMES.get(name, name),
        without=without,
        condition=lambda name: CONDITION_NAMES.get(name, name),
        remedy=lambda name: REMEDIES.get(name, ""),
        state=lambda name: STATE_NAMES.get(name, name),
        command=lambda name: COMMAND_NAMES.get(name, name),
    )
