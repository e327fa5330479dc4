"""Mode hold on a real Dovecot: what a second program sees of the inbox while mail is screened."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot
from tests.service.test_dovecot import Client, Place
from tests.service.world import ARRIVED, QUARANTINE, mail, original_of, signed

SCREENING = "Screening"


@pytest.mark.parametrize("server", ["dovecot", "dovecot_uidplus"])
def test_the_inbox_never_shows_a_pixel(server: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """A program that looks at the inbox all the time sees each message once, the tracked ones clean; nothing stays held."""
    dovecot: Dovecot = request.getfixturevalue(server)
    place = Place(tmp_path, dovecot.account())
    rule, reader = Client(place.account), Client(place.account)
    shown: list[bytes] = []
    messages = [mail(1), mail(2, tracked=False), mail(3), signed(4)]

    def arrived() -> bool:
        found = [seen.raw for seen in reader.messages()]
        shown.extend(raw for raw in found if raw not in shown)
        return len(found) == len(messages)

    with place.service("hold", poll=0.2) as runner:
        runner.start()
        wait_for(
            lambda: SCREENING in dovecot.doveadm("mailbox", "list", "-u", place.account.user).split("\n")
        )
        for raw in messages:
            rule.append(raw, (), ARRIVED, SCREENING)
        wait_for(arrived)
        wait_for(lambda: reader.messages(SCREENING) == [])
    assert len(shown) == len(messages)
    assert not {mail(1), mail(3)} & set(shown)
    assert {original_of(raw) or raw for raw in shown} == set(messages)
    assert {seen.raw for seen in reader.messages(QUARANTINE)} == {mail(1), mail(3)}
    assert all(seen.date == ARRIVED for seen in reader.messages())
    rule.close()
    reader.close()


def wait_for(true: object) -> None:
    """Wait until something is so, for a minute at most."""
    assert callable(true)
    pause, end = threading.Event(), time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it did not come about in a minute"
        pause.wait(0.02)
