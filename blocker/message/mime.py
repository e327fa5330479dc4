"""The MIME tree of a message (RFC 2045, 2046) as byte offsets of its leaf parts.

Follows the standard library's feed parser in what it accepts: a boundary line of any enclosing
multipart ends a part, a missing end boundary ends with the message, a multipart without a start
boundary is one leaf. Where mail programs take a header in another way (`declared`), the likeliest reading makes the
tree, and `Structure.others` holds the leaves of the other ones. Part paths are those of IMAP's FETCH BODY[...] (RFC 9051, section 6.4.5).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from blocker.message import declared
from blocker.message.charset import Codec
from blocker.message.headers import Headers, read_headers
from blocker.message.multipart import MAX_PARTS, Lines, between, children, delimiters, guessed
from blocker.message.transfer import WayBack, decode, mapping

MAX_DEPTH = 64
"""Nesting of multiparts and attached messages that is followed."""

MAX_OTHERS = 16
"""Other readings of sections of one message that are followed."""
MAX_ENCLOSED = 4
"""Encoded messages inside each other that are decoded."""

NOT_MESSAGES = frozenset(
    {
        "message/delivery-status",
        "message/disposition-notification",
        "message/partial",
        "message/external-body",
    }
)
"""Types under `message/` whose body is no message that may be encoded."""
_READ_ONCE = ("content-type", "content-transfer-encoding")
"""Fields of which a header should have one: programs take the first, or the last."""
SIGNED = frozenset({"multipart/signed", "multipart/encrypted"})
SEALED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_TELLING = ("content-type", "content-disposition", "content-transfer-encoding")
"""Fields that say how a part is read."""
_ESCAPED = re.compile(rb"=(?:3D|\r?\n)", re.IGNORECASE)
_NEVER_NAMED = frozenset({"text/html", "text/calendar"})
_MESSAGE_NAME = re.compile(r"\.(?:e?m|mht|nws)|=\?|\*|%", re.IGNORECASE)
"""What a name of a message, written in whatever way, has in it."""


@dataclass(slots=True, eq=False)
class Enclosure:
    """An attached message under a transfer encoding: RFC 2046, section 5.2.1, forbids it, and programs show it."""

    part: Part
    """The message/rfc822 part, as a leaf."""
    decoded: bytes
    """Its body decoded, in which the parts of the attached message stand."""
    way_back: WayBack
    """The mapping from `decoded` to the encoded body."""

    @property
    def depth(self) -> int:
        """One, or how many encoded messages stand in each other here."""
        outer = self.part.enclosure
        return 1 if outer is None else outer.depth + 1

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """A span of `decoded` as a span of the raw message."""
        part, way = self.part, self.way_back
        return part.raw_span(part.start + way.start(start), part.start + way.end(end))


@dataclass(slots=True)
class Part:
    """A leaf part: what a reader would show or offer to save."""

    path: str
    headers: Headers
    content_type: str
    """Type and subtype in lower case."""
    start: int
    """Offset of the body's first byte."""
    end: int
    """Offset after the body; the line end before a boundary is not part of it."""
    enclosure: Enclosure | None = None
    """The encoded message that it stands in: offsets count in what that is decoded."""
    decoding: str | None = None
    """The transfer encoding of another reading of the part."""
    codec: Codec | None = None
    """The charset of another reading of the part."""
    alone: bool = True
    """No other reading of the message has anything to load."""
    doubtful: bool = False
    """Another reading of a part: found, and never edited."""
    inherited: str = ""
    """The transfer encoding that a multipart around it names, where the part names none."""

    @property
    def body(self) -> bytes:
        """The encoded body."""
        return self.headers.raw[self.start : self.end]

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """A span of the bytes that the part stands in as a span of the raw message."""
        return (start, end) if self.enclosure is None else self.enclosure.raw_span(start, end)

    @property
    def encoding(self) -> str:
        """The transfer encoding by its usual name; empty where there is none."""
        if self.decoding is not None:
            return self.decoding
        return declared.encodings(self.headers.first("content-transfer-encoding"))[0]

    @property
    def charset(self) -> str | None:
        """The charset parameter in lower case."""
        return self.codec or declared.charset(self.headers.first("content-type"))


@dataclass(slots=True)
class Structure:
    """The parts of a message and what its structure says as a whole."""

    headers: Headers
    parts: list[Part]
    sections: list[Section] = field(default_factory=list)
    """Everything with a header that the tree is made of, outer ones first."""
    others: list[Part] = field(default_factory=list)
    """Leaves that some program sees in place of these, where a header can be taken in more than one way."""
    pending: list[Pending] = field(default_factory=list)
    """Other readings that were not followed yet."""
    signed: bool = False
    """A signed or encrypted container stands somewhere in the tree."""
    cut: bool = False
    """A bound was reached: not everything was told apart."""
    like: int = 0
    """Lines met so far that begin like a boundary and are none."""
    begun: bool = False
    """One of them, in the multipart that was looked at last, stands before a field."""


