"""Finding references: every place in an HTML part that makes a reader contact a host."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from html import unescape as unescape_html
from typing import Any

from turbohtml import Element, Namespace

from blocker.message.comments import conditional_comments, style_sheets
from blocker.message.css import css_urls
from blocker.message.html import HtmlDocument, Inside, Tag, start_tags
from blocker.message.model import Span
from blocker.message.nested import MAX_NESTED, Holder, Nested, Value, in_calendar, in_data, in_srcdoc
from blocker.message.urls import Url, clean, resolve
from blocker.message.values import becoming, candidates, listed, refreshed, styled, text_of
from blocker.message.vectors import ATTRIBUTES, RELS, SPARSE, vector

MAX_REFERENCES = 10_000
"""References of one message that are judged; further ones are counted as unjudged."""

_SELECTOR = (
    ",".join(
        f"[{name.replace(':', chr(92) + ':')}]"
        for name in ATTRIBUTES
        if name not in ("href", "content", "style", "code")
    )
    + ',[style*="("]'
    + ",link[href],meta[content],image[href],feimage[href],use[href],script[href],font-face-uri[href],"
    + "embed[code],style"
)
"""A style attribute names a URL in a function alone, whose bracket cannot be escaped (CSS Syntax Level 3, 4.3.4)."""
_SPARSE_SELECTOR = ",".join(f"[{name}]" for name in SPARSE)
_FRAMES = frozenset(
    {"iframe[src]", "frame[src]", "portal[src]", "object[data]", "embed[src]", "embed[code]", "meta[refresh]"}
)
"""Vectors whose data: URL is shown as a document; one in an image may load nothing (SVG Integration, section 3)."""
_SHEETS = frozenset({"link[stylesheet]", "style @import", "xml-stylesheet[href]"})
"""Vectors whose data: URL is a style sheet."""
_XML_SHEET = re.compile(r"<\?xml-stylesheet(?=[ \t\r\n])[^>]{0,4000}\?>")

Scope = HtmlDocument | Nested


class Reference:
    """One place in a message that makes a reader contact a remote host."""

    def __init__(
        self,
        scope: Scope,
        element: Element | Tag,
        vector: str,
        raw: str,
        url: Url | None,
        where: Span | str,
        attrs: Mapping[str, Any],
        conditional: str | None = None,
    ) -> None:
        self.scope = scope
        """The document it stands in, which may stand in another one."""
        self.document = scope.root
        """The document of its part."""
        self.node = element
        self.element = element.tag
        """Name of the element."""
        self.vector = vector
        self.raw = raw
        """The value as written, character references decoded."""
        self.target = url
        """Where a browser would send a request; None where it would send none."""
        self._where = where
        """Its span in the scope's text, or the attribute whose value it is."""
        self.attrs = attrs
        self.conditional = conditional
        """The condition of the conditional comment it stands in."""

    @property
    def url(self) -> str | None:
        """What a browser would fetch."""
        return self.target.href if self.target is not None else None

    @cached_property
    def _placed(self) -> tuple[Span, str]:
        where = self._where
        span = _value_span(self.scope, self.node, where) if isinstance(where, str) else where
        return self.scope.place(span, self.vector)

    @property
    def text_span(self) -> Span:
        """Span in the part's text."""
        return self._placed[0]

    @property
    def place(self) -> str:
        """The vector of what stands there: its own, or that of a value that holds the document it stands in and
        cannot be changed but as a whole."""
        return self._placed[1]

    @property
    def part(self) -> str:
        """Path of the part it stands in."""
        return self.document.part.path

    @cached_property
    def span(self) -> Span:
        """Span of the value in the raw bytes."""
        return self.document.raw_span(*self.text_span)


def references(document: HtmlDocument) -> Iterator[Reference]:
    """All references of one part: in document order, those of few messages and of conditional comments last."""
    kind = document.kind
    if kind == "css":
        yield from _in_rules(document, _SHEET, document.text, (0, len(document.text)), None)
    elif kind == "calendar":
        for description in in_calendar(document):
            yield from _in_markup(description)
    else:
        yield from _in_markup(document)


