"""The service on a real Dovecot, seen by a second client that shares no code with it (the standard library's imaplib)."""

from __future__ import annotations

import imaplib
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from blocker.catalogue import Catalogue
from blocker.choices.modes import Mode
from blocker.config import AccountConfig, Config, Passwords
from blocker.service import Event, Runner, imap
from tests.conftest import Servers
from tests.patience import BUSY
from tests.servers.dovecot import Account, Dovecot, Variant
from tests.servers.proxy import Proxy
from tests.service.world import ARRIVED, QUARANTINE, mail, original_of, signed

FLAGS = ("\\Seen", "\\Flagged", "\\Answered", "work")


@dataclass(frozen=True)
class Seen:
    """A message as the second client sees it."""

    raw: bytes
    flags: frozenset[str]
    date: datetime


class Client:
    """imaplib on the same account."""

    def __init__(self, account: Account) -> None:
        self._imap = imaplib.IMAP4(account.host, account.port)
        self._imap.login(account.user, account.password)

    def append(self, raw: bytes, flags: tuple[str, ...], when: datetime, folder: str = "INBOX") -> None:
        """Store a message."""
        date = imaplib.Time2Internaldate(when)
        kind, answer = self._imap.append(folder, " ".join(flags), date, raw)
        assert kind == "OK", answer

    def messages(self, folder: str = "INBOX") -> list[Seen]:
        """Everything in a folder, by UID, seen without leaving a trace; nothing where there is no folder."""
        kind, _ = self._imap.select(f'"{folder}"', readonly=True)
        if kind != "OK":
            return []
        _, data = self._imap.uid("FETCH", "1:*", "(FLAGS INTERNALDATE BODY.PEEK[])")
        return [self._seen(item) for item in data if isinstance(item, tuple)]

    def _seen(self, item: tuple[bytes, bytes]) -> Seen:
        head = item[0].decode()
        flags = re.search(r"FLAGS \(([^)]*)\)", head)
        date = re.search(r'INTERNALDATE "([^"]+)"', head)
        assert flags
        assert date
        return Seen(
            item[1],
            frozenset(flags[1].split()) - {"\\Recent"},
            parsedate_to_datetime(date[1].strip().replace("-", " ", 2)),
        )

    def subscribed(self) -> str:
        """What LSUB lists."""
        return str(self._imap.lsub()[1])

    def close(self) -> None:
        """Log out."""
        self._imap.logout()


@dataclass
class Place:
    """One account on a real server, and the service's home."""

    directory: Path
    account: Account
    events: list[Event] = field(default_factory=list)

    def config(self, mode: str, **more: Any) -> Config:
        """The configuration in a mode."""
        made = AccountConfig(
            name="ada",
            address="ada@example.org",
            host=self.account.host,
            port=self.account.port,
            user=self.account.user,
            security="none",
            mode=Mode(mode),
        )
        values = {name: getattr(made, name) for name in AccountConfig.__slots__} | more
        return Config(
            self.directory / "config.toml",
            self.directory,
            f"sqlite:///{self.directory / 'catalogue.sqlite'}",
            (AccountConfig(**values),),
        )

    @contextmanager
    def service(self, mode: str, **more: Any) -> Iterator[Runner]:
        """A service on the account."""
        config = self.config(mode, **more)
        passwords = Passwords()
        passwords.keep(config.accounts[0], self.account.password)
        with Catalogue.open(config.database) as catalogue:
            runner = Runner(config, catalogue, self.events.append, imap(passwords))
            try:
                yield runner
            finally:
                runner.stop(2 * BUSY)

    def look(self, mode: str, **more: Any) -> None:
        """One look."""
        with self.service(mode, **more) as runner:
            runner.once()

    def actions(self) -> list[tuple[str, str]]:
        """(subject, action) of what the catalogue has, by subject."""
        with Catalogue.open(self.config("report").database) as catalogue:
            return sorted((m.subject, m.action) for m in catalogue.messages(size=1000).items)


@pytest.fixture
def place(dovecot: Dovecot, tmp_path: Path) -> Place:
    """A new account on a Dovecot that can do everything."""
    return Place(tmp_path, dovecot.account())


MAILS = (mail(1), mail(2, tracked=False), signed(3))


