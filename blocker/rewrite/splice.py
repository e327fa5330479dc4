"""Edits of a document's text as edits of the raw bytes of its part.

Only the bytes that must change do: in quoted-printable the line length is kept (RFC 2045, section
6.7), in base64 the replacement is padded to the same length so that only the touched groups differ.
Every result is decoded again and compared with what was meant; where it differs, nothing is edited.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

from blocker.message.charset import decode_text
from blocker.message.html import HtmlDocument, normalised
from blocker.message.mime import Enclosure, Part
from blocker.message.transfer import IDENTITY, Base64Mapping, Base64Piece, Base64Pieces, WayBack, decode
from blocker.rewrite.patch import Edit, apply_edits

MAX_LINE = 76
"""Characters of a quoted-printable or base64 line."""


class Uneditable(Exception):
    """The part cannot be edited with certainty; the text says why."""


class Replacement(NamedTuple):
    """Characters start:end of a document's text become `new` (ASCII)."""

    start: int
    end: int
    new: str


def splice(document: HtmlDocument, wanted: Sequence[Replacement]) -> tuple[list[Edit], str]:
    """Edits of the part's encoded body that make the replacements, and the document's text after them.

    Offsets count in the body. Raises Uneditable.
    """
    part, way = document.part, document.way_back
    if part.doubtful:
        raise Uneditable(f"programs read part {part.path} in different ways, and what they load differs")
    if way is None:
        raise Uneditable(f"part {part.path} is encoded in a way that cannot be edited with certainty")
    if isinstance(way, Base64Mapping | Base64Pieces):
        wanted = _padded(document, wanted) or wanted
    edits = _encoded(part, document.decoded, way, _decoded(document, wanted))
    return edits, _read_back(document, apply_edits(part.body, edits), wanted)


def lift(found: dict[Enclosure | None, list[Edit]]) -> list[Edit]:
    """Edits in encoded messages (by the message in which their offsets count) as edits of the raw message around them.

    Raises Uneditable.
    """
    while inner := [enclosure for enclosure in found if enclosure is not None]:
        # From the inside out: what is lifted adds to the edits of the message around.
        enclosure = max(inner, key=attrgetter("depth"))
        edits = sorted(found.pop(enclosure))
        part = enclosure.part
        outer = _encoded(part, enclosure.decoded, enclosure.way_back, edits)
        if decode(part.encoding, apply_edits(part.body, outer)) != apply_edits(enclosure.decoded, edits):
            raise Uneditable(f"part {part.path} does not read back as it should once edited")
        found.setdefault(part.enclosure, []).extend(shifted(outer, part.start))
    return sorted(found.get(None, []))


def shifted(edits: Sequence[Edit], offset: int) -> list[Edit]:
    """The edits of a body as edits of what it stands in."""
    return [Edit(edit.start + offset, edit.end + offset, edit.new) for edit in edits]


def _encoded(part: Part, data: bytes, way: WayBack, edits: Sequence[Edit]) -> list[Edit]:
    """Edits of a part's decoded body as edits of its encoded one."""
    if isinstance(way, Base64Mapping):
        return _base64(part.body, data, way, edits, _newline(part))
    if isinstance(way, Base64Pieces):
        return _in_pieces(part, data, way, edits)
    if part.encoding in IDENTITY:
        return list(edits)
    return _quoted_printable(part.body, way, edits, _newline(part))


def _decoded(document: HtmlDocument, wanted: Sequence[Replacement]) -> list[Edit]:
    """The replacements as edits of the decoded body."""
    return [Edit(*document.decoded_span(item.start, item.end), document.encode(item.new)) for item in wanted]


def _read_back(document: HtmlDocument, body: bytes, wanted: Sequence[Replacement]) -> str:
    """The text of the edited body, read as any reader would; it must say exactly what was meant."""
    part = document.part
    text = decode_text(decode(part.encoding, body), part.charset, document.kind == "css").text
    text = normalised(text)
    position = at = 0
    for item in wanted:
        kept = document.text[position : item.start]
        if not text.startswith(kept, at) or not text.startswith(item.new, at + len(kept)):
            raise Uneditable(f"part {part.path} does not read back as it should once edited")
        at += len(kept) + len(item.new)
        position = item.end
    if not document.cut and text[at:] != document.text[position:]:
        raise Uneditable(f"part {part.path} does not read back as it should once edited")
    return text


def _newline(part: Part) -> bytes:
    """The line end of the body, or, where it is a single line, of the header before it."""
    body = part.body
    if b"\n" not in body:
        body = part.headers.raw[part.headers.start : part.start]
    return b"\r\n" if b"\r\n" in body else b"\n"


