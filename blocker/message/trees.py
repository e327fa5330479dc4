"""The other trees that programs make of the same markup.

Where scripting is on, <noscript> holds text (HTML, section 13.2.6.4.7), so that markup in an attribute there ends it.
Chromium looks ahead for what to load, tag by tag, without a tree (its preload scanner): what stands in a foreign
element, a <select> or a <frameset> is told from text there as anywhere else.
"""

from __future__ import annotations

from collections.abc import Iterator

from blocker.message.html import HtmlDocument
from blocker.message.nested import Nested, Tree

SIGNS = ("svg", "math", "frameset", "select", "noscript")
"""Elements on which these trees differ from the first one."""


def other_trees(document: HtmlDocument | Nested, found: frozenset[str]) -> Iterator[Tree]:
    """The other trees of a document in whose first one elements of these names stand."""
    flat = bool(found - {"noscript"})
    noscript = "noscript" in found or (flat and "<noscript" in document.text.lower())
    for scripting, look_ahead in ((True, False), (False, True), (True, True)):
        if (scripting and not noscript) or (look_ahead and not flat):
            continue
        if document.root.means.spend(len(document.text)):
            yield Tree(document, scripting=scripting, flat=look_ahead)