@pytest.mark.parametrize("mode", ["report", "flag", "copy", "replace"])
def test_each_mode_from_end_to_end(place: Place, mode: str) -> None:
    """New mail is dealt with as the mode asks, flags and dates stay, and the next look does nothing."""
    place.look(mode)
    client = Client(place.account)
    for raw in MAILS:
        client.append(raw, FLAGS, ARRIVED)
    place.look(mode)
    after = client.messages()
    place.look(mode)
    assert client.messages() == after, "a further look changes nothing"
    assert all(message.date == ARRIVED for message in after)
    assert all(message.flags >= set(FLAGS) for message in after)
    marked = {
        "report": [],
        "flag": [(mail(1), "$Tracked"), (signed(3), "$Tracked")],
        "copy": [(mail(1), "$Tracked"), (mail(1), "$TrackerRemoved")],
        "replace": [(mail(1), "$TrackerRemoved")],
    }[mode]
    found = [
        (original_of(m.raw) or m.raw, flag) for m in after for flag in m.flags if flag.startswith("$Track")
    ]
    assert sorted(found) == sorted(marked)
    originals = [m.raw for m in client.messages(QUARANTINE)]
    assert originals == ([mail(1)] if mode == "replace" else [])
    assert QUARANTINE not in client.subscribed()
    kept = [m.raw for m in after if original_of(m.raw) is None]
    assert kept == list(MAILS[1:] if mode == "replace" else MAILS)
    assert len(after) == 3 + (mode == "copy")
    client.close()


@pytest.mark.parametrize("server", ["dovecot_stripped", "dovecot_uidplus"])
def test_less_able_servers(request: pytest.FixtureRequest, tmp_path: Path, server: str) -> None:
    """Without MOVE, COPY and UID EXPUNGE do; without either, the message is flagged and stays."""
    place = Place(tmp_path, request.getfixturevalue(server).account())
    place.look("replace")
    client = Client(place.account)
    client.append(mail(), FLAGS, ARRIVED)
    client.append(mail(2, tracked=False), ("\\Deleted",), ARRIVED)
    place.look("replace")
    able = server == "dovecot_uidplus"
    assert place.actions() == [("Issue 1", "replaced" if able else "flagged"), ("Issue 2", "reported")]
    assert [m.raw for m in client.messages(QUARANTINE)] == ([mail()] if able else [])
    assert mail(2, tracked=False) in [m.raw for m in client.messages()], (
        "another's deleted mail is not expunged"
    )
    assert len(client.messages()) == 2
    client.close()


@pytest.mark.parametrize("folder", ["Shelf", "Ledge"])
def test_a_folder_we_may_not_change(dovecot_acl: Dovecot, tmp_path: Path, folder: str) -> None:
    """Where rights allow adding but not taking away, nothing is appended: two copies would stay."""
    place = Place(tmp_path, dovecot_acl.account())
    client = Client(place.account)
    client._imap.create(folder)
    place.look("replace", folders=(folder,))
    client.append(mail(), (), ARRIVED, folder)
    place.look("replace", folders=(folder,))
    assert [m.raw for m in client.messages(folder)] == [mail()]
    assert place.actions() == [("Issue 1", "left")]
    client.close()


@pytest.mark.parametrize("tells", [True, False])
def test_a_full_mailbox(dovecot_servers: Servers, tmp_path: Path, proxy: type[Proxy], tells: bool) -> None:
    """Over quota the original stays, whole and alone; a server that tells its quota is not sent a copy at all."""
    capability = "" if tells else "IMAP4rev1 UIDPLUS MOVE"
    account = dovecot_servers.get(Variant(quota="20K", capability=capability)).account()
    wire = proxy(account.host, account.port)
    place = Place(tmp_path, account)
    place.look("replace")
    client = Client(place.account)
    large = mail().replace(b"Hello", b"Hello " + b"x" * 12000)
    client.append(large, (), ARRIVED)
    for _ in range(4):
        place.look("replace", port=wire.port)
    assert [m.raw for m in client.messages()] == [large]
    assert place.actions() == [("Issue 1", "flagged" if tells else "left")]
    assert wire.sent.count(b" APPEND ") == (0 if tells else 3)
    client.append(mail(2), (), ARRIVED)
    place.look("replace")
    assert place.actions()[1] == ("Issue 2", "replaced"), "a small one still has room"
    client.close()


