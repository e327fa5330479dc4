"""Each mode, past mail, restoring, and what gets in the way: on a mail account in memory."""

from __future__ import annotations

import errno
import os
import re
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from blocker.catalogue import Catalogue, CatalogueError
from blocker.detect.context import Context
from blocker.judging import judge as judging
from blocker.mailbox.protocol import ConnectionLost, LoginRefused, MailboxError, Store
from blocker.service import Busy, Runner, Stopped
from blocker.service.backoff import Backoff
from blocker.service.exchange.lock import Lock
from tests.mailbox.memory import SYSTEM_FLAGS, MemoryStore
from tests.patience import BUSY
from tests.service.inside import judging_here
from tests.service.world import ARRIVED, QUARANTINE, World, mail, original_of, signed

Make = Callable[..., World]


def test_report_touches_nothing(world: Make) -> None:
    """Mode report asks the server for no change, leaves every flag, and records each message."""
    w = world("report")
    for raw in (mail(1), mail(2, tracked=False), signed(3)):
        w.deliver(raw)
    before, recent = w.stored(), set(w.server.folders["INBOX"].recent)
    seen = w.operations()
    w.look()
    assert (w.stored(), seen) == (before, [])
    assert w.server.folders["INBOX"].recent == recent, "even \\Recent is left to other programs"
    assert list(w.server.folders) == ["INBOX"]
    assert [action for _, action, _ in w.recorded()] == ["reported"] * 3
    assert w.events[-3].kinds["pixel"] == 1


def test_flag_sets_one_keyword(world: Make) -> None:
    """Mode flag marks tracked mail, signed mail too, and nothing else; bytes and dates stay."""
    w = world("flag")
    for raw in (mail(1), mail(2, tracked=False), signed(3)):
        w.deliver(raw)
    w.look()
    assert [m.flags for m in w.stored()] == [
        {"\\Seen", "work", "$Tracked"},
        {"\\Seen", "work"},
        {"\\Seen", "work", "$Tracked"},
    ]
    assert w.raws() == [mail(1), mail(2, tracked=False), signed(3)]
    assert [action for _, action, _ in w.recorded()] == ["flagged", "reported", "flagged"]


def test_flag_without_keywords_says_so(world: Make) -> None:
    """Where a keyword would not last none is set, and the reason is recorded."""
    w = world("flag")
    w.server.folders["INBOX"].permanent_flags = SYSTEM_FLAGS
    w.deliver(mail())
    seen = w.operations()
    w.look()
    assert seen == []
    assert w.recorded() == [("Issue 1", "left", "the folder keeps no keyword $Tracked")]


def test_flag_is_read_back(world: Make) -> None:
    """A server that says it takes keywords and drops them is found out."""
    w = world("flag")
    w.deliver(mail())

    def drop(moment: str, operation: str, _folder: str) -> None:
        if (moment, operation) == ("before", "add_flags"):
            w.server.folders["INBOX"].permanent_flags = SYSTEM_FLAGS

    w.server.fault = drop
    w.look()
    assert w.recorded() == [("Issue 1", "left", "the server did not keep the keyword $Tracked")]


def test_copy_puts_one_beside_it(world: Make) -> None:
    """Mode copy leaves the original in place, marked, and adds a marked neutralised copy; once."""
    w = world("copy")
    w.deliver(mail())
    w.look()
    w.look()
    original, copy = w.stored()
    assert (original.raw, original_of(copy.raw)) == (mail(), mail())
    assert original.flags == {"\\Seen", "work", "$Tracked"}
    assert copy.flags == {"\\Seen", "work", "$TrackerRemoved"}
    assert copy.internal_date == ARRIVED
    assert list(w.server.folders) == ["INBOX"], "no quarantine is needed"


@pytest.mark.parametrize(("level", "changed"), [("standard", 0), ("paranoid", 1)])
def test_the_level_decides_what_is_taken_out(world: Make, level: str, changed: int) -> None:
    """Mail with a picture and without a pixel is left at standard, and changed at paranoid."""
    picture = mail(1, tracked=False).replace(
        b"</body>",
        b'<img src="https://cdn.shop.example/hero.jpg" width="600" height="200" alt="Hero"></body>',
    )
    w = world("copy", level=level)
    w.deliver(picture)
    w.look()
    assert len(w.stored()) == 1 + changed


