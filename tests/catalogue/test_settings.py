"""What was set for senders, and patches that found no room in a header."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from blocker.catalogue import Catalogue, CatalogueError, patches
from blocker.catalogue.model import PatchRow
from tests.catalogue.samples import NOON, seen

DIGEST = "ab" * 32


def test_a_level_is_set_changed_and_taken_back(store: Catalogue) -> None:
    """It is kept under the organisational domain, for all accounts or one; the one's own comes first."""
    assert store.sender_levels("home") == {}
    assert store.set_sender_level("News.Shop.Example.co.uk", "paranoid") == "example.co.uk"
    store.set_sender_level("shop.example", "strict")
    store.set_sender_level("shop.example", "allow", "home")
    assert store.sender_levels("home") == {"example.co.uk": "paranoid", "shop.example": "allow"}
    assert store.sender_levels("work") == {"example.co.uk": "paranoid", "shop.example": "strict"}
    assert store.sender_levels() == store.sender_levels("work")
    assert [(s.account, s.level) for s in store.sender_level("a@shop.example")] == [
        ("", "strict"),
        ("home", "allow"),
    ]
    store.set_sender_level("shop.example", "standard")
    store.set_sender_level("shop.example", None, "home")
    assert store.sender_levels("home")["shop.example"] == "standard"
    store.set_sender_level("shop.example", None)
    assert store.sender_level("shop.example") == ()


@pytest.mark.parametrize(
    "domain", ["", "com mercial.example", "shop", "https://shop.example/", "x" * 300 + ".example"]
)
def test_what_is_no_domain(store: Catalogue, domain: str) -> None:
    """A slip of the pen is told, not kept."""
    with pytest.raises(CatalogueError, match="like shop"):
        store.set_sender_level(domain, "strict")


def test_what_is_no_level(store: Catalogue) -> None:
    """Only the levels and `allow`."""
    with pytest.raises(CatalogueError, match="paranoid, allow"):
        store.set_sender_level("shop.example", "loose")


def test_settings_outlive_the_mail(store: Catalogue) -> None:
    """Forgetting what was seen does not forget what a person wants."""
    store.record(seen(1))
    store.set_sender_level("example.org", "strict")
    store.forget(everything=True)
    assert store.sender_levels() == {"example.org": "strict"}


def kept(store: Catalogue) -> int:
    """How many patches there are."""
    with store.reading() as connection:
        return connection.scalar(select(func.count()).select_from(PatchRow)) or 0


def test_a_patch_goes_with_its_message(store: Catalogue) -> None:
    """It is found by the digest as long as a message of it is known, and is erased with the last."""
    store.record_many([seen(1), seen(2, arrived=NOON - timedelta(days=90)), seen(3)])
    with store.writing() as connection:
        for uid in (1, 2):
            patches.keep_at(connection, ("home", "INBOX", 7, uid), DIGEST, b"undo", "news.example.org")
        patches.keep_at(connection, ("home", "INBOX", 7, 3), "cd" * 32, b"other", "news.example.org")
    assert kept(store) == 3
    assert store.patch(DIGEST) == b"undo"
    assert store.patch("ef" * 32) is None
    store.forget(before=NOON - timedelta(days=30))
    assert (kept(store), store.patch(DIGEST)) == (2, b"undo")
    store.forget(sender="example.org")
    assert (kept(store), store.patch(DIGEST)) == (0, None)


def test_a_patch_kept_twice_is_one(store: Catalogue) -> None:
    """Whoever goes on after a crash keeps it again."""
    store.record(seen(1))
    for patch in (b"first", b"second"):
        with store.writing() as connection:
            patches.keep_at(connection, ("home", "INBOX", 7, 1), DIGEST, patch, "example.org")
        store.keep_patch(DIGEST[::-1], patch, "example.org")
    assert kept(store) == 2
    assert store.patch(DIGEST) == b"second"


def test_patches_of_mail_that_was_never_recorded(store: Catalogue) -> None:
    """They are forgotten by sender, by age and with everything, as mail is."""
    store.keep_patch(DIGEST, b"undo", "news.shop.example")
    store.forget(sender="other.example")
    store.forget(before=datetime.now(UTC) - timedelta(days=1))
    assert kept(store) == 1
    store.forget(sender="Shop.example")
    assert kept(store) == 0
    store.keep_patch(DIGEST, b"undo", "shop.example")
    store.forget(before=datetime.now(UTC) + timedelta(days=1))
    assert kept(store) == 0
    store.keep_patch(DIGEST, b"undo", "")
    store.forget(everything=True)
    assert kept(store) == 0
