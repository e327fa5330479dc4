"""Mode hold on a real Dovecot: what a second program sees of the inbox while mail is screened."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from blocker.catalogue import Catalogue
from blocker.config import Passwords
from blocker.service import Runner, imap
from blocker.service.backoff import Backoff
from tests.patience import BUSY
from tests.servers.dovecot import Dovecot
from tests.servers.postgres import Postgres
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


@pytest.mark.parametrize("server", ["dovecot", "dovecot_uidplus"])
def test_overdue_mail_arrives_while_the_database_is_away(
    server: str, tmp_path: Path, request: pytest.FixtureRequest, postgres: Postgres
) -> None:
    """PostgreSQL ends all connections and takes no new ones: held mail arrives unchanged, once, where there is MOVE.

    Without it, it waits. When the database is back, the mail that comes then is cleaned, and nothing comes twice.
    """
    dovecot: Dovecot = request.getfixturevalue(server)
    place, url = Place(tmp_path, dovecot.account()), postgres.database()
    rule, reader = Client(place.account), Client(place.account)
    config = replace(place.config("hold", poll=0.2, hold_seconds=1.0), database=url)
    passwords = Passwords()
    passwords.keep(config.accounts[0], place.account.password)

    def told(words: str) -> bool:
        return any(words in e.detail for e in place.events if e.action == "trouble")

    with Catalogue.open(url) as catalogue, Catalogue.open(postgres.database()) as other:
        runner = Runner(config, catalogue, place.events.append, imap(passwords))
        for watch in runner._watches.values():
            watch._backoff = Backoff(0.01, 0.05)
        runner.start()
        wait_for(lambda: bool(place.events))
        admits(other, catalogue, False)
        for raw in (mail(1), mail(2, tracked=False)):
            rule.append(raw, (), ARRIVED, SCREENING)
        if server == "dovecot":
            wait_for(lambda: reader.messages(SCREENING) == [])
            assert [seen.raw for seen in reader.messages()] == [mail(1), mail(2, tracked=False)]
            assert told("released unchanged: the catalogue cannot be used")
        else:
            wait_for(lambda: told("has no MOVE"))
            assert reader.messages() == []
        admits(other, catalogue, True)
        rule.append(mail(3), (), ARRIVED, SCREENING)
        wait_for(lambda: mail(3) in [seen.raw for seen in reader.messages(QUARANTINE)])
        wait_for(lambda: reader.messages(SCREENING) == [])
        assert runner.stop(2 * BUSY)
    arrived = [original_of(seen.raw) or seen.raw for seen in reader.messages()]
    assert sorted(arrived) == sorted([mail(1), mail(2, tracked=False), mail(3)])
    rule.close()
    reader.close()


def admits(other: Catalogue, catalogue: Catalogue, yes: bool) -> None:
    """Whether the database of a catalogue takes connections: where not, those that it has end."""
    name = catalogue.engine.url.database
    with other.engine.begin() as connection:
        connection.execute(text(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS {str(yes).lower()}"))
    if not yes:  # after the commit: until then, who is ended could come back
        query = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = :name"
        with other.engine.begin() as connection:
            connection.execute(text(query), {"name": name})


def wait_for(true: object) -> None:
    """Wait until something is so, for a minute at most."""
    assert callable(true)
    pause, end = threading.Event(), time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it did not come about in a minute"
        pause.wait(0.02)
