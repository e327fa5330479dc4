"""A catalogue that is limited to some accounts: the mail of the others is as if it were not there."""

from __future__ import annotations

import inspect
import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from blocker.catalogue import Catalogue, NotYours
from blocker.catalogue.changes import Since, changes
from blocker.catalogue.counting import counts
from blocker.catalogue.heartbeats import Condition
from blocker.catalogue.listing import Wanted
from blocker.catalogue.memory import CatalogueMemory
from blocker.catalogue.senders import ALL_SENDERS, SenderFilter
from blocker.detect.memory import Recollection
from tests.catalogue.letters import LOGO, letter, record, scan
from tests.catalogue.samples import NOON, TODAY, picture, pixel, report, seen

HOME = frozenset({"home"})

READS: dict[str, Callable[[Catalogue], Any]] = {
    "accounts": lambda store: [account.name for account in store.accounts()],
    "profile": lambda store: store.profile("work"),
    "sender_level": lambda store: [(one.account, one.level) for one in store.sender_level("example.org")],
    "pending": lambda store: [one.arguments for one in store.pending("work")],
    "commands": lambda store: [(one.account, one.arguments) for one in store.commands()],
    "heartbeats": lambda store: [(one.account, one.condition) for one in store.heartbeats()],
    "pauses": lambda store: list(store.pauses()),
    "overview": lambda store: store.overview(None, today=TODAY),
    "senders": lambda store: store.senders(),
    "senders_page": lambda store: [
        store.senders_page(wanted) for wanted in (ALL_SENDERS, SenderFilter(level="allow"))
    ],
    "sender": lambda store: [
        store.sender(name, today=TODAY) for name in ("example.org", "only-work.example")
    ],
    "vendors": lambda store: store.vendors(),
    "vendor": lambda store: [store.vendor(name, today=TODAY) for name in ("Mailchimp", "SendGrid")],
    "messages": lambda store: store.messages(),
    "messages_after": lambda store: [
        [one.as_dict() for one in store.messages_after(Wanted(), most=most)[0]] for most in (0, 1000)
    ],
    "command": lambda store: [one and one.arguments for one in map(store.command, range(1, 20))],
    "changes": lambda store: _changes(store),
    "message": lambda store: [one and one.as_dict() for one in map(store.message, range(1, 20))],
    "by_message_id": lambda store: [
        [one.as_dict() for one in store.by_message_id(f"{n}@news.example.org")] for n in range(20)
    ],
    "details": lambda store: [one.as_dict() for one in store.details()],
    "export": lambda store: list(store.export()),
    "counts": counts,
    "memory": lambda store: _recalled(store),
}
"""Every way to ask, by the name of its method where it is one."""
OTHERS = {
    "open": "makes one",
    "close": "shows nothing",
    "limited": "this",
    "writing": "for the service and the code below",
    "reading": "for the service and the code below",
    "ensure_account": "the service's",
    "save_profile": "the service's",
    "record": "the service's",
    "record_many": "the service's",
    "seen_uids": "the service's",
    "start": "the service's",
    "progress": "the service's",
    "finish": "the service's",
    "beat": "the service's",
    "pause": "refused, see below",
    "resume": "refused, see below",
    "set_sender_level": "refused, see below",
    "request": "refused, see below",
    "forget": "refused, see below",
    "count_to_forget": "the command line's",
    "sender_levels": "what is in force for one account or all: no finding",
    "keep_patch": "by a digest that only who has the mail knows",
    "patch": "by a digest that only who has the mail knows",
}
"""Every other method, and why it need not be limited."""


def _recalled(store: Catalogue) -> list[Recollection]:
    report = scan(store, letter(99, LOGO, LOGO.replace("logo", "other")))
    assert report.mail is not None
    urls = [judged.reference.target for judged in report.references if judged.reference]
    known = CatalogueMemory(store).recall([url for url in urls if url], report.mail)
    return [known[url.href] for url in urls if url]


def fill(store: Catalogue, *, work: bool) -> None:
    """Mail of the one account, and where it is wished for more of it at the other, under higher numbers."""
    store.ensure_account("home", "you@example.net", "replace", "standard")
    store.record_many([seen(1, pixel(1), picture()), seen(2, pixel(2), arrived=NOON - timedelta(days=3))])
    record(store, 3, letter(3, LOGO))
    store.set_sender_level("example.org", "strict")
    store.set_sender_level("example.org", "paranoid", "home")
    store.request("sweep", "home", {"since": None})
    store.beat({"home": (Condition.WATCHING, "")})
    store.pause(["home"])
    if not work:
        return
    store.ensure_account("work", "you@example.com", "report", "standard")
    only = report(12, pixel(12, "SendGrid"), domain="only-work.example")
    store.record_many(
        [
            seen(11, pixel(11, "SendGrid"), pixel(12, "Mailchimp"), account="work"),
            seen(12, made=only, account="work"),
            seen(13, account="work", made=report(1, pixel(1))),
        ]
    )
    record(store, 14, letter(14, LOGO, LOGO.replace("logo", "other")), "work")
    store.set_sender_level("example.org", "allow", "work")
    store.request("sweep", "work", {"since": "2026-01-01"})
    store.beat({"work": (Condition.TROUBLE, "It does not answer.")})
    store.pause(["work"])
    store.save_profile("work", "imap.example.com", "report", {})


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    """A catalogue with a setting for all accounts and no more."""
    with Catalogue.open(f"sqlite:///{tmp_path_factory.mktemp('limited')}/empty.sqlite") as opened:
        opened.set_sender_level("example.org", "strict")
        yield opened


