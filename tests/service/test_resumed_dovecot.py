"""On a real Dovecot, over a link that is cut: what a sweep left under way the next sweep finishes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from blocker.catalogue import Catalogue
from blocker.mailbox.protocol import MailboxError
from blocker.service.looks.sweep import Limits
from tests.servers.common import Account
from tests.servers.dovecot import Dovecot
from tests.servers.proxy import Fault, Proxy
from tests.service.test_dovecot import Client, Place
from tests.service.world import ARRIVED, QUARANTINE, mail, original_of

COUNT = 30


def once(pattern: bytes) -> Fault:
    """End the connection where this is first seen; what comes later passes."""
    seen = False

    def fault(data: bytes) -> bytes | None:
        nonlocal seen
        if not seen and re.search(pattern, data):
            seen = True
            return None
        return data

    return fault


def at_the_request(command: bytes) -> Callable[[Proxy], None]:
    """The command does not reach the server."""

    def cut(wire: Proxy) -> None:
        wire.to_server = once(rb"(?m)^[A-Z]+\d+ (UID )?" + command)

    return cut


def at_the_answer(text: bytes) -> Callable[[Proxy], None]:
    """The server has done it, and what it says of it is lost."""

    def cut(wire: Proxy) -> None:
        wire.to_client = once(text)

    return cut


@pytest.fixture
def account(dovecot: Dovecot) -> Account:
    """A new account."""
    return dovecot.account()


CUTS = {
    "before APPEND": at_the_request(b"APPEND"),
    "after APPEND": at_the_answer(rb"APPENDUID"),
    "before MOVE": at_the_request(b"MOVE"),
    "after MOVE": at_the_answer(rb"COPYUID"),
    "before STORE": at_the_request(b"STORE"),
}


@pytest.mark.parametrize(
    ("mode", "cut"),
    [
        *(("replace", cut) for cut in ("before APPEND", "after APPEND", "before MOVE", "after MOVE")),
        *(("hold", cut) for cut in ("after APPEND", "before MOVE", "after MOVE")),
        *(("copy", cut) for cut in ("before APPEND", "after APPEND", "before STORE")),
    ],
)
def test_thirty_messages_and_one_lost_connection(
    tmp_path: Path, account: Account, proxy: type[Proxy], mode: str, cut: str
) -> None:
    """Each is there once after one further sweep, though that one is for no message; and a third has nothing to do."""
    client = Client(account)
    sent = [mail(number) for number in range(COUNT)]
    for raw in sent:
        client.append(raw, ("\\Seen",), ARRIVED)
    wire = proxy(account.host, account.port)
    place = Place(tmp_path, replace(account, host=wire.host, port=wire.port))
    CUTS[cut](wire)
    with place.service(mode) as runner, pytest.raises(MailboxError):
        runner.sweep("ada")
    with place.service(mode) as runner:
        runner.sweep("ada", limits=Limits(rewrites=1))
    with place.service(mode) as runner:
        runner.sweep("ada")
    inbox, quarantine = client.messages(), client.messages(QUARANTINE)
    copies = sorted(filter(None, (original_of(m.raw) for m in inbox)))
    assert copies == sorted(sent)
    originals = [m.raw for m in inbox if original_of(m.raw) is None]
    assert sorted(m.raw for m in quarantine) == ([] if mode == "copy" else sorted(sent))
    assert sorted(originals) == (sorted(sent) if mode == "copy" else [])
    with Catalogue.open(f"sqlite:///{tmp_path / 'catalogue.sqlite'}") as catalogue:
        assert catalogue.messages().total == COUNT
    said = len(wire.sent)
    with place.service(mode) as runner:
        runner.sweep("ada")
    assert not re.search(rb"(?m)^[A-Z]+\d+ (UID )?(APPEND|MOVE|STORE|EXPUNGE)", bytes(wire.sent[said:]))
    client.close()


def test_released_mail_is_recorded_where_it_lies(tmp_path: Path, account: Account) -> None:
    """Dovecot tells the new UIDs of a move: the records name the inbox, and the UIDs that lie there."""
    client = Client(account)
    with place_of(tmp_path, account).service("hold") as runner:
        runner.once()
        for raw in (mail(1), mail(2, tracked=False), mail(1), mail(3, tracked=False)):
            client.append(raw, (), ARRIVED, "Screening")
        runner.once()
    with Catalogue.open(f"sqlite:///{tmp_path / 'catalogue.sqlite'}") as catalogue:
        details = [catalogue.message(line.id) for line in catalogue.messages().items]
    found = sorted((d.mailbox, d.uid, d.action) for d in details if d)
    lying = client.messages()
    assert len(found) == len(lying) == 4
    kinds = ["replaced" if original_of(m.raw) else "reported" for m in lying]
    assert found == [("INBOX", uid, kind) for uid, kind in enumerate(kinds, 1)]
    client.close()


def place_of(tmp_path: Path, account: Account) -> Place:
    """The account, and a service's home."""
    return Place(tmp_path, account)
