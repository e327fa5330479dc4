"""The vectors: which attribute of which element makes a reader contact a host, one line each.

Columns: element (`*` any, `v:*` any VML element), attribute, how its value is read, and the vector's
name where it is not `element[attribute]`. How: `url`, `srcset`, `css`, `urls` (separated by white
space or commas), `rel` (a <link>, named after its rel), `refresh` (the URL in a meta refresh),
`document` (a document of its own), `paint` (CSS, on SVG elements alone), `animated` (what an attribute
of the parent becomes: a URL, or CSS).

Sources: the HTML Standard's fetching elements, SVG 2 and SMIL, AMP for Email, Cure53's HTTPLeaks, Email
Privacy Tester.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from turbohtml import Document

_TABLE = """
img         src         url
img         srcset      srcset
img         dynsrc      url
img         lowsrc      url
source      src         url
source      srcset      srcset
input       src         url
video       src         url
video       poster      url
audio       src         url
track       src         url
embed       src         url
embed       code        url
object      data        url
object      codebase    url
applet      codebase    url
applet      archive     urls
iframe      src         url
iframe      srcdoc      document
frame       src         url
bgsound     src         url
script      src         url
portal      src         url
*           background  url
*           style       css         style
link        href        rel
link        imagesrcset srcset
meta        content     refresh     meta[refresh]
html        manifest    url
image       href        url
image       xlink:href  url
feimage     href        url
feimage     xlink:href  url
use         href        url
use         xlink:href  url
script      href        url
script      xlink:href  url
font-face-uri href      url
font-face-uri xlink:href url
*           fill        paint
*           stroke      paint
*           mask        paint
*           filter      paint
*           clip-path   paint
*           cursor      paint
*           marker      paint
*           marker-start paint
*           marker-mid  paint
*           marker-end  paint
set         to          animated
animate     from        animated
animate     to          animated
animate     values      animated
xml-stylesheet href     url
amp-img     src         url
amp-img     srcset      srcset
amp-anim    src         url
amp-anim    srcset      srcset
amp-list    src         url
v:*         src         url
v:*         o:href      url
xml         src         url
"""


class Vector(NamedTuple):
    """How one attribute of one element is read."""

    how: str
    name: str


def _read_table() -> dict[tuple[str, str], Vector]:
    table = {}
    for line in _TABLE.split("\n"):
        columns = line.split()
        if columns:
            element, attribute, how, *name = columns
            table[element, attribute] = Vector(how, name[0] if name else f"{element}[{attribute}]")
    return table


VECTORS = _read_table()
_SPARSE = ("paint", "animated")
ATTRIBUTES = tuple(
    dict.fromkeys(attribute for (_, attribute), row in VECTORS.items() if row.how not in _SPARSE)
)
SPARSE = tuple(dict.fromkeys(attribute for (_, attribute), row in VECTORS.items() if row.how in _SPARSE))
"""SVG's attributes, which few messages have in a place where they count."""

_RELS = """
stylesheet icon preload prefetch preconnect dns-prefetch modulepreload prerender manifest
apple-touch-icon apple-touch-icon-precomposed apple-touch-startup-image mask-icon import subresource
compression-dictionary next
"""
RELS = frozenset(_RELS.split())
"""<link rel> values that make some reader contact the host without a click."""
_ANYWHERE = (
    "[src],[srcset],[background],[o\\:href],[xlink\\:href],"
    '[style*="("],[style*="--"],[style*="\\\\"],'
    "image[href],feimage[href],use[href],font-face-uri[href]"
)
"""What is looked for in each document. A style attribute names a URL in a function, whose bracket cannot be escaped (CSS
Syntax Level 3, 4.3.4), or carries a string to one in a custom property, whose name can."""
_OF_ELEMENTS = {
    **{name: name for name in ("style", "img", "link", "video", "object", "applet", "iframe")},
    "meta": "meta[content]",
    "html": "html[manifest]",
    "script": "script[href]",
    "embed": "embed[code]",
}
"""What is looked for besides where a document has such elements, which its tree tells at once."""


def selector(tree: Document) -> str:
    """Finds every element of a document that may have a vector, but for SVG's attributes."""
    present = [rest for name, rest in _OF_ELEMENTS.items() if tree.select_one(name) is not None]
    return ",".join([_ANYWHERE, *present])


SPARSE_SELECTOR = ",".join(f"[{name}]" for name in SPARSE)
FRAMES = frozenset(
    {"iframe[src]", "frame[src]", "portal[src]", "object[data]", "embed[src]", "embed[code]", "meta[refresh]"}
)
"""Vectors whose data: URL is shown as a document; one in an image may load nothing (SVG Integration, section 3)."""
EMPTY_SHEET = "data:text/css,"
"""What stands in the place of a transformation that was taken away."""
SHEETS = frozenset({"link[stylesheet]", "style @import", "xml-stylesheet[href]"})
"""Vectors whose data: URL is a style sheet."""
FILES = frozenset({"video[src]", "audio[src]", "source[src]", "meta[refresh]"})
"""Vectors of which an empty value names the base, as Firefox has it."""
LOCAL = frozenset({"use[href]", "use[xlink:href]"})
"""Vectors for which a fragment is always one of the page itself, as it is for what paints (SVG 2, section 16.1.2)."""
AHEAD = frozenset({"img", "input", "link", "script", "source", "video"})
"""Elements that Chromium's look-ahead loads for, beside the imports of a <style>."""


def of_link(rel: str) -> tuple[str, str]:
    """The vector of a <link>, and that of a data: URL which it holds; empty where it contacts nobody."""
    named = [name for name in rel.lower().split() if name in RELS]
    label = f"link[{named[0]}]" if named else ""
    return label, "link[stylesheet]" if "stylesheet" in named else label


@lru_cache(maxsize=1024)
def vector(element: str, attribute: str) -> Vector | None:
    """The table's line for an attribute, or None where it contacts nobody."""
    found = VECTORS.get((element, attribute))
    if found is not None:
        return found
    if element.startswith("v:"):
        found = VECTORS.get(("v:*", attribute))
        if found is not None:
            return Vector(found.how, f"{element}[{attribute}]")
    found = VECTORS.get(("*", attribute))
    return found and Vector(found.how, found.name if found.name == "style" else f"{element}[{attribute}]")
