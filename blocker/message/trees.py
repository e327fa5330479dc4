"""The other trees that programs make of the same markup.

Where scripting is on, <noscript> holds text (HTML, section 13.2.6.4.7), so that markup in an attribute there ends it.
Chromium looks ahead for what to load, tag by tag, without a tree (its preload scanner): what stands in a foreign
element, a <select> or a <frameset> is told from text there as anywhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from blocker.message.html import HtmlDocument, Markup
from blocker.message.mime import Part
from blocker.message.model import Span
from blocker.message.nested import Nested
from blocker.message.urls import Url

SIGNS = ("svg", "math", "frameset", "select", "noscript")
"""Elements on which these trees differ from the first one."""
_OF_TREES = re.compile(r"(<[smf])[vare](?=(?:g|th|ameset|lect)[\s/>])", re.IGNORECASE)


class Tree(Markup):
    """One of these trees. What stands in it stands in its document, at the same places."""

    kind = "html"

    def __init__(self, document: HtmlDocument | Nested, *, scripting: bool, flat: bool) -> None:
        self.document = document
        self.text = document.text
        self.depth = document.depth
        self.scripting = scripting
        self.flat = flat

    @property
    def markup(self) -> str:
        """The text; for the look-ahead, with elements of no meaning in the place of those that make trees differ."""
        return _OF_TREES.sub(r"\1-", self.text) if self.flat else self.text

    @property
    def outer_base(self) -> Url | None:
        """That of its document."""
        return self.document.outer_base

    @property
    def root(self) -> HtmlDocument:
        """The document of the part."""
        return self.document.root

    @property
    def part(self) -> Part:
        """The part."""
        return self.document.part

    def place(self, span: Span, vector: str) -> tuple[Span, str]:
        """As in its document."""
        return self.document.place(span, vector)


def other_trees(document: HtmlDocument | Nested, found: frozenset[str]) -> Iterator[Tree]:
    """The other trees of a document in whose first one elements of these names stand."""
    flat = bool(found - {"noscript"})
    noscript = "noscript" in found or (flat and "<noscript" in document.text.lower())
    for scripting, look_ahead in ((True, False), (False, True), (True, True)):
        if (scripting and not noscript) or (look_ahead and not flat):
            continue
        if document.root.spend(len(document.text)):
            yield Tree(document, scripting=scripting, flat=look_ahead)
