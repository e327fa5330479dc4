"""Large mail costs what is read of it and not its attachments, unless it has to be changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from blocker.catalogue import Catalogue
from blocker.mailbox.protocol import ConnectionLost
from tests.servers.dovecot import Dovecot
from tests.servers.proxy import Proxy
from tests.service.test_dovecot import Client, Place
from tests.service.world import ARRIVED, QUARANTINE, World, mail, original_of

Make = Callable[..., World]
MB = 1024 * 1024


def letter(number: int = 1, *, tracked: bool = True, octets: int = MB) -> bytes:
    """A newsletter with an attachment of about that many octets."""
    head, _, page = mail(number, tracked=tracked).partition(b"\r\n\r\n")
    fields, _, kind = head.partition(b"Content-Type")
    return (
        fields
        + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type'
        + kind
        + b"\r\n\r\n"
        + page
        + b"\r\n--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=\r\n" * (octets // 38)
        + b"--b--\r\n"
    )


@pytest.fixture
def world(tmp_path: Path) -> Make:
    """Makes a world that has looked once."""
    return lambda *mode, **more: World.make(tmp_path, *mode, **more).begin()


def done(w: World) -> list[tuple[str, str]]:
    """The operations from now on, with their folders, as they come."""
    found: list[tuple[str, str]] = []

    def note(moment: str, operation: str, folder: str) -> None:
        if moment == "before" and operation in ("skim", "fetch"):
            found.append((operation, folder))

    w.server.fault = note
    return found


@pytest.mark.parametrize("mode", ["report", "flag"])
def test_who_changes_nothing_reads_no_attachment(world: Make, mode: str) -> None:
    """The same is found as in the whole message, and the size told is the whole one's."""
    w = world(mode)
    w.deliver(letter())
    asked = done(w)
    w.look()
    assert asked == [("skim", "INBOX")]
    assert w.recorded() == [("Issue 1", {"report": "reported", "flag": "flagged"}[mode], "")]
    with Catalogue.open(w.config.database) as catalogue:
        (kept,) = catalogue.messages().items
        detail = catalogue.message(kept.id)
    assert detail is not None
    assert detail.size == len(letter())
    assert [r.verdict.kind for r in detail.report.references] == ["pixel"]
    assert detail.report.references[0].span == (0, 0), "its place in the whole message is not known"
    assert detail.report.message.sha256 == ""


def test_what_has_to_be_changed_is_read_whole(world: Make) -> None:
    """The tracked one is exchanged exactly; of the other the attachment is never asked for."""
    w = world("replace")
    w.deliver(letter(1))
    w.deliver(letter(2, tracked=False))
    asked = done(w)
    w.look()
    w.server.fault = None
    assert asked[:3] == [("skim", "INBOX"), ("fetch", "INBOX"), ("skim", "INBOX")]
    assert w.raws(QUARANTINE) == [letter(1)]
    assert sorted(original_of(raw) or raw for raw in w.raws()) == sorted(
        [letter(1), letter(2, tracked=False)]
    )
    w.look()
    assert len(w.raws()) == 2, "our own large copy is known again"


def test_above_the_limit_it_is_judged_and_left(world: Make) -> None:
    """In a mode that changes mail the reason is told; a mode that only looks has none to tell."""
    w = world("replace")
    w.limit_mb = 0.3
    w.deliver(letter(1))
    w.deliver(letter(2, tracked=False))
    w.look()
    assert w.recorded() == [("Issue 1", "left", "it is larger than 0.3 MB"), ("Issue 2", "reported", "")]
    assert w.raws() == [letter(1), letter(2, tracked=False)]


def test_what_was_set_for_its_sender_wants_the_whole(world: Make) -> None:
    """Its signature covers the attachments."""
    w = world("flag")
    with Catalogue.open(w.config.database) as catalogue:
        catalogue.set_sender_level("shop.example", "allow", account="ada")
    w.deliver(letter())
    asked = done(w)
    w.look()
    assert asked == [("skim", "INBOX"), ("fetch", "INBOX")]


def test_a_server_that_fails_over_the_parts_is_not_asked_twice(world: Make) -> None:
    """The next look of the same service reads the message whole."""
    w = world("report")
    w.deliver(letter())

    def fail(moment: str, operation: str, _folder: str) -> None:
        if moment == "before" and operation == "skim":
            raise ConnectionLost("The connection broke.")

    w.server.fault = fail

    def twice(runner) -> None:  # type: ignore[no-untyped-def]
        with pytest.raises(ConnectionLost):
            runner.once()
        runner.once()

    w.run(twice)
    assert w.recorded() == [("Issue 1", "reported", "")]


def test_order_is_kept(world: Make) -> None:
    """Large and small ones are dealt with as they came: what was looked at is a number, below which all was."""
    w = world("report")
    for number in range(6):
        w.deliver(letter(number, octets=MB // 2) if number % 3 else mail(number))
    w.look()
    assert [event.uid for event in w.events if event.action == "reported"] == [1, 2, 3, 4, 5, 6]


def test_twenty_megabytes_on_a_real_server(dovecot: Dovecot, tmp_path: Path) -> None:
    """Over the wire come some kilobytes, and what is found is what stands in the text."""
    account = dovecot.account()
    wire = Proxy(account.host, account.port)
    place = Place(tmp_path, account)
    try:
        place.look("report")
        client = Client(account)
        client.append(letter(octets=20 * MB), ("\\Flagged",), ARRIVED)
        before = len(wire.received)
        place.look("report", port=wire.port)
        assert place.actions() == [("Issue 1", "reported")]
        assert len(wire.received) - before < 10_000
        assert [m.flags for m in client.messages()] == [{"\\Flagged"}]
        client.close()
    finally:
        wire.stop()
    with Catalogue.open(place.config("report").database) as catalogue:
        assert catalogue.messages().items[0].tracked
