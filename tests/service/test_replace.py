"""Mode replace: what a mailbox looks like before and after, also when servers and people interfere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace as with_
from datetime import datetime
from pathlib import Path

import pytest

from blocker.mailbox.protocol import ConnectionLost, MailboxError
from blocker.service import Runner
from tests.mailbox.memory import EVERY_FLAG, SYSTEM_FLAGS, MemoryMailbox
from tests.service.world import ARRIVED, QUARANTINE, World, mail, original_of, signed

Make = Callable[..., World]


def test_a_tracked_message_is_exchanged(world: Make) -> None:
    """A copy without the pixel lies in its place, with its flags and date; the original is in the quarantine."""
    w = world()
    w.deliver(mail())
    w.look()
    (copy,) = w.stored()
    (original,) = w.stored(QUARANTINE)
    assert original.raw == mail()
    assert b"open.tracker.example" not in copy.raw
    assert original_of(copy.raw) == mail()
    assert copy.flags == {"\\Seen", "work", "$TrackerRemoved"}
    assert copy.internal_date == original.internal_date == ARRIVED
    assert w.recorded() == [("Issue 1", "replaced", "")]
    assert w.spooled() == [], "the spool is let go once the original lies in the quarantine"
    assert QUARANTINE not in w.server.subscribed


def test_what_holds_no_tracker_is_not_touched(world: Make) -> None:
    """A message without a tracker, a signed one, and one its owner marked as deleted stay as they are."""
    w = world()
    w.deliver(mail(1, tracked=False))
    w.deliver(signed(2))
    w.deliver(mail(3), ("\\Deleted",))
    before = w.stored()
    seen = w.operations()
    w.look()
    assert (w.stored(), w.stored(QUARANTINE), seen) == (before, [], [])
    assert [(subject, action) for subject, action, _ in w.recorded()] == [
        ("Issue 1", "reported"),
        ("Issue 2", "left"),
        ("Issue 3", "left"),
    ]
    reasons = [detail for _, _, detail in w.recorded()]
    assert "signed" in reasons[1]
    assert reasons[2] == "it is marked as deleted"


def test_running_again_changes_nothing(world: Make) -> None:
    """Our own copies are not treated again: not after a restart, and not after a lost catalogue."""
    w = world()
    for number in range(3):
        w.deliver(mail(number))
    w.look()
    before = w.state()
    seen = w.operations()
    w.look()
    w.look()
    w.run(lambda runner: runner.sweep("ada"))
    assert (w.state(), seen) == (before, [])
    (w.directory / "catalogue.sqlite").unlink()
    for leftover in w.directory.glob("catalogue.sqlite-*"):
        leftover.unlink()
    w.run(lambda runner: runner.sweep("ada"))
    assert seen == [], "without its journal it knows its copies by their own field"


def test_the_first_look_begins_with_mail_from_now_on(tmp_path: Path) -> None:
    """Mail that was there before is left to `sweep`."""
    w = World.make(tmp_path)
    w.deliver(mail(1))
    w.look()
    w.deliver(mail(2))
    w.look()
    assert [subject for subject, _, _ in w.recorded()] == ["Issue 2"]
    assert mail(1) in w.raws()


def lose(operation: str, moment: str, times: int = 1) -> Callable[[str, str, str], None]:
    """The link breaks before or after an operation, so many times."""
    left = [times]

    def fault(when: str, what: str, _folder: str) -> None:
        if (what, when) == (operation, moment) and left[0]:
            left[0] -= 1
            raise ConnectionLost("the link broke")

    return fault


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("operation", ["append", "move", "fetch", "flags", "status", "uids", "headers"])
@pytest.mark.parametrize("appenduid", [True, False])
def test_a_lost_answer_leaves_one_copy(world: Make, operation: str, moment: str, appenduid: bool) -> None:
    """Whatever the link loses, one copy and one original are there in the end."""
    w = world()
    w.server.appenduid = appenduid
    w.deliver(mail())
    w.server.fault = lose(operation, moment)
    for _ in range(2):
        try:
            w.look()
        except ConnectionLost:
            assert w.exists(mail())
    w.look()
    assert [original_of(raw) for raw in w.raws()] == [mail()]
    assert w.raws(QUARANTINE) == [mail()]
    assert w.recorded() == [("Issue 1", "replaced", "")]


def test_a_copy_that_reads_back_differently_is_taken_away(world: Make) -> None:
    """A server that changes what it stores keeps the original, and the reason is recorded."""
    w = world()
    w.server.alters = lambda raw: raw.replace(b"Hello", b"Hullo")
    w.deliver(mail())
    w.look()
    assert w.raws() == [mail()]
    assert w.raws(QUARANTINE) == []
    assert w.recorded() == [("Issue 1", "left", "the server changed the neutralised copy")]
    assert w.spooled() == []


def test_a_server_that_changes_every_copy_is_soon_sent_none(world: Make) -> None:
    """Each would have come and gone before its owner's eyes: after three in a row mail is only marked, and that is told."""
    w = world()
    w.server.alters = lambda raw: raw.replace(b"Hello", b"Hullo")
    seen = w.operations()

    def four_and_one(runner: Runner) -> None:
        for number in range(1, 5):
            w.deliver(mail(number))
            runner.once()
        w.server.alters = None
        w.deliver(mail(5))
        runner.once()

    w.run(four_and_one)
    assert seen.count("append") == 3
    assert w.raws() == [mail(number) for number in range(1, 6)]
    assert [(action, detail) for _, action, detail in w.recorded()] == [
        *[("left", "the server changed the neutralised copy")] * 3,
        *[("flagged", "the server changes what is stored")] * 2,
    ]
    (told,) = [event.detail for event in w.events if event.action == "trouble"]
    assert "memory.example" in told
    assert "`unpixel doctor ada`" in told


