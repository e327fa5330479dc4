"""The plan as tables: what is known before, what comes next."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blocker.catalogue.codes import Stage
from blocker.choices.modes import Mode
from blocker.service.exchange.decide import Decision, Exchange, Flag, Found, Powers, Report, Skip, decide
from blocker.service.exchange.plan import ATTEMPTS, lasting, next_step
from blocker.service.exchange.steps import (
    Append,
    Carry,
    Done,
    Entry,
    JudgeAgain,
    LeaveAlone,
    Locate,
    Located,
    LookInQuarantine,
    MarkOriginal,
    MoveOriginal,
    Moving,
    Place,
    Plan,
    Postpone,
    Recheck,
    RemoveCopy,
    RemoveStray,
    Saw,
    Step,
    Undo,
    Verified,
    Verify,
)

SEEN = frozenset({"\\Seen"})
HERE = Place("ada", "INBOX", 7, 20)
NOTHING = Saw()


def entry(stage: Stage, mode: Mode = Mode.REPLACE, **more: object) -> Entry:
    """Message 20, whose copy can only be at 31 or above."""
    late = stage not in (Stage.SPOOLED, Stage.PLANNED)
    made = Entry(HERE, stage, mode, uidnext=31, copy_uid=31 if late else None, flags=SEEN)
    return replace(made, **more)  # type: ignore[arg-type]


S, P, L, V, M, U = Stage.SPOOLED, Stage.PLANNED, Stage.LOCATED, Stage.VERIFIED, Stage.MOVING, Stage.UNDOING
TAKEN = "the original was moved or deleted meanwhile"
DELETED = "the original was marked as deleted meanwhile"
CHANGED = "the server changed the neutralised copy"
HAD = "the server answered the neutralised copy with a message it already had"

STEPS: list[tuple[str, Entry, Saw, Step | None]] = [
    ("on disk: plan", entry(S), NOTHING, Plan()),
    ("planned just now: append", entry(P), Saw(spooled=True, sent=False), Append()),
    ("planned before a restart: look first", entry(P), Saw(spooled=True), Locate()),
    ("looked, not there: is the original?", entry(P), Saw(spooled=True, found=()), Recheck()),
    ("not there, original is: append", entry(P), Saw(spooled=True, found=(), original=SEEN), Append()),
    (
        "not there, original gone",
        entry(P),
        Saw(spooled=True, found=(), original="gone"),
        LeaveAlone(TAKEN, True),
    ),
    (
        "not there, original marked deleted",
        entry(P),
        Saw(spooled=True, found=(), original=frozenset({"\\Deleted"})),
        LeaveAlone(DELETED, False),
    ),
    (
        "not there and spool lost: begin anew",
        entry(P),
        Saw(spooled=False, found=(), original=SEEN),
        JudgeAgain("its spooled bytes are missing"),
    ),
    ("there after all", entry(P), Saw(found=(33,)), Located(33)),
    ("there twice: the first", entry(P), Saw(found=(35, 33)), Located(33)),
    ("answered with its UID", entry(P), Saw(sent=True, answered=31), Located(31)),
    ("answered without a UID: look", entry(P), Saw(sent=True), Locate()),
    ("answered with the original's UID: look", entry(P), Saw(sent=True, answered=20), Locate()),
    ("answered with an older UID: look", entry(P), Saw(sent=True, answered=30), Locate()),
    ("answered wrongly, found", entry(P), Saw(sent=True, answered=30, found=(33,)), Located(33)),
    ("answered with an old one", entry(P), Saw(sent=True, answered=30, found=()), LeaveAlone(HAD, True)),
    (
        "accepted but not shown",
        entry(P),
        Saw(sent=True, found=()),
        LeaveAlone("the server accepted the neutralised copy but does not show it", True),
    ),
    (
        "refused once",
        entry(P),
        Saw(refused="full."),
        Postpone("the server does not take the neutralised copy (full.)"),
    ),
    (
        "refused for the last time",
        entry(P, attempts=ATTEMPTS - 1),
        Saw(refused="full."),
        LeaveAlone("the server does not take the neutralised copy (full.)"),
    ),
    ("located: verify", entry(L), Saw(spooled=True), Verify()),
    ("located, spool lost", entry(L), Saw(spooled=False), Undo("its spooled bytes are missing", again=True)),
    ("same", entry(L), Saw(copy="same"), Verified()),
    (
        "copy gone",
        entry(L),
        Saw(copy="gone", found=()),
        LeaveAlone("the neutralised copy was taken away before it was checked", True),
    ),
    ("another's UID was told: look", entry(L, copy_uid=31), Saw(copy="differs"), Locate()),
    ("nobody's UID was told: look", entry(L, copy_uid=31), Saw(copy="gone"), Locate()),
    ("it lies elsewhere", entry(L, copy_uid=31), Saw(copy="gone", found=(32,)), Located(32)),
    ("differs: is the original there?", entry(L, copy_uid=31), Saw(copy="differs", found=(31,)), Recheck()),
    (
        "differs, original there: undo",
        entry(L, copy_uid=31),
        Saw(copy="differs", found=(31,), original=SEEN),
        Undo(CHANGED),
    ),
    (
        "differs, original gone: keep both",
        entry(L),
        Saw(copy="differs", found=(), original="gone"),
        LeaveAlone("the server changed the neutralised copy and the original is gone", True),
    ),
    ("verified: recheck", entry(V), NOTHING, Recheck()),
    ("original gone: undo", entry(V), Saw(original="gone"), Undo(TAKEN)),
    ("original marked deleted: undo", entry(V), Saw(original=SEEN | {"\\Deleted"}), Undo(DELETED)),
    (
        "flag gained: carry",
        entry(V),
        Saw(original=SEEN | {"\\Flagged"}),
        Carry(frozenset({"\\Flagged"}), SEEN | {"\\Flagged"}),
    ),
    (
        "flag lost: begin anew",
        entry(V),
        Saw(original=frozenset()),
        Undo("its flags were changed meanwhile", True),
    ),
    ("recent is no flag", entry(V), Saw(original=SEEN | {"\\Recent"}), Moving()),
    ("our keyword is not carried", entry(V), Saw(original=SEEN | {"$Tracked"}), Moving()),
    ("unchanged: about to move", entry(V), Saw(original=SEEN), Moving()),
    ("copy mode marks", entry(V, Mode.COPY), Saw(original=SEEN), MarkOriginal()),
    ("copy mode ends", entry(V, Mode.COPY), Saw(original=SEEN, marked=True), Done("copied")),
    ("about to move: move", entry(M), Saw(moved=False), MoveOriginal()),
    ("moved: is it gone?", entry(M), Saw(moved=True), Recheck()),
    ("moved and gone: done", entry(M), Saw(moved=True, original="gone"), Done("replaced")),
    ("before a restart: is it gone?", entry(M), NOTHING, Recheck()),
    ("gone: by us?", entry(M), Saw(original="gone"), LookInQuarantine()),
    ("gone by us", entry(M), Saw(original="gone", quarantined=(5,)), Done("replaced")),
    ("gone by its owner", entry(M), Saw(original="gone", quarantined=()), Undo(TAKEN)),
    ("still there: half a move?", entry(M), Saw(original=SEEN), LookInQuarantine()),
    ("half a move: clear up", entry(M), Saw(original=SEEN, quarantined=(5,)), RemoveStray((5,))),
    ("no move yet", entry(M), Saw(original=SEEN, quarantined=()), MoveOriginal()),
    (
        "refused: undo",
        entry(M),
        Saw(original=SEEN, quarantined=(), refused="no."),
        Undo("the original could not be moved to the quarantine (no.)"),
    ),
    (
        "refused, yet half a move",
        entry(M),
        Saw(original=SEEN, quarantined=(5,), refused="no."),
        RemoveStray((5,)),
    ),
    (
        "said yes, did not",
        entry(M),
        Saw(original=SEEN, quarantined=(), moved=True),
        Undo("the server said that it moved the original but did not"),
    ),
    ("undoing: remove", entry(U, reason="x"), NOTHING, RemoveCopy(31)),
    ("removed: is the original there?", entry(U, reason="x"), Saw(removed=True), Recheck()),
    ("removed, it is", entry(U, reason="x"), Saw(removed=True, original=SEEN), LeaveAlone("x", False)),
    ("removed, it is not", entry(U, reason="x"), Saw(removed=True, original="gone"), LeaveAlone("x", True)),
    ("removed, again", entry(U, reason="x", again=True), Saw(removed=True), JudgeAgain("x")),
    (
        "removed, again once too often",
        entry(U, reason="x", again=True, attempts=ATTEMPTS - 1),
        Saw(removed=True, original=SEEN),
        LeaveAlone("x", False),
    ),
    (
        "removal refused",
        entry(U, reason="x"),
        Saw(refused="no."),
        Postpone("x; the copy beside it could not be taken away (no.)"),
    ),
    ("done", entry(Stage.DONE), NOTHING, None),
    ("left", entry(Stage.LEFT), NOTHING, None),
    ("restored", entry(Stage.RESTORED), NOTHING, None),
    ("to be judged", entry(Stage.JUDGING), NOTHING, None),
]


@pytest.mark.parametrize(("before", "saw", "after"), [s[1:] for s in STEPS], ids=[s[0] for s in STEPS])
def test_next_step(before: Entry, saw: Saw, after: Step | None) -> None:
    """From each state of things exactly this step follows."""
    assert next_step(before, saw) == after


def test_the_original_is_moved_only_after_its_copy_was_verified() -> None:
    """No stage before `moving` asks for a move, whatever was seen; and `moving` follows `verified` alone."""
    everything = [
        Saw(spooled, sent, answered, found, copy, original, True, moved, refused, quarantined, removed)
        for spooled in (None, True, False)
        for sent in (None, True, False)
        for answered in (None, 20, 31)
        for found in (None, (), (31,))
        for copy in (None, "same", "differs", "gone")
        for original in (None, SEEN, "gone")
        for moved in (None, True, False)
        for refused in (None, "no.")
        for quarantined in (None, (), (5,))
        for removed in (None, True)
    ]
    for stage in Stage:
        steps = {type(next_step(entry(stage), saw)) for saw in everything}
        assert (MoveOriginal in steps) == (stage is Stage.MOVING), stage
        assert (Moving in steps) == (stage is Stage.VERIFIED), stage
        assert (Verified in steps) == (stage is Stage.LOCATED), stage
        assert (RemoveCopy in steps) == (stage is Stage.UNDOING), stage
        assert (Append in steps) == (stage is Stage.PLANNED), stage


def test_lasting_flags() -> None:
    """A copy takes over what its owner set, not the server's own flag, not a deletion, not our keywords."""
    assert lasting(frozenset({"\\Seen", "\\Recent", "\\Deleted", "work", "$Tracked", "$trackerremoved"})) == {
        "\\Seen",
        "work",
    }


