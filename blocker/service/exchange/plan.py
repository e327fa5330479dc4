"""How an exchange goes on, decided from facts alone. Nothing here reaches a server, a disk or a clock.

The order keeps one promise: **at every instant the message exists whole**, on the server or in the spool.

    spool → plan → append → locate → verify → recheck → move → done

- The original's bytes are on disk before anything is asked of the server: some servers drop a message
  when one with the same Message-ID is appended.
- UIDNEXT is on disk before the append: when the append's answer is lost, the copy can only be at or above
  it, and is looked for there by its own header field instead of being appended a second time.
- The original is moved only after its copy was read back and found equal.
- "moving" is on disk before the move: when its answer is lost, an original that is gone and lies in the
  quarantine was moved by us; one that is gone and does not was taken by its owner.
- Nothing is expunged but our own copy, by its UID, while it has not replaced anything yet.

Sources: RFC 9051 (UIDNEXT, UIDVALIDITY), RFC 6851 (MOVE), RFC 4315 (UIDPLUS), and mbsync's journal.
"""

from __future__ import annotations

from blocker.catalogue.codes import Stage
from blocker.choices.modes import REMOVED, TRACKED
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
    exchanged,
)

ATTEMPTS = 3
"""After so many failures a message is left alone."""
_NOT_CARRIED = frozenset({"\\recent", "\\deleted", TRACKED.lower(), REMOVED.lower()})


def next_step(entry: Entry, saw: Saw) -> Step | None:
    """The next step of an exchange; None when it is finished or waits to be judged."""
    chooser = _BY_STAGE.get(entry.stage)
    return chooser(entry, saw) if chooser else None


def _spooled(_entry: Entry, _saw: Saw) -> Step:
    return Plan()


def _planned(entry: Entry, saw: Saw) -> Step:
    if saw.refused is not None:
        return _put_off(entry, f"the server does not take the neutralised copy ({saw.refused})")
    if saw.sent is False:
        return Append()
    if saw.answered is not None and saw.found is None and not _older(entry, saw.answered):
        return Located(saw.answered)
    if saw.found is None:
        return Locate()
    if saw.found:
        return Located(min(saw.found))
    if saw.answered is not None:
        return LeaveAlone(
            "the server answered the neutralised copy with a message it already had", keep_spool=True
        )
    if saw.sent:
        return LeaveAlone("the server accepted the neutralised copy but does not show it", keep_spool=True)
    # The append never reached the server: nothing of ours is there, so it is safe to send.
    if saw.original is None:
        return Recheck()
    if taken := _taken(saw):
        return LeaveAlone(taken, keep_spool=saw.original == "gone")
    return Append() if saw.spooled else JudgeAgain("its spooled bytes are missing")


def _older(entry: Entry, uid: int) -> bool:
    """Whether a UID is some older message's: Gmail and Proton Bridge answer so when they drop a duplicate."""
    return (uid == entry.place.uid and not entry.copy_in) or uid < (entry.uidnext or 0)


def _located(entry: Entry, saw: Saw) -> Step:
    if saw.copy is None:
        return Verify() if saw.spooled else Undo("its spooled bytes are missing", again=True)
    if saw.copy == "same":
        return Verified()
    if saw.found is None:
        return Locate()  # the server may have told another message's UID
    if saw.found and entry.copy_uid not in saw.found:
        return Located(min(saw.found))
    if saw.copy == "gone":
        return LeaveAlone("the neutralised copy was taken away before it was checked", keep_spool=True)
    if saw.original is None:
        return Recheck()
    if saw.original == "gone":
        return LeaveAlone("the server changed the neutralised copy and the original is gone", keep_spool=True)
    return Undo("the server changed the neutralised copy")


def _verified(entry: Entry, saw: Saw) -> Step:
    if saw.original is None:
        return Recheck()
    if taken := _taken(saw):
        return Undo(taken)
    assert not isinstance(saw.original, str)
    gained, lost = lasting(saw.original) - lasting(entry.flags), lasting(entry.flags) - lasting(saw.original)
    if lost:
        return Undo("its flags were changed meanwhile", again=True)
    if gained:
        return Carry(gained, saw.original)
    if entry.mode.doubles:
        return Done(exchanged(entry.mode)) if saw.marked else MarkOriginal()
    return Moving()


def _taken(saw: Saw) -> str | None:
    """Whether the owner has dealt with the original meanwhile."""
    if saw.original == "gone":
        return "the original was moved or deleted meanwhile"
    if saw.original is not None and "\\Deleted" in saw.original:
        return "the original was marked as deleted meanwhile"
    return None


def _moving(_entry: Entry, saw: Saw) -> Step:
    if saw.moved is False:
        return MoveOriginal()
    if saw.original is None:
        return Recheck()
    if saw.original == "gone" and saw.moved:
        return Done("replaced")
    if saw.quarantined is None:
        return LookInQuarantine()
    if saw.original == "gone":
        return Done("replaced") if saw.quarantined else Undo("the original was moved or deleted meanwhile")
    if saw.quarantined:
        return RemoveStray(saw.quarantined)
    if saw.refused is not None:
        return Undo(f"the original could not be moved to the quarantine ({saw.refused})")
    if saw.moved:
        return Undo("the server said that it moved the original but did not")
    return MoveOriginal()


def _undoing(entry: Entry, saw: Saw) -> Step:
    if saw.refused is not None:
        return _put_off(entry, f"{entry.reason}; the copy beside it could not be taken away ({saw.refused})")
    if entry.copy_uid is not None and not saw.removed:
        return RemoveCopy(entry.copy_uid)
    if entry.again and entry.attempts + 1 < ATTEMPTS:
        return JudgeAgain(entry.reason)
    if saw.original is None:
        return Recheck()
    # An original that is gone is where its owner put it; should the server have dropped it instead, the
    # spooled bytes are the last.
    return LeaveAlone(entry.reason, keep_spool=saw.original == "gone")


_BY_STAGE = {
    Stage.SPOOLED: _spooled,
    Stage.PLANNED: _planned,
    Stage.LOCATED: _located,
    Stage.VERIFIED: _verified,
    Stage.MOVING: _moving,
    Stage.UNDOING: _undoing,
}


def _put_off(entry: Entry, reason: str) -> Step:
    """A server that refuses may think better of it at the next looks, but not for ever."""
    return LeaveAlone(reason) if entry.attempts + 1 >= ATTEMPTS else Postpone(reason)


def lasting(flags: frozenset[str]) -> frozenset[str]:
    """The flags that a copy takes over from its original.

    Not `\\Recent`, which is the server's own; not `\\Deleted`, which we set on nothing that stays; and not our
    keywords, which say of each message what it is.
    """
    return frozenset(f for f in flags if f.lower() not in _NOT_CARRIED)
