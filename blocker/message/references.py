"""Finding references: every place in an HTML part that makes a reader contact a host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from turbohtml import Element, Namespace

from blocker.message.comments import conditional_comments, style_sheets, tells
from blocker.message.css import css_urls, may_load
from blocker.message.html import HtmlDocument, Tag, start_tags
from blocker.message.inside import Inside
from blocker.message.model import Span
from blocker.message.nested import MAX_NESTED, Holder, Nested, Scope, Value, in_calendar, in_data, in_srcdoc
from blocker.message.once import once
from blocker.message.trees import SIGNS, other_trees
from blocker.message.urls import Url, fetched
from blocker.message.values import becoming, candidates, listed, refreshed, styled, text_of
from blocker.message.vectors import (
    AHEAD,
    ATTRIBUTES,
    EMPTY_SHEET,
    FILES,
    FRAMES,
    LOCAL,
    SHEETS,
    SPARSE,
    SPARSE_SELECTOR,
    of_link,
    selector,
    vector,
)
from blocker.message.woven import Woven
from blocker.message.xmlread import XmlElement, instructions, is_transform, read_xml, spelt

MAX_REFERENCES = 10_000
"""References of one message that are judged; further ones are counted as unjudged."""


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
        place: str | None = None,
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
        self._place = place or vector
        """What of it is replaced."""
        self._where = where
        """Its span in the scope's text, or the attribute whose value it is."""
        self.attrs = attrs
        self.conditional = conditional
        """The condition of the conditional comment it stands in."""

    @property
    def url(self) -> str | None:
        """What a browser would fetch."""
        return self.target.href if self.target is not None else None

    @once
    def _placed(self) -> tuple[Span, str]:
        where = self._where
        span = _value_span(self.scope, self.node, where) if isinstance(where, str) else where
        return self.scope.place(span, self._place)

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

    @once
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


def _in_markup(document: HtmlDocument | Nested) -> Iterator[Reference]:
    """References of a document, as each program that reads it another way finds them."""
    if document.kind == "xml only":
        yield from _in_xml(document)
        return
    tree = document.tree
    signs = frozenset(name for name in SIGNS if tree.select_one(name) is not None)
    others = [_in_tree(tree) for tree in other_trees(document, signs)]
    if document.kind == "xml":
        others.append(_in_xml(document))
    first = chain(_in_tree(document, "svg" in signs), _in_comments(document))
    if not others:
        yield from first
        return
    seen = set()
    for reference in chain(first, *others):
        key = reference.text_span, reference.url
        if key not in seen:
            seen.add(key)
            yield reference


def _in_tree(document: Scope, sparse: bool = True) -> Iterator[Reference]:
    base = document.base
    flat = document.flat
    found = selector(document.tree)
    for element in document.tree.select(found):
        tag, attrs = element.tag, element.attrs
        if tag == "style":
            yield from _in_sheet(document, element, attrs)
        for name in attrs:
            if name in _NAMES:
                value = text_of(attrs[name])
                if name == "style" and (flat or not may_load(value)):
                    continue
                if (value or (base is not None and name == "src")) and (not flat or tag in AHEAD):
                    yield from _in_attribute(document, element, tag, name, value, attrs, base, None)
    if (sparse and not flat) or document.kind == "xml":
        yield from _sparse(document, base, found)


def _in_comments(document: HtmlDocument | Nested) -> Iterator[Reference]:
    """References in conditional comments."""
    base = document.base
    for condition, markup, offset in conditional_comments(document, tells):
        for piece in start_tags(markup, offset):
            for name, value in piece.attrs.items():
                if name in _ALL_NAMES and value:
                    yield from _in_attribute(
                        document, piece, piece.tag, name, value, piece.attrs, base, condition
                    )
        for sheet in style_sheets(markup, offset):
            span = sheet.start, sheet.start + len(sheet.text)
            yield from _in_rules(document, _SHEET, sheet.text, span, condition)


def _in_xml(document: HtmlDocument | Nested) -> Iterator[Reference]:
    """References of a document that is read as XML."""
    if not document.root.means.spend(len(document.text)):
        return
    outer = document.outer_base
    for tag in instructions(document.text):
        if tag.attrs["href"]:
            href = tag.attrs["href"]
            yield from _in_attribute(document, tag, tag.tag, "href", href, tag.attrs, outer, None)
    for xml in read_xml(document.text, document.root.means.spend):
        base = fetched(xml.base, outer)[1] or outer
        for element in xml.elements:
            names = _ALL_NAMES if element.namespace == "svg" else _NAMES
            for name, value in element.attrs.items():
                if name in names and (value or name == "src"):
                    yield from _in_attribute(
                        document, element, element.tag, name, value, element.attrs, base, None
                    )
        for element, sheet in xml.sheets:
            yield from _in_rules(document, element, sheet.text, sheet.whole, None, element.attrs, sheet, base)


_NAMES = frozenset(ATTRIBUTES)
_ALL_NAMES = frozenset((*ATTRIBUTES, *SPARSE))
_SHEET = Tag("style", {}, "", 0)


