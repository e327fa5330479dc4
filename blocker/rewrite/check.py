"""What a rewritten message has to pass before it is used, at little cost.

Byte for byte it is compared with the original outside the edits. The standard library reads both, shortened: their
headers, every line that could be a boundary, and each line that an edit touches; the lines left out are equal in both
and can say nothing of structure. lexbor reads the edited HTML of both; its two serialisations may differ only inside
values that named a neutralised address. Where one of these cannot say yes, `verify` looks at the whole messages, and
its answer counts. So does our own reader's, where lexbor still finds a neutralised address anywhere in the HTML.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from email import message_from_bytes
from email.message import Message
from html.entities import html5
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser

from blocker.message.read import read
from blocker.message.transfer import IDENTITY
from blocker.rewrite import verify
from blocker.rewrite.addresses import Addresses
from blocker.rewrite.patch import Edit, apply_edits

MAX_PLACES = 50_000
"""Places of one message that are edited."""
STILL_LOADED = "a neutralised address would still be loaded from another place"
MAX_SEARCH = 50_000_000
"""Characters that are searched for neutralised addresses, once for each: beyond, our reader is asked sooner."""
MAX_HEADER = 64 << 10
"""Octets in which the message's own header is looked for."""
MAX_PART_HEADER = 8 << 10
"""Octets after a boundary-like line in which the header of its part is looked for."""

_ENCODINGS = IDENTITY | {"quoted-printable", "base64"}
_CHARSETS = frozenset({None, "utf-8", "us-ascii", "iso-8859-1", "windows-1252"})
"""What the standard library and our reader decode alike, but for letters that no markup is made of."""
_BLANK = (b"\n\r\n", b"\n\n", b"\r\r")
_MIME_FIELD = re.compile(
    rb"^(?:content-|mime-version)[^\n]*\n(?:[ \t][^\n]*\n)*", re.IGNORECASE | re.MULTILINE
)
_NO_FIELD = re.compile(rb"^(?![!-9;-~]+:|[ \t]|\r?\n|\Z)|\r(?!\n)", re.MULTILINE)
_FIELD = re.compile(rb"[!-9;-~]*:|\r?\n|\r")
_BOUND = re.compile('["<>]')
"""What ends a value in HTML that was serialised."""
_NAMES = sorted(
    name.rstrip(";")
    for name, meant in html5.items()
    if any(character.isascii() and character not in "<>\"'" for character in meant)
)
_REFERENCE = re.compile(f"&(?:#|{'|'.join(dict.fromkeys(_NAMES))})")
_DOCUMENTS = ("data:text/html", "data:text/xml", "data:image/svg", "data:application/")
_PLAIN = re.compile(r"[!#-;=?-\[\]-~]+")
"""Addresses that HTML is serialised with as they are, but for `&`."""


class Edited(NamedTuple):
    """A part before and after it was edited."""

    kind: str
    """What it was read as."""
    encoding: str
    charset: str | None
    before: str
    after: str
    alone: bool = True
    """No program reads another part, or this one otherwise."""


def objection(
    before: bytes, after: bytes, edits: Sequence[Edit], edited: Sequence[Edited], gone: Collection[str]
) -> str | None:
    """Why a rewritten message must not be used, in words; None where all is well.

    `edits` are said to turn `before` into `after` (our own field among them), `edited` are the HTML parts they
    change, `gone` the values of the neutralised references (as written, character references decoded).
    """
    serialised = _proven(before, after, edits, edited, gone)
    if serialised is not None and all(part.alone for part in edited) and _nowhere(gone, serialised):
        return None
    if any(reference.raw in gone for reference in read(after, most=MAX_PLACES).references):
        return STILL_LOADED
    return None if serialised is not None else verify.disagreement(before, after, gone)