class Where(NamedTuple):
    """Where in the tree a section stands."""

    path: str
    """Empty for the message itself."""
    default: str
    """The type of what declares none."""
    depth: int
    enclosure: Enclosure | None
    encoding: str = ""
    """That of the multipart around, where it names one that encodes: RFC 2045, section 6.4, forbids it."""


class Section(NamedTuple):
    """A header of the tree and what was made of it."""

    headers: Headers
    kind: str
    """Type and subtype in lower case."""
    boundary: bytes | None
    """The one that opens the parts of a multipart."""
    part: Part | None = None
    """The leaf."""
    enclosure: Enclosure | None = None
    """The attached message under a transfer encoding."""


class Pending(NamedTuple):
    """Another reading of a section, which is followed once the tree is made."""

    raw: bytes
    headers: Headers
    end: int
    where: Where
    boundary: bytes = b""
    """The one that this reading takes."""
    lines: Lines | None = None
    """How it finds the lines of that boundary; None where it is another header that makes the reading."""


def read_structure(raw: bytes) -> Structure:
    """The structure of a whole message. Never fails: any bytes are a message of some kind."""
    headers = read_headers(raw, 0, len(raw))
    structure = Structure(headers, [])
    _walk(raw, headers, len(raw), Where("", "text/plain", 0, None), structure)
    if structure.pending:
        _walk_others(structure)
    return structure


def _walk_others(structure: Structure) -> None:
    """The leaves of the other readings, up to a bound."""
    parts, structure.parts = structure.parts, []
    sections, structure.sections = structure.sections, []
    for count, other in enumerate(structure.pending):
        if count >= MAX_OTHERS:
            structure.cut = True
            break
        if other.lines is None:
            _walk_section(other.raw, other.headers, other.end, other.where, structure)
        else:
            span = other.headers.end, other.end
            spans = between(other.raw, span, other.lines(other.raw, b"--" + other.boundary, *span, structure))
            _walk_spans(other.raw, spans or [], "text/plain", other.where, structure)
    structure.others, structure.parts = structure.parts, parts
    structure.sections = sections
    structure.pending.clear()


def content_type(headers: Headers, default: str) -> str:
    """Type and subtype in lower case; `default` where the header declares none."""
    value = headers.first("content-type")
    if not value:
        return default if "content-type" not in headers else "text/plain"
    return declared.media_type(value)


def _walk(raw: bytes, headers: Headers, end: int, where: Where, structure: Structure) -> None:
    """Append the leaves of one part to `structure`, by the reading of its header that tells most."""
    if headers.others or headers.repeats(_READ_ONCE):
        readings = [headers, *headers.others]
        for name in _READ_ONCE:
            readings = [one for reading in readings for one in reading.readings(name)]
        headers = max(readings, key=lambda one: _telling(content_type(one, where.default)))
        others = [one for one in readings if one is not headers and _tells(one, where.default)]
        structure.pending += [Pending(raw, one, end, where) for one in others]
    _walk_section(raw, headers, end, where, structure)


def _walk_section(raw: bytes, headers: Headers, end: int, where: Where, structure: Structure) -> None:
    """Append the leaves of one part whose header is read in one way."""
    kind = content_type(headers, where.default)
    if kind in SIGNED or kind in SEALED:
        structure.signed = True
    structure.cut = structure.cut or headers.cut or headers.is_any_long(_TELLING)
    if where.depth >= MAX_DEPTH or len(structure.parts) >= MAX_PARTS:
        structure.cut = True
    elif kind.startswith("multipart/"):
        boundary, spans = _children(raw, headers, end, where, structure)
        if boundary is not None:
            structure.sections.append(Section(headers, kind, boundary))
            inner = "message/rfc822" if kind == "multipart/digest" else "text/plain"
            encoding = declared.encodings(headers.first("content-transfer-encoding"))[0]
            encoding = encoding if encoding in ("base64", "quoted-printable") else where.encoding
            _walk_spans(raw, spans, inner, where._replace(encoding=encoding), structure)
            return
        if _walk_encoded(headers, kind, end, where, structure):
            return
    elif _walk_message(raw, headers, kind, end, where, structure):
        return
    part = _leaf(headers, kind, end, where)
    structure.sections.append(Section(headers, kind, None, part))
    structure.parts.append(part)


def _leaf(headers: Headers, kind: str, end: int, where: Where) -> Part:
    start = headers.end
    inherited = "" if "content-transfer-encoding" in headers else where.encoding
    return Part(
        where.path or "1", headers, kind, start, max(start, end), where.enclosure, inherited=inherited
    )


def _tells(headers: Headers, default: str) -> bool:
    """Whether a reading of a header makes more of the part than plain text."""
    return default != "text/plain" or "content-type" in headers or "content-disposition" in headers


def _telling(kind: str) -> int:
    """How much a program that takes a part for this type makes of it."""
    if kind.startswith(("multipart/", "message/")):
        return 3
    return 2 if kind == "text/html" or kind.endswith(("+xml", "-html")) else int(kind != "text/plain")


