"""What is kept of the mail is what a full count says, whatever has happened to it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Select, select, true

from blocker.catalogue import Catalogue, Seen, contacts, relocation, totals
from blocker.catalogue.derived import ContactRow, DayTotalRow, KindTotalRow, SenderTotalRow, VendorTotalRow
from blocker.catalogue.model import Base
from blocker.catalogue.values import ACTIONS
from tests.catalogue.samples import NOON, judged, picture, pixel, report, seen
from tests.servers.postgres import Postgres

DOMAINS = ("news.example.org", "shop.example.com", "mail.example.net", "")
VENDORS = ("Mailchimp", "SendGrid", "Unnamed mailer op/_md", "Unnamed mailer base64", None)


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, url: str) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return url
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.database()


@pytest.fixture
def both(place: str) -> Iterator[Catalogue]:
    """An empty catalogue with two accounts, on either database."""
    with Catalogue.open(place) as opened:
        opened.ensure_account("home", "you@example.net", "replace", "standard")
        opened.ensure_account("work", "you@example.com", "report", "standard")
        yield opened


def some(pick: random.Random, number: int) -> Seen:
    """A message of any sender, account, day and outcome, with any references."""
    references = [
        *(
            pixel(number + n, pick.choice(VENDORS), f"t{pick.randrange(3)}.example.com")
            for n in range(pick.randrange(4))
        ),
        *(picture(pick.randrange(9)) for _ in range(pick.randrange(3))),
        *([judged(None, "spacer")] if pick.random() < 0.2 else []),
        *([judged("https://b.example/b.gif", "beacon", "Adex")] if pick.random() < 0.2 else []),
    ]
    made = report(
        number,
        *references,
        domain=pick.choice(DOMAINS),
        error="It ends in the middle." if pick.random() < 0.1 else None,
        unjudged=pick.choice((0, 0, 0, 4)),
    )
    found = seen(
        number,
        made=made,
        account=pick.choice(("home", "work")),
        arrived=NOON - timedelta(days=pick.randrange(5), seconds=number),
        action=pick.choice(ACTIONS),
        detail=pick.choice(("", "Signed.")),
    )
    return replace(found, proven=pick.choice((None, True, False)))


def act(store: Catalogue, pick: random.Random, done: list[Seen]) -> None:
    """Something that happens to a catalogue."""
    step = pick.randrange(7)
    if step < 3 or not done:
        new = [some(pick, len(done) + n + 1) for n in range(pick.randrange(1, 6))]
        store.record_many(new)
        done += new
    elif step == 3:
        store.record_many([_again(pick, one) for one in pick.sample(done, min(3, len(done)))])
    elif step == 4:
        with store.writing() as connection:
            relocation.note(connection, _place(pick.choice(done)), pick.choice(ACTIONS), "")
    elif step == 5:
        old, new_place = _place(pick.choice(done)), _place(pick.choice(done))
        if pick.random() < 0.5:
            new_place = (old[0], "Elsewhere", 9, 10_000 + pick.randrange(10_000))
        with store.writing() as connection:
            relocation.relocate(connection, old, (old[0], *new_place[1:]), "elsewhere")
    elif pick.random() < 0.5:
        store.forget(sender=pick.choice(("example.org", "example.com", "example.net")))
    else:
        store.forget(before=NOON - timedelta(days=pick.randrange(6)))


def _again(pick: random.Random, one: Seen) -> Seen:
    return replace(one, action=pick.choice(ACTIONS), detail=pick.choice(("", "No room.")))


def _place(one: Seen) -> tuple[str, str, int, int]:
    return one.account, one.mailbox, one.uidvalidity, one.uid


def kept_and_counted(store: Catalogue) -> Iterator[tuple[str, list[Any], list[Any]]]:
    """Each table that is kept: its rows, and those that a full count gives."""
    made: dict[type[Base], Select[Any]] = {
        ContactRow: contacts.made(true()),
        DayTotalRow: totals.days_made(true()),
        SenderTotalRow: totals.senders_made(true()),
        KindTotalRow: totals.kinds_made(true()),
        VendorTotalRow: totals.vendors_made(true()),
    }
    with store.reading() as connection:
        for table, query in made.items():
            kept = connection.execute(select(*table.__table__.columns))
            counted = connection.execute(query)
            yield table.__tablename__, _sorted(kept), _sorted(counted)


def _sorted(rows: Any) -> list[tuple[Any, ...]]:
    # PostgreSQL's sums are decimals.
    return sorted(
        (tuple(int(v) if str(v).lstrip("-").isdigit() else v for v in row) for row in rows), key=repr
    )


@pytest.mark.parametrize("seed", range(3))
def test_what_is_kept_is_what_is_counted(both: Catalogue, seed: int) -> None:
    """Recorded, judged again, moved, put back and forgotten in any order: every table equals a full count after each."""
    pick, done = random.Random(seed), list[Seen]()
    rows = 0
    for _ in range(20):
        act(both, pick, done)
        for name, kept, counted in kept_and_counted(both):
            assert kept == counted, name
            rows += len(kept)
    assert rows > 500
    both.forget(everything=True)
    assert {name: kept for name, kept, _ in kept_and_counted(both) if kept} == {}
