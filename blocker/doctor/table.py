"""What was found, for a person: one row a check, with what it means for their mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from blocker.doctor.findings import Findings
from blocker.mailbox.rights import PUT_IN, TAKE_OUT, allow
from blocker.rewrite.marker import NAME

Sign = Literal["good", "bad", "note"]
_SHOWN = (
    "IMAP4REV2",
    "MOVE",
    "UIDPLUS",
    "IDLE",
    "CONDSTORE",
    "QRESYNC",
    "MULTIAPPEND",
    "ACL",
    "QUOTA",
    "REPLACE",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One check."""

    check: str
    found: str
    meaning: str
    sign: Sign = "good"


def rows(found: Findings) -> list[Row]:
    """Every check, tried or not, in the order it matters."""
    made = [_capabilities(found), *_rights(found)]
    if found.scratch:
        return [*made, Row("scratch mailbox", "none", f"Nothing could be tried: {found.scratch}", "bad")]
    made += [
        _keywords(found),
        _read_back(found),
        _header(found),
        _same_id(found),
        _date(found),
        _appenduid(found),
        _uidnext(found),
    ]
    made += [_moves(found), _removes(found), _idle(found), _room(found), _limit(found)]
    made += [Row("failed", "", why, "bad") for why in found.failures]
    made += [
        Row("left behind", name, "It could not be taken away: delete it in a mail program.", "bad")
        for name in found.left_behind
    ]
    return made


def _capabilities(found: Findings) -> Row:
    have = [name for name in _SHOWN if name in found.capabilities]
    return Row(
        "capabilities",
        " ".join(have) or "IMAP4rev1",
        f"The server calls itself {found.server or 'nothing'}.",
        "note",
    )


def _rights(found: Findings) -> list[Row]:
    made = []
    for folder, rights in found.rights.items():
        if rights is None:
            made.append(
                Row(f"rights on {folder}", "not told", "Its refusals are heeded as they come.", "note")
            )
            continue
        full = allow(rights, PUT_IN + TAKE_OUT)
        meaning = "Messages can be exchanged." if full else "Messages cannot be exchanged here."
        made.append(Row(f"rights on {folder}", rights, meaning, "good" if full else "bad"))
    return made


def _said(value: bool | None, yes: str, no: str) -> str:
    return "not tried" if value is None else yes if value else no


def _sign(value: bool | None) -> Sign:
    return "note" if value is None else "good" if value else "bad"


def _keywords(found: Findings) -> Row:
    promise = (
        ""
        if found.new_keywords is None
        else " as promised"
        if found.new_keywords
        else ", though not promised"
    )
    return Row(
        "keywords",
        _said(found.keywords, "kept" + promise, "lost"),
        "Tracked mail can be marked." if found.keywords else "Mode flag cannot mark anything here.",
        _sign(found.keywords),
    )


def _read_back(found: Findings) -> Row:
    meanings = {
        "exact": "What is stored is what was sent.",
        "line ends": "Only line ends were made those of IMAP.",
        "changed": "The server rewrites messages: a copy could not be checked.",
        "missing": "The server did not keep what it accepted.",
    }
    kept = found.read_back
    good = kept in ("exact", "line ends")
    return Row("read back", kept or "not tried", meanings.get(kept or "", ""), "good" if good else "bad")


def _header(found: Findings) -> Row:
    meaning = (
        "Copies are told from other mail." if found.header else "Copies could not be told from other mail."
    )
    return Row(f"{NAME} field", _said(found.header, "kept", "lost"), meaning, _sign(found.header))


def _same_id(found: Findings) -> Row:
    meanings = {
        "kept": "A copy may keep its original's Message-ID.",
        "dropped": "A copy would be thrown away in silence.",
        "replaced": "A copy would delete its original before it was checked.",
    }
    return Row(
        "same Message-ID",
        found.same_id or "not tried",
        meanings.get(found.same_id or "", ""),
        _sign(None if found.same_id is None else found.same_id == "kept"),
    )


def _date(found: Findings) -> Row:
    meaning = "A copy keeps its place among other mail." if found.date else "A copy would look new."
    return Row("date of arrival", _said(found.date, "kept", "changed"), meaning, _sign(found.date))


def _appenduid(found: Findings) -> Row:
    meaning = "A copy is found at once." if found.appenduid else "A copy is looked for by its own field."
    return Row(
        "APPENDUID",
        _said(found.appenduid, "told", "not told"),
        meaning,
        "good" if found.appenduid else "note",
    )


def _uidnext(found: Findings) -> Row:
    meaning = "Copies are found again." if found.uidnext else "Copies could not be found again."
    return Row("UIDNEXT", _said(found.uidnext, "true", "untrue"), meaning, _sign(found.uidnext))


def _moves(found: Findings) -> Row:
    meaning = "Originals go to quarantine." if found.moves else "Originals cannot go to quarantine."
    return Row("move", _said(found.moves, "works", "does not work"), meaning, _sign(found.moves))


def _removes(found: Findings) -> Row:
    meaning = (
        "A copy that came to nothing is taken back."
        if found.removes
        else "A copy that came to nothing must be deleted by hand."
    )
    return Row("take back one", _said(found.removes, "works", "does not work"), meaning, _sign(found.removes))


def _idle(found: Findings) -> Row:
    meaning = "New mail is told at once." if found.idle else "New mail is looked for every `poll` seconds."
    return Row("IDLE", _said(found.idle, "works", "silent"), meaning, "good" if found.idle else "note")


def _room(found: Findings) -> Row:
    if found.room is None:
        return Row("quota", "not told", "A full account is noticed when it refuses a copy.", "note")
    used, limit = found.room
    full = limit > 0 and used > limit * 0.9
    meaning = "Little room: an exchange needs room for both." if full else "There is room for copies."
    return Row("quota", f"{used / 2**20:.1f} of {limit / 2**20:.1f} MB", meaning, "bad" if full else "good")


def _limit(found: Findings) -> Row:
    if found.append_limit is None:
        return Row(
            "APPENDLIMIT", "not told", "A message that is too large is refused, and left alone.", "note"
        )
    return Row(
        "APPENDLIMIT",
        f"{found.append_limit / 2**20:.1f} MB",
        "What would make a larger copy is only marked.",
        "note",
    )
