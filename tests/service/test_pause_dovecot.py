"""A pause in mode hold on a real Dovecot, with the service killed (SIGKILL) at every step around it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from blocker.catalogue import Catalogue
from tests.patience import BUSY
from tests.servers.dovecot import Dovecot
from tests.service.test_dovecot import Client, Place
from tests.service.test_hold_dovecot import wait_for
from tests.service.test_killed import KILL, Killer, Scene, _configured
from tests.service.world import ARRIVED, QUARANTINE, mail, original_of


@pytest.fixture
def scene(dovecot: Dovecot, tmp_path: Path) -> Iterator[Scene]:
    """An account in mode hold, looked at once."""
    account, url = dovecot.account(), f"sqlite:///{tmp_path / 'catalogue.sqlite'}"
    config = _configured(tmp_path, account.user, account.port, "hold", url)
    killer = Killer()
    made = Scene(killer, config, url, "hold", Client(account))
    assert made.run()["ended"] == 0
    yield made
    made.client.close()
    killer.close()


def paused(scene: Scene, yes: bool) -> None:
    """A person pauses the account, or resumes it."""
    with Catalogue.open(scene.database) as catalogue:
        if yes:
            catalogue.pause(["ada"])
        else:
            catalogue.resume(["ada"])


def assert_each_arrived_once(scene: Scene, moment: str) -> None:
    """As it was, or as its copy while its original is in the quarantine. Nothing is held, nothing waits."""
    inbox, kept = [m.raw for m in scene.client.messages()], [m.raw for m in scene.client.messages(QUARANTINE)]
    assert sorted(original_of(raw) or raw for raw in inbox) == sorted(scene.sent), moment
    assert sorted(kept) == sorted(original for raw in inbox if (original := original_of(raw))), moment
    assert scene.client.messages("Screening") == [], moment
    assert not list(scene.config.parent.glob("spool/*")), moment


def test_killed_before_the_pause(scene: Scene) -> None:
    """Wherever an exchange was cut, the pause finishes or undoes it: 0 lost, 0 twice, 0 held."""
    scene.deliver()
    moments = scene.run()["moments"]
    assert {"half of APPEND", "unanswered MOVE", "before commit"} <= set(moments)
    for number, moment in enumerate(moments, 1):
        raw = scene.deliver()
        assert scene.run(number)["ended"] == KILL
        assert scene.exists(raw), moment
        paused(scene, True)
        assert scene.run()["ended"] == 0
        assert_each_arrived_once(scene, moment)
        paused(scene, False)


def test_killed_while_it_lets_mail_go(scene: Scene) -> None:
    """Held mail goes on unchanged, once, wherever that was cut."""
    paused(scene, True)
    scene.deliver()
    whole = scene.run()
    assert (whole["ended"], whole["again"]) == (0, [])
    assert "unanswered MOVE" in whole["moments"]
    assert "APPEND" not in whole["commands"]
    for number, moment in enumerate(whole["moments"], 1):
        raw = scene.deliver()
        killed = scene.run(number)
        assert (killed["ended"], killed["moments"][-1]) == (KILL, moment)
        assert scene.exists(raw), moment
        assert scene.run()["ended"] == 0
        assert_each_arrived_once(scene, moment)
    assert scene.client.messages(QUARANTINE) == []


def test_a_running_service_lets_held_mail_go_at_once(dovecot: Dovecot, tmp_path: Path) -> None:
    """It waits for news with an hour between two looks: a pause and its end reach it all the same."""
    place = Place(tmp_path, dovecot.account())
    client = Client(place.account)
    with place.service("hold", poll=3600.0) as runner:
        runner.start()
        wait_for(lambda: any(event.action == "watching" for event in place.events))
        catalogue = runner._catalogue
        catalogue.pause(["ada"])
        wait_for(lambda: any(event.action == "paused" for event in place.events))
        client.append(mail(1), (), ARRIVED, "Screening")
        wait_for(lambda: [m.raw for m in client.messages()] == [mail(1)])
        assert client.messages("Screening") == []
        catalogue.resume(["ada"])
        wait_for(lambda: [event.action for event in place.events].count("watching") == 2)
        client.append(mail(2), (), ARRIVED, "Screening")
        wait_for(lambda: [m.raw for m in client.messages(QUARANTINE)] == [mail(2)])
        wait_for(lambda: client.messages("Screening") == [])
        assert runner.stop(2 * BUSY)
    client.close()
