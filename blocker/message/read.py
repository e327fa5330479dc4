"""Reading a message whole: raw bytes in, parts and references out. Never fails, never does I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from blocker.message import declared
from blocker.message.headers import Headers
from blocker.message.html import HtmlDocument
from blocker.message.means import Shared
from blocker.message.mime import Part, Section, is_named_message, read_structure
from blocker.message.model import Receipt
from blocker.message.readings import chosen, is_certain
from blocker.message.references import MAX_REFERENCES, Reference, references
from blocker.message.transfer import IDENTITY, UU_BEGIN, decode

XML_ONLY = "xml only"
"""XML that no program shows as HTML, as is every other type that ends with `+xml`."""
TYPES = {
    "text/html": "html",
    "text/x-amp-html": "html",
    "application/xhtml+xml": "xml",
    "image/svg+xml": "xml",
    "text/css": "css",
    "text/calendar": "calendar",
    "text/xml": XML_ONLY,
    "application/xml": XML_ONLY,
}
"""Content types that are read, and what as."""
NAMES = {
    ".html": "html",
    ".htm": "html",
    ".shtml": "html",
    ".shtm": "html",
    ".hta": "html",
    ".xhtml": "xml",
    ".xht": "xml",
    ".svg": "xml",
    ".xml": XML_ONLY,
    ".xsl": XML_ONLY,
    ".xslt": XML_ONLY,
    ".rss": XML_ONLY,
    ".atom": XML_ONLY,
    ".css": "css",
    ".ics": "calendar",
}
"""The same for the ends of file names, where the type says nothing."""

RECEIPT_HEADERS = (
    "disposition-notification-to",
    "return-receipt-to",
    "x-confirm-reading-to",
    "read-receipt-to",
    "generate-delivery-report",
    "x-pmrqc",
)
"""Header fields that make a reader's program offer, or send, a receipt (RFC 8098 and vendors' own)."""

_RECEIPTS = frozenset(RECEIPT_HEADERS)
_UU_LINE = re.compile(rb"^" + UU_BEGIN.pattern, re.MULTILINE)
_MARKUP = ("html", "xml")
_PGP = (b"-----BEGIN PGP SIGNED MESSAGE-----", b"-----BEGIN PGP MESSAGE-----")
_PGP_START = b"-----BEGIN"
"""Looked for first: with no space in it, a search passes over most of a text."""


class Message:
    """A message as unpixel sees it."""

    __slots__ = (
        "cut",
        "documents",
        "headers",
        "parts",
        "raw",
        "receipts",
        "references",
        "sections",
        "signed",
        "sources",
        "unjudged",
    )

    def __init__(self, raw: bytes, most: int = MAX_REFERENCES) -> None:
        structure = read_structure(raw)
        self.raw = raw
        self.headers: Headers = structure.headers
        self.parts: list[Part] = structure.parts
        self.sections: list[Section] = structure.sections
        self.cut: bool = structure.cut
        """A bound was reached: not everything was looked at."""
        shared = Shared()
        sources = _documents(structure.parts, shared)
        strangers = [*_documents(structure.others, shared), *_in_text(structure.parts, shared)]
        certain = not strangers and all(map(is_certain, sources))
        best, besides = ([], []) if certain else chosen(sources, strangers)
        sources = sources if certain else [reading.document for reading in best]
        self.sources: list[HtmlDocument] = sources
        """Every part that is read; `documents` are those of markup."""
        self.documents: list[HtmlDocument] = [source for source in sources if source.kind in _MARKUP]
        self.signed: bool = structure.signed or _inline_pgp(raw, structure.parts, sources)
        """Signed or encrypted, at any depth: never to be rewritten."""
        self.references: list[Reference] = []
        self.unjudged = 0
        for number, document in enumerate(sources):
            self._take(references(document) if certain else best[number].found, most)
            self.cut = self.cut or document.cut or document.means.cut_short
        self._take(besides, most)
        self.cut = self.cut or any(stranger.cut or stranger.means.cut_short for stranger in strangers)
        self.receipts: tuple[Receipt, ...] = _receipts(self.headers)

    def _take(self, found: Iterable[Reference], most: int) -> None:
        for reference in found:
            if len(self.references) < most:
                self.references.append(reference)
            else:
                self.unjudged += 1


def read(raw: bytes, *, most: int = MAX_REFERENCES) -> Message:
    """The message in `raw`, whatever those bytes are; of its references at most `most`, the others counted."""
    return Message(raw, most)


def reads(part: Part) -> bool:
    """Whether anything of a part's contents is ever looked at."""
    if part.content_type.startswith(("text/", "message/", "multipart/")) or _kind(part):
        return True
    return is_named_message(part.headers, part.content_type)


def _documents(parts: Iterable[Part], shared: Shared) -> list[HtmlDocument]:
    return [HtmlDocument(part, kind, shared) for part in parts if (kind := _kind(part))]


def _in_text(parts: Iterable[Part], shared: Shared) -> Iterator[HtmlDocument]:
    """The pages that stand uuencoded in plain text, which Outlook takes for attachments."""
    for part in parts:
        raw = part.headers.raw
        if part.content_type == "text/plain" and raw.find(b"begin ", part.start, part.end) >= 0:
            names = [match[1].decode("latin-1") for match in _UU_LINE.finditer(raw, part.start, part.end)]
            kind = next(
                (kind for name in names for end, kind in NAMES.items() if name.lower().endswith(end)), ""
            )
            if kind:
                yield HtmlDocument(replace(part, decoding="x-uuencode"), kind, shared)


def _kind(part: Part) -> str:
    """What a part is read as; empty where it holds nothing that is."""
    kind = TYPES.get(part.content_type)
    if kind is not None:
        return kind
    if part.content_type.endswith("+xml"):
        return XML_ONLY
    if part.content_type.startswith(("image/", "text/plain")) and "attachment" not in (
        part.headers.first("content-disposition").lower()
    ):
        return ""
    return next((NAMES[end] for end in declared.ends(part.headers) if end in NAMES), "")


def _inline_pgp(raw: bytes, parts: list[Part], documents: list[HtmlDocument]) -> bool:
    """OpenPGP text inside a text part (RFC 9580, section 6.2), whatever encodes the part."""
    if _has_pgp(raw):
        return True
    decoded = {document.part.path: document.decoded for document in documents}
    for part in parts:
        if part.content_type.startswith("text/") and (
            part.encoding not in IDENTITY or part.enclosure is not None or b"\0" in raw
        ):
            body = decoded.get(part.path)
            if body is None:
                body = decode(part.encoding, part.body)
            if b"\0" in body:  # UTF-16
                body = body.replace(b"\0", b"")
            if _has_pgp(body):
                return True
    return False


def _has_pgp(body: bytes) -> bool:
    return _PGP_START in body and any(mark in body for mark in _PGP)


def _receipts(headers: Headers) -> tuple[Receipt, ...]:
    found: list[Receipt] = []
    if not headers.has_any(_RECEIPTS):
        return ()
    for field in headers:
        if field.name in _RECEIPTS:
            value = headers.raw[field.value_start : field.end].decode("utf-8", "replace").strip()
            name = headers.raw[field.start : field.value_start - 1].decode("ascii", "ignore").strip()
            found.append(Receipt(name, " ".join(value.split()), (field.start, field.end)))
    return tuple(found)
