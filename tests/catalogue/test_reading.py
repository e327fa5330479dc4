"""The figures, checked against numbers counted by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from blocker.catalogue import Catalogue, MessageFilter
from blocker.catalogue.trend import trend
from tests.catalogue.samples import NOON, TODAY, judged, picture, pixel, report, seen


@pytest.fixture
def filled(store: Catalogue) -> Catalogue:
    """Eight messages: five within thirty days of TODAY, of two senders and one without; three older."""
    store.record_many(
        [
            seen(1, pixel(1, "Mailchimp"), pixel(2, "SendGrid"), picture(), action="replaced"),
            seen(2, pixel(3, "Mailchimp"), action="left", detail="Signed.", arrived=NOON - timedelta(days=1)),
            seen(3, picture(), picture(2), arrived=NOON - timedelta(days=29)),
            seen(
                4,
                made=report(4, pixel(4, None), domain="shop.example.co.uk", unjudged=2),
                action="left",
                detail="No room.",
            ),
            seen(5, made=report(5, domain="", error="It ends in the middle."), account="work"),
            seen(6, pixel(6, "Mailchimp"), arrived=NOON - timedelta(days=30), action="flagged"),
            seen(
                7,
                made=report(
                    7, judged("https://a.example/b.gif", "beacon", "Adex"), domain="mail.example.org"
                ),
                arrived=NOON - timedelta(days=300),
            ),
            seen(
                8,
                made=report(
                    8, judged("https://p.example/8.png", "personal", "SendGrid"), domain="b.example.com"
                ),
                arrived=NOON - timedelta(days=400),
                action="left",
                detail="Signed.",
            ),
        ]
    )
    return store


def test_the_last_thirty_days_are_counted(filled: Catalogue) -> None:
    """Messages 1 to 5 arrived in the thirty days that end today; 6 is a day too old."""
    figures = filled.overview(30, today=TODAY)
    assert (figures.messages, figures.tracked, figures.blocked) == (5, 3, 4)
    assert figures.share == pytest.approx(0.6)
    assert (figures.unjudged, figures.unreadable, figures.total) == (2, 1, 8)
    assert dict(figures.actions) == {"replaced": 1, "left": 2, "reported": 2}
    assert figures.left == (("No room.", 1), ("Signed.", 1))
    assert [(s.domain, s.tracked, s.messages) for s in figures.senders] == [
        ("example.org", 2, 3),
        ("example.co.uk", 1, 1),
    ]
    assert [(v.name, v.references, v.messages, v.senders) for v in figures.vendors] == [
        ("Mailchimp", 2, 2, 1),
        ("SendGrid", 1, 1, 1),
    ]
    assert [a.name for a in figures.accounts] == ["home", "work"]


def test_the_trend_has_a_bar_for_each_day(filled: Catalogue) -> None:
    """Thirty bars, empty days included, that add up to the messages."""
    figures = filled.overview(30, today=TODAY)
    assert figures.step == "day"
    assert [b.start for b in figures.trend] == [TODAY - timedelta(days=n) for n in range(29, -1, -1)]
    assert [(b.messages, b.tracked) for b in figures.trend[-2:]] == [(1, 1), (3, 2)]
    assert (figures.trend[0].messages, figures.trend[0].tracked) == (1, 0)
    assert sum(b.messages for b in figures.trend) == 5


def test_everything_is_counted_without_a_limit(filled: Catalogue) -> None:
    """All eight; beyond three months the bars are weeks; a visible personal picture is no tracker of `standard`."""
    figures = filled.overview(None, today=TODAY)
    assert (figures.messages, figures.tracked, figures.blocked) == (8, 5, 6)
    assert figures.left == (("Signed.", 2), ("No room.", 1))
    assert [(v.name, v.messages) for v in figures.vendors] == [("Mailchimp", 3), ("Adex", 1), ("SendGrid", 1)]
    assert figures.step == "week"
    assert sum(b.messages for b in figures.trend) == 8
    assert all(b.start.weekday() == 0 for b in figures.trend)


def test_an_empty_catalogue_has_figures_too(store: Catalogue) -> None:
    """Nothing is divided by zero."""
    figures = store.overview(today=TODAY)
    assert (figures.messages, figures.share, figures.total) == (0, 0.0, 0)
    assert store.overview(None, today=TODAY).trend == ()


def test_a_sender_is_an_organisational_domain(filled: Catalogue) -> None:
    """news.example.org and mail.example.org are one sender; its figures are its own."""
    found = filled.sender("Example.ORG", today=TODAY)
    assert found is not None
    assert (found.line.messages, found.line.tracked) == (5, 4)
    assert (found.first, found.line.last) == (NOON - timedelta(days=300), NOON)
    assert found.addresses == (("news@news.example.org", 4), ("news@mail.example.org", 1))
    assert dict(found.kinds) == {"pixel": 4, "content": 3, "beacon": 1}
    assert found.leaks == (("the recipient's address stands in the URL, MD5 of the address", 3),)
    assert [m.id for m in found.recent] == [1, 2, 3, 6, 7]
    assert [v.name for v in found.vendors] == ["Mailchimp", "Adex", "SendGrid"]
    assert filled.sender("nobody.example") is None


@pytest.mark.parametrize(
    ("order", "first"),
    [
        ("tracked", "example.org"),
        ("messages", "example.org"),
        ("share", "example.co.uk"),
        ("recent", "example.co.uk"),
        ("name", "example.co.uk"),
    ],
)
def test_senders_come_in_the_order_asked_for(filled: Catalogue, order: str, first: str) -> None:
    """Three senders; a message without one belongs to none."""
    lines = filled.senders(order)  # type: ignore[arg-type]
    assert {line.domain for line in lines} == {"example.org", "example.co.uk", "example.com"}
    assert lines[0].domain == first
    assert len(filled.senders(order, 2)) == 2  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (MessageFilter(), [5, 4, 1, 2, 3, 6, 7, 8]),
        (MessageFilter(account="work"), [5]),
        (MessageFilter(sender="example.org"), [1, 2, 3, 6, 7]),
        (MessageFilter(vendor="Mailchimp"), [1, 2, 6]),
        (MessageFilter(vendor="SendGrid"), [1]),
        (MessageFilter(action="left"), [4, 2, 8]),
        (MessageFilter(tracked=True), [4, 1, 2, 6, 7]),
        (MessageFilter(tracked=False), [3, 8]),
        (MessageFilter(text="letter 6"), [6]),
        (MessageFilter(sender="example.org", tracked=True, action="flagged"), [6]),
    ],
)
def test_a_filter_lets_through_what_it_names(
    filled: Catalogue, wanted: MessageFilter, numbers: list[int]
) -> None:
    """Newest first, and of the same instant the later recorded."""
    page = filled.messages(wanted)
    assert [line.id for line in page.items] == numbers
    assert page.total == len(numbers)


def test_a_list_has_pages(filled: Catalogue) -> None:
    """Each message stands on exactly one page; a page too far is the last."""
    pages = [filled.messages(page=n, size=3) for n in (1, 2, 3)]
    assert [line.id for page in pages for line in page.items] == [5, 4, 1, 2, 3, 6, 7, 8]
    assert {page.pages for page in pages} == {3}
    assert filled.messages(page=99, size=3) == pages[2]
    assert filled.messages(page=-1, size=3) == pages[0]


def test_a_message_is_found_by_its_message_id(filled: Catalogue) -> None:
    """With or without brackets, in each place where it lies."""
    filled.record(seen(1, pixel(1), mailbox="Archive"))
    found = filled.by_message_id("1@news.example.org")
    assert [m.mailbox for m in found] == ["Archive", "INBOX"]
    assert filled.by_message_id("<1@news.example.org>") == found or len(found) == 2
    assert filled.by_message_id("nobody@example.org") == []
    assert filled.message(10_000) is None


def test_the_export_is_the_scan_contract_and_what_was_done(filled: Catalogue) -> None:
    """One object a message, in the order recorded; the report's keys are the report's own."""
    lines = list(filled.export())
    assert [line["uid"] for line in lines] == [1, 2, 3, 4, 5, 6, 7, 8]
    expected = report(1, pixel(1, "Mailchimp"), pixel(2, "SendGrid"), picture()).as_dict()
    assert {name: lines[0][name] for name in expected} == expected
    assert (lines[0]["action"], lines[1]["detail"]) == ("replaced", "Signed.")


def test_a_trend_becomes_coarser_as_it_grows() -> None:
    """Days up to three months, weeks up to two years, then months; nothing is lost on the way."""
    for days, step in ((92, "day"), (93, "week"), (742, "week"), (743, "month")):
        first = TODAY - timedelta(days=days - 1)
        found, bars = trend({first: (2, 1), TODAY: (3, 0)}, None, TODAY)
        assert (found, bars[0].messages, bars[-1].messages) == (step, 2, 3)
        assert [b.start for b in bars] == sorted({b.start for b in bars})


def test_mail_of_a_wrong_clock_counts_today() -> None:
    """A date in the future lengthens nothing."""
    _, bars = trend({date(2099, 1, 1): (1, 1)}, TODAY - timedelta(days=6), TODAY)
    assert [(b.start, b.messages) for b in bars][-1] == (TODAY, 1)
    assert len(bars) == 7


def test_what_is_read_is_one_state(filled: Catalogue) -> None:
    """A reader sees no message that is recorded after it began."""
    with filled.reading() as connection:
        before = connection.exec_driver_sql("SELECT count(*) FROM messages").scalar()
        filled.record(seen(99, arrived=datetime.now(UTC)))
        assert connection.exec_driver_sql("SELECT count(*) FROM messages").scalar() == before
    assert filled.overview(None).total == 9
