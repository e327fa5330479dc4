"""What only the memory store has: the weaknesses of real servers, on request."""

from __future__ import annotations

import pytest

from blocker.mailbox.protocol import ConnectionLost, MailboxError, OverQuota
from tests.mailbox.contract import PLAIN
from tests.mailbox.memory import MemoryAccount, MemoryStore, Moment


def test_over_quota() -> None:
    """A message that does not fit raises OverQuota and leaves what was there; one that fits is stored."""
    account = MemoryAccount(quota=2 * len(PLAIN))
    box = MemoryStore(account).open("INBOX")
    box.append(PLAIN)
    with pytest.raises(OverQuota, match=r"free some space"):
        box.append(PLAIN + b"x" * len(PLAIN))
    assert box.append(PLAIN) == 2
    assert list(account.folders["INBOX"].messages) == [1, 2]


def test_a_fault_before_and_after() -> None:
    """A fault before an operation prevents it; one after it comes too late, as a lost answer does."""
    account = MemoryAccount()
    box = MemoryStore(account).open("INBOX")
    stored = account.folders["INBOX"].messages

    def failing(when: Moment) -> None:
        def fault(moment: Moment, operation: str, folder: str) -> None:
            if (moment, operation, folder) == (when, "append", "INBOX"):
                raise OverQuota("no room; free some.")

        account.fault = fault

    failing("before")
    with pytest.raises(OverQuota):
        box.append(PLAIN)
    assert len(stored) == 0
    failing("after")
    with pytest.raises(OverQuota):
        box.append(PLAIN)
    assert len(stored) == 1


def test_a_lost_connection_stays_lost() -> None:
    """After ConnectionLost the store has to be made anew; the account keeps what had happened."""
    account = MemoryAccount()
    store = MemoryStore(account)
    box = store.open("INBOX")

    def cut(moment: Moment, operation: str, _: str) -> None:
        if moment == "after" and operation == "append":
            raise ConnectionLost("cut; connect again.")

    account.fault = cut
    with pytest.raises(ConnectionLost, match="cut"):
        box.append(PLAIN)
    account.fault = None
    with pytest.raises(ConnectionLost, match="ended"):
        box.uids()
    assert MemoryStore(account).open("INBOX").uids() == [1]


def test_a_server_that_alters_what_it_stores() -> None:
    """Reading back tells."""
    account = MemoryAccount(alters=lambda raw: raw.replace(b"hello", b"HELLO"))
    box = MemoryStore(account).open("INBOX")
    uid = box.append(PLAIN)
    assert uid is not None
    (found,) = box.fetch([uid])
    assert found.raw == PLAIN.replace(b"hello", b"HELLO")


def test_flags_a_folder_does_not_keep() -> None:
    """They are dropped in silence by append, add_flags and move, as servers do."""
    account = MemoryAccount()
    account.create("Shelf").permanent_flags = frozenset({"\\Seen"})
    store = MemoryStore(account)
    box = store.open("Shelf")
    assert box.append(PLAIN, ["\\Seen", "\\Flagged", "$Tracked"]) == 1
    assert box.add_flags([1], ["\\Flagged", "$Tracked"]) == {1: {"\\Seen"}}
    inbox = store.open("INBOX")
    inbox.append(PLAIN, ["\\Flagged", "\\Seen"])
    inbox.move([1], "Shelf")
    assert box.flags([2]) == {2: {"\\Seen"}}


def test_a_folder_that_is_gone() -> None:
    """An open folder that is deleted raises a MailboxError that names it."""
    account = MemoryAccount()
    store = MemoryStore(account)
    store.ensure("Lists")
    box = store.open("Lists")
    del account.folders["Lists"]
    with pytest.raises(MailboxError, match="Lists"):
        box.uids()
