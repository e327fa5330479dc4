"""What the demonstration does to its mailbox, read by a second, independent client."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from imapclient import IMAPClient  # type: ignore[import-untyped]

import blocker
from blocker.demo.mail import Arrival, Letter, again, letters, past
from blocker.demo.play import Demo, running
from blocker.service import Event
from tests.patience import BUSY

NOW = datetime.now(UTC)
LETTERS = letters()
QUARANTINE = "Unpixel originals"


class Stage:
    """A demonstration that has swept its mailbox, and what it told."""

    def __init__(self, demo: Demo, arrivals: list[Arrival], events: list[Event]) -> None:
        self.demo = demo
        self.arrivals = arrivals
        self.events = events

    def stored(self, folder: str) -> list[Arrival]:
        """All messages of a folder."""
        client = IMAPClient(self.demo.mail.host, self.demo.mail.port, ssl=False, timeout=10)
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.normalise_times = False
        client.login(self.demo.mail.username, self.demo.mail.password)
        client.select_folder(folder, readonly=True)
        answer = client.fetch(client.search("ALL"), ["BODY.PEEK[]", "INTERNALDATE"])
        client.logout()
        return [Arrival(found[b"BODY[]"], found[b"INTERNALDATE"]) for found in answer.values()]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """The whole mailbox, swept."""
    events: list[Event] = []
    arrivals = past(LETTERS, NOW)
    with running(arrivals, events.append, 0) as demo:
        demo.sweep()
        yield Stage(demo, arrivals, events)


def original(raw: bytes) -> bytes:
    """What a message of the inbox was before."""
    return blocker.restore(raw) if raw.startswith(b"X-Unpixel:") else raw


def names(messages: Counter[tuple[bytes, datetime | None]]) -> list[tuple[str, datetime | None]]:
    """Subjects and dates, so that a failure is readable."""
    return [(blocker.scan(raw).message.subject, when) for raw, when in messages]


def test_every_message_is_there_once_and_whole(stage: Stage) -> None:
    """Inbox messages turn back into exactly those that were delivered, each with its arrival time."""
    inbox = stage.stored("INBOX")
    delivered: Counter[tuple[bytes, datetime | None]]
    delivered = Counter((a.raw, a.when.replace(microsecond=0)) for a in stage.arrivals)
    found: Counter[tuple[bytes, datetime | None]]
    found = Counter((original(a.raw), a.when.astimezone(UTC)) for a in inbox)
    assert names(delivered - found) == []
    assert names(found - delivered) == []


def test_originals_lie_in_the_quarantine(stage: Stage) -> None:
    """The quarantine holds exactly the originals of what was replaced, byte for byte."""
    replaced = [original(a.raw) for a in stage.stored("INBOX") if a.raw.startswith(b"X-Unpixel:")]
    quarantined = [a.raw for a in stage.stored(QUARANTINE)]
    assert len(replaced) >= 30
    held: Counter[tuple[bytes, datetime | None]] = Counter((raw, None) for raw in quarantined)
    wanted: Counter[tuple[bytes, datetime | None]] = Counter((raw, None) for raw in replaced)
    assert names(wanted - held) == []
    assert names(held - wanted) == []


def test_no_tracker_is_left_in_the_inbox(stage: Stage) -> None:
    """No message that may be changed still holds a pixel, a beacon or a receipt request."""
    for arrival in stage.stored("INBOX"):
        report = blocker.scan(arrival.raw, recipients=("camille@example.org",))
        assert report.signed or not (report.tracked or report.receipts), report.message.subject


def test_each_message_is_told_of_once(stage: Stage) -> None:
    """One event a message, and the catalogue counts the same."""
    told = Counter(event.action for event in stage.events if event.uid)
    figures = stage.demo.catalogue.overview(None)
    assert figures.messages == len(LETTERS) == told.total()
    assert dict(figures.actions) == dict(told)


def test_new_mail_is_dealt_with(stage: Stage) -> None:
    """A message that arrives while the service runs is replaced like the others."""
    letter: Letter = next(each for each in LETTERS if each.name == "weekly-fern-2")
    arrival = again(letter, 4711, datetime.now(UTC))
    stage.demo.deliver(arrival)
    deadline = time.monotonic() + 20
    while not any(a.raw == arrival.raw for a in stage.stored(QUARANTINE)):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    inbox = [a.raw for a in stage.stored("INBOX")]
    assert [raw == arrival.raw for raw in inbox].count(True) == 0
    assert [original(raw) == arrival.raw for raw in inbox].count(True) == 1


def test_nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the end there is no thread, no temporary file and no listener that was not there before."""
    # Demonstrations of other runs have theirs elsewhere.
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    threads = set(threading.enumerate())
    with running(past(LETTERS[:3], NOW), lambda _: None, 0) as demo:
        assert [path.name.startswith("unpixel-demo-") for path in tmp_path.iterdir()] == [True]
        ports = (demo.pages.port, demo.mail.port)
        left = time.monotonic()
    assert time.monotonic() - left < 2 * BUSY
    assert set(threading.enumerate()) <= threads
    assert list(tmp_path.iterdir()) == []
    for port in ports:
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port), timeout=5)


def test_a_failure_inside_takes_everything_down() -> None:
    """An error while it runs ends all of it too, and is not swallowed."""
    threads = set(threading.enumerate())
    with pytest.raises(LookupError), running([], lambda _: None, 0):
        raise LookupError
    assert set(threading.enumerate()) <= threads
