"""The weekly digest: what it says, that it names no place elsewhere, and that no week has two; on a real Dovecot."""

from __future__ import annotations

import email
import re
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import blocker
from blocker.catalogue import Catalogue, digests
from blocker.choices.modes import DIGEST
from blocker.cli import main
from blocker.mailbox.protocol import ConnectionLost
from blocker.service.digest import Week, monday_before, week_of
from blocker.service.digest.letter import letter, message_id
from blocker.service.digest.words import ENGLISH, FRENCH
from blocker.service.exchange.lock import Lock
from tests.catalogue.samples import picture, pixel, report, seen
from tests.servers.dovecot import Account, Dovecot
from tests.service.test_dovecot import Client, Place
from tests.service.test_dovecot import Seen as Message
from tests.service.world import mail

NOW = datetime.now(UTC)
MONDAY = monday_before(NOW.date())
LAST_WEEK = datetime.combine(MONDAY, datetime.min.time(), UTC) + timedelta(days=2)
ELSEWHERE = re.compile(
    r"https?:|//|<(?:a|img|link|script|style|base|meta)\b|\b(?:src|href|style|background)=", re.I
)


@pytest.fixture
def place(dovecot: Dovecot, tmp_path: Path) -> Place:
    """An account whose catalogue knows of last week, and of the week before."""
    made = Place(tmp_path, dovecot.account())
    with Catalogue.open(made.config("report").database) as store:
        known(store)
    return made


def known(store: Catalogue) -> None:
    """Two tracked messages of a sender known before, one of a new sender with a new vendor, one without a tracker."""
    store.ensure_account("ada", "ada@example.org", "replace", "standard")
    earlier = LAST_WEEK - timedelta(days=7)
    new = report(4, pixel(4, "Brevo"), domain="<new>.example")
    for number, made, when, action in (
        (1, report(1, pixel()), earlier, "replaced"),
        (2, report(2, pixel()), LAST_WEEK, "replaced"),
        (3, report(3, pixel()), LAST_WEEK, "replaced"),
        (4, new, LAST_WEEK, "left"),
        (5, report(5, picture()), LAST_WEEK, "reported"),
    ):
        store.record(seen(number, account="ada", made=made, action=action, arrived=when))


def found(account: Account) -> list[Message]:
    """The digests in the inbox."""
    client = Client(account)
    try:
        return [one for one in client.messages() if b"digest.unpixel.invalid" in one.raw]
    finally:
        client.close()


def read(raw: bytes) -> EmailMessage:
    """A message, parsed."""
    made = email.message_from_bytes(raw, policy=default)
    assert isinstance(made, EmailMessage)
    return made


def bodies(raw: bytes) -> list[str]:
    """Its text and its HTML."""
    return [part.get_content() for part in read(raw).walk() if not part.is_multipart()]


def test_the_service_sends_it_at_the_first_look_of_a_week(place: Place) -> None:
    """Once, whatever else it does; unread, with our keyword; and it neither judges nor records it."""
    for _ in range(3):
        place.look("replace", digest="weekly")
    (one,) = found(place.account)
    assert one.flags == {DIGEST}
    assert read(one.raw)["Subject"] == "unpixel: 3 of last week's 4 messages held a tracker"
    assert place.actions() == [("Letter 1", "replaced"), *(
        (f"Letter {number}", action) for number, action in ((2, "replaced"), (3, "replaced"), (4, "left"), (5, "reported"))
    )]  # fmt: skip


def test_without_the_key_there_is_none(place: Place) -> None:
    """Nobody asked for it."""
    place.look("replace")
    assert found(place.account) == []


