"""Mode hold: mail waits until it is clean, reaches the inbox once, and reaches it unchanged whatever goes wrong."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from blocker.catalogue import Catalogue, CatalogueError
from blocker.catalogue.codes import Stage
from blocker.choices.modes import Mode
from blocker.mailbox.protocol import ConnectionLost, MailboxError
from blocker.service.exchange.screener import next_step
from blocker.service.exchange.steps import Entry, LeaveAlone, Place, Release, Saw
from blocker.service.looks.hold import Waiting
from tests.doctor.test_advise import GOOD
from tests.service.inside import judging_here
from tests.service.world import QUARANTINE, World, mail, original_of, signed

SCREENING = "Screening"


@pytest.fixture
def held(tmp_path: Path) -> Callable[..., World]:
    """Makes a world in mode hold, already looked at once."""
    return lambda **more: World.make(tmp_path, "hold", **more).begin()


def arrives(w: World, *messages: bytes) -> None:
    """The server's rule files new mail into the screening folder."""
    for raw in messages:
        w.deliver(raw, ("work",), SCREENING)


def test_clean_mail_moves_on_and_tracked_mail_is_cleaned_first(held: Callable[..., World]) -> None:
    """Nothing stays behind; the inbox got each message once, the tracked one clean, its original is in quarantine."""
    w = held()
    arrivals = note_arrivals(w)
    arrives(w, mail(1), mail(2, tracked=False), signed(3))
    w.look()
    assert w.raws(SCREENING) == []
    assert len(w.raws()) == 3
    assert {original_of(raw) or raw for raw in w.raws()} == {mail(1), mail(2, tracked=False), signed(3)}
    assert mail(1) not in w.raws(), "the pixel reached no other program"
    assert w.raws(QUARANTINE) == [mail(1)]
    assert len(arrivals) == 3
    assert {frozenset(m.flags - {"$TrackerRemoved"}) for m in w.stored()} == {frozenset({"work"})}
    assert [action for _, action, _ in w.recorded()] == ["replaced", "reported", "left"]
    seen = w.operations()
    w.look()
    assert seen == []
    assert {stage for _, stage in w.journal()} == {"done"}


def note_arrivals(w: World) -> list[bytes]:
    """What any other program sees arrive in the inbox; the list grows."""
    seen: list[bytes] = []
    inbox = w.server.folders["INBOX"]
    add = inbox.add

    def noted(raw: bytes, flags: frozenset[str], when: datetime) -> int:
        seen.append(raw)
        return add(raw, flags, when)

    inbox.add = noted  # type: ignore[method-assign]
    return seen


def test_mail_that_waited_before_the_service_was_there_is_let_go(tmp_path: Path) -> None:
    """The first look does not begin with what comes: whatever is held is dealt with."""
    w = World.make(tmp_path, "hold")
    w.server.create(SCREENING)
    arrives(w, mail(1), mail(2, tracked=False))
    w.look()
    assert w.raws(SCREENING) == []
    assert len(w.raws()) == 2
    assert w.raws(QUARANTINE) == [mail(1)]


def test_the_same_mail_twice_arrives_twice(held: Callable[..., World]) -> None:
    """Two deliveries of the same bytes are two messages, both clean."""
    w = held()
    arrives(w, mail(1), mail(1), mail(2))
    w.look()
    assert sorted(filter(None, map(original_of, w.raws()))) == [mail(1), mail(1), mail(2)]
    assert w.raws(SCREENING) == []
    assert sorted(w.raws(QUARANTINE)) == [mail(1), mail(1), mail(2)]


def refuse(operation: str, folder: str) -> Callable[[World, pytest.MonkeyPatch], None]:
    """The server refuses an operation in a folder."""

    def set_up(w: World, _patch: pytest.MonkeyPatch) -> None:
        def fault(moment: str, asked: str, where: str) -> None:
            if (moment, asked, where) == ("before", operation, folder):
                raise MailboxError("The server would not; try again.")

        w.server.fault = fault

    return set_up


def alter(w: World, _patch: pytest.MonkeyPatch) -> None:
    """The server rewrites what it stores."""
    w.server.alters = lambda raw: raw.replace(b"Hello", b"Hallo")


def full(w: World, _patch: pytest.MonkeyPatch) -> None:
    """There is room for a move, not for a copy."""
    w.server.quota = sum(map(len, w.raws(SCREENING))) + 10


def confused(_w: World, patch: pytest.MonkeyPatch) -> None:
    """A mistake of ours in judging."""
    judging_here(patch)
    patch.setattr("blocker.judging.worker.judge", lambda *_a, **_k: 1 / 0)


def broken(_w: World, patch: pytest.MonkeyPatch) -> None:
    """A mistake of ours further on."""
    patch.setattr("blocker.service.looks.held.decide", lambda *_a, **_k: 1 / 0)