def test_sixty_megabytes(place: Place) -> None:
    """A message above the limit is neither fetched nor changed, and does not keep the next one back."""
    place.look("replace")
    client = Client(place.account)
    huge = mail(1) + b"0123456789abcdef\r\n" * (60 * 1024 * 1024 // 18)
    client.append(huge, (), ARRIVED)
    client.append(mail(2), (), ARRIVED)
    place.look("replace")
    assert place.actions() == [("Issue 1", "left"), ("Issue 2", "replaced")]
    assert len(client.messages()[0].raw) == len(huge)
    client.close()


def test_random_bytes(place: Place) -> None:
    """Messages of noise are recorded and stay byte for byte."""
    place.look("replace")
    client = Client(place.account)
    chance = random.Random(7)
    noise = [
        bytes(chance.choice(range(1, 256)) for _ in range(3000)).replace(b"\r", b"x").replace(b"\n", b"\r\n")
    ]
    for raw in noise:
        client.append(raw, (), ARRIVED)
    before = client.messages()
    place.look("replace")
    assert client.messages() == before
    assert [action for _, action in place.actions()] == ["reported"]
    client.close()


def waited(condition: Callable[[], bool]) -> None:
    """Wait until something is so, for a minute at most."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def test_a_wrong_password_pauses(place: Place) -> None:
    """The account says so once; the sentence names the way on and not the password."""
    config = place.config("replace")
    passwords = Passwords()
    passwords.keep(config.accounts[0], "hunter2-wrong")
    with Catalogue.open(config.database) as catalogue:
        runner = Runner(config, catalogue, place.events.append, imap(passwords))
        runner.start()
        waited(lambda: bool(runner.refused))
        runner.stop(2 * BUSY)
    assert [event.action for event in place.events] == ["refused"]
    assert "hunter2" not in place.events[0].detail
    assert "app password" in place.events[0].detail


def test_a_wrong_certificate_is_told_and_sends_no_password(dovecot_servers: Servers, tmp_path: Path) -> None:
    """A certificate for another name, and one of an unknown authority: a sentence, and no login."""
    authority = trustme.CA()
    made = authority.issue_cert("other.example").private_key_and_cert_chain_pem.bytes()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    server = dovecot_servers.get(Variant(certificate=made))
    account = server.account()
    place = Place(tmp_path, account)
    for trusted in (tmp_path / "ca.pem", None):
        place.events.clear()
        with place.service("report", security="tls", port=account.tls_port, ca_file=trusted) as runner:
            runner.start()
            waited(lambda: bool(place.events))
        assert place.events[0].action == "trouble"
        assert "certificate" in place.events[0].detail
    assert account.user not in server.log(), "nobody tried to log in"


@pytest.mark.corpus
@pytest.mark.parametrize("mode", ["report", "flag", "copy", "replace"])
def test_real_mail(place: Place, corpus: Path, mode: str) -> None:
    """300 real messages: counts, bytes outside the edits, flags, dates, keywords and quarantine are right."""
    client = Client(place.account)
    raws = real_messages(corpus)
    for number, raw in enumerate(raws):
        client.append(raw, FLAGS[: number % 5], ARRIVED)
    before = client.messages()
    assert [m.raw for m in before] == raws, "the server stores them unchanged"
    with place.service(mode) as runner:
        done = runner.sweep("ada")
    after = client.messages()
    quarantined = client.messages(QUARANTINE)
    assert done.total() == 300
    assert len(after) == 300 + done["copied"]
    assert len(quarantined) == done["replaced"]
    originals = sorted((original_of(m.raw) or m.raw, without_ours(m), m.date) for m in after)
    expected = sorted((m.raw, m.flags, m.date) for m in before)
    copies = [m for m in after if original_of(m.raw) is not None]
    if mode == "copy":
        expected = sorted(expected + [(original_of(m.raw) or b"", without_ours(m), m.date) for m in copies])
    assert [(o[0], sorted(o[1]), o[2]) for o in originals] == [(e[0], sorted(e[1]), e[2]) for e in expected]
    assert len(copies) == done["copied"] + done["replaced"]
    assert all("$TrackerRemoved" in m.flags and "$Tracked" not in m.flags for m in copies)
    by_raw = {m.raw: m for m in before}
    assert all(m == by_raw[m.raw] for m in quarantined), "originals lie in the quarantine as they were"
    assert sorted(m.raw for m in quarantined) == sorted(
        original_of(m.raw) or b"" for m in copies if mode == "replace"
    )
    tracked = [m for m in after if "$Tracked" in m.flags]
    assert len(tracked) == done["flagged"] + done["copied"]
    if mode != "report":
        assert done["flagged"] + done["copied"] + done["replaced"] > 100
    else:
        assert after == before
    with place.service(mode) as runner:
        again = runner.sweep("ada")
    assert client.messages() == after
    assert not {"copied", "replaced"} & set(again)
    client.close()


def without_ours(message: Seen) -> frozenset[str]:
    """Flags without our keywords."""
    return message.flags - {"$Tracked", "$TrackerRemoved"}


def real_messages(corpus: Path) -> list[bytes]:
    """A hundred of each folder, those that IMAP can carry: without NUL and bare CR, in canonical form."""
    found = []
    for folder in ("markup-2019", "phishing-pot", "spamassassin-hard-ham"):
        raws = (path.read_bytes() for path in sorted((corpus / folder).glob("*.eml")))
        canonical = (raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for raw in raws)
        good = [raw for raw in canonical if b"\0" not in raw and raw.count(b"\r") == raw.count(b"\n")]
        found += good[:100]
    assert len(found) == 300
    return found