TRACKED = Found(tracked=True, changed=True)
DECISIONS: list[tuple[str, Mode, Found, Powers, Decision]] = [
    ("report only reports", Mode.REPORT, TRACKED, Powers(), Report()),
    ("our copy", Mode.REPORT, Found(ours=True), Powers(), Skip()),
    ("put back by its owner", Mode.REPLACE, replace(TRACKED, put_back=True), Powers(), Skip()),
    ("nothing found", Mode.REPLACE, Found(), Powers(), Report()),
    ("flag", Mode.FLAG, TRACKED, Powers(), Flag()),
    (
        "flagged before",
        Mode.FLAG,
        replace(TRACKED, flags=frozenset({"$Tracked"})),
        Powers(),
        Report("flagged"),
    ),
    ("signed mail is flagged", Mode.FLAG, Found(tracked=True, refused="signed"), Powers(), Flag()),
    (
        "no keyword",
        Mode.FLAG,
        TRACKED,
        Powers(keeps_tracked=False),
        LeaveAlone("the folder keeps no keyword $Tracked"),
    ),
    ("replace", Mode.REPLACE, TRACKED, Powers(), Exchange()),
    ("copy", Mode.COPY, TRACKED, Powers(), Exchange()),
    ("a receipt request alone", Mode.REPLACE, Found(changed=True), Powers(), Exchange()),
    ("signed", Mode.REPLACE, Found(tracked=True, refused="signed"), Powers(), LeaveAlone("signed")),
    ("nothing to change", Mode.REPLACE, Found(tracked=True), Powers(), Report()),
    (
        "marked as deleted",
        Mode.REPLACE,
        replace(TRACKED, flags=frozenset({"\\Deleted"})),
        Powers(),
        LeaveAlone("it is marked as deleted"),
    ),
    (
        "read-only",
        Mode.COPY,
        TRACKED,
        Powers(writable=False),
        LeaveAlone("this account may not change the folder"),
    ),
    (
        "cannot move: flag",
        Mode.REPLACE,
        TRACKED,
        Powers(can_move=False),
        Flag("the server cannot move a message without risk to others"),
    ),
    (
        "cannot move, no keyword",
        Mode.REPLACE,
        TRACKED,
        Powers(can_move=False, keeps_tracked=False),
        LeaveAlone("the server cannot move a message without risk to others"),
    ),
    ("cannot move: copy does not need it", Mode.COPY, TRACKED, Powers(can_move=False), Exchange()),
]


@pytest.mark.parametrize(
    ("mode", "found", "powers", "decision"), [d[1:] for d in DECISIONS], ids=[d[0] for d in DECISIONS]
)
def test_decide(mode: Mode, found: Found, powers: Powers, decision: Decision) -> None:
    """From the mode, what was found and what the folder allows, exactly this follows."""
    assert decide(mode, found, powers) == decision
