"""Recording: each place once, whole or not at all, and the same out as in."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import func, select

from blocker.catalogue import Catalogue, CatalogueError, MessageFilter
from blocker.catalogue.model import LeakRow, MessageRow, ReferenceRow
from tests.catalogue.samples import NOON, VIEW, judged, picture, pixel, report, seen


def rows(store: Catalogue, table: type) -> int:
    """How many rows a table has."""
    with store.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def test_a_report_comes_out_as_it_went_in(store: Catalogue) -> None:
    """Envelope, references with reasons in order, receipts, links, flags: all the same."""
    made = report(5, pixel(), picture(), judged(None, "spacer"), signed=True, error="cut", unjudged=3)
    number = store.record(
        seen(5, made=made, action="left", detail="The mail is signed.", view=VIEW, mailbox="Lists/Über uns")
    )
    found = store.message(number)
    assert found is not None
    assert found.report.as_dict() == made.as_dict()
    assert found.view == VIEW
    assert (found.account, found.mailbox, found.uidvalidity, found.uid) == ("home", "Lists/Über uns", 7, 5)
    assert (found.internal_date, found.size) == (NOON, 20_480)
    assert (found.action, found.detail) == ("left", "The mail is signed.")
    assert found.organisation == "example.org"


def test_a_place_is_recorded_once(store: Catalogue) -> None:
    """A second record of the same place keeps the row and its references; action and detail follow."""
    first = store.record(seen(1, pixel(), action="reported"))
    second = store.record(seen(1, pixel(), picture(), action="replaced", detail="done"))
    found = store.message(first)
    assert second == first
    assert rows(store, MessageRow) == 1
    assert rows(store, ReferenceRow) == 1
    assert found is not None
    assert (found.action, found.detail) == ("replaced", "done")


def test_the_same_uid_elsewhere_is_another_message(store: Catalogue) -> None:
    """Account, mailbox and UIDVALIDITY are part of the place."""
    places = [
        seen(1),
        seen(1, account="work"),
        seen(1, mailbox="Lists"),
        replace(seen(1), uidvalidity=8),
    ]
    assert len(set(store.record_many(places))) == 4
    assert store.seen_uids("home", "INBOX", 7) == {1}
    assert store.seen_uids("home", "INBOX", 9) == set()
    assert store.seen_uids("nobody", "INBOX", 7) == set()


def test_a_batch_may_name_a_place_twice(store: Catalogue) -> None:
    """Ids come back in the order given, and the later action holds."""
    ids = store.record_many([seen(1), seen(2), seen(1, action="flagged")])
    assert ids[0] == ids[2] != ids[1]
    found = store.message(ids[0])
    assert found is not None
    assert found.action == "flagged"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [(seen(3, account="nobody"), "knows no account"), (seen(3, action="eaten"), "is no action")],
)
def test_a_batch_is_written_whole_or_not_at_all(store: Catalogue, wrong: object, words: str) -> None:
    """One wrong message among good ones leaves no row."""
    with pytest.raises(CatalogueError, match=words):
        store.record_many([seen(1, pixel()), wrong])  # type: ignore[list-item]
    assert rows(store, MessageRow) == rows(store, ReferenceRow) == rows(store, LeakRow) == 0


def test_hostile_text_is_kept_within_bounds(store: Catalogue) -> None:
    """Lone surrogates, NUL and endless values neither fail nor fill the database."""
    bad = pixel()
    bad.url = "https://t.example.com/\udcff\0" + "x" * 200_000
    bad.raw = bad.url
    number = store.record(seen(1, made=report(1, bad, subject="\ud800\0" + "s" * 10_000)))
    found = store.message(number)
    assert found is not None
    assert found.report.message.subject.startswith("?\N{REPLACEMENT CHARACTER}ss")
    assert len(found.report.message.subject) == 1000
    assert len(found.report.references[0].url or "") == 65_536


def test_too_many_references_are_counted_as_unjudged(store: Catalogue) -> None:
    """What is beyond the bound is not kept, and not kept quiet about."""
    number = store.record(seen(1, made=report(1, *[picture(n) for n in range(10_003)])))
    found = store.message(number)
    assert found is not None
    assert len(found.report.references) == 10_000
    assert found.report.unjudged == 3


def test_an_instant_keeps_its_meaning(store: Catalogue) -> None:
    """Another offset is the same instant; a day is the UTC day; a naive one is refused."""
    eastern = datetime(2026, 11, 20, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    number = store.record(seen(1, arrived=eastern))
    found = store.message(number)
    assert found is not None
    assert found.internal_date == eastern
    assert found.internal_date.utcoffset() == timedelta(0)
    days = {b.start.isoformat(): b.messages for b in store.overview(None, today=eastern.date()).trend}
    # It is already the 21st in UTC; the last bar takes what lies beyond today.
    assert days["2026-11-20"] == 1
    with pytest.raises(CatalogueError, match="time zone"):
        store.record(seen(2, arrived=datetime(2026, 11, 20)))


def test_an_account_is_one_row_that_can_change(store: Catalogue) -> None:
    """Naming it again updates its mode and level."""
    first = store.ensure_account("home", "you@example.net", "flag", "strict")
    assert first == store.ensure_account("home", "me@example.net", "flag", "paranoid")
    assert [(a.name, a.address, a.mode, a.level) for a in store.accounts()] == [
        ("home", "me@example.net", "flag", "paranoid"),
        ("work", "you@example.com", "report", "standard"),
    ]


def test_writers_and_readers_do_not_fail_each_other(store: Catalogue) -> None:
    """Four threads write two hundred messages each while another reads: all are there, nothing was refused."""
    failures: list[BaseException] = []

    def write(account: str, first: int) -> None:
        try:
            for n in range(first, first + 200, 4):
                store.record_many([seen(n + k, pixel(), account=account) for k in range(4)])
        except CatalogueError as error:
            failures.append(error)

    threads = [
        threading.Thread(target=write, args=(account, first))
        for account in ("home", "work")
        for first in (1, 201)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        figures = store.overview(None)
        assert figures.messages == figures.tracked == figures.total
    for thread in threads:
        thread.join()
    assert failures == []
    assert rows(store, MessageRow) == 800


def test_a_thousand_messages_a_second(store: Catalogue) -> None:
    """Batched records are no bottleneck: the best of three batches, references and reasons included."""
    best = 0.0
    for round_ in range(3):
        batch = [seen(n, pixel(n), picture(1), picture(2)) for n in range(round_ * 500, round_ * 500 + 500)]
        began = time.perf_counter()
        store.record_many(batch)
        best = max(best, len(batch) / (time.perf_counter() - began))
    assert best >= 1000


def test_a_command_goes_its_way(store: Catalogue) -> None:
    """Asked for, begun, finished: pending until then, and its outcome is kept."""
    number = store.request("sweep", "home", {"since": "2026-01-01"})
    assert [(c.id, c.kind, dict(c.arguments), c.state) for c in store.pending("home")] == [
        (number, "sweep", {"since": "2026-01-01"}, "waiting")
    ]
    assert store.pending("work") == []
    store.start(number)
    assert [c.state for c in store.pending("home")] == ["running"]
    store.finish(number, "12 messages looked through")
    assert store.pending("home") == []
    assert [(c.state, c.outcome, c.error) for c in store.commands()] == [
        ("done", "12 messages looked through", None)
    ]


def test_a_waiting_command_asked_for_again_is_one(store: Catalogue) -> None:
    """A second click does not sweep twice; other arguments, or one that has begun, make another."""
    first = store.request("sweep", "home", {"since": None})
    assert store.request("sweep", "home", {"since": None}) == first
    assert store.request("sweep", "home", {"since": "2026-01-01"}) != first
    store.start(first)
    assert store.request("sweep", "home", {"since": None}) != first


def test_a_failed_command_says_so(store: Catalogue) -> None:
    """An error makes the state; an unknown command is an error itself."""
    number = store.request("restore", "home", {"message": 1})
    store.finish(number, "", "The original is gone.")
    assert [(c.state, c.error) for c in store.commands()] == [("failed", "The original is gone.")]
    with pytest.raises(CatalogueError, match="no command 99"):
        store.finish(99, "done")


def test_lists_are_searched_as_text(store: Catalogue) -> None:
    """The wildcards of SQL are plain characters in a search."""
    store.record_many(
        [seen(1, made=report(1, subject="100% off")), seen(2, made=report(2, subject="1000 reasons"))]
    )
    assert [m.subject for m in store.messages(MessageFilter(text="100%")).items] == ["100% off"]
    assert store.messages(MessageFilter(text="OFF")).total == 1
    assert store.messages(MessageFilter(text="_")).total == 0
