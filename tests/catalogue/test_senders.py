"""The list of senders: by proof and by what was set, in any order, a page at a time; at a shared domain each address."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import create_engine

from blocker.catalogue import Catalogue, MessageFilter, Seen, schema
from blocker.catalogue.figures import ORDERS, SenderOrder
from blocker.catalogue.senders import SenderFilter
from blocker.detect.report import Envelope, Judged, Report
from tests.catalogue import old
from tests.catalogue.samples import NOON, picture, pixel, seen
from tests.servers.postgres import Postgres


def mail(number: int, address: str, *references: Judged, proven: bool | None = None) -> Seen:
    """A message from an address."""
    domain = address.partition("@")[2]
    envelope = Envelope(f"{number:064x}", from_=address, from_domain=domain, address=address)
    made = Report(message=envelope, references=references)
    return replace(seen(number, made=made, arrived=NOON - timedelta(days=number)), proven=proven)


@pytest.fixture
def many(store: Catalogue) -> Catalogue:
    """A sender with proven and forged mail, one that is only claimed, one of whom nothing is known, and two at Gmail."""
    store.ensure_account("home", "you@example.net", "report", "standard")
    store.record_many(
        [
            mail(1, "news@otto.example", pixel(1), proven=True),
            mail(2, "news@mail.otto.example", pixel(2), proven=True),
            mail(3, "fake@otto.example", proven=False),
            mail(4, "fake@bank.example", pixel(4), proven=False),
            mail(5, "old@past.example", picture(5)),
            mail(6, "ada@gmail.com"),
            mail(7, "bob@gmail.com", pixel(7)),
        ]
    )
    return store


def names(store: Catalogue, **wanted: object) -> list[str]:
    """The senders of one long page."""
    return [line.domain for line in store.senders_page(SenderFilter(**wanted)).items]  # type: ignore[arg-type]


def test_what_is_only_claimed_is_counted_apart(many: Catalogue) -> None:
    """Proven, claimed and not known are three numbers, in the list and for one sender."""
    lines = {line.domain: (line.messages, line.proven, line.claimed) for line in many.senders_page().items}
    assert lines == {
        "otto.example": (3, 2, 1),
        "bank.example": (1, 0, 1),
        "past.example": (1, 0, 0),
        "ada@gmail.com": (1, 0, 0),
        "bob@gmail.com": (1, 0, 0),
    }
    detail = many.sender("otto.example")
    assert detail is not None
    assert (detail.line.proven, detail.line.claimed) == (2, 1)
    assert detail.as_dict()["claimed"] == 1


@pytest.mark.parametrize(
    ("proof", "numbers"),
    [("proven", {1, 2}), ("claimed", {3, 4}), ("unknown", {5, 6, 7}), ("", set(range(1, 8)))],
)
def test_messages_by_proof(many: Catalogue, proof: str, numbers: set[int]) -> None:
    """A list of messages can be of one kind of proof alone, and each says its own."""
    found = many.messages(MessageFilter(proof=proof)).items
    assert {line.id for line in found} == numbers
    detail = many.message(3)
    assert detail is not None
    assert detail.as_dict()["proven"] is False


@pytest.mark.parametrize("order", ORDERS)
def test_both_ways_of_every_order(many: Catalogue, order: SenderOrder) -> None:
    """The first of one way is among the last of the other, and nobody is lost."""
    up, down = (names(many, order=order, rising=rising) for rising in (True, False))
    assert set(up) == set(down) == set(names(many))
    keys = {
        "tracked": lambda line: line.tracked,
        "messages": lambda line: line.messages,
        "share": lambda line: line.share,
        "proven": lambda line: line.proven,
        "recent": lambda line: line.last,
        "name": lambda line: line.domain,
    }
    lines = {line.domain: keys[order](line) for line in many.senders_page().items}
    assert [lines[name] for name in up] == sorted(lines.values())
    assert [lines[name] for name in down] == sorted(lines.values(), reverse=True)


def test_pages_cover_the_list_once(many: Catalogue) -> None:
    """Each sender stands on one page; a page beyond the last is the last."""
    pages = [many.senders_page(page=number, size=2) for number in (1, 2, 3, 9)]
    assert [(page.page, page.pages, page.total) for page in pages] == [
        (1, 3, 5),
        (2, 3, 5),
        (3, 3, 5),
        (3, 3, 5),
    ]
    shown = [line.domain for page in pages[:3] for line in page.items]
    assert sorted(shown) == sorted(names(many))


def test_by_what_was_set(many: Catalogue) -> None:
    """Only those with the level, for all accounts or the one looked at; an address has a level of its own."""
    many.set_sender_level("otto.example", "strict")
    many.set_sender_level("bank.example", "strict", "work")
    many.set_sender_level("bob@gmail.com", "paranoid")
    assert set(names(many, level="strict")) == {"otto.example", "bank.example"}
    assert names(many, level="strict", messages=MessageFilter(account="home")) == ["otto.example"]
    assert names(many, level="paranoid") == ["bob@gmail.com"]
    assert many.sender_levels() == {"otto.example": "strict", "bob@gmail.com": "paranoid"}
    page = many.senders_page(SenderFilter(level="paranoid")).as_dict()
    assert [one["level"] for one in page["senders"][0]["settings"]] == ["paranoid"]


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_old_senders_at_shared_domains_are_taken_apart(
    kind: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Each address keeps its own messages; whose proof was never noted is not known; other senders stay."""
    place = f"sqlite:///{tmp_path_factory.mktemp('old') / 'catalogue.sqlite'}"
    if kind == "postgres":
        postgres: Postgres = request.getfixturevalue("postgres")
        place = postgres.database()
    old.make(place, "0005b")
    engine = create_engine(schema._parse(place))
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO senders (id, domain) VALUES (901, 'gmail.com')")
        rows = connection.exec_driver_sql("SELECT id FROM messages ORDER BY id LIMIT 3").all()
        ids = [row[0] for row in rows]
        before = connection.exec_driver_sql("SELECT COUNT(DISTINCT sender_id) FROM messages").scalar()
        for id_, address in zip(ids, ("ada@gmail.com", "bob@gmail.com", "ada@gmail.com"), strict=True):
            connection.exec_driver_sql(
                f"UPDATE messages SET sender_id = 901, sender_domain = 'gmail.com', sender_address = '{address}'"
                f" WHERE id = {id_}"
            )
    engine.dispose()
    assert before
    with Catalogue.open(place) as store:
        lines = {line.domain: line for line in store.senders(limit=1000)}
        assert "gmail.com" not in lines
        assert (lines["ada@gmail.com"].messages, lines["bob@gmail.com"].messages) == (2, 1)
        assert all((line.proven, line.claimed) == (0, 0) for line in lines.values())
