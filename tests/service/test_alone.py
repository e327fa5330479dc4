"""What one message, one folder or one account raises costs that one alone; it is told, and the rest is dealt with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from blocker.catalogue import Catalogue
from blocker.mailbox.protocol import ConnectionLost, MailboxError
from blocker.service import Runner
from blocker.service.exchange.copies import Copies
from blocker.service.exchange.record import Recorder
from blocker.service.exchange.spool import Spool
from blocker.service.looks.exchanges import Exchanges
from blocker.service.looks.look import Look
from blocker.service.looks.sweep import Swept
from tests.patience import BUSY
from tests.service.test_hold import SCREENING
from tests.service.test_overdue import DEADLINE, told, until, watching
from tests.service.world import QUARANTINE, World, mail, original_of

Make = Callable[..., World]
ODD = 2
"""The number of the message over which something is raised."""


def raising(patch: pytest.MonkeyPatch, owner: type, name: str, odd: Callable[..., bool]) -> None:
    """Have a method raise what nobody foresaw where `odd` says so of its arguments."""
    real = getattr(owner, name)

    def method(*args: Any, **more: Any) -> Any:
        if odd(*args):
            raise ZeroDivisionError("a mistake of ours")
        return real(*args, **more)

    patch.setattr(owner, name, method)


def three(w: World) -> None:
    """Three newsletters come, and the service looks as often as it tries."""
    for number in (1, ODD, 3):
        w.deliver(mail(number))
    for _ in range(5):
        w.look()


def the_odd_one_is_left(w: World) -> None:
    """The others were replaced; it lies where it was, once, and why is recorded."""
    assert sorted(w.raws(QUARANTINE)) == sorted([mail(1), mail(3)])
    assert sorted(original_of(raw) or b"" for raw in w.raws() if raw != mail(ODD)) == sorted(
        [mail(1), mail(3)]
    )
    assert w.raws().count(mail(ODD)) == 1
    [(action, detail)] = [
        (a, d) for subject, a, d in w.recorded() if not subject or subject == f"Issue {ODD}"
    ]
    assert action == "left"
    assert "unexpected failure (ZeroDivisionError)" in detail
    assert set(dict(w.journal()).values()) == {"done", "left"}


def test_over_a_message_that_is_dealt_with(world: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """To decide what follows from a judgement."""
    w = world()
    raising(monkeypatch, Exchanges, "found", lambda _exchanges, stored, _judgement: stored.raw == mail(ODD))
    three(w)
    the_odd_one_is_left(w)


def test_over_a_message_that_is_exchanged(world: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """To verify its copy, which is taken away again."""
    w = world()

    def odd(_copies: Copies, group: Any) -> bool:
        return any(one.work.kept is not None and one.work.kept.original == mail(ODD) for one, _ in group)

    raising(monkeypatch, Copies, "verify", odd)
    three(w)
    the_odd_one_is_left(w)


def test_over_a_message_that_is_recorded(world: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """To write down what it says: it is recorded without that, and the others as they are."""
    w = world("report")
    real = Recorder._put

    def put(recorder: Recorder, batch: Any, cursor: int | None) -> None:
        if any(seen.report.message.subject == f"Issue {ODD}" for seen in batch.seen):
            raise ZeroDivisionError("a mistake of ours")
        real(recorder, batch, cursor)

    monkeypatch.setattr(Recorder, "_put", put)
    three(w)
    assert [(subject, action) for subject, action, _ in w.recorded()] == [
        ("", "left"),
        ("Issue 1", "reported"),
        ("Issue 3", "reported"),
    ]


def test_over_a_message_that_is_gone_on_with(world: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """To read its bytes from the disk after a lost connection: what came later does not wait behind it."""
    w = world()
    w.deliver(mail(ODD))

    def lost(moment: str, operation: str, _folder: str) -> None:
        if (moment, operation) == ("after", "append"):
            raise ConnectionLost("The link broke; connect again.")

    w.server.fault = lost
    with pytest.raises(ConnectionLost):
        w.look()
    w.server.fault = None
    raising(monkeypatch, Spool, "read", lambda _spool, place, _sha256: place.uid == 1)
    w.deliver(mail(1))
    w.look()
    assert mail(1) in w.raws(QUARANTINE)
    assert w.exists(mail(ODD))


def test_over_the_answer_for_a_message(world: Make) -> None:
    """Whatever fetching it raises."""
    w = world()
    fetched: list[int] = []

    def fault(moment: str, operation: str, _folder: str) -> None:
        if (moment, operation) == ("before", "fetch"):
            fetched.append(1)
            if len(fetched) == 2:
                raise AttributeError("'NoneType' object has no attribute 'decode'")

    w.server.fault = fault
    for number in (1, 2, 3):
        w.deliver(mail(number))
    w.look()
    w.look()
    assert sorted(w.raws(QUARANTINE)) == sorted(mail(number) for number in (1, 2, 3))


def test_a_connection_that_breaks_over_a_message(world: Make) -> None:
    """The others are dealt with at the looks that follow, each message once; it is given up after three tries alone."""
    w = world("report")
    for number in (1, ODD, 3):
        w.deliver(mail(number))
    asked: list[str] = []

    def fault(moment: str, operation: str, _folder: str) -> None:
        if moment == "before" and operation == "fetch":
            asked.append(operation)

    w.server.fault = fault
    real = w.server.folders["INBOX"].messages

    class Breaking(dict):  # type: ignore[type-arg]
        def get(self, uid: int, default: Any = None) -> Any:
            if uid == 2:
                raise ConnectionLost("The link broke; connect again.")
            return super().get(uid, default)

    w.server.folders["INBOX"].messages = Breaking(real)
    for _ in range(4):  # once together, three times alone
        with pytest.raises(ConnectionLost):
            w.look()
    w.look()
    assert [(subject, action) for subject, action, _ in w.recorded()] == [
        ("", "left"),
        ("Issue 1", "reported"),
        ("Issue 3", "reported"),
    ]
    assert [e.uid for e in w.events if e.action == "left"] == [2]
    asked.clear()
    w.look()
    assert asked == []


def test_a_folder_that_cannot_be_opened(tmp_path: Path) -> None:
    """One look looks at every other folder, before and behind it, and then says what went wrong."""
    w = World.make(tmp_path, folders=("INBOX", "Gone", "Archive"))
    w.server.create("Archive")
    with pytest.raises(MailboxError):
        w.begin()
    w.deliver(mail(1))
    w.deliver(mail(3), folder="Archive")
    with pytest.raises(MailboxError, match="no folder Gone"):
        w.look()
    assert sorted(w.raws(QUARANTINE)) == sorted([mail(1), mail(3)])


def test_a_sweep_of_a_folder_that_cannot_be_opened(tmp_path: Path) -> None:
    """It sweeps every other folder, before and behind it, and tells what went wrong; dry as well."""
    w = World.make(tmp_path, folders=("INBOX", "Gone", "Archive"))
    w.server.create("Archive")
    w.deliver(mail(1))
    w.deliver(mail(3), folder="Archive")
    for dry in (True, False):
        found = swept(w, dry)
        assert (found["replaced"], found.left) == (2, 0)
        assert "no folder Gone" in found.failed["Gone"]
    assert sorted(w.raws(QUARANTINE)) == sorted([mail(1), mail(3)])
    w.run(lambda runner: runner.views("ada"))  # what the command does next
    assert any(event.action == "trouble" and event.mailbox == "Gone" for event in w.events)


def test_a_sweep_of_a_folder_that_fails_under_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left in it is not counted as to be gone on with; the folder behind it is swept."""
    w = World.make(tmp_path, folders=("INBOX", "Archive"))
    w.server.create("Archive")
    w.deliver(mail(1))
    w.deliver(mail(3), folder="Archive")
    raising(monkeypatch, Look, "past_mail", lambda look, *_: look.folder.name == "INBOX")
    found = swept(w)
    assert (dict(found), found.left, list(found.failed)) == ({"replaced": 1}, 0, ["INBOX"])
    assert w.raws(QUARANTINE) == [mail(3)]