def _proven(
    before: bytes, after: bytes, edits: Sequence[Edit], edited: Sequence[Edited], gone: Collection[str]
) -> list[str] | None:
    """The edited HTML as lexbor writes it after the change, where nothing but what was meant differs; else None."""
    short = shortened(before, after, edits)
    if short is None or not same_structure(*short, edited):
        return None
    addresses = Addresses(gone)
    serialised = []
    for part in edited:
        if part.kind != "html" or verify.costly(part.before):
            return None
        old, new = LexborHTMLParser(part.before).html or "", LexborHTMLParser(part.after).html or ""
        if not same_but_for(old, new, addresses):
            return None
        serialised.append(new)
    return serialised


def shortened(before: bytes, after: bytes, edits: Sequence[Edit]) -> tuple[bytes, bytes] | None:
    """Both messages without what can say nothing of their structure; None where `edits` are not all that differs."""
    old: list[bytes] = []
    new: list[bytes] = []
    position = at = 0
    header = _after_blank(before, 0, MAX_HEADER)
    for line_start, line_end, group in _lines(before, edits):
        kept = _telling(before, position, line_start, header)
        line = before[line_start:line_end]
        changed = apply_edits(
            line, [Edit(edit.start - line_start, edit.end - line_start, edit.new) for edit in group]
        )
        if after[at : at + line_start - position] != before[position:line_start]:
            return None
        at += line_start - position
        if not after.startswith(changed, at):
            return None
        at += len(changed)
        old += (*kept, line)
        new += (*kept, changed)
        position = line_end
    if after[at:] != before[position:]:
        return None
    kept = _telling(before, position, len(before), header)
    return b"".join((*old, *kept)), b"".join((*new, *kept))


def _lines(raw: bytes, edits: Sequence[Edit]) -> Iterator[tuple[int, int, list[Edit]]]:
    """The edits, each with the others of its lines, and where these lines start and end."""
    group: list[Edit] = []
    start = end = 0
    for edit in edits:
        if group and edit.start >= end:
            yield start, end, group
            group = []
        if not group:
            start = raw.rfind(b"\n", end, edit.start) + 1 or end
        group.append(edit)
        end = raw.find(b"\n", edit.end) + 1 or len(raw)
    if group:
        yield start, end, group


def _telling(raw: bytes, start: int, end: int, header: int) -> list[bytes]:
    """Of untouched lines start:end those that structure hangs on: header fields, and what looks like a boundary.

    `header` is where the message's own header ends. Behind each line like a boundary the header of its part is kept.
    """
    kept = []
    position = start
    if start < header:
        position = min(header, end)
        kept += _fields(raw, start, position)
    while position < end:
        found = _boundary_like(raw, position, end)
        if found < 0:
            break
        position = min(_part_header_end(raw, found), end)
        kept.append(raw[found:position])
    return kept


def _fields(raw: bytes, start: int, end: int) -> list[bytes]:
    """Of untouched header lines start:end those that say how the body is read, and the last ones, which touch a change.

    All of them, where one is no field's, so that the header may end there for some.
    """
    lines = raw[start:end]
    if _NO_FIELD.search(lines) is not None:
        return [lines]
    last = lines.rfind(b"\n", 0, max(lines.rfind(b"\n", 0, -1), 0)) + 1
    told = [field for field in _MIME_FIELD.finditer(lines) if field.start() < last]
    last = max([last, *(field.end() for field in told)])
    return [*(field.group() for field in told), lines[last:]]


def _boundary_like(raw: bytes, start: int, end: int) -> int:
    """Where the next line begins that starts like a boundary (RFC 2046, 5.1.1), however lines end; -1 where none does."""
    if raw.startswith(b"--", start, end):
        return start
    places = [at + 1 for at in (raw.find(b"\n--", start, end), raw.find(b"\r--", start, end)) if at >= 0]
    return min(places, default=-1)


def _part_header_end(raw: bytes, boundary: int) -> int:
    """Where the header behind a line like a boundary ends: where that line does, if no field follows."""
    line_end = raw.find(b"\n", boundary) + 1 or len(raw)
    if _FIELD.match(raw, line_end) is None:
        return line_end
    return _after_blank(raw, boundary, boundary + MAX_PART_HEADER)