def _in_markup(document: Scope) -> Iterator[Reference]:
    base = document.base
    for element in document.tree.select(_SELECTOR):
        tag = element.tag
        attrs = element.attrs
        if tag == "style":
            yield from _in_sheet(document, element, attrs)
        for name in attrs:
            if name in _NAMES:
                value = text_of(attrs[name])
                if value and (name != "style" or "(" in value):
                    yield from _in_attribute(document, element, tag, name, value, attrs, base, None)
    xml = document.kind == "xml"
    if xml or document.tree.select_one("svg") is not None:
        yield from _sparse(document, base)
    if xml:
        yield from _in_instructions(document, base)
    for condition, markup, offset in conditional_comments(document, _tells):
        for piece in start_tags(markup, offset):
            for name, value in piece.attrs.items():
                if name in _ALL_NAMES and value:
                    yield from _in_attribute(
                        document, piece, piece.tag, name, value, piece.attrs, base, condition
                    )
        for sheet in style_sheets(markup, offset):
            span = sheet.start, sheet.start + len(sheet.text)
            yield from _in_rules(document, _SHEET, sheet.text, span, condition)


_NAMES = frozenset(ATTRIBUTES)
_ALL_NAMES = frozenset((*ATTRIBUTES, *SPARSE))
_SHEET = Tag("style", {}, "", 0)
_SIGNS = (
    *("src", "url", "href", "image", "@import", "icmf", "refresh", "\\"),
    *("poster", "data", "code", "archive", "manifest"),
)
"""One of these, or the attribute `background`, stands in each conditional comment that may hold a reference."""
_BACKGROUND = re.compile(r"background\s*=")
_SHORT = 1024
"""Characters of the longest such markup that is remembered: a mail repeats the same few."""


def _tells(markup: str) -> bool:
    """Whether a conditional comment may hold a reference."""
    return _short_tells(markup) if len(markup) <= _SHORT else _has_sign(markup)


def _has_sign(markup: str) -> bool:
    lowered = markup.lower()
    return any(sign in lowered for sign in _SIGNS) or _BACKGROUND.search(lowered) is not None


_short_tells = lru_cache(maxsize=2048)(_has_sign)


def _sparse(document: Scope, base: Url | None) -> Iterator[Reference]:
    """References in SVG's attributes, which few messages have."""
    for element in document.tree.select(_SPARSE_SELECTOR):
        names = SPARSE if element.matches(_SELECTOR) else _ALL_NAMES
        for name, value in element.attrs.items():
            text = text_of(value) if name in names else ""
            if text:
                yield from _in_attribute(
                    document, element, element.tag, name, text, element.attrs, base, None
                )


def _in_instructions(document: Scope, base: Url | None) -> Iterator[Reference]:
    """The style sheets that <?xml-stylesheet?> names (Associating Style Sheets with XML documents 1.0)."""
    for found in _XML_SHEET.finditer(document.text):
        source = found.group()
        tag = Tag("xml-stylesheet", {}, source, found.start())
        span = tag.value_span("href")
        value = unescape_html(document.text[slice(*span)])
        if value:
            yield from _in_attribute(document, tag, tag.tag, "href", value, {"href": value}, base, None)