def test_a_sweep_takes_past_mail_newest_first(world: Make) -> None:
    """Past mail is treated when asked for, newest first, with progress; a second sweep does nothing."""
    w = world("report")
    for number in range(1, 6):
        w.deliver(mail(number))
    w.look()
    w.set(mode="replace")
    progress: list[tuple[int, int]] = []
    counts: list[dict[str, int]] = []
    w.events.clear()
    w.run(
        lambda r: counts.append(
            dict(r.sweep("ada", progress=lambda done, all_: progress.append((done, all_))))
        )
    )
    assert counts == [{"replaced": 5}]
    assert [event.subject for event in w.events] == [f"Issue {n}" for n in (5, 4, 3, 2, 1)]
    assert (progress[0], progress[-1]) == ((0, 5), (5, 5))
    assert sorted(w.raws(QUARANTINE)) == sorted(mail(n) for n in range(1, 6))
    seen = w.operations()
    w.run(lambda r: r.sweep("ada"))
    assert seen == []


def test_a_sweep_since_a_day(world: Make) -> None:
    """Only mail that arrived on or after the day is looked at."""
    w = world("report")
    w.server.deliver(mail(1), when=datetime(2024, 12, 31, 12, tzinfo=UTC))
    w.server.deliver(mail(2), when=datetime(2025, 1, 1, 12, tzinfo=UTC))
    before = len(w.recorded())
    w.run(lambda r: r.sweep("ada", datetime(2025, 1, 1)))
    assert [subject for subject, _, _ in w.recorded()][before:] == ["Issue 2"]


def test_a_dry_run_changes_and_records_nothing(world: Make) -> None:
    """The observer is told what would be done; server, catalogue, journal and spool are as before."""
    w = world()
    w.set(mode="report")
    w.deliver(mail(1))
    w.deliver(mail(2, tracked=False))
    w.set(mode="replace")
    state, journal = w.state(), w.journal()
    seen = w.operations()
    w.run(lambda r: r.sweep("ada", dry_run=True))
    assert (w.state(), w.journal(), seen) == (state, journal, [])
    assert [event.action for event in w.events] == ["reported", "replaced"]


def ask(w: World, kind: str, **arguments: object) -> Callable[[], tuple[str, str, str | None]]:
    """Request a command; what became of it can be asked later."""
    with Catalogue.open(w.config.database) as catalogue:
        number = catalogue.request(kind, "ada", arguments)

    def outcome() -> tuple[str, str, str | None]:
        with Catalogue.open(w.config.database) as catalogue:
            (found,) = [c for c in catalogue.commands() if c.id == number]
            return found.state, found.outcome or "", found.error

    return outcome


def recorded_id(w: World) -> int:
    """The catalogue's number of the only message."""
    with Catalogue.open(w.config.database) as catalogue:
        (line,) = catalogue.messages().items
        return line.id


def test_restore_puts_the_original_back_for_good(world: Make) -> None:
    """The original returns with its copy's new flags, the copy goes, and the original is not treated again."""
    w = world()
    w.deliver(mail())
    w.look()
    (copy,) = w.stored()
    w.server.folders["INBOX"].messages[copy.uid] = copy.__class__(
        copy.uid, copy.raw, copy.flags | {"\\Answered"}, copy.internal_date
    )
    outcome = ask(w, "restore", message=recorded_id(w))
    w.look()
    assert outcome()[0] == "done"
    for _ in range(2):
        (original,) = w.stored()
        assert original.raw == mail()
        assert original.flags == {"\\Seen", "\\Answered", "work"}
        assert original.internal_date == ARRIVED
        assert w.raws(QUARANTINE) == []
        assert len(w.recorded()) == 1
        w.look()
        w.run(lambda r: r.sweep("ada"))


@pytest.mark.parametrize("moment", range(1, 40))
def test_restore_survives_a_lost_link(world: Make, moment: int) -> None:
    """Wherever the link breaks, the original comes back once and the copy goes."""
    w = world()
    w.deliver(mail())
    w.look()
    outcome = ask(w, "restore", message=recorded_id(w))
    count = 0

    def fault(_moment: str, _operation: str, _folder: str) -> None:
        nonlocal count
        count += 1
        if count == moment:
            raise ConnectionLost("the link broke")

    w.server.fault = fault
    try:
        w.look()
    except ConnectionLost:
        assert w.exists(mail())
    w.server.fault = None
    w.look()
    assert outcome()[0] == "done"
    assert w.raws() == [mail()]
    assert w.raws(QUARANTINE) == []