def _quoted_printable(body: bytes, way: WayBack, decoded: Sequence[Edit], newline: bytes) -> list[Edit]:
    """The replacement in quoted-printable, with soft line breaks where a line would grow too long."""
    edits = []
    shift_line, shift = -1, 0
    for edit in decoded:
        start, end = way.start(edit.start), way.end(edit.end)
        line_start = body.rfind(b"\n", 0, start) + 1
        column = start - line_start + (shift if line_start == shift_line else 0)
        new = bytearray()
        for byte in edit.new:
            token = b"=%02X" % byte if byte == 0x3D or byte > 0x7E or byte < 0x20 else bytes((byte,))
            if column + len(token) >= MAX_LINE:
                new += b"=" + newline
                column = 0
            new += token
            column += len(token)
        rest = _line_end(body, end) - end
        if column + rest > MAX_LINE >= rest and not body.startswith((b"=\r", b"=\n"), end):
            new += b"=" + newline
            column = 0
        shift_line, shift = body.rfind(b"\n", 0, end) + 1, column - (end - (body.rfind(b"\n", 0, end) + 1))
        edits.append(Edit(start, end, bytes(new)))
    return edits


def _padded(document: HtmlDocument, wanted: Sequence[Replacement]) -> list[Replacement] | None:
    """The replacements with spaces added to keep each one's length; None where one is longer than what it replaces."""
    space = len(document.encode(" "))
    padded = []
    for item, edit in zip(wanted, _decoded(document, wanted), strict=True):
        missing = edit.end - edit.start - len(edit.new)
        if missing < 0 or missing % space:
            return None
        padded.append(item._replace(new=item.new + " " * (missing // space)))
    return padded


def _line_end(body: bytes, position: int) -> int:
    """Where the characters of the line end that `position` stands in."""
    end = body.find(b"\n", position)
    if end < 0:
        return len(body)
    return end - 1 if end > position and body[end - 1] == 0x0D else end


def _in_pieces(part: Part, data: bytes, way: Base64Pieces, edits: Sequence[Edit]) -> list[Edit]:
    """Edits of base64 that is put together of several: each within a piece, as if it stood alone."""
    found: dict[Base64Piece, list[Edit]] = {}
    for edit in edits:
        piece = way.piece(edit.start, edit.end)
        grows = len(edit.new) != edit.end - edit.start
        if piece is None or (grows and not piece.whole):
            raise Uneditable(f"part {part.path} is encoded in a way that cannot be edited with certainty")
        found.setdefault(piece, []).append(edit)
    out: list[Edit] = []
    body, newline = part.body, _newline(part)
    for piece, inner in found.items():
        letters, said = body[piece.start : piece.end], data[piece.first : piece.last]
        new = _base64(letters, said, piece.way, shifted(inner, -piece.first), newline)
        out += shifted(new, piece.start)
    return out


def _base64(
    body: bytes, data: bytes, way: Base64Mapping, edits: Sequence[Edit], newline: bytes
) -> list[Edit]:
    if all(len(edit.new) == edit.end - edit.start for edit in edits):
        return _groups(data, way, edits)
    return [_reencoded(body, data, way, edits, newline)]


def _groups(data: bytes, way: Base64Mapping, edits: Sequence[Edit]) -> list[Edit]:
    """Same-length edits: the four-character groups they touch, each run between line ends an edit."""
    changed = bytearray(data)
    for edit in edits:
        changed[edit.start : edit.end] = edit.new
    out: list[Edit] = []
    for edit in edits:
        first, last = edit.start // 3 * 3, min(-(-edit.end // 3) * 3, len(data))
        encoded = base64.b64encode(bytes(changed[first:last])).rstrip(b"=")
        index = first // 3 * 4
        position = 0
        while position < len(encoded):
            at = way.character(index + position)
            if out and at < out[-1].end:
                position += 1
                continue
            stop = position
            while stop < len(encoded) and way.character(index + stop) == at + stop - position:
                stop += 1
            out.append(Edit(at, at + stop - position, encoded[position:stop]))
            position = stop
    return out


def _reencoded(body: bytes, data: bytes, way: Base64Mapping, decoded: Sequence[Edit], newline: bytes) -> Edit:
    """One edit from the first touched group to the end, in lines of the body's own length."""
    first = decoded[0].start // 3 * 3
    begin = way.start(first)
    line_start = max(body.rfind(b"\n", 0, begin) + 1, 0)
    width = len(body[: body.find(b"\n")].rstrip()) if b"\n" in body else max(len(body), MAX_LINE)
    changed = apply_edits(data, decoded)[first:]
    encoded = base64.b64encode(changed)
    lines = [encoded[: max(width - (begin - line_start), 0)]]
    rest = encoded[len(lines[0]) :]
    lines += [rest[i : i + width] for i in range(0, len(rest), width or MAX_LINE)]
    tail = body[len(body.rstrip(b"\r\n \t")) :]
    return Edit(begin, len(body) - len(tail), newline.join(lines))
