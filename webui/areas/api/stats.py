"""Figures: how much mail is tracked, by day, by sender, or by vendor; and whose trackers they are."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from flask import Response, jsonify
from msgspec import Meta, Struct

from blocker.catalogue.filtering import since
from blocker.catalogue.values import MessageFilter, Overview
from webui.access import Scope
from webui.areas.api.answers import STATS, VENDORS
from webui.areas.api.door import Answer, endpoint
from webui.site import catalogue

Days = (
    Annotated[
        int,
        Meta(ge=1, le=36500, description="Of the last so many days (UTC), today included; left out, of all."),
    ]
    | None
)
Account = Annotated[str, Meta(max_length=200, description="Of this account; left out, of all.")]


def of_days(days: int | None) -> date | None:
    """The first of the last so many days, today included; None for all of time."""
    return since(days, datetime.now(UTC).date())


class Span(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Of which mail."""

    days: Days = None
    account: Account = ""
    limit: Annotated[
        int, Meta(ge=1, le=1000, description="Rows at most, the largest first; days are never cut.")
    ] = 100

    @property
    def wanted(self) -> MessageFilter:
        """The messages that it is about."""
        return MessageFilter(account=self.account, since=of_days(self.days))


class By(Span, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the figures are grouped."""

    by: Annotated[Literal["day", "sender", "vendor"], Meta(description="What a row is of.")] = "day"


@endpoint(
    "GET", "/stats", Scope.READ, Answer("Sums, and a row for each day, sender or vendor", STATS), query=By
)
def stats(query: By) -> Response:
    """How much mail is tracked.

    Rows by day are weeks or months where the stretch is long: `step` says which.
    """
    found = catalogue().overview(query.days, account=query.account)
    return jsonify(
        {
            "by": query.by,
            "days": query.days,
            "messages": found.messages,
            "tracked": found.tracked,
            "share": round(found.share, 4),
            "blocked": found.blocked,
            "step": found.step if query.by == "day" else None,
            "rows": _rows(query, found),
        }
    )


@endpoint(
    "GET",
    "/vendors",
    Scope.READ,
    Answer(
        "Vendors, the one in most messages first", VENDORS, links=(("messages", "vendor", "/vendors/0/name"),)
    ),
    query=Span,
)
def vendors(query: Span) -> Response:
    """Whose pixels and beacons were found."""
    return jsonify({"vendors": [line.as_dict() for line in catalogue().vendors(query.limit, query.wanted)]})


def _rows(query: By, found: Overview) -> list[dict[str, Any]]:
    if query.by == "day":
        return [_row(bar.start.isoformat(), bar.messages, bar.tracked) for bar in found.trend]
    if query.by == "sender":
        lines = catalogue().senders("tracked", query.limit, query.wanted)
        return [_row(line.domain, line.messages, line.tracked) for line in lines]
    return [
        _row(line.name, line.messages, line.messages)
        for line in catalogue().vendors(query.limit, query.wanted)
    ]


def _row(name: str, messages: int, tracked: int) -> dict[str, Any]:
    return {"name": name, "messages": messages, "tracked": tracked}
