"""Counts per day, gathered into as many bars as a picture can show."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from blocker.catalogue.values import Bar

LEAST_DAYS = 14
MOST_DAYS = 92
MOST_WEEKS = 2 * 53
MOST_BARS = 240
"""Twenty years of months; of a longer stretch the newest are shown."""


def trend(
    counts: Mapping[date, tuple[int, int]], since: date | None, today: date
) -> tuple[str, tuple[Bar, ...]]:
    """The step (`day`, `week` or `month`) and a bar for each, empty ones included, up to `today`.

    `counts` gives messages and tracked ones by day. Mail from the future (a wrong clock) lengthens
    the stretch by nothing: it counts in the last bar. Without `since` it begins with the first mail,
    and is two weeks long at least.
    """
    if (not counts and since is None) or (since is not None and since > today):
        return "day", ()
    first = since or min(min(counts), today - timedelta(days=LEAST_DAYS - 1))
    last = today
    span = (last - first).days + 1
    step = "day" if span <= MOST_DAYS else "week" if span <= 7 * MOST_WEEKS else "month"
    sums: dict[date, list[int]] = {}
    for start in _starts(first, last, step):
        sums[start] = [0, 0]
    for day, (messages, tracked) in counts.items():
        bar = sums.get(_start(min(day, last), step))
        if bar is not None:
            bar[0] += messages
            bar[1] += tracked
    bars = tuple(Bar(start, messages, tracked) for start, (messages, tracked) in sums.items())
    return step, bars[-MOST_BARS:]


def _start(day: date, step: str) -> date:
    if step == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if step == "month" else day


def _starts(first: date, last: date, step: str) -> list[date]:
    starts = [_start(first, step)]
    while True:
        after = following(starts[-1], step)
        if after > last:
            return starts
        starts.append(after)


def following(start: date, step: str) -> date:
    """When the next bar begins."""
    if step == "month":
        return (start + timedelta(days=31)).replace(day=1)
    return start + timedelta(days=7 if step == "week" else 1)
