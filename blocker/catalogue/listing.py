"""A list of messages that is read on from where it ended, however much has come in between."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from blocker.catalogue import pages, reading
from blocker.catalogue.model import MessageRow, ReferenceRow
from blocker.catalogue.pages import Passing, passing
from blocker.catalogue.values import EVERYTHING, Accounts, MessageDetail, MessageFilter, MessageLine


class Place(NamedTuple):
    """A message's place in the order of all, newest first."""

    internal_date: datetime
    id: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages; an empty field does not restrict."""

    messages: MessageFilter = EVERYTHING
    message_ids: Collection[str] = ()
    """Their Message-IDs, with or without angle brackets."""
    sha256: str = ""
    """Digest of the raw message."""


def page(
    connection: Connection, wanted: Wanted, after: Place | None, limit: int, most: int, accounts: Accounts
) -> tuple[Sequence[MessageDetail | MessageLine], Place | None]:
    """The next messages, and the last one's place where there are more.

    With `most` all that is known of each, and fewer where they have more than so many references together: a page has a
    bound, whatever a mail holds.
    """
    found_by = passing(wanted.messages, accounts)
    its = (*_called(found_by.number, wanted), *_behind(found_by, after))
    query = found_by.newest(*its).limit(limit + 1)
    found = [Place(*row) for row in connection.execute(query)]
    few = _within(connection, found[:limit], most) if most else found[:limit]
    ids = [place.id for place in few]
    shown = reading.details(connection, ids, accounts) if most else pages.lines_of(connection, ids)
    return tuple(shown), few[-1] if len(few) < len(found) else None


def _within(connection: Connection, found: Sequence[Place], most: int) -> Sequence[Place]:
    """As many of the first of these as have at most so many references together; one at the least."""
    ids = [place.id for place in found]
    counted = select(ReferenceRow.message, func.count()).where(ReferenceRow.message.in_(ids))
    sizes = {row[0]: row[1] for row in connection.execute(counted.group_by(ReferenceRow.message))}
    total = 0
    for number, id_ in enumerate(ids):
        total += sizes.get(id_, 0)
        if number and total > most:
            return found[:number]
    return found


def _called(number: ColumnElement[int], wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.message_ids:
        yield number.in_(select(MessageRow.id).where(reading.called(wanted.message_ids)))
    if wanted.sha256:
        yield number.in_(select(MessageRow.id).where(MessageRow.sha256 == wanted.sha256.lower()))


def _behind(found: Passing, after: Place | None) -> Iterator[ColumnElement[bool]]:
    if after is not None:
        older = found.moment < after.internal_date
        same = and_(found.moment == after.internal_date, found.number < after.id)
        # The first condition follows from the second, and lets an index be used.
        yield found.moment <= after.internal_date
        yield or_(older, same)
