"""Lists in pages: a cursor says where the next page begins. What stands in one is nobody's to rely on."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct

from blocker.catalogue.listing import Place

MOST = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = -62_135_596_800_000_000, 253_402_300_799_000_000
"""Microseconds from there to the first and the last second that a `datetime` has."""
_TWO = struct.Struct(">qq")

Cursor = Annotated[
    str,
    Meta(
        pattern="^[0-9a-f]{32}$",
        description="`next` of the page before; left out, the list begins at its start.",
    ),
]


class Paged(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which part of a list."""

    limit: Annotated[int, Meta(ge=1, le=MOST, description="How many at most.")] = 50
    cursor: Cursor = ""


def place_of(cursor: str) -> Place | None:
    """Where a page of messages begins: behind that one."""
    if not cursor:
        return None
    moment, number = _TWO.unpack(bytes.fromhex(cursor))
    return Place(_EPOCH + timedelta(microseconds=max(_EARLIEST, min(_LATEST, moment))), number)


def after_place(place: Place | None) -> str | None:
    """The cursor of the page that begins there; None where there is none."""
    if place is None:
        return None
    return _TWO.pack((place.internal_date - _EPOCH) // timedelta(microseconds=1), place.id).hex()


def page_of(cursor: str, limit: int) -> tuple[int, int]:
    """Number and size of a page of a list that has numbered ones. The size is that of the first page."""
    if not cursor:
        return 1, limit
    page, size = _TWO.unpack(bytes.fromhex(cursor))
    return max(1, min(page, 10**9)), max(1, min(size, MOST))


def after_page(page: int, size: int, pages: int) -> str | None:
    """The cursor of the page behind that one; None where it is the last."""
    return _TWO.pack(page + 1, size).hex() if page < pages else None