def test_an_original_moved_back_by_hand_stays(world: Make) -> None:
    """Who moves an original back out of the quarantine is not overruled."""
    w = world()
    w.deliver(mail())
    w.look()
    ((uid, original),) = w.server.folders[QUARANTINE].messages.items()
    del w.server.folders[QUARANTINE].messages[uid]
    w.server.deliver(original.raw)
    seen = w.operations()
    w.look()
    assert (seen, w.raws(QUARANTINE)) == ([], [])
    assert mail() in w.raws()


@pytest.mark.parametrize(
    ("kind", "arguments", "sentence"),
    [
        ("restore", {"message": 99}, "has no message 99"),
        ("restore", {"message": "x"}, "does not say which message"),
        ("sweep", {"since": "soon"}, "date cannot be read"),
        ("dance", {}, 'knows no command "dance"'),
    ],
)
def test_a_wrong_command_is_answered(
    world: Make, kind: str, arguments: dict[str, object], sentence: str
) -> None:
    """A command that cannot be carried out ends with a sentence, and the watch goes on."""
    w = world()
    outcome = ask(w, kind, **arguments)
    w.deliver(mail())
    w.look()
    state, _, error = outcome()
    assert state == "failed"
    assert error is not None
    assert sentence in error
    assert len(w.raws(QUARANTINE)) == 1


def test_a_sweep_can_be_asked_for(tmp_path: Path) -> None:
    """A sweep command treats the mail that was there before the first look, and reports how much."""
    w = World.make(tmp_path)
    w.deliver(mail(1))
    w.look()
    outcome = ask(w, "sweep", since=None)
    w.look()
    assert outcome() == ("done", "1 message was looked at.", None)
    assert w.raws(QUARANTINE) == [mail(1)]


def test_a_message_above_the_limit_is_left_alone(world: Make) -> None:
    """It is not even fetched; the catalogue says who sent it and why it was left."""
    w = world()
    w.limit_mb = 0.001
    w.deliver(mail().replace(b"Hello", b"Hello " + b"x" * 2000))
    fetched: list[str] = []
    w.server.fault = lambda _moment, operation, _folder: fetched.append(operation)
    w.look()
    assert "fetch" not in fetched
    assert w.recorded() == [("Issue 1", "left", "it is larger than 0.001 MB")]
    w.look()
    assert len(w.recorded()) == 1


