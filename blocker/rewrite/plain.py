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
from blocker.message.mime import Enclosure, Part, Section
from blocker.message.read import read

_TYPES = {"html": "text/html", "xml": "application/xhtml+xml", "css": "text/css", "calendar": "text/calendar"}
_SAID = frozenset({"content-type", "content-transfer-encoding", "content-disposition"})
_WHITE = bytes.maketrans(b"\r\n\0", b"   ")

Place = tuple[int, int]


def plain(raw: bytes, known: Callable[[Message], bool]) -> bytes:
    """The message with our reading of it in its headers; `raw` itself where the standard library reads all of it alike.

    `known` is asked of a part whether it is read as what it is, by its type or its name.
    """
    message = read(raw, most=0)
    documents = {_place(document.part): document for document in message.sources}
    return _View(message.sections, documents, known).of(raw)


def _place(part: Part) -> Place:
    return id(part.headers.raw), part.start


class _View:
    def __init__(
        self,
        sections: list[Section],
        documents: dict[Place, HtmlDocument],
        known: Callable[[Message], bool],
    ) -> None:
        self._sections = sections
        self._documents = documents
        self._known = known

    def of(self, raw: bytes) -> bytes:
        """The view of the message, or attached message, whose bytes these are."""
        pieces: list[bytes] = []
        position = 0
        for section in self._sections:
            if section.headers.raw is raw:
                start, (end, new) = section.headers.start, self._section(section)
                pieces += (raw[position:start], new)
                position = end
        return b"".join((*pieces, raw[position:]))

    def _section(self, section: Section) -> tuple[int, bytes]:
        """Up to where a section is written anew, and what stands there."""
        headers = section.headers
        if section.enclosure is not None:
            return self._enclosed(headers, section.enclosure)
        document = self._documents.get(_place(section.part)) if section.part is not None else None
        if document is not None:
            return self._page(headers, document)
        kept = headers.raw[headers.start : headers.end]
        if section.part is not None or _is_container(message_from_bytes(kept), section):
            return headers.end, kept
        kind = section.kind.encode("ascii", "replace")
        if section.boundary is not None:
            mark = section.boundary.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
            kind += b'; boundary="' + mark + b'"'
        return headers.end, _header(headers, b"Content-Type: " + kind)

    def _page(self, headers: Headers, document: HtmlDocument) -> tuple[int, bytes]:
        """A part that is read."""
        part = document.part
        text = decode_text(document.decoded, part.charset).text
        kept = headers.raw[headers.start : part.end]
        leaf = message_from_bytes(kept)
        if self._known(leaf) and _is_alike(leaf, headers, document, text):
            return part.end, kept
        said = f"Content-Type: {_TYPES[document.kind]}; charset=utf-8".encode("ascii")
        return part.end, _written(headers, said, text.encode("utf-8", "replace"))

    def _enclosed(self, headers: Headers, enclosure: Enclosure) -> tuple[int, bytes]:
        """An attached message under a transfer encoding."""
        part, inner = enclosure.part, self.of(enclosure.decoded)
        kept = headers.raw[headers.start : part.end]
        kind = _kind(message_from_bytes(headers.raw[headers.start : headers.end]))
        if inner == enclosure.decoded and kind == ("message/rfc822", part.encoding):
            return part.end, kept
        return part.end, _written(headers, b"Content-Type: message/rfc822", inner)


def _is_alike(leaf: Message, headers: Headers, document: HtmlDocument, text: str) -> bool:
    """Whether the standard library reads the same fields and the same text."""
    try:
        body = leaf.get_payload(decode=True)
        charset = leaf.get_content_charset() or "utf-8"
        return (
            _names(leaf) == [field.name for field in headers]
            and leaf.get_content_type() == document.part.content_type
            and body == document.decoded
            and document.decoded.decode(charset, "replace") == text
        )
    except (LookupError, TypeError, ValueError):
        return False


def _is_container(head: Message, section: Section) -> bool:
    """Whether the standard library sees a message or a multipart as we do."""
    boundary = section.boundary.decode("latin-1") if section.boundary is not None else None
    try:
        same = head.get_content_type() == section.kind and head.get_boundary() == boundary
    except (LookupError, TypeError, ValueError):
        return False
    return same and _names(head) == [field.name for field in section.headers]


def _kind(head: Message) -> tuple[str, str]:
    return head.get_content_type(), str(head.get("content-transfer-encoding", "")).strip().lower()


def _names(message: Message) -> list[str]:
    return [name.lower() for name, _ in message.raw_items()]


def _written(headers: Headers, said: bytes, body: bytes) -> bytes:
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
