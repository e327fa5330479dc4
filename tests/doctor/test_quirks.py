"""The doctor at servers with the faults of real ones: it finds its way, and recommends nothing that they make unsafe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from blocker.doctor import advise
from blocker.doctor.examine import NAME, examine
from blocker.mailbox.imap import ImapStore, SocketTimeout
from blocker.mailbox.imap.facts import ImapFacts
from blocker.mailbox.protocol import MailboxError
from tests.mailbox.memory import MemoryAccount
from tests.servers.dovecot import PASSWORD
from tests.servers.quirks import QUIRKS, Quirk, swap
from tests.servers.quirky import CAPABILITIES, Quirky


@dataclass
class Door:
    """Opens connections to a server with a fault."""

    port: int
    host: str = "127.0.0.1"

    def __call__(self) -> tuple[ImapStore, ImapFacts]:
        patience = SocketTimeout(5, 5)
        store = ImapStore(self.host, self.port, "ada", PASSWORD, security="none", timeout=patience)
        return store, store.facts()


@pytest.fixture(autouse=True)
def _no_server_is_left() -> Iterator[None]:
    yield
    Quirky.stop_all()


@pytest.mark.once
@pytest.mark.parametrize("quirk", [pytest.param(one, id=one.name) for one in QUIRKS])
def test_no_mode_is_recommended_that_a_fault_makes_unsafe(quirk: Quirk) -> None:
    """Replace is recommended only where exchanges were seen to work through it; what is left behind is told."""
    account = MemoryAccount()
    door = Door(Quirky(account, quirk.change, quirk.refuse, quirk.capabilities).port)
    if quirk.name == "CAPABILITY not ASCII":
        with pytest.raises(MailboxError, match="no ASCII"):
            examine(door)
        return
    found = examine(door)
    advice = advise(found)
    if quirk.cost in ("exchange", "account"):
        assert advice.mode != "replace", found
    else:
        assert advice.mode == "replace" or quirk.name == "SEARCH empty", (advice, found)
    left = sorted(name for name in account.folders if name.startswith(NAME))
    assert left == sorted(found.left_behind)
    # What cannot be looked into, or is told as larger than what we put there, is not deleted: it may not be ours.
    assert not left or quirk.cost == "account" or quirk.name == "sizes too large"


@pytest.mark.parametrize("where", ["SELECT|EXAMINE", "STATUS"])
def test_a_uidnext_that_is_too_high(where: str) -> None:
    """A copy would be looked for where it is not, so no copy is recommended."""
    change = swap(where, rb"UIDNEXT (\d+)", rb"UIDNEXT 9\g<1>00")
    found = examine(Door(Quirky(MemoryAccount(), change, capabilities=CAPABILITIES).port))
    assert found.uidnext is False
    assert advise(found).mode == "flag"
