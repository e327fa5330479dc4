"""Reading a document as XML (XML 1.0, Namespaces in XML 1.0): its elements, with where each value stands.

Browsers read SVG, XHTML and every other type that ends with `+xml` like this, and HTML's parser sees something else
where prefixes, entities, defaults of attributes, CDATA or self-closed elements stand. What is not well formed is read
on as far as it can be: a browser shows less of it, another program perhaps more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape
from html.entities import html5
from typing import Any, NamedTuple

from blocker.message.html import Tag
from blocker.message.woven import Piece, Source, Woven
from blocker.message.xmldtd import MAX_DEPTH, NAME, TOO_MUCH, Declarations, Spend, character

XHTML = "http://www.w3.org/1999/xhtml"
SVG = "http://www.w3.org/2000/svg"
MATHML = "http://www.w3.org/1998/Math/MathML"
XLINK = "http://www.w3.org/1999/xlink"
XSLT = "http://www.w3.org/1999/XSL/Transform"

_NEXT = re.compile(
    rf"<!--|<!\[CDATA\[|<\?|<!DOCTYPE\s|</({NAME})\s*+>|<({NAME})|&(?:#([0-9]++)|#x([0-9a-fA-F]++)|({NAME}));"
)
_ATTRIBUTE = re.compile(rf"\s*+({NAME})\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)')")
_TAG_END = re.compile(r"[^>]*?(/?)>")
_SUBSET_OPENING = re.compile(r"[\"'>\[]")
_STYLE_SHEET = re.compile(r"<\?xml-stylesheet(?=[ \t\r\n])[^>]{0,4000}\?>")
_SPELT = re.compile(r"https?://(?!www\.w3\.org/)[^\s\"'<>(){}]+", re.IGNORECASE)
_DEFAULT = 8
"""Characters that an attribute which an element has by default is paid for as."""
_CASED = {"feImage": "feimage", "attributeName": "attributeName"}
"""SVG's names in mixed case, and how the table of vectors has them."""
_LOADING = {XHTML: "html", SVG: "svg", MATHML: "math", XSLT: "xsl", "": ""}


class XmlElement(Tag):
    """An element, and where each of its values stands."""

    __slots__ = ("namespace", "values")

    def __init__(self, tag: str, namespace: str, values: dict[str, Woven]) -> None:
        super().__init__(tag, {name: value.text for name, value in values.items()}, "", 0)
        self.namespace = namespace
        """`html`, `svg`, `math`, `xsl`, or empty where it has none."""
        self.values = values

    def value_span(self, attribute: str) -> tuple[int, int]:
        """Where the value of an attribute stands in the document's text: perhaps in a declaration."""
        return self.values[attribute].whole


class Xml(NamedTuple):
    """What a document holds, read as XML."""

    elements: list[XmlElement]
    sheets: list[tuple[XmlElement, Woven]]
    """The text of each <style>."""

    @property
    def base(self) -> str:
        """What the first <base> names; empty where none does."""
        bases = (e.attrs["href"] for e in self.elements if e.tag == "base" and "href" in e.attrs)
        return next(bases, "")


class _Frame(NamedTuple):
    """Text that is being read: the document's, or that of an entity, which stands at `start:end` of the one around."""

    source: Source
    name: str = ""
    start: int = 0
    end: int = 0


class _Open:
    """An element that is open."""

    __slots__ = ("bound", "element", "frame", "name", "pieces", "source", "start")

    def __init__(
        self, name: str, element: XmlElement | None, bound: list[str], source: Source, frame: int, start: int
    ) -> None:
        self.name = name
        self.element = element
        self.bound = bound
        """The prefixes it binds."""
        self.source = source
        """The text it opened in, which number that is, and where its contents begin there."""
        self.frame = frame
        self.start = start
        self.pieces: list[Piece] | None = [] if element is not None and element.tag == "style" else None


def read_xml(text: str, spend: Spend) -> Iterator[Xml]:
    """Every reading of a document as XML: the second, where it differs, as a browser that puts no parameter entities in."""
    first = _Reader(text, spend, True)
    yield first.run()
    if first.declared.has_parameters and spend(len(text)):
        yield _Reader(text, spend, False).run()


