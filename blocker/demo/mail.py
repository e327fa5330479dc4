"""The demonstration's mail: the hand-written messages, moved to the present, and new ones made from them.

Everything here works on bytes and changes only what it names: the Date field, the Message-ID, and the
opaque tokens of a tracker, which differ from one mailing to the next.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from itertools import count
from pathlib import Path

import blocker
from blocker.detect.marks import LEAKS
from blocker.detect.reasons import marked
from blocker.detect.report import Judged, Report

RECIPIENT = "camille@example.org"
NEWEST = timedelta(minutes=20)
"""How long before the demonstration's start its newest message arrived."""

_DATE = re.compile(rb"^Date: ([^\r\n]*)", re.MULTILINE)
_MESSAGE_ID = re.compile(rb"^Message-ID: <", re.MULTILINE)
_RUN = re.compile(rb"=[0-9A-F]{2}|([A-Za-z0-9_-]{10,})")
"""A quoted-printable escape, or (as a group) a run long enough to be a token."""
_CLASSES = (b"0123456789", b"abcdef", b"ghijklmnopqrstuvwxyz", b"ABCDEF", b"GHIJKLMNOPQRSTUVWXYZ")


@dataclass(frozen=True, slots=True)
class Letter:
    """One hand-written message."""

    name: str
    """Its file's name without suffix."""
    raw: bytes
    date: datetime
    """Its Date field."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as it reaches the mailbox."""

    raw: bytes
    when: datetime


def folder() -> Path:
    """Where the messages lie: inside the installed package, or in `fixtures/demo` of a source tree.

    Raises FileNotFoundError where neither is there.
    """
    package = Path(blocker.__file__).parent
    for place in (package / "demo_mail", package.parent / "fixtures" / "demo"):
        if place.is_dir():
            return place
    raise FileNotFoundError("The demonstration's mail is missing: install unpixel again.")


def letters(where: Path | None = None) -> list[Letter]:
    """All messages, oldest first. Raises FileNotFoundError as `folder` does."""
    found = [_letter(path) for path in sorted((where or folder()).glob("*.eml"))]
    return sorted(found, key=lambda letter: letter.date)


def past(written: Sequence[Letter], now: datetime) -> list[Arrival]:
    """Every message once, the same time apart as written, the newest one shortly before `now`."""
    if not written:
        return []
    shift = now - NEWEST - max(letter.date for letter in written)
    return [
        Arrival(dated(letter.raw, letter.date + shift), (letter.date + shift).astimezone(UTC))
        for letter in written
    ]


def fresh(written: Sequence[Letter], seed: str) -> Iterator[tuple[Letter, int]]:
    """Without end: which message comes next as new mail, and its number. Each comes once in a round."""
    numbers = count(1)
    for turn in count():
        order = list(written)
        random.Random(f"{seed}/{turn}").shuffle(order)
        for letter in order:
            yield letter, next(numbers)


def again(letter: Letter, number: int, now: datetime) -> Arrival:
    """The message sent anew: another Message-ID, the present date, other tokens in its trackers."""
    raw = dated(renewed(letter.raw, number), now.astimezone(letter.date.tzinfo))
    return Arrival(_MESSAGE_ID.sub(b"Message-ID: <n%d." % number, raw, count=1), now.astimezone(UTC))


def dated(raw: bytes, when: datetime) -> bytes:
    """The message with another Date field; the rest byte for byte."""
    field = b"Date: " + format_datetime(when).encode()
    return _DATE.sub(field, raw, count=1)


def renewed(raw: bytes, number: int) -> bytes:
    """The message with other tokens wherever a token of its trackers stands; signed mail as it is.

    Tokens inside base64 stay: to change them is to change the line. So does what is derived from
    the recipient's address, and whatever a picture that is no tracker needs.
    """
    report = blocker.scan(raw, recipients=(RECIPIENT,))
    if report.signed:
        return raw
    for token in _tokens(raw, report):
        raw = raw.replace(token, _like(token, number))
    return raw


def _letter(path: Path) -> Letter:
    raw = path.read_bytes()
    field = _DATE.search(raw)
    if field is None:
        raise ValueError(f"{path.name} has no Date field.")
    return Letter(path.stem, raw, parsedate_to_datetime(field.group(1).decode("ascii")))


def _tokens(raw: bytes, report: Report) -> list[bytes]:
    """Runs with letters and digits in the trackers' URLs as they stand in the message, longest first."""
    kept = " ".join(r.raw for r in report.references if not r.verdict.blocks or _names_recipient(r))
    found: set[bytes] = set()
    for reference in report.blocked:
        piece = raw[slice(*reference.span)]
        if not piece.startswith(b"http"):
            continue
        runs = (match.group(1) for match in _RUN.finditer(piece))
        found.update(run for run in runs if run and _opaque(run) and run.decode() not in kept)
    return sorted(found, key=lambda token: (-len(token), token))


def _names_recipient(reference: Judged) -> bool:
    return bool(marked(reference.verdict.reasons) & LEAKS)


def _opaque(run: bytes) -> bool:
    return any(chr(b).isdigit() for b in run) and any(chr(b).isalpha() for b in run)


def _like(token: bytes, number: int) -> bytes:
    """Another token of the same length, with digits for digits and hexadecimal for hexadecimal."""
    rng = random.Random(b"%d/%b" % (number, token))
    return bytes(_other(byte, rng) for byte in token)


def _other(byte: int, rng: random.Random) -> int:
    for members in _CLASSES:
        if byte in members:
            return rng.choice(members)
    return byte
