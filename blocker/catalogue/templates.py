"""What a sender's trackers look like: their URLs with the parts masked that change from mail to mail."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import ColumnElement, Connection, select

from blocker.catalogue.model import MessageRow, ReferenceRow, VendorRow
from blocker.detect.memory import template
from blocker.detect.report import BLOCKED
from blocker.message.urls import parse

MESSAGES = 100
"""Newest tracked messages whose trackers are looked at."""
URLS = 500
MOST = 10


def masked(url: str | None) -> str:
    """A URL with its changing parts masked; empty for what is no URL."""
    parsed = parse(url) if url else None
    return template(parsed) if parsed is not None else ""


def templates(
    connection: Connection, where: tuple[ColumnElement[bool], ...]
) -> tuple[tuple[str, str, int], ...]:
    """The most frequent templates of the newest trackers, each with its vendor and how often it was met."""
    newest = (
        select(MessageRow.id)
        .where(*where, MessageRow.tracked)
        .order_by(MessageRow.internal_date.desc(), MessageRow.id.desc())
        .limit(MESSAGES)
    )
    query = (
        select(ReferenceRow.url, VendorRow.name)
        .outerjoin(VendorRow, VendorRow.id == ReferenceRow.vendor_id)
        .where(ReferenceRow.message.in_(newest.scalar_subquery()))
        .where(ReferenceRow.verdict.in_(sorted(BLOCKED)), ReferenceRow.url.is_not(None))
        .limit(URLS)
    )
    found = Counter((masked(url), vendor or "") for url, vendor in connection.execute(query))
    found = Counter({key: n for key, n in found.items() if key[0]})
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return tuple((url.removesuffix("?"), vendor, n) for (url, vendor), n in ordered[:MOST])