def _in_attribute(
    document: Scope,
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
            yield Reference(document, element, label, value, url, name, attrs, conditional)
        elif label in _HOLDERS:
            yield from _whole(document, element, name, label, value, attrs, conditional)
        return
    if how == "document":
        yield from _whole(document, element, name, label, value, attrs, conditional)
        return
    if how == "rel":
        rels = str(text_of(attrs.get("rel", ""))).lower().split()
        named = [rel for rel in rels if rel in RELS]
        if not named:
            return
        label = f"link[{named[0]}]"
        pieces = [(value, 0, len(value))]
    elif how == "srcset":
        pieces = list(candidates(value))
    elif how == "css":
        pieces = styled(value)
        label = "style url()"
    elif how == "paint":
        pieces = styled(value) if isinstance(element, Tag) or element.namespace is Namespace.SVG else []
    elif how == "animated":
        pieces = becoming(element, attrs, name, value)
    elif how == "refresh":
        if str(text_of(attrs.get("http-equiv", ""))).lower() != "refresh":
            return
        pieces = refreshed(value)
    else:
        pieces = listed(value)
    inside: Inside | None = None
    whole = 0, 0
    for piece, start, end in pieces:
        remote, url = resolve(clean(piece), base)
        if remote or label in _HOLDERS:
            if inside is None:
                whole = _value_span(document, element, name)
                inside = Inside(document.text, whole, value)
            if remote:
                # Whatever stands in the place of its URL, a refresh goes there, and the message is gone.
                span = whole if how == "refresh" else inside.span(start, end)
                yield Reference(document, element, label, piece, url, span, attrs, conditional)
            else:
                holder = Holder(whole, label)
                yield from _nested(Value(document, holder, inside, piece, start), element, attrs, conditional)


_HOLDERS = _FRAMES | _SHEETS


def _whole(
    document: Scope,
    element: Element | Tag,
    name: str,
    label: str,
    value: str,
    attrs: Mapping[str, Any],
    conditional: str | None,
) -> Iterator[Reference]:
    """The references of the document that all of an attribute's value may hold."""
    holder = Holder(_value_span(document, element, name), label)
    inside = Inside(document.text, holder.span, value)
    yield from _nested(Value(document, holder, inside, value, 0), element, attrs, conditional)


def _nested(
    value: Value, element: Element | Tag, attrs: Mapping[str, Any], conditional: str | None
) -> Iterator[Reference]:
    """The references of a document that a value holds, where it holds one."""
    holder = value.holder
    if holder.vector == "iframe[srcdoc]":
        inner: Nested | None = in_srcdoc(value)
    else:
        inner = in_data(value, sheet=holder.vector in _SHEETS)
    if inner is None:
        return
    if inner.depth > MAX_NESTED:
        yield Reference(
            value.outer, element, holder.vector, value.text, None, holder.span, attrs, conditional
        )
    elif inner.kind == "css":
        yield from _in_rules(inner, _SHEET, inner.text, (0, len(inner.text)), conditional)
    else:
        yield from _in_markup(inner)


def _value_span(document: Scope, element: Element | Tag, name: str) -> Span:
    if isinstance(element, Tag):
        return element.value_span(name)
    return document.value_span(element, name)


def _in_sheet(document: Scope, element: Element, attrs: Mapping[str, Any]) -> Iterator[Reference]:
    """References in the text of a <style>."""
    location = element.source_location
    if location is None or location.start_tag is None:
        return
    begin = location.start_tag.end_offset
    sheet = element.text
    end = location.end_tag.start_offset if location.end_tag is not None else begin + len(sheet)
    yield from _in_rules(document, element, sheet, (begin, end), None, attrs)


_NO_ATTRIBUTES: Mapping[str, Any] = {}


def _in_rules(
    document: Scope,
    element: Element | Tag,
    sheet: str,
    span: Span,
    conditional: str | None,
    attrs: Mapping[str, Any] = _NO_ATTRIBUTES,
) -> Iterator[Reference]:
    """References in a style sheet, which stands at `span`."""
    base = document.base
    inside: Inside | None = None
    for found in css_urls(sheet, sheet=True):
        remote, url = resolve(clean(found.value), base)
        label = f"style {found.kind}"
        if remote or label in _SHEETS:
            # In SVG a style sheet is text like any other, with character references and comments.
            inside = inside or Inside(document.text, span, sheet)
            where = inside.span(found.start, found.end)
            if remote:
                yield Reference(document, element, label, found.value, url, where, attrs, conditional)
            else:
                start = found.start if sheet.startswith(found.value, found.start) else -1
                value = Value(document, Holder(where, label), inside, found.value, start)
                yield from _nested(value, element, attrs, conditional)
