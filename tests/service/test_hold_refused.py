"""Mode hold: one message that is refused, or cannot be gone on with, neither keeps nor takes away another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from blocker.mailbox.protocol import ConnectionLost, MailboxError
from tests.service.test_hold import SCREENING, arrives, refuse
from tests.service.test_replace import refuse_to_move
from tests.service.world import QUARANTINE, World, mail, original_of


@pytest.fixture
def held(tmp_path: Path) -> Callable[..., World]:
    """Makes a world in mode hold, already looked at once."""
    return lambda **more: World.make(tmp_path, "hold", **more).begin()


def test_two_of_the_same_bytes_arrive_both_though_the_move_broke_between_them(
    held: Callable[..., World],
) -> None:
    """One has arrived, the other is still held: what lies in the inbox is the first, not a stray of the second."""
    w = held()
    raw = mail(2, tracked=False)
    arrives(w, raw, raw)

    def fault(moment: str, operation: str, _folder: str) -> None:
        if (moment, operation) == ("before", "move"):
            w.deliver(raw)
            messages = w.server.folders[SCREENING].messages
            del messages[min(messages)]
            raise ConnectionLost("The link broke; connect again.")

    w.server.fault = fault
    with pytest.raises(ConnectionLost):
        w.look()
    w.server.fault = None
    w.look()
    assert (w.raws(), w.raws(SCREENING)) == ([raw, raw], [])


def test_one_of_two_of_the_same_bytes_that_has_to_wait_takes_nothing_away(held: Callable[..., World]) -> None:
    """The first arrived while the second was refused: at the next look it is not taken for a stray of the second."""
    w = held()
    raw = mail(2, tracked=False)
    arrives(w, raw, raw)
    moves: list[str] = []

    def fault(moment: str, operation: str, folder: str) -> None:
        if (moment, operation) == ("before", "move"):
            moves.append(folder)
            if len(moves) != 2:
                raise MailboxError("The server would not; try again.")

    w.server.fault = fault
    w.look()
    assert (w.raws(), w.raws(SCREENING)) == ([raw], [raw])
    w.server.fault = None
    w.look()
    assert (w.raws(), w.raws(SCREENING)) == ([raw, raw], [])


def test_an_inbox_that_cannot_be_searched_for_strays_keeps_no_mail_waiting(
    held: Callable[..., World],
) -> None:
    """The server gives no message of the inbox: what is recorded to be let go is let go all the same."""
    w = held()
    arrives(w, mail(2, tracked=False))
    refuse("move", SCREENING)(w, pytest.MonkeyPatch())
    w.look()
    w.deliver(mail(5))
    refuse("fetch", "INBOX")(w, pytest.MonkeyPatch())
    w.look()
    assert (w.raws(), w.raws(SCREENING)) == ([mail(5), mail(2, tracked=False)], [])
    assert any("may be in the inbox twice" in e.detail for e in w.events)


def test_one_that_cannot_be_moved_keeps_no_other(
    held: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Releases are moved in one command; where that is refused for one's sake, the others go without it."""
    w = held()
    plain = [mail(number, tracked=False) for number in (1, 2, 3)]
    arrives(w, *plain)
    refuse_to_move(monkeypatch, b"Issue 2")
    w.look()
    assert (w.raws(), w.raws(SCREENING)) == ([plain[0], plain[2]], [plain[1]])
    monkeypatch.undo()
    w.look()
    assert (sorted(w.raws()), w.raws(SCREENING)) == (plain, [])


def test_an_original_that_waits_to_leave_does_not_arrive_beside_its_copy(held: Callable[..., World]) -> None:
    """Its clean copy has arrived, so nobody waits: the move to the quarantine is tried again at the next look."""
    w = held()
    arrives(w, mail(1))

    def fault(moment: str, operation: str, folder: str) -> None:
        if moment == "before" and (operation, folder) in (("move", SCREENING), ("uids", QUARANTINE)):
            raise MailboxError("The server would not; try again.")

    w.server.fault = fault
    w.look()
    assert ([original_of(raw) for raw in w.raws()], w.raws(SCREENING)) == ([mail(1)], [mail(1)])
    w.server.fault = None
    w.look()
    assert ([original_of(raw) for raw in w.raws()], w.raws(SCREENING)) == ([mail(1)], [])
    assert w.raws(QUARANTINE) == [mail(1)]


def test_an_original_of_the_same_bytes_stays_in_the_quarantine(held: Callable[..., World]) -> None:
    """The second of two cannot be moved there: the first one's original is not taken for half a move of it."""
    w = held()
    arrives(w, mail(1), mail(1))
    moves: list[str] = []

    def fault(moment: str, operation: str, folder: str) -> None:
        if (moment, operation) == ("before", "move"):
            moves.append(folder)
            if len(moves) == 2:
                raise MailboxError("The server would not; try again.")

    w.server.fault = fault
    w.look()
    assert w.raws(QUARANTINE) == [mail(1)]
    assert sorted(str(original_of(raw)) for raw in w.raws()) == sorted([str(mail(1)), "None"])
    assert w.raws(SCREENING) == []


def test_an_exchange_that_cannot_be_gone_on_with_keeps_no_mail_waiting(
    held: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk does not give back what was spooled: that message is let go, and so is what came after it."""
    w = held()
    arrives(w, mail(1))

    def fault(moment: str, operation: str, _folder: str) -> None:
        if (moment, operation) == ("after", "append"):
            raise ConnectionLost("The link broke; connect again.")

    w.server.fault = fault
    with pytest.raises(ConnectionLost):
        w.look()
    w.server.fault = None
    arrives(w, mail(2, tracked=False))

    def read(*_arguments: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("blocker.service.exchange.spool.Spool.read", read)
    w.look()
    assert w.raws(SCREENING) == []
    assert {mail(1), mail(2, tracked=False)} <= set(w.raws())
    assert any("could not be finished" in detail for _, _, detail in w.recorded())


def test_a_screening_folder_made_anew_changes_no_record(held: Callable[..., World]) -> None:
    """What was said of a message that was to be let go is still said of it."""
    w = held()
    arrives(w, mail(2, tracked=False))
    refuse("move", SCREENING)(w, pytest.MonkeyPatch())
    w.look()
    before = w.recorded()
    w.server.fault = None
    w.server.create(SCREENING)
    w.look()
    assert w.recorded() == before == [("Issue 2", "reported", "")]
    assert {stage for _, stage in w.journal()} == {"left"}
