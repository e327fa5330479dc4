"""Room on the server is asked for before a copy is sent, and some of it left free for mail to come."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from blocker.service.exchange.quota import SPARE_MOST, Quota
from tests.mailbox.memory import MemoryAccount, MemoryStore
from tests.service.world import QUARANTINE, World, mail, original_of

Make = Callable[..., World]


def full(w: World) -> None:
    """The account says that it has no room for a copy; it would take one, were it sent."""
    used = w.server.used()
    w.server.tells_quota, w.server.quota = True, used + used // 20 + len(mail()) // 2


@pytest.mark.parametrize(
    ("used", "limit", "octets", "fits"),
    [
        (0, 1000, 950, True),
        (0, 1000, 951, False),  # one in twenty stays free
        (949, 1000, 1, True),
        (950, 1000, 1, False),
        (2000, 1000, 1, False),
        (10, 0, 100, True),  # no limit
        (0, 10**12, 10**12 - SPARE_MOST, True),
        (0, 10**12, 10**12 - SPARE_MOST + 1, False),
    ],
)
def test_some_stays_free(
    used: int, limit: int, octets: int, fits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy is made where so much is left after it; what is full, or over its quota, takes none."""
    monkeypatch.setattr(MemoryAccount, "used", lambda _: used)
    store = MemoryStore(MemoryAccount(quota=limit, tells_quota=True))
    assert (Quota(store, "INBOX").take(octets) == "") == fits


def test_what_is_under_way_counts() -> None:
    """Copies are counted before they are sent; later the server is asked again, as others use the account too."""
    store = MemoryStore(MemoryAccount(quota=1000, tells_quota=True))
    room = Quota(store, "INBOX")
    assert [bool(room.take(400)) for _ in range(3)] == [False, False, True]
    assert not room.take(100), "a smaller one still fits"
    room.forget()
    assert not room.take(400)


def test_a_server_that_does_not_tell_is_taken_at_its_word() -> None:
    """Its refusal is heeded when it comes."""
    assert not Quota(MemoryStore(MemoryAccount(quota=10)), "INBOX").take(10**9)


@pytest.mark.parametrize("mode", ["replace", "copy"])
def test_a_full_account_is_only_flagged(world: Make, mode: str) -> None:
    """Nothing is sent, the mail is marked, the reason recorded; once there is room, a sweep makes up for it."""
    w = world(mode)
    w.deliver(mail())
    full(w)
    seen = w.operations()
    for _ in range(2):
        w.look()
    assert (w.raws(), w.raws(QUARANTINE)) == ([mail()], [])
    assert seen == ["add_flags"]
    assert "$Tracked" in w.stored()[0].flags
    ((_, action, detail),) = w.recorded()
    assert (action, detail[:23]) == ("flagged", "the account is too full")
    w.server.quota = None
    w.run(lambda runner: runner.sweep("ada"))
    assert [original_of(raw) for raw in w.raws()] == ([mail()] if mode == "replace" else [None, mail()])
    assert [action for _, action, _ in w.recorded()] == ["replaced" if mode == "replace" else "copied"]


def test_what_still_fits_is_exchanged(world: Make) -> None:
    """Of three, two have room: the third is flagged, and keeps no other."""
    w = world()
    w.deliver(mail(1))
    before = w.server.used()
    w.look()
    copy = w.server.used() - before
    for number in (2, 3, 4):
        w.deliver(mail(number))
    w.server.tells_quota, w.server.quota = True, (w.server.used() + copy * 5 // 2) * 20 // 19
    w.look()
    assert [action for _, action, _ in w.recorded()] == ["replaced"] * 3 + ["flagged"]


def test_a_copy_above_the_server_s_limit_is_not_sent(world: Make) -> None:
    """APPENDLIMIT between the original's size and its copy's: the mail is marked instead."""
    w = world()
    w.deliver(mail())
    w.server.append_limit = len(mail()) + 10
    seen = w.operations()
    w.look()
    assert (w.raws(), seen) == ([mail()], ["add_flags"])
    assert w.recorded() == [("Issue 1", "flagged", "its copy would be larger than the server takes")]


def test_held_mail_without_room_is_let_go_unchanged(world: Make) -> None:
    """Mode hold does not wait for somebody to make room."""
    w = world("hold")
    w.deliver(mail(), folder="Screening")
    full(w)
    w.look()
    assert (w.raws(), w.raws("Screening"), w.raws(QUARANTINE)) == ([mail()], [], [])
    ((_, action, detail),) = w.recorded()
    assert action == "left"
    assert "too full" in detail