class _Reader:
    def __init__(self, text: str, spend: Spend, parameters: bool) -> None:
        self.frames = [_Frame(Source(text))]
        self.positions = [0]
        self.declared = Declarations(spend, parameters)
        self.bindings: dict[str, list[str]] = {}
        self.open: list[_Open] = []
        self.elements: list[XmlElement] = []
        self.sheets: list[tuple[XmlElement, Woven]] = []
        self.transforms = False

    def run(self) -> Xml:
        while self.frames:
            frame, position = self.frames[-1], self.positions[-1]
            match = _NEXT.search(frame.source.text, position)
            self._characters(position, match.start() if match is not None else len(frame.source.text))
            if match is None:
                self.frames.pop()
                self.positions.pop()
                # What begins in an entity ends in it (XML 1.0, section 4.3.2).
                while self.open and self.open[-1].frame >= len(self.frames):
                    self._close()
            else:
                self.positions[-1] = match.end()
                self._step(frame, match)
        while self.open:
            self._close()
        plain = [element for element in self.elements if element.namespace or self.transforms]
        return Xml(plain, self.sheets)

    def _step(self, frame: _Frame, match: re.Match[str]) -> None:
        token, text = match.group(), frame.source.text
        if token == "<!--":
            self._skip(text, "-->")
        elif token == "<![CDATA[":
            start = match.end()
            self._skip(text, "]]>")
            self._characters(start, max(self.positions[-1] - len("]]>"), start))
        elif token == "<?":
            self._skip(text, "?>")
        elif token[:2] == "<!":
            self._document_type(frame)
        elif match[1] is not None:
            self._end_tag(match[1])
        elif match[2] is not None:
            self._start_tag(frame, match)
        elif match[5] is not None:
            self._entity(match)
        else:
            self._put(character(match[3], match[4]), *match.span(), letters=False)

    def _skip(self, text: str, mark: str) -> None:
        found = text.find(mark, self.positions[-1])
        self.positions[-1] = found + len(mark) if found >= 0 else len(text)

    def _characters(self, start: int, end: int) -> None:
        if end > start and self.open and self.open[-1].pieces is not None:
            self._put(self.frames[-1].source.text[start:end], start, end, letters=True)

    def _put(self, text: str, start: int, end: int, *, letters: bool) -> None:
        """Add to the text of the <style> that is open."""
        if not self.open or self.open[-1].pieces is None:
            return
        inner = self.open[-1].frame + 1
        if inner < len(self.frames):
            start, end, letters = self.frames[inner].start, self.frames[inner].end, False
        self.open[-1].pieces.append(Piece(text, start, end, letters))

    def _document_type(self, frame: _Frame) -> None:
        text, position = frame.source.text, self.positions[-1]
        while (match := _SUBSET_OPENING.search(text, position)) is not None:
            position = match.end()
            if match.group() == ">":
                break
            if match.group() == "[":
                position = self.declared.read(frame.source, position)
            else:
                closed = text.find(match.group(), position)
                position = closed + 1 if closed >= 0 else len(text)
        self.positions[-1] = position

    def _entity(self, match: re.Match[str]) -> None:
        source = self.declared.entities.get(match[5])
        if source is None:
            self._put(html5.get(match[5] + ";", ""), *match.span(), letters=False)
            return
        if any(frame.name == match[5] for frame in self.frames):
            return
        if self.declared.pay(len(source.text) + 1 if len(self.frames) <= MAX_DEPTH else TOO_MUCH):
            self.frames.append(_Frame(source, match[5], *match.span()))
            self.positions.append(0)

    def _start_tag(self, frame: _Frame, match: re.Match[str]) -> None:
        text, position, name = frame.source.text, match.end(), match[2]
        values: dict[str, Woven] = {}
        while (found := _ATTRIBUTE.match(text, position)) is not None:
            group = 2 if found[2] is not None else 3
            values.setdefault(found[1], self.declared.value(frame.source, *found.span(group)))
            position = found.end()
        end = _TAG_END.match(text, position)
        self.positions[-1] = end.end() if end is not None else len(text)
        defaults = self.declared.defaults.get(name)
        if defaults and self.declared.pay(len(defaults) * _DEFAULT):
            for attribute, default in defaults.items():
                if attribute not in values:
                    values[attribute] = self.declared.value(default.source, *default.span)
        bound = self._bind(values)
        element = self._element(name, values)
        self.open.append(_Open(name, element, bound, frame.source, len(self.frames) - 1, self.positions[-1]))
        if end is not None and end[1]:
            self._close()

    def _bind(self, values: dict[str, Woven]) -> list[str]:
        bound = []
        for name, value in values.items():
            if name.startswith("xmlns") and (len(name) == len("xmlns") or name[5] == ":"):
                self.bindings.setdefault(name[6:], []).append(value.text)
                bound.append(name[6:])
        return bound

    def _namespace(self, prefix: str) -> str:
        bound = self.bindings.get(prefix)
        return bound[-1] if bound else ""

    def _element(self, name: str, values: dict[str, Woven]) -> XmlElement | None:
        prefix, _, local = name.rpartition(":")
        namespace = _LOADING.get(self._namespace(prefix))
        local = _CASED.get(local, local)
        if namespace is None or not local.islower():
            return None
        known = {}
        for attribute, value in values.items():
            prefix, _, own = attribute.rpartition(":")
            if not prefix:
                known[_CASED.get(own, own)] = value
            elif self._namespace(prefix) == XLINK:
                known[f"xlink:{own}"] = value
        element = XmlElement(f"xsl:{local}" if namespace == "xsl" else local, namespace, known)
        self.transforms = self.transforms or namespace == "xsl"
        self.elements.append(element)
        return element

    def _end_tag(self, name: str) -> None:
        """Close what is open down to an element of this name; one that closes nothing is passed over."""
        if (
            self.open
            and self.open[-1].name != name
            and all(item.name != name for item in self.open[-MAX_DEPTH:])
        ):
            return
        while self.open:
            closed = self.open[-1].name == name
            self._close()
            if closed:
                return

    def _close(self) -> None:
        item = self.open.pop()
        for prefix in item.bound:
            self.bindings[prefix].pop()
        if item.pieces and item.element is not None:
            whole = item.start, max(piece.end for piece in item.pieces)
            self.sheets.append((item.element, Woven(item.source, whole, item.pieces)))


def instructions(text: str) -> Iterator[Tag]:
    """The style sheets that <?xml-stylesheet?> names (Associating Style Sheets with XML documents 1.0)."""
    for found in _STYLE_SHEET.finditer(text):
        tag = Tag("xml-stylesheet", {}, found.group(), found.start())
        tag.attrs = {name: unescape(text[slice(*tag.value_span(name))]) for name in ("href", "type")}
        yield tag


def is_transform(attrs: Mapping[str, Any]) -> bool:
    """Whether <?xml-stylesheet?> names a transformation (XSLT 1.0, section 2.7)."""
    return "xsl" in str(attrs.get("type", "")) or str(attrs.get("type", "")).strip() in (
        "text/xml",
        "application/xml",
    )


def spelt(text: str) -> str:
    """The first address that a transformation spells out and that is no namespace of W3C; empty where it has none."""
    found = _SPELT.search(text)
    return found.group() if found is not None else ""
