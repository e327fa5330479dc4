"""Finding references: every place in an HTML part that makes a reader contact a host."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from turbohtml import Element

from blocker.message.css import css_urls
from blocker.message.html import HtmlDocument, Inside, Tag, conditional_comments, start_tags
from blocker.message.model import Span
from blocker.message.urls import Url, clean, resolve
from blocker.message.vectors import ATTRIBUTES, RELS, vector

MAX_REFERENCES = 2000
"""References of one message that are judged; further ones are counted as unjudged."""

_SELECTOR = (
    ",".join(
        f"[{name.replace(':', chr(92) + ':')}]"
        for name in ATTRIBUTES
        if name not in ("href", "content", "style")
    )
    + ',[style*="url" i],[style*="image" i],[style*="\\\\"],link[href],meta[content],image[href],feimage[href],use[href],style'
)
_SPACE = " \t\n\f\r"
_REFRESH = re.compile(
    r"[ \t\n\f\r]*+[0-9.]++[ \t\n\f\r]*+[;,]?[ \t\n\f\r]*+(?:url[ \t\n\f\r]*+=[ \t\n\f\r]*+)?", re.IGNORECASE
)


class Reference:
    """One place in a message that makes a reader contact a remote host."""

    def __init__(
        self,
        document: HtmlDocument,
        element: Element | Tag,
        vector: str,
        raw: str,
        url: Url | None,
        span: Span,
        attrs: Mapping[str, Any],
        conditional: str | None = None,
    ) -> None:
        self.document = document
        self.node = element
        self.vector = vector
        self.raw = raw
        """The value as written, character references decoded."""
        self.target = url
        """Where a browser would send a request; None where it would send none."""
        self.text_span = span
        """Span of the value in the document's text."""
        self.attrs = attrs
        self.conditional = conditional
        """The condition of the conditional comment it stands in."""

    @property
    def url(self) -> str | None:
        """What a browser would fetch."""
        return self.target.href if self.target is not None else None

    @property
    def element(self) -> str:
        """Name of the element."""
        return self.node.tag

    @property
    def part(self) -> str:
        """Path of the part it stands in."""
        return self.document.part.path

    @cached_property
    def span(self) -> Span:
        """Span of the value in the raw bytes."""
        return self.document.raw_span(*self.text_span)


def references(document: HtmlDocument) -> Iterator[Reference]:
    """All references of one HTML part, in document order, those of conditional comments last."""
    base = document.base
    for element in document.tree.select(_SELECTOR):
        tag = element.tag
        attrs = element.attrs
        if tag == "style":
            yield from _in_sheet(document, element, attrs, base)
        for name in attrs:
            if name in _NAMES:
                value = _string(attrs[name])
                if value:
                    yield from _in_attribute(document, element, tag, name, value, attrs, base, None)
    for condition, markup, offset in conditional_comments(document):
        if not _SIGNS.search(markup):
            continue
        for piece in start_tags(markup, offset):
            for name, value in piece.attrs.items():
                if name in _NAMES and value:
                    yield from _in_attribute(
                        document, piece, piece.tag, name, value, piece.attrs, base, condition
                    )


_NAMES = frozenset(ATTRIBUTES)
_SIGNS = re.compile(
    "|".join(
        dict.fromkeys(f"[{n[0]}{n[0].upper()}]{n[1:3]}" for n in ATTRIBUTES if n not in ("style", "content"))
    )
    + r"|[uU][rR][lL]|[iI][mM][aA]|\\|[A-Z]{3}"
)
"""The start of one of the attributes stands in a conditional comment that is worth a look."""


def _string(value: object) -> str:
    """An attribute's value as written: turbohtml splits those that are token lists."""
    if isinstance(value, str):
        return value
    return " ".join(value) if isinstance(value, list) else ""


def _in_attribute(
    document: HtmlDocument,
    element: Element | Tag,
    tag: str,
    name: str,
    value: str,
    attrs: Mapping[str, Any],
    base: Url | None,
    conditional: str | None,
) -> Iterator[Reference]:
    row = vector(tag.lower(), name)
    if row is None:
        return
    how, label = row
    if how == "url":
        cleaned = clean(value)
        remote, url = resolve(cleaned, base)
        if remote:
            span = _value_span(document, element, name)
            yield Reference(document, element, label, value, url, span, attrs, conditional)
        return
    if how == "rel":
        rels = str(_string(attrs.get("rel", ""))).lower().split()
        named = [rel for rel in rels if rel in RELS]
        if not named:
            return
        label = f"link[{named[0]}]"
        pieces = [(value, 0, len(value))]
    elif how == "srcset":
        pieces = list(_candidates(value))
    elif how == "css":
        pieces = [(found.value, found.start, found.end) for found in css_urls(value)]
        label = "style url()"
    elif how == "refresh":
        if str(_string(attrs.get("http-equiv", ""))).lower() != "refresh":
            return
        pieces = _refresh(value)
    else:
        pieces = _listed(value)
    inside: Inside | None = None
    for piece, start, end in pieces:
        remote, url = resolve(clean(piece), base)
        if remote:
            if inside is None:
                inside = Inside(document.text, _value_span(document, element, name), value)
            span = inside.span(start, end)
            yield Reference(document, element, label, piece, url, span, attrs, conditional)


def _value_span(document: HtmlDocument, element: Element | Tag, name: str) -> Span:
    if isinstance(element, Tag):
        return element.value_span(name)
    return document.value_span(element, name)


def _in_sheet(
    document: HtmlDocument, element: Element, attrs: Mapping[str, Any], base: Url | None
) -> Iterator[Reference]:
    sheet = element.text
    location = element.source_location
    if location is None or location.start_tag is None:
        return
    begin = location.start_tag.end_offset
    end = location.end_tag.start_offset if location.end_tag is not None else begin + len(sheet)
    inside: Inside | None = None
    for found in css_urls(sheet, sheet=True):
        remote, url = resolve(clean(found.value), base)
        if remote:
            # In SVG a style sheet is text like any other, with character references and comments.
            inside = inside or Inside(document.text, (begin, end), sheet)
            span = inside.span(found.start, found.end)
            yield Reference(document, element, f"style {found.kind}", found.value, url, span, attrs)


def _candidates(value: str) -> Iterator[tuple[str, int, int]]:
    """The URLs of a srcset (HTML, section 4.8.4.2.2)."""
    position, size = 0, len(value)
    while position < size:
        while position < size and (value[position] in _SPACE or value[position] == ","):
            position += 1
        start = position
        while position < size and value[position] not in _SPACE:
            position += 1
        end = position
        while end > start and value[end - 1] == ",":
            end -= 1
        if end > start:
            yield value[start:end], start, end
        if end == position:
            depth = 0
            while position < size and (depth or value[position] != ","):
                depth += (value[position] == "(") - (value[position] == ")")
                position += 1


def _refresh(value: str) -> list[tuple[str, int, int]]:
    """The URL of a meta refresh (HTML, section 4.2.5.3): `5; url=...`, or just `5; ...`."""
    match = _REFRESH.match(value)
    if match is None:
        return []
    start, end = match.end(), len(value)
    if value[start : start + 1] in ("'", '"'):
        closed = value.find(value[start], start + 1)
        start, end = start + 1, closed if closed >= 0 else end
    return [(value[start:end], start, end)] if end > start else []


def _listed(value: str) -> list[tuple[str, int, int]]:
    """URLs separated by white space or commas."""
    pieces, position = [], 0
    for word in value.replace(",", " ").split():
        start = value.find(word, position)
        position = start + len(word)
        pieces.append((word, start, position))
    return pieces