def test_one_altered_copy_among_good_ones_is_no_reason(world: Make) -> None:
    """Only a row of them counts: what reads back well in between begins it anew."""
    w = world()

    def every_other(runner: Runner) -> None:
        for number in range(1, 9):
            w.server.alters = (lambda raw: raw.replace(b"Hello", b"Hullo")) if number % 2 else None
            w.deliver(mail(number))
            runner.once()

    w.run(every_other)
    assert [action for _, action, _ in w.recorded()] == ["left", "replaced"] * 4


def test_line_ends_made_canonical_are_no_difference(world: Make) -> None:
    """IMAP prescribes CRLF: a server that stores bare LFs so has kept the message."""
    w = world()
    raw = mail().replace(b"\r\n", b"\n")
    w.server.alters = lambda given: given.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    w.deliver(raw)
    w.look()
    assert w.raws(QUARANTINE) == [raw]
    assert w.recorded() == [("Issue 1", "replaced", "")]


def test_without_room_nothing_happens(world: Make) -> None:
    """Over quota: the original stays, it is tried at three looks, then the reason is recorded."""
    w = world()
    w.deliver(mail())
    w.server.quota = len(mail()) + 100
    seen = w.operations()
    for _ in range(5):
        w.look()
    assert (w.raws(), w.raws(QUARANTINE)) == ([mail()], [])
    assert seen == ["append"] * 3
    ((_, action, detail),) = w.recorded()
    assert action == "left"
    assert "no room" in detail


def test_room_made_in_time_is_used(world: Make) -> None:
    """A quota that is raised between two looks lets the exchange go on."""
    w = world()
    w.deliver(mail())
    w.server.quota = len(mail()) + 100
    w.look()
    w.server.quota = None
    w.look()
    assert w.recorded() == [("Issue 1", "replaced", "")]
    assert len(w.raws()) == 1


def when(w: World, operation: str, act: Callable[[], None], moment: str = "before", times: int = 1) -> None:
    """Somebody else does something right before or after an operation of ours."""
    left = [times]

    def fault(at: str, what: str, _folder: str) -> None:
        if (at, what) == (moment, operation) and left[0]:
            left[0] -= 1
            act()

    w.server.fault = fault


def take_away(w: World, uid: int, to: str | None = None) -> None:
    """The owner deletes a message, or moves it."""
    stored = w.server.folders["INBOX"].messages.pop(uid)
    if to is not None:
        w.server.folders.get(to) or w.server.create(to)
        w.server.folders[to].add(stored.raw, stored.flags, stored.internal_date)


@pytest.mark.parametrize("to", [None, "Archive"])
def test_an_original_its_owner_took_stays_taken(world: Make, to: str | None) -> None:
    """Who deletes or moves the mail meanwhile does not find a copy of it in the inbox."""
    w = world()
    uid = w.deliver(mail())
    when(w, "append", lambda: take_away(w, uid, to), "after")
    w.look()
    assert w.raws() == []
    assert w.raws(QUARANTINE) == []
    assert w.raws("Archive") == ([mail()] if to else [])
    ((_, action, detail),) = w.recorded()
    assert action == "left"
    assert "moved or deleted meanwhile" in detail
    assert w.spooled() == [mail()], "had the server dropped it, these would be its last bytes"


def test_an_original_taken_before_the_append_is_not_brought_back(world: Make) -> None:
    """A deletion while the service was down is respected: nothing is appended then."""
    w = world()
    uid = w.deliver(mail())
    w.server.fault = lose("append", "before")
    with pytest.raises(ConnectionLost):
        w.look()
    take_away(w, uid)
    seen = w.operations()
    w.look()
    assert (w.raws(), seen) == ([], [])


