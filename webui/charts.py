"""The trend as a picture: places and heights only; the template draws them, the style sheet colours them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from blocker.catalogue.trend import following
from blocker.catalogue.values import Bar
from webui.language import _, ngettext
from webui.words import day, month

WIDTH = 1000
HEIGHT = 200
GAP = 0.22
"""How much of a bar's place stays free."""


@dataclass(frozen=True, slots=True)
class Column:
    """One drawn bar: all mail behind, tracked mail in front, both from the bottom up."""

    x: float
    width: float
    all_y: float
    all_height: float
    tracked_y: float
    tracked_height: float
    label: str
    bar: Bar
    since: date
    until: date
    """The first and the last day whose mail it counts."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything the template needs."""

    columns: tuple[Column, ...]
    top: int
    """How many messages the upper edge stands for."""
    marks: tuple[str, ...]
    """Dates under the picture: first, middle, last."""
    step: str
    width: int = WIDTH
    height: int = HEIGHT


def chart(bars: Sequence[Bar], step: str, first: date | None = None) -> Chart | None:
    """The picture of a trend of mail from the day `first` on; None where there is nothing to draw."""
    highest = max((bar.messages for bar in bars), default=0)
    if not highest:
        return None
    top = _round_up(highest)
    place = WIDTH / len(bars)
    columns = tuple(_column(bar, i * place, place, top, step, first) for i, bar in enumerate(bars))
    chosen = sorted({0, len(bars) // 2, len(bars) - 1})
    return Chart(columns, top, tuple(when(bars[i].start, step) for i in chosen), step)


def when(start: date, step: str) -> str:
    """A bar's date in words."""
    return month(start) if step == "month" else day(start)


def _column(bar: Bar, x: float, place: float, top: int, step: str, first: date | None) -> Column:
    every = HEIGHT * bar.messages / top
    tracked = HEIGHT * bar.tracked / top
    return Column(
        x=round(x + place * GAP / 2, 2),
        width=round(place * (1 - GAP), 2),
        all_y=round(HEIGHT - every, 2),
        all_height=round(every, 2),
        tracked_y=round(HEIGHT - tracked, 2),
        tracked_height=round(tracked, 2),
        label=_label(bar, step),
        bar=bar,
        since=max(bar.start, first or bar.start),
        until=following(bar.start, step) - timedelta(days=1),
    )


def _label(bar: Bar, step: str) -> str:
    mails = ngettext("%(num)s message", "%(num)s messages", bar.messages)
    tracked = ngettext("%(num)s tracked", "%(num)s tracked", bar.tracked)
    if step == "week":
        return _("Week of %(day)s: %(mails)s, %(tracked)s", day=day(bar.start), mails=mails, tracked=tracked)
    return _("%(day)s: %(mails)s, %(tracked)s", day=when(bar.start, step), mails=mails, tracked=tracked)


def _round_up(number: int) -> int:
    """The next round number at or above a number, so that the scale can be read."""
    unit = 1
    while True:
        for factor in (1, 2, 3, 4, 5, 6, 8):
            if number <= factor * unit:
                return factor * unit
        unit *= 10
