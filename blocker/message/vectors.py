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