def test_a_sweep_of_no_folder_that_can_be_opened(tmp_path: Path) -> None:
    """It says why: nothing was looked at."""
    w = World.make(tmp_path, folders=("Gone",))
    with pytest.raises(MailboxError, match="no folder Gone"):
        swept(w)


def test_a_sweep_that_is_asked_for_tells_of_a_folder_that_cannot_be_opened(tmp_path: Path) -> None:
    """The other is swept, and the wish ends with both: how many were looked at, and why not all."""
    w = World.make(tmp_path, folders=("INBOX", "Gone"))
    w.deliver(mail(1))
    with Catalogue.open(w.config.database) as catalogue:
        w.run(lambda _runner: catalogue.request("sweep", "ada", {"since": None}))
        with pytest.raises(MailboxError, match="no folder Gone"):
            w.look()
        ended = catalogue.commands()
    assert w.raws(QUARANTINE) == [mail(1)]
    assert [(one.error or "").startswith("1 message was looked at. ") for one in ended] == [True]
    assert "no folder Gone" in (ended[0].error or "")


def swept(w: World, dry_run: bool = False) -> Swept:
    """Sweep once with a service of its own."""
    found: list[Swept] = []
    w.run(lambda runner: found.append(runner.sweep("ada", dry_run=dry_run)))
    return found[0]


