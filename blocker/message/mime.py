"""The MIME tree of a message (RFC 2045, 2046) as byte offsets of its leaf parts.

Follows the standard library's feed parser in what it accepts: a boundary line of any enclosing
multipart ends a part, a missing end boundary ends with the message, a multipart without a start
boundary is one leaf. Part paths are those of IMAP's FETCH BODY[...] (RFC 9051, section 6.4.5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from blocker.message.headers import Headers, parameters, read_headers
from blocker.message.transfer import WayBack, decode, mapping

MAX_DEPTH = 64
"""Nesting of multiparts and attached messages that is followed."""
MAX_PARTS = 1000
"""Leaf parts of one message that are told apart; the rest is one leaf."""
MAX_LIKE = 1_000_000
"""Lines of one message that begin like a boundary and are none, over all levels; what follows is one leaf."""

MAX_ENCLOSED = 4
"""Encoded messages inside each other that are decoded."""

ENCLOSED = frozenset({"message/rfc822", "message/global"})
"""Messages that are read where they are encoded, too."""
SIGNED = frozenset({"multipart/signed", "multipart/encrypted"})
SEALED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_LAST_EOL = re.compile(rb"\r\n\Z|\r\Z|\n\Z")
_ESCAPED = re.compile(rb"=(?:3D|\r?\n)", re.IGNORECASE)
_BOUNDARY_TAIL = re.compile(rb"(--)?[ \t]*(\r\n|\r|\n|\Z)")


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

    @property
    def body(self) -> bytes:
        """The encoded body."""
        return self.headers.raw[self.start : self.end]

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """A span of the bytes that the part stands in as a span of the raw message."""
        return (start, end) if self.enclosure is None else self.enclosure.raw_span(start, end)

    @property
    def encoding(self) -> str:
        """Content-Transfer-Encoding in lower case; empty where there is none."""
        return self.headers.first("content-transfer-encoding").strip().lower()

    @property
    def charset(self) -> str | None:
        """The charset parameter in lower case."""
        value = self.headers.first("content-type")
        if "charset" not in value.lower():
            return None
        charset = parameters(value).get("charset")
        return charset.lower() if charset is not None and charset.isascii() else None

    @property
    def filename(self) -> str:
        """The name under which a reader would offer to save the part."""
        disposition, kind = self.headers.first("content-disposition"), self.headers.first("content-type")
        if "name" not in disposition.lower() and "name" not in kind.lower():
            return ""
        name = parameters(disposition).get("filename")
        return (parameters(kind).get("name", "") if name is None else name).strip()


@dataclass(slots=True)
class Structure:
    """The parts of a message and what its structure says as a whole."""

    headers: Headers
    parts: list[Part]
    signed: bool = False
    """A signed or encrypted container stands somewhere in the tree."""
    cut: bool = False
    """A bound was reached: not everything was told apart."""
    like: int = 0
    """Lines met so far that begin like a boundary and are none."""


def read_structure(raw: bytes) -> Structure:
    """The structure of a whole message. Never fails: any bytes are a message of some kind."""
    headers = read_headers(raw, 0, len(raw))
    structure = Structure(headers, [])
    _walk(raw, headers, len(raw), "", "text/plain", 0, structure, None)
    return structure


def content_type(headers: Headers, default: str) -> str:
    """Type and subtype in lower case, with the standard library's fallback for broken ones.

    The type ends at white space, too: `text/html charset=utf-8` lacks its semicolon and is shown as HTML.
    """
    value = headers.first("content-type")
    if not value:
        return default if "content-type" not in headers else "text/plain"
    kind = value.partition(";")[0].lower().split(None, 1)
    return kind[0] if kind and kind[0].count("/") == 1 else "text/plain"


def _walk(
    raw: bytes,
    headers: Headers,
    end: int,
    path: str,
    default: str,
    depth: int,
    structure: Structure,
    enclosure: Enclosure | None,
) -> None:
    """Append the leaves of one part to `structure`; `path` is empty for the message itself."""
    kind = content_type(headers, default)
    if kind in SIGNED or kind in SEALED:
        structure.signed = True
    start = headers.end
    structure.cut = structure.cut or headers.cut
    if depth >= MAX_DEPTH or len(structure.parts) >= MAX_PARTS:
        structure.cut = True
    elif kind.startswith("multipart/"):
        children = _children(raw, headers, start, end, structure)
        if children is not None:
            inner = "message/rfc822" if kind == "multipart/digest" else "text/plain"
            for number, (child_start, child_end) in enumerate(children, 1):
                child = read_headers(raw, child_start, child_end)
                child_path = f"{path}.{number}" if path else str(number)
                _walk(raw, child, child_end, child_path, inner, depth + 1, structure, enclosure)
            return
    elif kind.startswith("message/") and kind != "message/delivery-status":
        encoded = _enclosed(Part(path, headers, kind, start, max(start, end), enclosure), structure)
        if encoded is not None:
            raw, start, end, enclosure = encoded.decoded, 0, len(encoded.decoded), encoded
        child = read_headers(raw, start, end)
        nested = path or "1"
        if not content_type(child, "text/plain").startswith("multipart/"):
            nested += ".1"
        _walk(raw, child, end, nested, "text/plain", depth + 1, structure, enclosure)
        return
    structure.parts.append(Part(path or "1", headers, kind, start, max(start, end), enclosure))


def _enclosed(part: Part, structure: Structure) -> Enclosure | None:
    """The attached message as it is decoded, where it is encoded indeed and not only said to be."""
    if part.content_type not in ENCLOSED or part.encoding not in ("base64", "quoted-printable"):
        return None
    if part.enclosure is not None and part.enclosure.depth >= MAX_ENCLOSED:
        structure.cut = True
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
    raw: bytes, headers: Headers, start: int, end: int, structure: Structure
) -> list[tuple[int, int]] | None:
    """Start and end of each child of a multipart, or None where no boundary line opens one."""
    boundary = boundary_of(headers)
    if boundary is None:
        return None
    children: list[tuple[int, int]] = []
    opened = -1
    for line_start, line_end, closing in _delimiters(raw, b"--" + boundary, start, end, structure):
        if opened < 0 and closing:
            return None
        if 0 <= opened < line_start:
            children.append((opened, _without_last_eol(raw, opened, line_start)))
            if closing:
                return children
            if len(children) > MAX_PARTS:
                opened = line_end
                break
        # A boundary right after another opens no second part, even if it is a closing one.
        opened = line_end
    if opened < 0:
        return None
    # Of an unterminated part, too, the last line end belongs to the boundary that is missing: once.
    children.append((opened, _without_last_eol(raw, opened, end) if end == len(raw) else end))
    return children


def boundary_of(headers: Headers) -> bytes | None:
    """The boundary in bytes; an empty one is one, as the standard library has it."""
    boundary = parameters(headers.first("content-type")).get("boundary")
    if boundary is None:
        return None
    try:
        return boundary.rstrip().encode("latin-1")
    except UnicodeEncodeError:
        return boundary.rstrip().encode("utf-8")


def _delimiters(
    raw: bytes, mark: bytes, start: int, end: int, structure: Structure
) -> Iterator[tuple[int, int, bool]]:
    """Boundary lines of one multipart: line start, line end, whether it is the closing one."""
    position = start
    while True:
        found = raw.find(mark, position, end)
        if found < 0:
            return
        position = found + len(mark)
        tail = (
            _BOUNDARY_TAIL.match(raw, position, end) if found == start or raw[found - 1] in b"\r\n" else None
        )
        if tail is None:
            structure.like += 1
            if structure.like > MAX_LIKE:
                structure.cut = True
                return
            continue
        position = tail.end()
        yield found, position, tail.group(1) is not None


def _without_last_eol(raw: bytes, start: int, end: int) -> int:
    match = _LAST_EOL.search(raw, max(start, end - 2), end)
    return match.start() if match else end