def set_flags(w: World, uid: int, flags: frozenset[str]) -> None:
    """The owner changes a message's flags."""
    messages = w.server.folders["INBOX"].messages
    messages[uid] = with_(messages[uid], flags=flags)


def test_flags_set_meanwhile_are_carried(world: Make) -> None:
    """A flag that the owner sets between our reading and our moving stands on the copy."""
    w = world()
    uid = w.deliver(mail(), ("\\Seen",))
    when(w, "append", lambda: set_flags(w, uid, frozenset({"\\Seen", "\\Flagged"})), "after")
    w.look()
    (copy,) = w.stored()
    assert copy.flags == {"\\Seen", "\\Flagged", "$TrackerRemoved"}


def test_flags_taken_away_meanwhile_are_taken_away(world: Make) -> None:
    """A flag that the owner takes away does not come back with the copy."""
    w = world()
    uid = w.deliver(mail(), ("\\Seen", "\\Flagged"))
    when(w, "append", lambda: set_flags(w, uid, frozenset({"\\Flagged"})), "after")
    w.look()
    w.look()
    (copy,) = w.stored()
    assert copy.flags == {"\\Flagged", "$TrackerRemoved"}
    assert w.raws(QUARANTINE) == [mail()]


def test_a_refused_move_takes_the_copy_back(world: Make) -> None:
    """Where the original cannot be moved there are not two messages in the end."""
    w = world()
    w.deliver(mail())

    def refuse(at: str, what: str, _folder: str) -> None:
        if (at, what) == ("before", "move"):
            raise MailboxError("no right to move; ask for it.")

    w.server.fault = refuse
    w.look()
    assert (w.raws(), w.raws(QUARANTINE)) == ([mail()], [])
    ((_, action, detail),) = w.recorded()
    assert action == "left"
    assert "no right to move" in detail


def test_a_refusal_that_no_step_foresaw_ends(world: Make) -> None:
    """It is tried at the next looks, but not for ever: after the last time the message is left alone, and whole."""
    w = world()
    w.deliver(mail())
    asked = 0

    def refuse(at: str, what: str, folder: str) -> None:
        nonlocal asked
        if (at, what, folder) == ("before", "flags", "INBOX"):
            asked += 1
            raise MailboxError("not now; try again.")

    w.server.fault = refuse
    for _ in range(10):
        w.look()
    assert 1 <= asked <= 12, (
        "three times before its copy is taken away and three times after, in two ways each"
    )
    assert w.raws() == [mail()]
    assert [action for _, action, _ in w.recorded()] == ["left"]


def refuse_to_move(monkeypatch: pytest.MonkeyPatch, subject: bytes) -> None:
    """The server moves nothing as long as a message with these words is among what it is asked for."""
    real = MemoryMailbox.move

    def move(self: MemoryMailbox, uids: Sequence[int], folder: str) -> None:
        if any(subject in stored.raw for stored in self.fetch(uids)):
            raise MailboxError("it cannot be moved; look at it in a mail program.")
        real(self, uids, folder)

    monkeypatch.setattr(MemoryMailbox, "move", move)


