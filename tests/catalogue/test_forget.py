"""Forgetting: the rows are gone, from the file too, and the mail is not taken for new."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, func, select

from blocker.catalogue import Catalogue, CatalogueError
from blocker.catalogue.model import Base
from tests.catalogue.samples import NOON, pixel, report, seen


@pytest.fixture
def filled(store: Catalogue) -> Catalogue:
    """Two messages of one sender, an old one among them, and one of another."""
    store.record_many(
        [
            seen(1, made=report(1, pixel(1, "Mailchimp"), subject="Zanzibar of today")),
            seen(2, made=report(2, pixel(2), subject="Zanzibar of old"), arrived=NOON - timedelta(days=90)),
            seen(3, made=report(3, pixel(3, "Adex"), domain="example.com", subject="Zanzibar by others")),
        ]
    )
    return store


def counts(store: Catalogue) -> dict[str, int]:
    """Rows by table."""
    with store.reading() as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
        }


def test_a_sender_is_forgotten(filled: Catalogue) -> None:
    """Its messages, their references and reasons, its name and its vendors go; the other sender stays."""
    assert filled.forget(sender="Example.org") == 2
    left = counts(filled)
    assert (left["messages"], left["message_references"], left["leaks"]) == (1, 1, 1)
    assert (left["senders"], left["vendors"], left["forgotten"]) == (1, 1, 2)
    assert filled.sender("example.org") is None
    assert [line.domain for line in filled.senders()] == ["example.com"]


def test_what_is_forgotten_stays_seen(filled: Catalogue) -> None:
    """The service would otherwise handle the mail a second time."""
    filled.forget(sender="example.org")
    assert filled.seen_uids("home", "INBOX", 7) == {1, 2, 3}
    assert filled.forget(sender="example.org") == 0


def test_old_mail_is_forgotten(filled: Catalogue) -> None:
    """Only what arrived before the instant; both conditions together mean both."""
    assert filled.forget(sender="example.com", before=NOON) == 0
    assert filled.forget(before=NOON - timedelta(days=30)) == 1
    assert [m.subject for m in filled.messages().items] == ["Zanzibar by others", "Zanzibar of today"]


def test_forgetting_needs_to_be_told_what(filled: Catalogue) -> None:
    """An empty wish erases nothing."""
    with pytest.raises(CatalogueError, match="Nothing was said to forget"):
        filled.forget()
    assert counts(filled)["messages"] == 3


def test_what_is_forgotten_is_gone_from_the_disk(filled: Catalogue, url: str) -> None:
    """No file of the database holds the subject any more, while the catalogue is still open."""
    folder = Path(url.removeprefix("sqlite:///")).parent
    held = b"".join(file.read_bytes() for file in folder.iterdir())
    assert held.count(b"Zanzibar") >= 3
    filled.forget(sender="example.org")
    filled.forget(sender="example.com")
    assert b"Zanzibar" not in b"".join(file.read_bytes() for file in folder.iterdir())


def test_a_message_recorded_again_can_be_forgotten_again(filled: Catalogue) -> None:
    """A swept mail may come back into the catalogue and go once more."""
    filled.forget(sender="example.org")
    filled.record(seen(1, pixel(1)))
    assert filled.forget(sender="example.org") == 1
    assert counts(filled)["forgotten"] == 2


def test_everything_is_forgotten(filled: Catalogue) -> None:
    """Every table of what was seen is empty; the accounts, and the bare places, stay."""
    asked = filled.request("sweep", "home", {"since": None})
    filled.finish(asked, "done")
    filled.request("sweep", "work", {"since": None})
    assert filled.count_to_forget(everything=True) == 3
    assert filled.forget(everything=True) == 3
    assert {name: rows for name, rows in counts(filled).items() if rows} == {
        "accounts": 2,
        "commands": 1,
        "forgotten": 3,
        "people": 1,
    }
    assert filled.forget(everything=True) == 0


def test_what_would_be_forgotten_is_counted(filled: Catalogue) -> None:
    """The number that `forget` then gives; counting erases nothing."""
    wishes = [{"sender": "Example.org"}, {"before": NOON}, {"sender": "example.com", "before": NOON}]
    assert [filled.count_to_forget(**wish) for wish in wishes] == [2, 1, 0]  # type: ignore[arg-type]
    assert counts(filled)["messages"] == 3
    with pytest.raises(CatalogueError, match="Nothing was said to forget"):
        filled.count_to_forget()


def test_much_is_forgotten_in_steps(store: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every message goes, and others may write between two steps."""
    monkeypatch.setattr("blocker.catalogue.forgetting.STEP", 3)
    store.record_many([seen(number, pixel(number)) for number in range(1, 9)])
    commits: list[int] = []
    event.listen(store.engine, "commit", lambda _: commits.append(1))
    assert store.forget(sender="example.org") == 8
    assert len(commits) >= 4
    assert counts(store)["messages"] == 0
    assert store.seen_uids("home", "INBOX", 7) == set(range(1, 9))
