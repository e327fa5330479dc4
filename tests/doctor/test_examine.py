"""The doctor sees each fault, changes nothing of the owner's, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from blocker.doctor import advise, rows
from blocker.doctor.examine import NAME, examine
from blocker.doctor.findings import Findings
from blocker.mailbox.protocol import ConnectionLost
from tests.doctor.servers import Server
from tests.mailbox.memory import Folder, MemoryAccount

OWN = b"From: a@example.org\r\nMessage-ID: <1@example.org>\r\n\r\nmine\r\n"


def scratch(server: Server) -> list[str]:
    """Scratch mailboxes on the server."""
    return [name for name in server.account.folders if name.startswith(NAME)]


def test_a_good_server_is_fit_for_replace() -> None:
    """Everything was tried and worked; the inbox, its flags and \\Recent are untouched; no scratch mailbox is left."""
    server = Server(quota=(1000, 10_000_000), held="lrswipkxtecda", name="Example 1.0")
    uid = server.account.deliver(OWN, flags=("work",))
    found = examine(server)
    assert found == Findings(
        host="imap.example.org",
        server="Example 1.0",
        capabilities=("IDLE", "IMAP4REV1", "MOVE", "UIDPLUS"),
        rights={"INBOX": "lrswipkxtecda"},
        keywords=True,
        new_keywords=True,
        read_back="exact",
        header=True,
        same_id="kept",
        date=True,
        appenduid=True,
        moves=True,
        removes=True,
        idle=True,
        uidnext=True,
        room=(1000, 10_000_000),
    )
    assert advise(found).mode == "replace"
    inbox = server.account.folders["INBOX"]
    assert {u: (m.raw, m.flags) for u, m in inbox.messages.items()} == {uid: (OWN, frozenset({"work"}))}
    assert inbox.recent == {uid}
    assert list(server.account.folders) == ["INBOX"]
    assert {row.sign for row in rows(found)} == {"good", "note"}


def exchange(raw: bytes) -> bytes:
    """What Exchange was seen to do: a header field goes, the body is rebuilt."""
    return raw.replace(b"</P>", b"</p>").replace(b"X-Unpixel:", b"X-Lost:").replace(b"A test", b"A  test")


FAULTS: list[tuple[str, Callable[[], Server], dict[str, Any], str]] = [
    (
        "rewrites",
        lambda: Server(MemoryAccount(alters=exchange)),
        {"read_back": "changed", "header": False},
        "flag",
    ),
    (
        "line ends",
        lambda: Server(MemoryAccount(alters=lambda raw: raw.replace(b"\r\n", b"\n"))),
        {"read_back": "line ends", "header": True},
        "replace",
    ),
    ("drops duplicates", lambda: Server(drops_duplicates=True), {"same_id": "dropped"}, "flag"),
    ("replaces duplicates", lambda: Server(replaces_duplicates=True), {"same_id": "replaced"}, "flag"),
    (
        "no MOVE, no UIDPLUS",
        lambda: Server(MemoryAccount(moves=False)),
        {"moves": False, "removes": False},
        "copy",
    ),
    ("no APPENDUID", lambda: Server(MemoryAccount(appenduid=False)), {"appenduid": False}, "replace"),
    ("forgets dates", lambda: Server(forgets_dates=True), {"date": False}, "flag"),
    ("deaf", lambda: Server(deaf=True), {"idle": False}, "replace"),
    ("no IDLE", lambda: Server(announced=frozenset({"IMAP4REV1", "MOVE"})), {"idle": None}, "replace"),
    ("no folders", lambda: Server(creates=False), {"read_back": None, "moves": None}, "report"),
    ("few rights", lambda: Server(held="lri"), {"rights": {"INBOX": "lri"}}, "copy"),
    ("no expunge", lambda: Server(held="lrswitd"), {"rights": {"INBOX": "lrswitd"}}, "copy"),
    ("read only", lambda: Server(held="lr"), {"rights": {"INBOX": "lr"}}, "flag"),
    (
        "limit",
        lambda: Server(MemoryAccount(append_limit=35651584)),
        {"append_limit": 35651584},
        "replace",
    ),
]


@pytest.mark.parametrize(("make", "expected", "mode"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_a_fault_is_found_and_the_mode_heeds_it(
    make: Callable[[], Server], expected: dict[str, Any], mode: str
) -> None:
    """Each fault of a server is in the findings, the advice is the safest mode that works, nothing is left."""
    server = make()
    found = examine(server)
    assert {key: getattr(found, key) for key in expected} == expected
    advice = advise(found)
    assert advice.mode == mode
    assert advice.why
    assert scratch(server) == []
    assert Findings.from_dict(found.as_dict()) == found


def test_keywords_that_do_not_last_leave_only_report() -> None:
    """A server that rewrites mail and keeps no keyword can only be read."""
    server = Server(MemoryAccount(alters=exchange))
    create = server.account.create

    def poor(name: str) -> Folder:
        folder = create(name)
        folder.permanent_flags = frozenset({"\\Seen", "\\Deleted"})
        return folder

    server.account.create = poor  # type: ignore[method-assign]
    found = examine(server)
    assert (found.keywords, found.new_keywords) == (False, False)
    assert advise(found).mode == "report"


OPERATIONS = (
    "open",
    "ensure",
    "status",
    "append",
    "uids",
    "fetch",
    "headers",
    "flags",
    "add_flags",
    "move",
    "remove",
)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("fault", [KeyboardInterrupt, ConnectionLost])
def test_the_scratch_mailbox_goes_whatever_happens(operation: str, fault: type[BaseException]) -> None:
    """Ctrl-C or a broken link at the first, third or last use of an operation: no scratch mailbox stays."""
    for number in (1, 3, 9):
        server, count = Server(), 0

        def break_(
            moment: str, name: str, _folder: str, server: Server = server, number: int = number
        ) -> None:
            nonlocal count
            if moment == "after" and name == operation:
                count += 1
                if count == number:
                    server.account.fault = None
                    raise fault("broken on purpose")

        server.account.fault = break_
        try:
            found = examine(server)
        except (KeyboardInterrupt, ConnectionLost):
            pass
        else:
            assert count < number or found.failures or found.left_behind == ()
        server.account.fault = None
        assert scratch(server) == []


def test_what_a_killed_examination_left_is_taken_away() -> None:
    """An old scratch mailbox goes at the next examination; one that holds a mail of the owner's stays and is named."""
    server = Server()
    server.account.create(f"{NAME}0123456789ab")
    kept = f"{NAME}ba9876543210"
    server.account.create(kept)
    server.account.create("Unpixel check-list")
    server.account.deliver(OWN, kept)
    found = examine(server)
    assert scratch(server) == [kept]
    assert "Unpixel check-list" in server.account.folders
    assert found.left_behind == (kept,)


def test_a_scratch_mailbox_that_cannot_be_deleted_is_named() -> None:
    """The person is told which folder to delete by hand."""
    server = Server(deletes=False)
    found = examine(server)
    assert sorted(found.left_behind) == sorted(scratch(server))
    assert len(found.left_behind) == 2
    assert [row.found for row in rows(found) if row.check == "left behind"] == list(found.left_behind)
