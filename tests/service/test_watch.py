"""Watching real servers: mail is treated as it comes, links end and are made anew, and nobody is asked too often."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from blocker.catalogue import Catalogue
from blocker.config import AccountConfig
from blocker.mailbox.protocol import MailboxError, Store, TryLater
from blocker.service import Runner, watch
from blocker.service.looks import sweep
from tests.conftest import Servers
from tests.mailbox.memory import MemoryStore
from tests.patience import BUSY
from tests.servers.dovecot import Dovecot, Variant
from tests.servers.proxy import Proxy
from tests.service.test_dovecot import Client, Place
from tests.service.world import ARRIVED, QUARANTINE, World, mail

PATIENCE = 120.0
"""Seconds after which a condition will not come true any more."""
HOUR = 3600.0


def until(condition: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


@pytest.mark.parametrize("server", ["dovecot", "cyrus"])
def test_mail_is_treated_as_it_comes(request: pytest.FixtureRequest, tmp_path: Path, server: str) -> None:
    """With an hour between two looks, mail is treated once the server tells of it, time and again."""
    place = Place(tmp_path, request.getfixturevalue(server).account())
    client = Client(place.account)
    with place.service("replace", poll=HOUR) as runner:
        runner.start()
        until(lambda: bool(place.events))
        for number in (1, 2, 3):
            client.append(mail(number), (), ARRIVED)
            until(lambda number=number: len(client.messages(QUARANTINE)) == number)  # type: ignore[misc]
        start = time.monotonic()
        assert runner.stop(2 * BUSY)
        assert time.monotonic() - start < 2 * BUSY
    assert [m.raw for m in client.messages(QUARANTINE)] == [mail(1), mail(2), mail(3)]
    client.close()


def test_mail_in_any_watched_folder_is_treated_as_it_comes(dovecot: Dovecot, tmp_path: Path) -> None:
    """Over the one connection, with an hour between two looks; what holds no news is not looked at all the time."""
    place = Place(tmp_path, dovecot.account())
    client = Client(place.account)
    for folder in ("Lists", "Work"):
        client._imap.create(folder)
    with place.service("replace", poll=HOUR, folders=("INBOX", "Lists", "Work")) as runner:
        runner.start()
        until(lambda: bool(place.events))
        for number, folder in enumerate(("Lists", "INBOX", "Work", "Lists"), 1):
            client.append(mail(number), (), ARRIVED, folder)
            until(lambda number=number: len(client.messages(QUARANTINE)) == number)  # type: ignore[misc]
        assert dovecot.doveadm("who").count(place.account.user) == 1
        assert runner.stop(2 * BUSY)
    assert not [event for event in place.events if event.action == "trouble"]
    client.close()


def test_a_folder_that_cannot_be_looked_at_is_not_listened_to(world: Callable[..., World]) -> None:
    """Else its mail would be news for ever: the server is not asked without a pause, the other folder is served."""
    w = world()
    w.server.create("Lists")
    w.server.idles = True
    w.set(folders=("INBOX", "Lists"))
    w.set(poll=HOUR)
    looks = []

    def refuse(moment: str, operation: str, folder: str) -> None:
        if (moment, operation, folder) == ("before", "open", "Lists"):
            looks.append(time.monotonic())
            raise MailboxError("Lists cannot be opened; ask its owner.")

    with Catalogue.open(w.config.database) as catalogue:
        runner = w.runner(catalogue)
        runner.start()
        until(lambda: any(event.action == "watching" for event in w.events))
        w.server.fault = refuse
        w.deliver(mail(1), folder="Lists")
        until(lambda: bool(looks))
        w.deliver(mail(2))
        until(lambda: w.raws(QUARANTINE) == [mail(2)])
        time.sleep(0.5)
        assert runner.stop(2 * BUSY)
    assert len(looks) < 20


def test_a_server_without_idle_is_looked_at_now_and_then(dovecot_uidplus: Dovecot, tmp_path: Path) -> None:
    """Where the server cannot tell, mail is found by looking."""
    place = Place(tmp_path, dovecot_uidplus.account())
    client = Client(place.account)
    with place.service("replace", poll=0.2) as runner:
        runner.start()
        until(lambda: bool(place.events))
        client.append(mail(), (), ARRIVED)
        until(lambda: len(client.messages(QUARANTINE)) == 1)
    client.close()


def test_a_deaf_server_is_looked_at_all_the_same(
    dovecot: Dovecot, tmp_path: Path, proxy: type[Proxy]
) -> None:
    """IDLE that tells nothing, as Exchange was seen to do for days, delays mail by no more than `poll`."""
    account = dovecot.account()
    wire = proxy(account.host, account.port)
    wire.to_client = lambda data: (
        b"" if data.startswith(b"* ") and data.rstrip().endswith(b"EXISTS") else data
    )
    place = Place(tmp_path, account)
    client = Client(account)
    with place.service("replace", poll=1.0, port=wire.port) as runner:
        runner.start()
        until(lambda: bool(place.events))
        client.append(mail(), (), ARRIVED)
        until(lambda: len(client.messages(QUARANTINE)) == 1)
    client.close()


def test_a_cut_link_is_made_anew(dovecot: Dovecot, tmp_path: Path, proxy: type[Proxy]) -> None:
    """The end is noticed while listening, told, and mail that comes afterwards is treated."""
    account = dovecot.account()
    wire = proxy(account.host, account.port)
    place = Place(tmp_path, account)
    client = Client(account)
    with place.service("replace", poll=HOUR, port=wire.port) as runner:
        runner.start()
        until(lambda: b" IDLE\r\n" in wire.sent)
        wire.close_all()
        until(lambda: [event.action for event in place.events] == ["watching", "trouble", "watching"])
        client.append(mail(), (), ARRIVED)
        until(lambda: len(client.messages(QUARANTINE)) == 1)
    assert bytes(wire.sent).count(b"AUTHENTICATE") == 2
    client.close()


def test_a_server_that_is_down_is_not_stormed(tmp_path: Path, dovecot: Dovecot, proxy: type[Proxy]) -> None:
    """While every connection ends at once, there are few tries, further and further apart; then it goes on."""
    account = dovecot.account()
    wire = proxy(account.host, account.port, to_client=lambda _: None)
    place = Place(tmp_path, account)
    with place.service("report", port=wire.port) as runner:
        runner.start()
        until(lambda: len(place.events) >= 3)
        assert [event.action for event in place.events[:3]] == ["trouble"] * 3
        wire.to_client = lambda data: data
        until(lambda: place.events[-1].action == "watching")
    tries = [event for event in place.events if event.action == "trouble"]
    assert len(tries) <= 5, "1 + 2 + 4 seconds pass, half of them by chance"


def test_two_connections_are_enough(dovecot_servers: Servers, tmp_path: Path) -> None:
    """A server that allows two connections a user is watched and swept at the same time."""
    place = Place(tmp_path, dovecot_servers.get(Variant(connections=2)).account())
    client = Client(place.account)
    client.append(mail(1), (), ARRIVED)
    client.close()
    with place.service("replace", poll=HOUR, folders=("INBOX",)) as runner:
        runner.start()
        until(lambda: bool(place.events))
        assert runner.sweep("ada")["replaced"] == 1
        assert not [event for event in place.events if event.action == "trouble"]


def test_what_a_page_asks_for_is_done_while_listening(world: Callable[..., World]) -> None:
    """A command does not wait for the next look."""
    w = world()
    w.server.idles = True
    w.set(poll=HOUR)
    with Catalogue.open(w.config.database) as catalogue:
        runner = w.runner(catalogue)
        runner.start()
        until(lambda: w.events[-1:] != [] and w.events[-1].action == "watching")
        catalogue.request("sweep", "ada", {"since": None})
        until(lambda: catalogue.commands()[0].state == "done")
        assert runner.stop(2 * BUSY)


@pytest.mark.parametrize(("mode", "folder"), [("replace", "INBOX"), ("hold", "Screening")])
def test_new_mail_does_not_wait_for_a_sweep_that_a_page_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, folder: str
) -> None:
    """The sweep keeps its pace, and mail that comes meanwhile is treated long before it ends."""
    monkeypatch.setattr(watch, "BESIDE", 0.05)
    monkeypatch.setattr(sweep, "PACE", 20.0)
    w = World.make(tmp_path, mode)
    for number in range(2, 1000):
        w.deliver(mail(number, tracked=False))
    w.begin()
    w.set(poll=HOUR)
    with Catalogue.open(w.config.database) as catalogue:
        catalogue.request("sweep", "ada", {"since": None})
        runner = w.runner(catalogue)
        runner.start()
        until(lambda: any(event.action == "reported" for event in w.events))
        w.deliver(mail(1), (), folder)
        until(lambda: w.raws(QUARANTINE) == [mail(1)])
        assert catalogue.commands()[0].state == "running"
        assert len(w.events) < 500
        assert runner.stop(2 * BUSY)
    assert w.raws("Screening") == []


def test_a_server_that_asks_for_time_gets_it(world: Callable[..., World]) -> None:
    """Nobody connects again before the seconds are over that the server named."""
    w = world()
    tries: list[float] = []

    def busy(_account: AccountConfig) -> Store:
        tries.append(time.monotonic())
        if len(tries) == 1:
            raise TryLater("mail.example is too busy; it will be asked again later.", 2.0)
        return MemoryStore(w.server)

    with Catalogue.open(w.config.database) as catalogue:
        runner = Runner(w.config, catalogue, w.events.append, busy)
        runner.start()
        until(lambda: len(tries) == 2)
        assert runner.stop(2 * BUSY)
    assert tries[1] - tries[0] >= 2.0


def test_idle_that_is_refused_is_told_once_and_mail_found_by_looking(world: Callable[..., World]) -> None:
    """A server that offers IDLE and refuses it is looked at now and then."""
    w = world()
    w.server.idles = True

    def refuse(_moment: str, operation: str, _folder: str) -> None:
        if operation == "listen":
            raise MailboxError("the server would not tell of new mail.")

    w.server.fault = refuse
    threading.Timer(0.5, lambda: w.deliver(mail())).start()
    with Catalogue.open(w.config.database) as catalogue:
        runner = w.runner(catalogue)
        runner.start()
        until(lambda: len(w.stored(QUARANTINE)) == 1)
        assert runner.stop(2 * BUSY)
    assert [e.detail for e in w.events if e.action == "trouble"] == ["the server would not tell of new mail."]