def test_what_cannot_be_read_three_times_is_left_alone(world: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that makes the reader fail does not stop the others, and is given up after three looks."""
    w = world()
    w.deliver(mail(1))
    w.deliver(mail(2))
    real = judging.judge
    tries: list[int] = []

    def judge(context: Context, *rest: object, **more: object) -> object:
        if b"Issue 1" in context.message.raw:
            tries.append(1)
            raise RecursionError("deep")
        return real(context, *rest, **more)  # type: ignore[arg-type]

    judging_here(monkeypatch)
    monkeypatch.setattr("blocker.judging.worker.judge", judge)
    for _ in range(5):
        w.look()
    assert len(tries) == 3
    assert [(action, detail) for _, action, detail in w.recorded()] == [
        ("left", "it could not be read 3 times (RecursionError)"),
        ("replaced", ""),
    ]
    assert mail(1) in w.raws()


def test_a_message_that_recovers_is_treated(world: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """One failure is not the end: the next look treats it as any other."""
    w = world()
    w.deliver(mail(1))
    with monkeypatch.context() as patch:
        judging_here(patch)
        patch.setattr("blocker.judging.worker.judge", lambda *_, **__: 1 / 0)
        w.look()
    w.look()
    assert w.recorded() == [("Issue 1", "replaced", "")]


def test_a_message_the_server_will_not_give_keeps_no_other_back(world: Make) -> None:
    """The others are treated; that one is left alone after three looks."""
    w = world()
    bad = w.deliver(mail(1))
    w.deliver(mail(2))
    real = MemoryStore.run

    def fault(moment: str, operation: str, _folder: str) -> None:
        if (moment, operation) == ("after", "fetch") and fetching[-1:] == [bad]:
            raise MailboxError("the server lists a message but does not give it.")

    fetching: list[int] = []
    messages = w.server.folders["INBOX"].messages

    class Noting(dict):  # type: ignore[type-arg]
        """Notes which message is asked for."""

        def get(self, key: int, default: object = None) -> object:
            fetching.append(key)
            return super().get(key, default)

    w.server.folders["INBOX"].messages = Noting(messages)
    w.server.fault = fault
    for _ in range(4):
        w.look()
    assert real is MemoryStore.run
    assert ("Issue 2", "replaced", "") in w.recorded()
    assert [a for _, a, d in w.recorded() if "does not give it" in d] == ["left"]


def test_random_bytes_are_only_reported(world: Make) -> None:
    """A message that is no message at all is recorded and not changed."""
    w = world()
    noise = os.urandom(5000)
    w.deliver(noise)
    w.look()
    assert w.raws() == [noise]
    assert [action for _, action, _ in w.recorded()] == ["reported"]


def full(*_: object) -> None:
    """A disk without room."""
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_for_the_spool_changes_nothing(world: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its bytes on disk nothing is asked of the server; with room again it goes on."""
    w = world()
    w.deliver(mail())
    seen = w.operations()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            w.look()
    assert (seen, w.raws()) == ([], [mail()])
    assert w.spooled() == []
    w.look()
    assert w.recorded() == [("Issue 1", "replaced", "")]


@pytest.mark.parametrize("nth", range(1, 8))
def test_a_full_disk_for_the_catalogue_loses_nothing(
    world: Make, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    """Whichever record cannot be written: the mail is whole, and with room again the end is the same."""
    w = world()
    w.deliver(mail())
    count = 0
    real = Catalogue.writing

    def writing(self: Catalogue) -> object:
        nonlocal count
        count += 1
        if count == nth:
            raise CatalogueError("The disk that holds the catalogue is full: make room and try again.")
        return real(self)

    with monkeypatch.context() as patch:
        patch.setattr(Catalogue, "writing", writing)
        try:
            w.look()
        except CatalogueError:
            assert w.exists(mail())
    w.look()
    assert [original_of(raw) for raw in w.raws()] == [mail()]
    assert w.raws(QUARANTINE) == [mail()]


def watched(
    w: World, stores: Callable[..., Store], until: Callable[[], bool], seconds: float = 10.0 * BUSY
) -> Runner:
    """Run the service until something holds, then end it; asserts that it held and how long the end took."""
    with Catalogue.open(w.config.database) as catalogue:
        runner = Runner(w.config, catalogue, w.events.append, stores)
        for watch in runner._watches.values():
            watch._backoff = Backoff(0.01, 0.05)
        runner.start()
        deadline = time.monotonic() + seconds
        while not until() and time.monotonic() < deadline:
            time.sleep(0.01)
        held = until()
        start = time.monotonic()
        assert runner.stop(2 * BUSY)
        assert time.monotonic() - start < 2 * BUSY
        assert held
        return runner


def test_the_watch_sees_new_mail_and_ends_in_time(world: Make) -> None:
    """Mail that arrives while it watches is treated at the next look; it ends within two seconds."""
    w = world()
    w.deliver(mail(1))
    threading.Timer(0.3, lambda: w.deliver(mail(2))).start()
    watched(w, lambda _a: MemoryStore(w.server), lambda: len(w.stored(QUARANTINE)) == 2)
    assert sorted(w.raws(QUARANTINE)) == sorted([mail(1), mail(2)])


def test_a_lost_link_is_connected_again(world: Make) -> None:
    """The watch reconnects as often as it must, and treats the mail in the end."""
    w = world()
    w.deliver(mail())
    connections = 0

    def connect(_account: object) -> Store:
        nonlocal connections
        connections += 1
        if connections < 4:
            raise ConnectionLost("no route; check the network.")
        return MemoryStore(w.server)

    watched(w, connect, lambda: w.events[-1:] != [] and w.events[-1].action == "watching")
    assert connections == 4
    assert [e.action for e in w.events] == ["trouble"] * 3 + ["replaced", "watching"]
    assert len(w.stored(QUARANTINE)) == 1


def test_a_refused_login_pauses_the_account(world: Make) -> None:
    """The server is asked once; the account says so and is not watched any more."""
    w = world()
    tries = 0

    def refuse(_account: object) -> Store:
        nonlocal tries
        tries += 1
        raise LoginRefused("wrong password; check it.")

    runner = watched(w, refuse, lambda: bool(w.events))
    time.sleep(0.2)
    assert tries == 1
    assert [(e.action, e.detail) for e in w.events] == [("refused", "wrong password; check it.")]
    assert runner.refused == {"ada": "wrong password; check it."}


def test_a_folder_that_is_missing_is_told_once(tmp_path: Path) -> None:
    """The other folders are looked at all the same."""
    w = World.make(tmp_path, folders=("Nowhere", "INBOX"))

    def treated() -> bool:
        """What lay there at the first look is old mail, so the mail comes once that look is over."""
        if not w.raws() and any(e.action == "watching" for e in w.events):
            w.deliver(mail(2))
        return len(w.stored(QUARANTINE)) == 1

    watched(w, lambda _a: MemoryStore(w.server), treated)
    told = [e.detail for e in w.events if e.action == "trouble"]
    assert len(told) == 1
    assert "Nowhere" in told[0]


def test_a_mistake_of_ours_does_not_end_the_watch(world: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected exception is told, and the account is looked at again."""
    w = world()
    w.deliver(mail())
    real = Catalogue.pending
    calls = 0

    def pending(self: Catalogue, account: str) -> object:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ZeroDivisionError
        return real(self, account)

    monkeypatch.setattr(Catalogue, "pending", pending)
    watched(w, lambda _a: MemoryStore(w.server), lambda: calls > 2)
    assert any("ZeroDivisionError" in e.detail for e in w.events)


def test_stopping_between_steps_leaves_a_resumable_state(world: Make) -> None:
    """Asked to end in the middle of an exchange it ends there, and goes on at the next start."""
    w = world()
    w.deliver(mail())
    with Catalogue.open(w.config.database) as catalogue:
        runner = w.runner(catalogue)

        def stop(moment: str, operation: str, _folder: str) -> None:
            if (moment, operation) == ("after", "append"):
                runner._accounts["ada"].stop.set()

        w.server.fault = stop
        with pytest.raises(Stopped):
            runner.once()
        runner.stop(2 * BUSY)
    w.server.fault = None
    assert len(w.raws()) == 2
    w.look()
    assert [original_of(raw) for raw in w.raws()] == [mail()]


def test_two_services_on_one_account_refuse(world: Make) -> None:
    """The second is told the first one's process; once the first has ended it may begin."""
    w = world()
    held = Lock(w.directory / "locks", "ada")
    with pytest.raises(Busy, match=f"process {os.getpid()} on {re.escape(socket.gethostname())}"):
        w.look()
    held.release()
    w.look()


def test_a_lock_says_whether_its_holder_carries_out_what_is_asked_for(world: Make) -> None:
    """A service that watches does; one look does not, nor does one of a version that said nothing of it."""
    w = world()
    with Catalogue.open(w.config.database) as catalogue:
        runner = w.runner(catalogue)
        runner.start()
        with pytest.raises(Busy, match="or let it do this") as watched:
            Lock(w.directory / "locks", "ada")
        assert runner.stop(2 * BUSY)
    held = Lock(w.directory / "locks", "ada")
    with pytest.raises(Busy, match="wait for its end") as looked:
        Lock(w.directory / "locks", "ada")
    (file,) = (w.directory / "locks").iterdir()
    file.write_text("elsewhere 4711")
    with pytest.raises(Busy, match="process 4711 on") as silent:
        Lock(w.directory / "locks", "ada")
    held.release()
    assert [busy.value.serves for busy in (watched, looked, silent)] == [True, False, False]


def test_waiting_times_grow_and_differ() -> None:
    """Twice as long each time up to the longest, never less than half; from the start after a success."""
    backoff = Backoff(1.0, 300.0)
    waits = [backoff.wait() for _ in range(12)]
    for number, wait in enumerate(waits):
        whole = min(2.0**number, 300.0)
        assert whole / 2 <= wait <= whole
    backoff.reset()
    assert backoff.wait() <= 1.0
    assert len({Backoff().wait() for _ in range(20)}) > 1


def test_what_worked_is_tried_again_soon() -> None:
    """After a connection that was of use nobody waits for minutes; it does not start from the beginning either."""
    backoff = Backoff(1.0, 300.0)
    for _ in range(10):
        backoff.wait()
    backoff.limit(30.0)
    assert 15.0 <= backoff.wait() <= 30.0
    assert 30.0 <= backoff.wait() <= 60.0