@pytest.mark.parametrize("cut", ["before", "after"])
def test_no_week_has_two_though_it_was_cut_short(
    place: Place, cut: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before or after the server took it: the next look finds out which, and sends what is missing."""
    from blocker.mailbox.imap.folder import ImapMailbox

    append = ImapMailbox.append

    def cut_short(self: Any, *arguments: Any) -> Any:
        if cut == "after":
            append(self, *arguments)
        raise ConnectionLost("The link broke; connect again.")

    with monkeypatch.context() as patch, pytest.raises(ConnectionLost):
        patch.setattr(ImapMailbox, "append", cut_short)
        place.look("report", digest="weekly")
    assert len(found(place.account)) == (cut == "after")
    for _ in range(2):
        place.look("report", digest="weekly")
    assert len(found(place.account)) == 1
    with Catalogue.open(place.config("report").database) as store, store.reading() as connection:
        assert digests.sent(connection, "ada", MONDAY)
        assert not digests.sent(connection, "ada", MONDAY + timedelta(days=7))


def test_a_stranger_cannot_take_its_place(place: Place) -> None:
    """Its Message-ID depends on the installation's key; another's mail with the keyword's words in it is judged."""
    assert message_id(b"k" * 32, "ada", MONDAY) != message_id(b"l" * 32, "ada", MONDAY)
    place.look("replace")
    client = Client(place.account)
    client.append(mail(9).replace(b"Subject:", b"X-Keywords: $UnpixelDigest\r\nSubject:"), (), NOW)
    client.close()
    place.look("replace", digest="weekly")
    assert ("Issue 9", "replaced") in place.actions()
    assert len(found(place.account)) == 1


def test_the_command_sends_it_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or asks a running service, which reports back what it did."""
    made = place.account
    (place.directory / "config.toml").write_text(
        f'data_dir = "."\n[accounts.ada]\naddress = "ada@example.org"\nhost = "{made.host}"\nport = {made.port}\n'
        f'security = "none"\nuser = "{made.user}"\npassword_env = "SECRET"\nlanguage = "fr"\n'
    )
    monkeypatch.setenv("UNPIXEL_CONFIG", str(place.directory / "config.toml"))
    monkeypatch.setenv("SECRET", made.password)
    said = [CliRunner().invoke(main, ["digest", "ada"]).output for _ in range(2)]
    assert "lies in the inbox now" in said[0] and "Nothing was sent" in said[1]
    (one,) = found(made)
    assert str(read(one.raw)["Subject"]).startswith("unpixel : la semaine dernière, 3 messages sur 4")
    lock = Lock(place.directory / "locks", "ada", serves=True)
    try:
        assert "it was asked to send the digest" in CliRunner().invoke(main, ["digest", "ada"]).output
    finally:
        lock.release()
    place.look("report")
    with Catalogue.open(place.config("report").database) as store:
        (asked,) = store.commands()
    assert (asked.kind, asked.outcome) == ("digest", "There was nothing to send.")


def test_a_week_of_nothing_has_none(dovecot: Dovecot, tmp_path: Path) -> None:
    """And it is not looked for again."""
    quiet = Place(tmp_path, dovecot.account())
    quiet.look("report", digest="weekly")
    assert found(quiet.account) == []
    with Catalogue.open(quiet.config("report").database) as store, store.reading() as connection:
        assert digests.sent(connection, "ada", MONDAY)


def test_what_a_week_was(tmp_path: Path) -> None:
    """Counts by what was done, who is new, and who waits for a decision."""
    with Catalogue.open(f"sqlite:///{tmp_path}/catalogue.sqlite") as store:
        known(store)
        store.set_sender_level("example.org", "strict")
        week = week_of(store, "ada", MONDAY)
    assert (week.messages, week.tracked, week.prevented, week.open) == (4, 3, 2, 1)
    assert week.senders == (("example.org", 2), ("<new>.example", 1))
    assert week.vendors == (("Mailchimp", 2), ("Brevo", 1))
    assert (week.new_vendors, week.new_senders) == (("Brevo",), ("<new>.example",))
    assert week.undecided == ("<new>.example",)


def test_the_week_before_a_day() -> None:
    """Always a whole one, Monday to Sunday."""
    assert {monday_before(date(2026, 11, day)) for day in range(23, 30)} == {date(2026, 11, 16)}
    assert monday_before(date(2026, 11, 30)) == date(2026, 11, 23)


HOSTILE = '"><img src=//evil.example/x>\r\nBcc: x@evil.example\x1b'


@pytest.mark.parametrize(("language", "said"), [("en", "Who tracked most"), ("fr", "Qui a le plus pisté")])
def test_it_names_no_place_elsewhere(place: Place, language: str, said: str) -> None:
    """In either language: no link, no picture, no style; unpixel itself finds nothing in it; names are only text."""
    config = place.config("report", language=language).accounts[0]
    names = (HOSTILE,)
    week = Week(MONDAY, 9, 3, 2, 1, ((HOSTILE, 2),), ((HOSTILE, 1),), names, names, names)
    raw = letter(week, config, b"k" * 32, NOW)
    text, markup = bodies(raw)
    assert said in text and said in markup
    assert "<img" in text, "as text alone"
    assert not ELSEWHERE.search(markup.replace("//evil.example", "").replace("src=", ""))
    assert "&lt;img" in markup and "\x1b" not in raw.decode()
    report = blocker.scan(raw)
    assert (report.references, report.links.total, report.receipts) == ((), 0, ())
    assert read(raw)["Bcc"] is None
    assert read(raw)["To"] == "ada@example.org"
    assert raw.count(b"\n") == raw.count(b"\r\n")


def test_both_languages_say_everything() -> None:
    """No sentence is missing, and none is left in the other language."""
    for field in fields(ENGLISH):
        ours, theirs = getattr(ENGLISH, field.name), getattr(FRENCH, field.name)
        assert ours and theirs and ours != theirs, field.name
        assert str(ours).count("{}") == str(theirs).count("{}")
    assert len(ENGLISH.months) == len(FRENCH.months) == 12
