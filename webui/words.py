"""How values are written on the pages, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from flask import Flask
from markupsafe import Markup

from blocker.catalogue.heartbeats import Condition
from blocker.choices.levels import label_of
from blocker.detect.words import kind_name, sentence, whose
from blocker.output import numbers
from webui.language import N_, _, count, current, ngettext, pgettext
from webui.said import leak, said

ACTION_NAMES = {
    "reported": N_("Looked at only"),
    "flagged": N_("Marked with a keyword"),
    "copied": N_("Neutralised copy put beside it"),
    "replaced": N_("Replaced by a neutralised copy"),
    "left": N_("Left alone"),
}
PROOF_NAMES = {"proven": N_("Proven"), "claimed": N_("Only claimed"), "unknown": N_("Not known")}
RANGE_NAMES = {"7": N_("7 days"), "30": N_("30 days"), "90": N_("90 days"), "365": N_("A year")}
STEP_NAMES = {"day": N_("by day"), "week": N_("by week"), "month": N_("by month")}
ROLE_NAMES = {
    "esp": N_("A service that sends mail for others."),
    "tracker": N_("A service whose trade is to tell who opens mail."),
    "ad": N_("An advertising network."),
    "sales": N_("A tool with which sales people watch single readers."),
    "analytics": N_("An audience counter."),
    "commerce": N_("A shop, bank, or network that tracks the mail it sends."),
}
CONDITION_NAMES: dict[str, str] = {
    Condition.CONNECTING: N_("Connecting"),
    Condition.WATCHING: N_("Watching"),
    Condition.TROUBLE: N_("Trying again"),
    Condition.PAUSED: N_("Paused"),
    Condition.REFUSED: N_("Waits for you"),
    Condition.STOPPED: N_("Not running"),
    Condition.SILENT: N_("Not running"),
    Condition.NEVER: N_("Not watched yet"),
}
REMEDIES: dict[str, str] = {
    Condition.REFUSED: N_("It is tried again when you have seen to it."),
    Condition.STOPPED: N_("Start it with `unpixel run`."),
    Condition.SILENT: N_("It ended without a word. Start it with `unpixel run`."),
    Condition.NEVER: N_("Start it with `unpixel run`."),
}
STATE_NAMES = {
    "waiting": N_("Waiting"),
    "running": N_("Under way"),
    "done": N_("Done"),
    "failed": N_("Failed"),
}
COMMAND_NAMES = {
    "sweep": N_("Look through past mail"),
    "doctor": N_("Try the mail server out"),
    "restore": N_("Put the original back"),
    "neutralise": N_("Neutralise"),
    "digest": N_("Send last week’s digest"),
    "preview": N_("Show the message"),
}
TABLES: Mapping[str, Mapping[str, str]] = {
    "action": ACTION_NAMES,
    "proof": PROOF_NAMES,
    "step": STEP_NAMES,
    "role": ROLE_NAMES,
    "condition": CONDITION_NAMES,
    "state": STATE_NAMES,
    "command": COMMAND_NAMES,
}
"""Filter of the templates → word of the code → what a reader sees. An unknown word is shown as it is."""


def percent(share: float) -> str:
    """A share in whole per cent; only none is 0 and only all is 100."""
    return _("%(number)s %%", number=numbers.percent(share))


def moment(value: datetime) -> Markup:
    """An instant, to the minute, in UTC; the pages' script writes it in the reader's zone."""
    utc = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    said = format_datetime(utc, "d MMM y, HH:mm", locale=current())
    return Markup('<time datetime="{}">{} UTC</time>').format(
        utc.isoformat(timespec="seconds").replace("+00:00", "Z"), said
    )


def day(value: date | str) -> str:
    """A day, also one that is written as in `2026-01-31`."""
    return format_date(date.fromisoformat(value) if isinstance(value, str) else value, "d MMM y", current())


def month(value: date) -> str:
    """A month and its year."""
    return format_date(value, "LLLL y", current())


def weight(log_odds: float) -> str:
    """What a reason weighs, with its sign."""
    return format_decimal(log_odds, "+0.0;\N{MINUS SIGN}0.0", current())


def size(octets: int) -> str:
    """Octets, rounded."""
    if octets < 1000:
        return ngettext("%(num)s byte", "%(num)s bytes", octets)
    if octets < 999_500:
        return _("%(number)s KB", number=round(octets / 1000))
    return _("%(number)s MB", number=format_decimal(octets / 1_000_000, "0.0", current()))


def range_name(word: str) -> str:
    """A stretch of days."""
    return _(RANGE_NAMES[word]) if word in RANGE_NAMES else pgettext("time", "All")


def without(query: Mapping[str, str], *names: str) -> dict[str, str]:
    """What the address of a page holds, but for these."""
    return {name: value for name, value in query.items() if name not in names}


def named(table: str, word: str) -> str:
    """What a reader sees for a word of the code, by one of `TABLES`."""
    found = TABLES[table].get(word)
    return word if found is None else _(found)


def remedy(condition: str) -> str:
    """What to do about a condition."""
    return _(REMEDIES[condition]) if condition in REMEDIES else ""


def register(app: Flask) -> None:
    """Make these words known to the templates."""
    app.jinja_env.filters.update(
        {table: _by(table) for table in TABLES},
        percent=percent,
        moment=moment,
        day=day,
        size=size,
        weight=weight,
        count=count,
        sentence=sentence,
        said=said,
        leak=leak,
        whose=lambda vendor: whose(vendor, current()),
        kind=lambda name: kind_name(name, current()),
        range_name=range_name,
        level=lambda word: label_of(word, current()),
        without=without,
        remedy=remedy,
    )


def _by(table: str) -> Callable[[str], str]:
    return lambda word: named(table, word)