def no_disk(_w: World, patch: pytest.MonkeyPatch) -> None:
    """The spool's disk is full."""

    def keep(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    patch.setattr("blocker.service.exchange.spool.Spool.keep", keep)


def no_catalogue(_w: World, patch: pytest.MonkeyPatch) -> None:
    """Nothing can be recorded."""

    def record(*_arguments: object) -> None:
        raise CatalogueError("The disk is full: make room.")

    patch.setattr("blocker.service.exchange.journal.Batch.record", record)


TROUBLES = {
    "append refused": refuse("append", "INBOX"),
    "read-back refused": refuse("fetch", "INBOX"),
    "copies rewritten": alter,
    "no room": full,
    "judging fails": confused,
    "deciding fails": broken,
    "disk full": no_disk,
    "quarantine refused": refuse("status", QUARANTINE),
    "no quarantine": refuse("ensure", QUARANTINE),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_whatever_goes_wrong_the_mail_arrives_unchanged(
    held: Callable[..., World],
    trouble: Callable[[World, pytest.MonkeyPatch], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each message is in the inbox once, byte for byte, at the end of the very look that met the trouble."""
    w = held()
    arrives(w, mail(1), mail(2, tracked=False))
    trouble(w, monkeypatch)
    w.look()
    assert sorted(w.raws()) == sorted([mail(1), mail(2, tracked=False)])
    assert w.raws(SCREENING) == []
    assert w.raws(QUARANTINE) == []


def test_mail_arrives_while_nothing_can_be_recorded(
    held: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The catalogue's disk is full: each message arrives once, clean or as it was; later the records are finished."""
    w = held()
    arrives(w, mail(1), mail(2, tracked=False))
    with monkeypatch.context() as patch:
        no_catalogue(w, patch)
        w.look()
        assert sorted(original_of(raw) or raw for raw in w.raws()) == sorted(
            [mail(1), mail(2, tracked=False)]
        )
        assert w.raws(SCREENING) == []
    w.look()
    assert len(w.raws()) == 2
    assert {stage for _, stage in w.journal()} <= {"done"}


def test_a_release_that_is_refused_is_tried_again(held: Callable[..., World]) -> None:
    """The server would not move: that is told, nothing is lost, and the next look releases."""
    w = held()
    arrives(w, mail(2, tracked=False))
    refuse("move", SCREENING)(w, pytest.MonkeyPatch())
    w.look()
    assert w.raws(SCREENING) == [mail(2, tracked=False)]
    assert any(e.action == "trouble" and "could not be released" in e.detail for e in w.events)
    w.server.fault = None
    w.look()
    assert (w.raws(), w.raws(SCREENING)) == ([mail(2, tracked=False)], [])


OPERATIONS = ("open", "status", "uids", "sizes", "fetch", "append", "flags", "move")


@pytest.mark.once
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_link_that_breaks_loses_and_doubles_nothing(
    held: Callable[..., World], operation: str, moment: str
) -> None:
    """At each use of each operation, before or after it happened: after further looks every message arrived once."""
    w = held()
    number = 0
    while True:
        number += 1
        for folder in ("INBOX", QUARANTINE, SCREENING):
            w.server.folders[folder].messages.clear()
        arrives(w, mail(number), mail(1000 + number, tracked=False))
        count = 0

        def fault(when: str, asked: str, _folder: str, number: int = number) -> None:
            nonlocal count
            if (when, asked) == (moment, operation):
                count += 1
                if count == number:
                    raise ConnectionLost("The link broke; connect again.")

        w.server.fault = fault
        try:
            w.look()
            whole = True
        except ConnectionLost:
            whole = False
        w.server.fault = None
        assert w.exists(mail(number))
        w.look()
        arrived = [original_of(raw) or raw for raw in w.raws()]
        assert sorted(arrived) == sorted([mail(number), mail(1000 + number, tracked=False)])
        assert w.raws(SCREENING) == []
        if whole:
            assert number > 1, "the operation was used at all"
            return


def test_an_interrupted_copy_is_taken_away_before_the_move_is_asked_for_again(
    held: Callable[..., World],
) -> None:
    """Where a move is COPY and EXPUNGE, a link that breaks in between leaves two: the inbox ends with one."""
    w = held()
    raw = mail(2, tracked=False)
    arrives(w, raw)

    def fault(moment: str, operation: str, _folder: str) -> None:
        if (moment, operation) == ("before", "move"):
            w.deliver(raw)
            raise ConnectionLost("The link broke; connect again.")

    w.server.fault = fault
    with pytest.raises(ConnectionLost):
        w.look()
    assert (w.raws(), w.raws(SCREENING)) == ([raw], [raw])
    w.server.fault = None
    w.look()
    assert (w.raws(), w.raws(SCREENING)) == ([raw], [])


def test_what_is_held_too_long_is_let_go_unread(
    held: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the deadline no message waits to be judged; the record says why."""
    w = held(hold_seconds=30.0)
    arrives(w, mail(1), mail(2))
    monkeypatch.setattr(Waiting, "too_long", lambda _self, _place, seconds: seconds == 30.0)
    w.look()
    assert sorted(w.raws()) == [mail(1), mail(2)]
    assert {detail for _, _, detail in w.recorded()} == {"it was held for more than 30 seconds"}


def test_waiting_is_counted_from_when_a_message_was_first_seen() -> None:
    """By this process's own clock: what is gone is forgotten, what is new begins at nought."""
    waiting, place, other = Waiting(), Place("a", "S", 1, 1), Place("a", "S", 1, 2)
    waiting.keep([place])
    waiting.since[place] = time.monotonic() - 100
    waiting.keep([place, other])
    assert waiting.too_long(place, 99)
    assert not waiting.too_long(other, 1)
    waiting.keep([other])
    assert not waiting.too_long(place, 1)


def test_a_server_that_is_not_fit_lets_everything_go(held: Callable[..., World]) -> None:
    """Where the doctor saw that replacing is not safe, held mail is judged, recorded, and let go unchanged."""
    w = held()
    with Catalogue.open(w.config.database) as catalogue:
        found = replace(GOOD, host=w.account.host, same_id="dropped")
        catalogue.save_profile("ada", w.account.host, "flag", found.as_dict())
    arrives(w, mail(1))
    w.look()
    assert (w.raws(), w.raws(SCREENING)) == ([mail(1)], [])
    assert any("let go unchanged" in e.detail for e in w.events if e.action == "trouble")


def test_a_sweep_changes_nothing_on_a_server_that_is_not_fit(held: Callable[..., World]) -> None:
    """Past mail is replaced where it lies only where held mail may be exchanged."""
    w = held(hold_seconds=0.0)
    w.deliver(mail(1))
    seen = w.operations()
    w.run(lambda r: r.sweep("ada"))
    assert (w.raws(), w.raws(QUARANTINE), seen) == ([mail(1)], [], [])
    assert [action for _, action, _ in w.recorded()] == ["reported"]


def test_an_original_can_be_put_back(held: Callable[..., World]) -> None:
    """Into the inbox, in place of its copy there."""
    w = held()
    arrives(w, mail(1))
    w.look()
    with Catalogue.open(w.config.database) as catalogue:
        (line,) = catalogue.messages().items
    told: list[str] = []
    w.run(lambda r: r.restore("ada", [line.id], lambda _number, why: told.append(why)))
    assert told == [""]
    assert (w.raws(), w.raws(QUARANTINE), w.raws(SCREENING)) == ([mail(1)], [], [])
    w.look()
    assert w.raws() == [mail(1)]


def test_a_sweep_treats_the_inbox_where_it_is(held: Callable[..., World]) -> None:
    """Past mail was never held; it is replaced in place, and what was released clean is let be."""
    w = held()
    arrives(w, mail(1))
    w.deliver(mail(2))
    w.look()
    w.run(lambda r: r.sweep("ada"))
    assert sorted(filter(None, map(original_of, w.raws()))) == [mail(1), mail(2)]
    assert sorted(w.raws(QUARANTINE)) == [mail(1), mail(2)]


def test_every_end_of_an_exchange_lets_the_message_go() -> None:
    """Where the plan would leave a message or try later, it is released; not where its owner has taken it."""
    place = Place("ada", SCREENING, 1, 7)
    entry = Entry(place, Stage.PLANNED, mode=Mode.REPLACE, uidnext=5, copy_in="INBOX")
    assert isinstance(next_step(entry, Saw(sent=None, refused="no room")), Release)
    old = next_step(entry, Saw(sent=True, answered=3, found=()))
    assert isinstance(old, Release)
    assert next_step(entry, Saw(sent=True, answered=7)) != old, (
        "the same UID in another folder is another message"
    )
    gone = next_step(replace(entry, stage=Stage.UNDOING, reason="x"), Saw(original="gone", removed=True))
    assert isinstance(gone, LeaveAlone)
    assert next_step(replace(entry, stage=Stage.RELEASING), Saw()) is None


def test_the_folders_must_differ() -> None:
    """A screening folder that is watched, or keeps originals, would go in circles."""
    from blocker.config import ConfigError, parse

    text = (
        '[accounts.a]\naddress = "a@example.org"\nhost = "h.example.org"\nmode = "hold"\nscreening = "{}"\n'
    )
    assert parse(text.format("Holding"), Path("c.toml")).accounts[0].screening == "Holding"
    for name in ("INBOX", QUARANTINE):
        with pytest.raises(ConfigError, match="cannot hold new mail"):
            parse(text.format(name), Path("c.toml"))