def test_a_mistake_over_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As much."""
    w = World.make(tmp_path, folders=("INBOX", "Archive"))
    w.server.create("Archive")
    raising(monkeypatch, Look, "new_mail", lambda look: look.folder.name == "INBOX")
    with pytest.raises(MailboxError, match="ZeroDivisionError"):
        w.begin()
    w.deliver(mail(3), folder="Archive")
    with pytest.raises(MailboxError, match="report it with the log"):
        w.look()
    assert w.raws(QUARANTINE) == [mail(3)]


def test_an_account_that_cannot_be_reached(world: Make) -> None:
    """One look looks at every other account."""
    w = world()
    first = replace(w.account, name="gone", user="gone")
    config = replace(w.config, accounts=(first, w.account))

    def stores(account: Any) -> Any:
        if account.name == "gone":
            raise ConnectionLost("The host is not there; check the network.")
        return w.stores(account)

    w.deliver(mail(1))
    with Catalogue.open(w.config.database) as catalogue:
        runner = Runner(config, catalogue, w.events.append, stores)
        with pytest.raises(ConnectionLost, match="not there"):
            runner.once()
        runner.stop(2 * BUSY)
    assert w.raws(QUARANTINE) == [mail(1)]


@pytest.mark.parametrize("error", [ZeroDivisionError("x"), MailboxError("no."), ConnectionLost("broke.")])
@pytest.mark.parametrize("where", ["INBOX", QUARANTINE])
def test_the_deadline_of_held_mail_needs_nothing_else(tmp_path: Path, error: Exception, where: str) -> None:
    """Whatever keeps a look from being finished, what is overdue is let go unchanged, once, and that is told."""
    w = World.make(tmp_path, "hold", hold_seconds=DEADLINE).begin()

    def fault(moment: str, operation: str, folder: str) -> None:
        if moment == "before" and operation in ("open", "ensure", "status") and folder == where:
            raise error

    with watching(w):
        w.server.fault = fault
        w.server.deliver(mail(1), SCREENING)
        w.server.deliver(mail(3, tracked=False), SCREENING)
        until(lambda: w.raws(SCREENING) == [])
        w.server.fault = None
        assert [original_of(raw) or raw for raw in w.raws()] == [mail(1), mail(3, tracked=False)]
    if where == "INBOX" or isinstance(error, ConnectionLost):
        assert w.raws() == [mail(1), mail(3, tracked=False)]
        assert told(w, "released unchanged: held mail cannot be dealt with")
        assert {action for _, action, detail in w.recorded() if "held for more" in detail} == {"left"}
