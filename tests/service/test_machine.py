"""A mailbox lived in: deliveries, a user's hands, faults, weak servers and kills, in any order Hypothesis thinks of.

After every step each mail that its owner did not delete exists whole. At rest no mail is there twice, every copy
gives its original back, what is not tracked is as it was, each message is recorded once, and nothing is left to do.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from blocker.mailbox.protocol import ConnectionLost, MailboxError, Stored
from tests.service.test_crash import Clock, Killed, ticking
from tests.service.world import QUARANTINE, World, mail, original_of

OPERATIONS = (
    "open",
    "status",
    "uids",
    "sizes",
    "fetch",
    "headers",
    "append",
    "append_many",
    "flags",
    "add_flags",
    "move",
    "remove",
)
FLAGS = ("\\Seen", "\\Flagged", "\\Answered", "work")
LOOKS_TO_REST = 6
"""A message is tried three times before it is left alone; each try may take two looks."""


class Mailbox(RuleBasedStateMachine):
    """One account in a mode that exchanges mail, and all that may happen to it."""

    template: Path
    mode = "replace"
    arrives = "INBOX"
    """The folder that mail is delivered to."""

    @initialize()
    def begin(self) -> None:
        """A service that has looked once at an empty inbox."""
        self.directory = Path(tempfile.mkdtemp(prefix="unpixel-machine-"))
        shutil.copytree(self.template, self.directory / "home")
        self.world = prepared(self.directory / "home", self.mode, self.arrives)
        self.world.server.create("Archive")
        self.sent: list[tuple[bytes, bool]] = []
        self.gone: set[bytes] = set()
        """Mails that their owner deleted, as they were or as copies."""

    def teardown(self) -> None:
        """It always comes to rest; then its folder goes."""
        if hasattr(self, "sent"):
            try:
                self.rest()
            finally:
                shutil.rmtree(self.directory, ignore_errors=True)

    # --- what others do ---------------------------------------------------------------------------------

    @rule(tracked=st.booleans(), flags=st.sets(st.sampled_from(FLAGS)))
    def deliver(self, tracked: bool, flags: set[str]) -> None:
        """A mail arrives."""
        raw = mail(len(self.sent), tracked=tracked)
        self.sent.append((raw, tracked))
        self.world.deliver(raw, tuple(flags), self.arrives)

    @rule(which=st.integers(0, 9), act=st.sampled_from(["delete", "move", "mark", "flag", "unflag"]))
    @precondition(lambda self: bool(self.visible()))
    def user(self, which: int, act: str) -> None:
        """Its owner does something with what lies in the inbox, or waits for it."""
        self._user(which, act)

    def _user(self, which: int, act: str) -> None:
        visible = self.visible()
        if not visible:
            return
        folder, one = visible[which % len(visible)]
        messages = self.world.server.folders[folder].messages
        if act in ("delete", "move"):
            del messages[one.uid]
            if act == "move":
                self.world.server.deliver(one.raw, "Archive", one.flags)
            else:
                self.gone.add(source(one.raw))
            return
        changed = {
            "mark": one.flags | {"\\Deleted"},
            "flag": one.flags | {"\\Flagged", "\\Seen"},
            "unflag": one.flags - {"\\Flagged", "\\Seen", "\\Deleted"},
        }[act]
        messages[one.uid] = replace(one, flags=changed)

    @rule(
        appenduid=st.booleans(),
        many=st.booleans(),
        alters=st.booleans(),
        full=st.booleans(),
        tells=st.booleans(),
    )
    def weaken(self, appenduid: bool, many: bool, alters: bool, full: bool, tells: bool) -> None:
        """The server tells no UIDs, takes no two at once, alters what it is given, or has no room; or gets well."""
        server = self.world.server
        server.appends_many = many
        server.appenduid = appenduid
        server.alters = (lambda raw: raw.replace(b"Hello", b"Hullo")) if alters else None
        used = sum(len(m.raw) for f in server.folders.values() for m in f.messages.values())
        server.quota, server.tells_quota = used + 10 if full else None, tells

    # --- what the service does --------------------------------------------------------------------------

    @rule()
    def look(self) -> None:
        """The service looks, and nothing is in its way."""
        self._look()

    @rule(
        operation=st.sampled_from(OPERATIONS),
        moment=st.sampled_from(["before", "after"]),
        nth=st.integers(1, 3),
        error=st.sampled_from([ConnectionLost, MailboxError]),
    )
    def look_with_a_fault(self, operation: str, moment: str, nth: int, error: type[MailboxError]) -> None:
        """The link breaks, or the server refuses: before it has done what was asked, or after."""
        # A server that refuses has not done it.
        assume(error is ConnectionLost or moment == "before")
        with suppress(MailboxError):
            self._look(at(operation, moment, nth, lambda: throw(error("a fault; look again."))))

    @rule(
        operation=st.sampled_from(OPERATIONS),
        nth=st.integers(1, 3),
        which=st.integers(0, 9),
        act=st.sampled_from(["delete", "move", "mark", "flag", "unflag"]),
    )
    def look_while_its_owner_is_there(self, operation: str, nth: int, which: int, act: str) -> None:
        """Somebody uses the mailbox between two operations of a look."""
        self._look(at(operation, "before", nth, lambda: self._user(which, act)))

    @rule(moment=st.integers(1, 70))
    def look_and_be_killed(self, moment: int) -> None:
        """The process ends at some moment, as by kill -9."""
        clock = Clock(moment)
        patch = pytest.MonkeyPatch()
        with suppress(Killed), ticking(clock, patch):
            self._look(clock.fault)

    @rule()
    def rest(self) -> None:
        """Nothing more happens: all is well in the end, and nothing is left to do."""
        server = self.world.server
        server.quota, server.alters = None, None
        for _ in range(LOOKS_TO_REST):
            self._look()
        seen = self.world.operations()
        before, journal = self.world.state(), self.world.journal()
        self.world.look()
        self.world.server.fault = None
        assert (seen, self.world.state(), self.world.journal()) == ([], before, journal)
        self._nothing_twice()
        self._recorded_once()

    def _look(self, fault: Callable[[str, str, str], None] | None = None) -> None:
        self.world.server.fault = fault
        try:
            self.world.look()
        finally:
            self.world.server.fault = None

    # --- what holds -------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_lost(self) -> None:
        """Every mail that its owner did not delete exists, as it was or as a copy that gives it back."""
        if hasattr(self, "world"):
            for raw, _ in self.sent:
                assert raw in self.gone or self.world.exists(raw), raw

    @invariant()
    def only_what_is_tracked_is_changed(self) -> None:
        """What holds no tracker lies where it was delivered, or where its owner put it, byte for byte."""
        if hasattr(self, "world"):
            lying = [m.raw for name in ("Archive", *self.folders()) for m in self.world.stored(name)]
            for raw, tracked in self.sent:
                assert tracked or raw in self.gone or lying.count(raw) == 1
            assert not any(
                raw == other for other in self.world.raws(QUARANTINE) for raw, t in self.sent if not t
            )

    def _nothing_twice(self) -> None:
        lying = Counter(
            source(m.raw) for name in ("Archive", *self.folders()) for m in self.world.stored(name)
        )
        assert all(count == 1 for count in lying.values()), lying
        quarantined = Counter(self.world.raws(QUARANTINE))
        assert all(count == 1 for count in quarantined.values()), quarantined
        known = {raw for raw, _ in self.sent}
        assert set(lying) | set(quarantined) <= known, "nothing is there that never came"

    def _recorded_once(self) -> None:
        subjects = Counter(subject for subject, _, _ in self.world.recorded())
        assert all(count == 1 for count in subjects.values()), subjects
        for number, (raw, _) in enumerate(self.sent):
            assert subjects[f"Issue {number}"] or raw in self.gone or raw in self.world.raws("Archive")

    def folders(self) -> set[str]:
        """Where mail comes to lie."""
        return {"INBOX", self.arrives}

    def visible(self) -> list[tuple[str, Stored]]:
        """What its owner can reach, with its folder."""
        if not hasattr(self, "world"):
            return []
        return [(name, stored) for name in sorted(self.folders()) for stored in self.world.stored(name)]


class Held(Mailbox):
    """The same in mode hold: mail waits in the screening folder, and none stays there."""

    mode = "hold"
    arrives = "Screening"

    @rule()
    def rest(self) -> None:
        """As for any account; and all mail has reached the inbox."""
        super().rest()
        assert self.world.stored("Screening") == []


def prepared(home: Path, mode: str, arrives: str) -> World:
    """An account whose folders have the same UIDVALIDITY each time."""
    world = World.make(home, mode)
    for uidvalidity, name in enumerate(("INBOX", arrives), 1001):
        if name not in world.server.folders:
            world.server.create(name)
        world.server.folders[name].uidvalidity = uidvalidity
    return world


def source(raw: bytes) -> bytes:
    """The mail that a message is or gives back."""
    return original_of(raw) or raw


def at(operation: str, moment: str, nth: int, act: Callable[[], object]) -> Callable[[str, str, str], None]:
    """A fault that acts once: at the n-th operation of this name."""
    left = nth

    def fault(when: str, what: str, _folder: str) -> None:
        nonlocal left
        if (what, when) == (operation, moment):
            left -= 1
            if left == 0:
                act()

    return fault


def throw(error: Exception) -> None:
    """Raise it, where only an expression may stand."""
    raise error


LIVES = (40, 400)
"""How many mailboxes are lived in; with --long."""


@pytest.mark.once
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("machine", [Mailbox, Held])
def test_a_mailbox_lived_in(tmp_path: Path, pytestconfig: pytest.Config, machine: type[Mailbox]) -> None:
    """In whatever order things happen."""
    template = tmp_path / "template"
    template.mkdir()
    prepared(template, machine.mode, machine.arrives).begin()
    with_a_home: type[Mailbox] = type("Prepared", (machine,), {"template": template})
    case = with_a_home.TestCase
    case.settings = settings(
        max_examples=LIVES[bool(pytestconfig.getoption("--long"))],
        stateful_step_count=15,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    case("runTest").runTest()