def _sparse(document: Scope, base: Url | None, found: str) -> Iterator[Reference]:
    """References in SVG's attributes, which few messages have, beside the elements `found` by a selector."""
    for element in document.tree.select(SPARSE_SELECTOR):
        names = SPARSE if element.matches(found) else _ALL_NAMES
        for name, value in element.attrs.items():
            text = text_of(value) if name in names else ""
            if text:
                yield from _in_attribute(
                    document, element, element.tag, name, text, element.attrs, base, None
                )


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
    how, label, held = *row, row.name
    if how == "url":
        remote, url = fetched(value, base)
        if label in LOCAL and value.lstrip().startswith("#"):
            return
        if not value and base is not None and label in FILES:
            yield from _empty(document, element, label, name, attrs, base)
        elif remote:
            yield Reference(document, element, label, value, url, name, attrs, conditional)
        elif label in _HOLDERS:
            yield from _whole(document, element, name, label, value, attrs, conditional)
        return
    if how == "document":
        yield from _whole(document, element, name, label, value, attrs, conditional)
        return
    if how == "rel":
        label, held = of_link(text_of(attrs.get("rel", "")))
        if not label:
            return
        pieces = [(value, 0, len(value))]
    elif how == "srcset":
        pieces = list(candidates(value))
    elif how == "css":
        label, pieces = "style url()", styled(value, document.carries_strings)
    elif how == "paint":
        painted = styled(value) if isinstance(element, Tag) or element.namespace is Namespace.SVG else []
        pieces = [piece for piece in painted if not piece[0].startswith("#")]
    elif how == "animated":
        pieces = becoming(element, attrs, name, value)
    elif how == "refresh":
        if str(text_of(attrs.get("http-equiv", ""))).lower() != "refresh":
            return
        pieces = refreshed(value)
    else:
        pieces = listed(value)
    inside, whole = None, (0, 0)
    for piece, start, end in pieces:
        remote, url = fetched(piece, base)
        if how == "refresh" and not piece and base is not None:
            remote, url, piece = True, base, value
        if remote or held in _HOLDERS:
            if inside is None:
                whole = _value_span(document, element, name)
                inside = _way_in(document, element, name, whole, value)
            if remote:
                # Whatever stands in the place of its URL, a refresh goes there, and the message is gone.
                span = whole if how == "refresh" else inside.span(start, end)
                yield Reference(document, element, label, piece, url, span, attrs, conditional)
            else:
                holder = Holder(whole, held)
                yield from _nested(Value(document, holder, inside, piece, start), element, attrs, conditional)


_HOLDERS = FRAMES | SHEETS


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
    inside = _way_in(document, element, name, holder.span, value)
    yield from _nested(Value(document, holder, inside, value, 0), element, attrs, conditional)


def _nested(
    value: Value, element: Element | Tag, attrs: Mapping[str, Any], conditional: str | None
) -> Iterator[Reference]:
    """The references of a document that a value holds, where it holds one."""
    holder = value.holder
    if value.outer.flat:
        return
    transform = holder.vector == "xml-stylesheet[href]" and is_transform(attrs)
    if holder.vector == "iframe[srcdoc]":
        inner: Nested | None = in_srcdoc(value)
    else:
        charset = text_of(attrs.get("charset", ""))
        inner = in_data(value, "xml" if transform else "css" if holder.vector in SHEETS else None, charset)
    if transform and value.text.strip() != EMPTY_SHEET:
        # What a transformation makes is not to be foreseen: it may put any address together. One that it spells out is named.
        url = fetched(spelt(inner.text if inner else "") or spelt(value.outer.text), None)[1]
        yield Reference(value.outer, element, holder.vector, value.text, url, holder.span, attrs, conditional)
    if inner is None:
        return
    if inner.depth > MAX_NESTED or not inner.root.means.spend(len(inner.text)):
        inner.root.cut = True
        yield Reference(
            value.outer, element, holder.vector, value.text, None, holder.span, attrs, conditional
        )
    elif inner.kind == "css":
        yield from _in_rules(inner, _SHEET, inner.text, (0, len(inner.text)), conditional)
    else:
        for page in filter(None, (inner, inner.again)):
            yield from _in_markup(page)


def _empty(
    document: Scope, element: Element | Tag, label: str, name: str, attrs: Mapping[str, Any], base: Url
) -> Iterator[Reference]:
    """An attribute without a value, where that names the base: what is edited is the attribute."""
    location = element.source_location if isinstance(element, Element) else None
    where = location.attrs.get(name) if location is not None else None
    if where is None or (document.kind == "xml" and document is not document.root):
        return
    span = where.start_offset, where.end_offset
    yield Reference(document, element, label, "", base, span, attrs, None, f"empty src in {document.kind}")


def _way_in(document: Scope, element: Element | Tag, name: str, span: Span, value: str) -> Inside:
    """The way from pieces of an attribute's value to the document's text."""
    if isinstance(element, XmlElement):
        return element.values[name]
    return Inside(document.text, span, value)


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
    inside: Woven | Inside | None = None,
    base: Url | None = None,
) -> Iterator[Reference]:
    """References in a style sheet, which stands at `span`."""
    base = base or document.base
    flat = document.flat
    for found in css_urls(sheet, sheet=True, relative=document.carries_strings):
        if flat and found.kind != "@import":
            continue
        remote, url = fetched(found.value, base)
        label = f"style {found.kind}"
        if inside is None and document.kind == "xml" and url is None and "<" in found.value:
            continue  # an address for HTML alone, and no address there: as XML markup stands in it
        if remote or label in SHEETS:
            # In SVG a style sheet is text like any other, with character references and comments.
            inside = inside or Inside(document.text, span, sheet)
            where = inside.span(found.start, found.end)
            if remote:
                yield Reference(document, element, label, found.value, url, where, attrs, conditional)
            else:
                start = found.start if sheet.startswith(found.value, found.start) else -1
                value = Value(document, Holder(where, label), inside, found.value, start)
                yield from _nested(value, element, attrs, conditional)
