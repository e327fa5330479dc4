"""A message as any parser would read it: what our reader had to make allowances for is said in the usual way.

The second opinion is the standard library's, which ends a header at a line that is no field, knows no comments in a
Content-Type and reads charsets by Python's names. Where it reads a section as we do, that stays byte for byte; where not,
its header says our reading in the usual words, and a part's text is written anew. Nothing is left out: every field and
every line that is none remains in some form, so that a change there is still seen.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import Message

from blocker.message.charset import decode_text
from blocker.message.headers import Headers
from blocker.message.html import HtmlDocument
from blocker.message.mime import Part, Section
from blocker.message.read import read

_TYPES = {
    "html": "text/html",
    "xml": "application/xhtml+xml",
    "xml only": "application/xml",
    "css": "text/css",
    "calendar": "text/calendar",
}
_SAID = frozenset({"content-type", "content-transfer-encoding", "content-disposition"})
_WHITE = bytes.maketrans(b"\r\n\0", b"   ")

Place = tuple[int, int]


Known = Callable[[Message], bool]
"""Asked of a part whether it is read as what it is, by its type or its name."""


def plain(before: bytes, after: bytes, known: Known) -> tuple[bytes, bytes]:
    """Two messages with our reading of them in their headers.

    They are as given where the standard library reads all of both alike; what of one is written anew, is of both.
    """
    views = _View(before, known), _View(after, known)
    odd = views[0].odd() | views[1].odd()
    return views[0].of(before, odd), views[1].of(after, odd)


def _place(part: Part) -> Place:
    return id(part.headers.raw), part.start


class _View:
    """A message's sections, each as it stands or written anew."""

    def __init__(self, raw: bytes, known: Known) -> None:
        message = read(raw, most=0)
        self._sections = message.sections
        self._documents = {_place(document.part): document for document in message.sources}
        self._known = known

    def odd(self) -> set[int]:
        """The numbers of the sections that the standard library reads otherwise; those around one, if encoded, too."""
        odd = {number for number, section in enumerate(self._sections) if not self._is_alike(section)}
        inside = {id(self._sections[number].headers.raw) for number in odd}
        for number in reversed(range(len(self._sections))):
            section = self._sections[number]
            if section.enclosure is not None and id(section.enclosure.decoded) in inside:
                odd.add(number)
                inside.add(id(section.headers.raw))
        return odd

    def of(self, raw: bytes, odd: set[int]) -> bytes:
        """The message, or attached message, whose bytes these are, with the odd sections written anew."""
        pieces: list[bytes] = []
        position = 0
        for number in sorted(odd):
            if number < len(self._sections) and self._sections[number].headers.raw is raw:
                section = self._sections[number]
                pieces += (raw[position : section.headers.start], self._written(section, odd))
                position = self._end(section)
        return self._spelt(b"".join((*pieces, raw[position:])))

    def _spelt(self, raw: bytes) -> bytes:
        """The message with its boundaries in ASCII: the standard library takes no others."""
        boundaries = {section.boundary for section in self._sections if section.boundary is not None}
        for boundary in sorted(boundaries, key=len, reverse=True):
            if not boundary.isascii():
                raw = raw.replace(b"--" + boundary, b"--" + _ascii(boundary))
        return raw

    def _document(self, section: Section) -> HtmlDocument | None:
        return self._documents.get(_place(section.part)) if section.part is not None else None

    def _end(self, section: Section) -> int:
        """Where what is written anew of a section ends."""
        if section.enclosure is not None:
            return section.enclosure.part.end
        document = self._document(section)
        return section.headers.end if document is None else document.part.end

    def _is_alike(self, section: Section) -> bool:
        headers = section.headers
        document = self._document(section)
        if document is not None:
            leaf = message_from_bytes(headers.raw[headers.start : document.part.end])
            return self._known(leaf) and _is_page(leaf, document)
        if section.part is not None:
            return True
        head = message_from_bytes(headers.raw[headers.start : headers.end])
        encoding = section.enclosure.part.encoding if section.enclosure is not None else None
        return _is_container(head, section, encoding)

    def _written(self, section: Section, odd: set[int]) -> bytes:
        headers, kind = section.headers, section.kind.encode("ascii", "replace")
        document = self._document(section)
        if document is not None:
            said = f"Content-Type: {_TYPES[document.kind]}; charset=utf-8".encode("ascii")
            return _encoded(headers, said, _text(document).encode("utf-8", "replace"))
        if section.boundary is not None:
            mark = section.boundary.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
            kind += b'; boundary="' + (mark if mark.isascii() else _ascii(section.boundary)) + b'"'
        said = b"Content-Type: " + kind
        if section.enclosure is not None:
            inner = self.of(section.enclosure.decoded, odd)
            inner = said + b"\r\n\r\n" + inner if section.boundary is not None else inner
            return _encoded(headers, b"Content-Type: message/rfc822", inner)
        return (
            headers.raw[headers.start : headers.end] if section.part is not None else _header(headers, said)
        )


def _ascii(boundary: bytes) -> bytes:
    return b"in-ascii-" + boundary.hex().encode("ascii")


def _text(document: HtmlDocument) -> str:
    return decode_text(document.decoded, document.part.charset, document.kind == "css").text


def _is_page(leaf: Message, document: HtmlDocument) -> bool:
    """Whether the standard library reads the same fields and the same text."""
    try:
        body = leaf.get_payload(decode=True)
        charset = leaf.get_content_charset() or "utf-8"
        return (
            _names(leaf) == [field.name for field in document.part.headers]
            and leaf.get_content_type() == document.part.content_type
            and body == document.decoded
            and document.decoded.decode(charset, "replace") == _text(document)
        )
    except (LookupError, TypeError, ValueError):
        return False


def _is_container(head: Message, section: Section, encoding: str | None) -> bool:
    """Whether the standard library sees a message, encoded or not, or a multipart as we do."""
    boundary = section.boundary.decode("latin-1") if section.boundary is not None else None
    said = str(head.get("content-transfer-encoding", "")).strip().lower()
    try:
        same = head.get_content_type() == section.kind and head.get_boundary() == boundary
    except (LookupError, TypeError, ValueError):
        return False
    names = [field.name for field in section.headers]
    encoded = encoding is None or (encoding == said and section.boundary is None)
    return same and _names(head) == names and encoded


def _names(message: Message) -> list[str]:
    return [name.lower() for name, _ in message.raw_items()]


def _encoded(headers: Headers, said: bytes, body: bytes) -> bytes:
    head = _header(headers, said + b"\r\nContent-Transfer-Encoding: base64")
    return head + base64.encodebytes(body)


def _header(headers: Headers, said: bytes) -> bytes:
    """The fields of a header with `said` in the place of what tells how the body is read."""
    return b"\r\n".join((*_lines(headers), said, b"", b""))


def _lines(headers: Headers) -> Iterator[bytes]:
    raw, position = headers.raw, headers.start
    for field in headers:
        between = raw[position : field.start].translate(_WHITE).strip()
        if between:
            yield b"X-No-Field: " + between
        value = raw[field.value_start : field.end].translate(_WHITE).strip()
        name = b"X-Was" if field.name in _SAID else field.name.encode("ascii", "replace")
        yield name + b": " + value
        position = field.end
    rest = raw[position : headers.end].translate(_WHITE).strip()
    if rest:
        yield b"X-No-Field: " + rest