def _after_blank(raw: bytes, start: int, limit: int) -> int:
    """Where the next empty line ends; where none is near, where this line does."""
    found = -1
    for blank in _BLANK:
        at = raw.find(blank, start, limit)
        if at >= 0:
            found = limit = at + len(blank)
    return found if found >= 0 else raw.find(b"\n", start) + 1 or len(raw)


def same_structure(before: bytes, after: bytes, edited: Sequence[Edited]) -> bool:
    """Whether the standard library sees the same fields and parts, and no change but in the parts that were edited."""
    if verify.laborious(before):
        return False
    try:
        old, new = message_from_bytes(before), message_from_bytes(after)
        old_leaves, new_leaves = list(verify.leaves(old)), list(verify.leaves(new))
        if verify.fields(old) != verify.fields(new) or len(old_leaves) != len(new_leaves):
            return False
        pages = [leaf for leaf in old_leaves if verify.is_html(leaf)]
        changed = [
            leaf
            for leaf, other in zip(old_leaves, new_leaves, strict=True)
            if verify.body(leaf) != verify.body(other)
            or (leaf is not old and verify.fields(leaf) != verify.fields(other))
        ]
        return len(pages) == len(changed) == len(edited) and all(map(_read_alike, changed, pages, edited))
    except (LookupError, TypeError, ValueError):  # parameters that contradict RFC 2231
        return False


def _read_alike(leaf: Message, page: Message, part: Edited) -> bool:
    """Whether this leaf, which changed, is the HTML part that was edited, and is decoded as we decoded it."""
    encoding = str(leaf.get("content-transfer-encoding", "")).strip().lower()
    return (
        leaf is page
        and encoding == part.encoding
        and encoding in _ENCODINGS
        and leaf.get_content_charset() == part.charset
        and part.charset in _CHARSETS
    )


def same_but_for(old: str, new: str, gone: Addresses) -> bool:
    """Whether two serialised documents are the same but for values that named one of `gone` and no longer do."""
    position = at = bound = 0
    while (same := _same(old, position, new, at)) is not None:
        position, at = position + same, at + same
        # What ended the last value is such a sign: from there on is far enough.
        start = max(old.rfind(sign, bound, position) for sign in '"<>') + 1
        ends = _BOUND.search(old, position), _BOUND.search(new, at)
        if ends[0] is None or ends[1] is None:
            return False
        if ends[0].start() == position and ends[1].start() == at:
            return False  # what differs is what ends a value
        now = new[at - (position - start) : ends[1].start()]
        if not verify.meant(verify.unescaped(old[start : ends[0].start()]), verify.unescaped(now), gone):
            return False
        position, at = ends[0].start(), ends[1].start()
        bound = position
    return True


def _same(old: str, position: int, new: str, at: int) -> int | None:
    """How many characters from these places on are the same; None where all are, to both ends."""
    most = min(len(old) - position, len(new) - at)
    same, step = 0, 256
    while same < most and _equal(old, position + same, new, at + same, step):
        same += step
        step *= 2
    while step > 1 and same < most:
        step //= 2
        if _equal(old, position + same, new, at + same, step):
            same += step
    same = min(same, most)
    return None if same == len(old) - position == len(new) - at else same


def _equal(old: str, position: int, new: str, at: int, size: int) -> bool:
    return old[position : position + size] == new[at : at + size]


def _nowhere(gone: Collection[str], serialised: Sequence[str]) -> bool:
    """Whether lexbor finds a neutralised address nowhere in the HTML, not even in a link or written in another way."""
    if len(gone) * sum(map(len, serialised)) > MAX_SEARCH or not all(map(_PLAIN.fullmatch, gone)):
        return False
    for markup in serialised:
        plain = markup.replace("&amp;", "&")
        if _spelt(plain) or any(value in plain for value in gone):
            return False
    return True


def _spelt(plain: str) -> bool:
    """Whether a letter of an address may be written so that a plain search misses it."""
    if "\\" in plain or ("&" in plain and _REFERENCE.search(plain) is not None):
        return True
    lowered = plain.lower()
    return any(kind in lowered for kind in _DOCUMENTS)