@pytest.fixture(scope="module")
def alone(empty: Catalogue) -> Iterator[Catalogue]:
    """A catalogue with one account."""
    yield from _filled(empty, "alone", work=False)


@pytest.fixture(scope="module")
def both(empty: Catalogue) -> Iterator[Catalogue]:
    """The same, and another account."""
    yield from _filled(empty, "both", work=True)


@pytest.fixture
def own(empty: Catalogue) -> Iterator[Catalogue]:
    """The same, for one test to write to."""
    yield from _filled(empty, "own", work=True)


def _filled(empty: Catalogue, name: str, *, work: bool) -> Iterator[Catalogue]:
    made = Path(empty.engine.url.database or "")
    path = made.with_name(f"{name}.sqlite")
    with sqlite3.connect(made) as source, sqlite3.connect(path) as copy:
        source.backup(copy)
    source.close()
    copy.close()
    with Catalogue.open(f"sqlite:///{path}") as opened:
        fill(opened, work=work)
        yield opened
    path.unlink()


@pytest.mark.parametrize("name", READS)
def test_others_are_as_if_not_there(alone: Catalogue, both: Catalogue, name: str) -> None:
    """Every answer is that of a catalogue which never saw the other account; unlimited, it is another one."""
    ask = READS[name]
    expected = _still(ask(alone))
    assert _still(ask(both.limited(HOME))) == expected
    assert _still(ask(both)) != expected


@pytest.mark.parametrize("name", READS)
def test_who_has_no_account_sees_nothing(alone: Catalogue, empty: Catalogue, name: str) -> None:
    """As of an empty catalogue, but for what holds for everybody."""
    assert _still(READS[name](alone.limited(frozenset()))) == _still(READS[name](empty))


def _still(found: Any) -> str:
    """A value as text, without moments that are of the clock."""
    return re.sub(r"datetime\.datetime\(2\d{3}[^)]*\)|'newest': \{[^}]*\}|newest=\{[^}]*\}", "…", repr(found))


def test_every_method_is_limited_or_said_to_need_none() -> None:
    """A method that is new stands in one of the two tables above."""
    methods = {name for name, _ in inspect.getmembers(Catalogue, inspect.isfunction) if name[0] != "_"}
    assert methods | {"open"} == (set(READS) - {"counts", "memory", "changes"}) | set(OTHERS)


def test_limiting_again_only_takes_away(both: Catalogue) -> None:
    """Who may see one account cannot come to see another, nor all."""
    mine = both.limited(HOME)
    assert both.limited(None).only is None
    for wish, left in ((None, HOME), (HOME | {"work"}, HOME), (frozenset({"work"}), frozenset())):
        assert mine.limited(wish).only == left


def test_nothing_can_be_asked_for_others(own: Catalogue) -> None:
    """Nor for all accounts together; one's own can."""
    mine = own.limited(HOME)
    for account in ("work", ""):
        with pytest.raises(NotYours):
            mine.request("sweep", account, {"since": None})
        with pytest.raises(NotYours):
            mine.set_sender_level("example.org", "allow", account)
    for ask in (mine.pause, mine.resume):
        with pytest.raises(NotYours):
            ask(["home", "work"])
    with pytest.raises(NotYours):
        mine.forget(everything=True)
    assert mine.request("restore", "home", {}) > 0
    assert mine.set_sender_level("example.org", "allow", "home") == "example.org"
    assert [one.level for one in own.sender_level("example.org")] == ["strict", "allow", "allow"]


def test_the_memory_of_a_few_looks_at_a_bounded_number_of_rows(own: Catalogue) -> None:
    """However much mail of others has the same URL, and asks as often as the memory of all."""
    for number in range(100, 220):
        record(own, number, letter(number, LOGO), "work")
    asked: list[str] = []
    event.listen(own.engine, "before_cursor_execute", lambda _c, _k, statement, *_: asked.append(statement))
    assert [found.messages for found in _recalled(own.limited(HOME))] == [0, 0]
    assert max(statement.count("SELECT") for statement in asked) < 100
    record(own, 300, letter(300, LOGO))
    assert [found.messages for found in _recalled(own.limited(HOME))] == [1, 0]


def _changes(store: Catalogue) -> list[Any]:
    with store.reading() as connection:
        found = changes(connection, Since(0, datetime.min.replace(tzinfo=UTC)), store.only)
    asked = [(one.account, one.arguments) for one in found.requests]
    return [found.messages, asked, [(one.account, one.condition) for one in found.accounts]]