def test_one_that_cannot_be_moved_keeps_no_other(world: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several originals are moved in one command; where that is refused for one's sake, the others go without it."""
    w = world()
    for number in (1, 2, 3):
        w.deliver(mail(number))
    refuse_to_move(monkeypatch, b"Issue 2")
    w.look()
    assert [action for _, action, _ in w.recorded()] == ["replaced", "left", "replaced"]
    assert w.raws(QUARANTINE) == [mail(1), mail(3)]
    assert sorted(original_of(raw) or raw for raw in w.raws()) == [mail(1), mail(2), mail(3)]
    assert mail(2) in w.raws()


def test_half_a_move_of_several_leaves_each_once(world: Make) -> None:
    """One of two was copied to the quarantine, then all was refused: both are moved, and none lies there twice."""
    w = world()
    w.deliver(mail(1))
    w.deliver(mail(2))

    def half(at: str, what: str, _folder: str) -> None:
        if (at, what) == ("before", "move"):
            w.server.fault = None
            w.server.deliver(mail(1), QUARANTINE)
            raise MailboxError("the folder cannot be changed.")

    w.server.fault = half
    w.look()
    assert sorted(w.raws(QUARANTINE)) == [mail(1), mail(2)]
    assert sorted(filter(None, map(original_of, w.raws()))) == [mail(1), mail(2)]
    assert [action for _, action, _ in w.recorded()] == ["replaced", "replaced"]


def test_a_refusal_of_several_that_were_stored_all_the_same(world: Make) -> None:
    """Before each copy is sent alone, it is looked for: none is there twice in the end."""
    w = world()
    w.deliver(mail(1))
    w.deliver(mail(2))

    def late(at: str, what: str, _folder: str) -> None:
        if (at, what) == ("after", "append_many"):
            raise MailboxError("something went wrong.")

    w.server.fault = late
    w.look()
    assert sorted(map(str, map(original_of, w.raws()))) == sorted(map(str, [mail(1), mail(2)]))
    assert sorted(w.raws(QUARANTINE)) == [mail(1), mail(2)]


def test_half_a_move_is_cleared_up(world: Make) -> None:
    """COPY went through and the rest did not: the copy in the quarantine goes, the original stays."""
    w = world()
    w.deliver(mail())

    def half(at: str, what: str, _folder: str) -> None:
        if (at, what) == ("before", "move"):
            w.server.fault = None
            w.server.deliver(mail(), QUARANTINE)
            raise MailboxError("the folder cannot be changed.")

    w.server.fault = half
    w.look()
    assert (w.raws(), w.raws(QUARANTINE)) == ([mail()], [])


def test_a_server_that_answers_with_an_old_message_is_not_believed(world: Make) -> None:
    """APPENDUID of a message that was there before: nothing of ours is there, and nothing is taken away."""
    w = world()
    uid = w.deliver(mail())
    folder = w.server.folders["INBOX"]
    real = folder.add
    folder.add = lambda raw, flags, when: uid if original_of(raw) else real(raw, flags, when)  # type: ignore[method-assign]
    w.look()
    assert (w.raws(), w.raws(QUARANTINE)) == ([mail()], [])
    ((_, action, detail),) = w.recorded()
    assert action == "left"
    assert "already had" in detail


def test_a_server_that_drops_the_original_on_append_loses_nothing(world: Make) -> None:
    """Some servers keep one of two messages with the same Message-ID: the spool still has the bytes."""
    w = world()
    uid = w.deliver(mail())
    when(w, "append", lambda: take_away(w, uid), "after")
    w.server.alters = lambda raw: raw + b"x"
    w.look()
    assert w.exists(mail())
    assert len(w.raws()) == 1, "the copy that is left is not taken away too"


def test_a_folder_made_anew_is_begun_anew(world: Make) -> None:
    """After a change of UIDVALIDITY no old UID is acted on: other messages have them now."""
    w = world()
    w.deliver(mail(1))
    w.server.fault = lose("append", "after")
    with pytest.raises(ConnectionLost):
        w.look()
    w.server.create("INBOX")
    for number in (7, 8, 9):
        w.deliver(mail(number))
    seen = w.operations()
    w.look()
    assert w.raws() == [mail(7), mail(8), mail(9)]
    assert seen == []
    assert w.spooled() == [mail(1)]
    w.deliver(mail(10))
    w.look()
    assert [action for _, action, _ in w.recorded()] == ["left", "replaced"]


@pytest.mark.parametrize(
    ("flags", "moves", "action"),
    [
        (frozenset(), True, "left"),
        (frozenset({"\\Seen"}), True, "left"),
        (EVERY_FLAG, False, "flagged"),
        (SYSTEM_FLAGS, False, "left"),
        (SYSTEM_FLAGS, True, "replaced"),
        (EVERY_FLAG, True, "replaced"),
    ],
)
def test_what_the_folder_allows_decides(world: Make, flags: frozenset[str], moves: bool, action: str) -> None:
    """Without the right to delete nothing is appended; without MOVE and UIDPLUS the message is only flagged."""
    w = world()
    w.server.folders["INBOX"].permanent_flags = flags
    w.server.moves = moves
    w.deliver(mail(), ())
    seen = w.operations()
    w.look()
    assert [done for _, done, _ in w.recorded()] == [action]
    assert ("append" in seen) == (action == "replaced")
    assert mail() in (w.raws() if action != "replaced" else w.raws(QUARANTINE))
    if action == "replaced":
        assert ("$TrackerRemoved" in w.stored()[0].flags) == ("\\*" in flags)


def test_nothing_but_our_own_copy_is_ever_removed(world: Make) -> None:
    """A server that names another new message as our copy: that one stays, and ours is found by its own field."""
    w = world()
    w.deliver(mail())
    other = b"Subject: other\r\n\r\nx\r\n"
    folder = w.server.folders["INBOX"]
    real = folder.add

    def lie(raw: bytes, flags: frozenset[str], when: datetime) -> int:
        real(raw, flags, when)
        return real(other, frozenset(), when)

    folder.add = lie  # type: ignore[method-assign]
    for _ in range(4):
        w.look()
    assert [original_of(raw) or raw for raw in w.raws()] == [mail(), other]
    assert w.raws(QUARANTINE) == [mail()]