def _walk_spans(
    raw: bytes, spans: Sequence[tuple[int, int]], default: str, where: Where, structure: Structure
) -> None:
    """Append the leaves of the children of a multipart, which stand at `spans`."""
    for number, (start, end) in enumerate(spans, 1):
        path = f"{where.path}.{number}" if where.path else str(number)
        below = Where(path, default, where.depth + 1, where.enclosure, where.encoding)
        _walk(raw, read_headers(raw, start, end), end, below, structure)


def _walk_encoded(headers: Headers, kind: str, end: int, where: Where, structure: Structure) -> bool:
    """Append the leaves of a multipart under a transfer encoding, which RFC 2045, section 6.4, forbids; false for none."""
    part = _leaf(headers, kind, end, where)
    if part.encoding not in ("base64", "quoted-printable") or _too_deep(part, structure):
        return False
    decoded = decode(part.encoding, part.body)
    way = mapping(part.encoding, part.body, decoded)
    if way is None:
        return False
    for boundary in declared.boundaries(headers):
        spans = children(decoded, boundary, (0, len(decoded)), structure)[0]
        if spans is not None:
            enclosure = Enclosure(part, decoded, way)
            structure.sections.append(Section(headers, kind, boundary, None, enclosure))
            _walk_spans(decoded, spans, "text/plain", where._replace(enclosure=enclosure), structure)
            return True
    return False


def _too_deep(part: Part, structure: Structure) -> bool:
    if part.enclosure is not None and part.enclosure.depth >= MAX_ENCLOSED:
        structure.cut = True
        return True
    return False


def _walk_message(
    raw: bytes, headers: Headers, kind: str, end: int, where: Where, structure: Structure
) -> bool:
    """Append the leaves of an attached message; false where the part holds none."""
    declares = kind.startswith("message/") and kind != "message/delivery-status"
    if not declares and not is_named_message(headers, kind):
        return False
    start, enclosure = headers.end, where.enclosure
    encoded = _enclosed(_leaf(headers, kind, end, where), structure)
    if encoded is not None:
        raw, start, end, enclosure = encoded.decoded, 0, len(encoded.decoded), encoded
    child = read_headers(raw, start, end)
    if not declares and "content-type" not in child:
        return False  # nothing in it is shown but as text
    structure.sections.append(Section(headers, kind if declares else declared.MESSAGE, None, None, encoded))
    path = where.path or "1"
    if not content_type(child, "text/plain").startswith("multipart/"):
        path += ".1"
    _walk(raw, child, end, Where(path, "text/plain", where.depth + 1, enclosure), structure)
    return True


def is_named_message(headers: Headers, kind: str) -> bool:
    """Whether a program opens the part as a message for its name, or for a type of saved pages."""
    if kind in _NEVER_NAMED or kind.startswith(("multipart/", "message/")):
        return False
    if kind in declared.ARCHIVES:
        return True
    disposition = headers.first("content-disposition")
    if kind.startswith(("image/", "text/plain")) and "attachment" not in disposition.lower():
        return False
    if _MESSAGE_NAME.search(f"{disposition};{headers.first('content-type')}") is None:
        return False
    return any(end in declared.MESSAGE_NAMES for end in declared.ends(headers))


def _enclosed(part: Part, structure: Structure) -> Enclosure | None:
    """The attached message as it is decoded, where it is encoded indeed and not only said to be."""
    if part.content_type in NOT_MESSAGES or part.encoding not in ("base64", "quoted-printable"):
        return None
    if _too_deep(part, structure):
        return None
    body = part.body
    if part.encoding == "quoted-printable":
        # What is only labelled so has fields like `charset="utf-8"`, which would be `charset=3D"utf-8"`.
        head = body[: read_headers(body, 0, len(body)).end]
        if _ESCAPED.search(head) is None:
            return None
    decoded = decode(part.encoding, body)
    way = mapping(part.encoding, body, decoded)
    if way is None or not read_headers(decoded, 0, len(decoded)).fields:
        return None
    return Enclosure(part, decoded, way)


def _children(
    raw: bytes, headers: Headers, end: int, where: Where, structure: Structure
) -> tuple[bytes | None, list[tuple[int, int]]]:
    """The boundary of a multipart with start and end of each child; None where no boundary line opens one.

    Of the boundaries that may be meant the first that opens a part counts; a second one that does is another reading.
    Where none does, programs take the first line that looks like one.
    """
    span = headers.end, end
    chosen: tuple[bytes | None, list[tuple[int, int]]] = None, []
    meant = declared.boundaries(headers)
    for boundary in meant:
        found, others = children(raw, boundary, span, structure)
        if chosen[0] is None:
            structure.pending += [Pending(raw, headers, end, where, boundary, lines) for lines in others]
            chosen = (boundary, found) if found is not None else chosen
        elif found is not None:
            structure.pending.append(Pending(raw, headers, end, where, boundary, delimiters))
    if chosen[0] is None and all(raw.find(b"--" + boundary, *span) < 0 for boundary in meant):
        like = guessed(raw, span)
        return like, (like is not None and children(raw, like, span, structure)[0]) or []
    return chosen
