"""What is put in the place of each vector that is neutralised.

The replacement must contact nobody and keep the layout: an image becomes a transparent one of its
declared size, everything else something empty of its own kind.
"""

from __future__ import annotations

TRANSPARENT = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
"""A transparent GIF of one pixel."""

_EMPTY = "data:,"
_OTHER = {
    "link[stylesheet]": "data:text/css,",
    "style @import": "data:text/css,",
    "xml-stylesheet[href]": "data:text/css,",
    "style @font-face": _EMPTY,
    # The whole content, without which nothing is refreshed: any URL would take the message from the screen.
    "meta[refresh]": "",
    "iframe[src]": "about:blank",
    "iframe[srcdoc]": "",
    "frame[src]": "about:blank",
    "portal[src]": "about:blank",
    "object[data]": _EMPTY,
    "embed[src]": _EMPTY,
    "embed[code]": _EMPTY,
    "script[src]": _EMPTY,
    "script[href]": _EMPTY,
    "script[xlink:href]": _EMPTY,
    "audio[src]": _EMPTY,
    "video[src]": _EMPTY,
    "source[src]": _EMPTY,
    "track[src]": _EMPTY,
    "bgsound[src]": _EMPTY,
    "amp-list[src]": _EMPTY,
    "font-face-uri[href]": _EMPTY,
    "font-face-uri[xlink:href]": _EMPTY,
    # No `#`: in a data: URL it would end the document around it.
    "use[href]": _EMPTY,
    "use[xlink:href]": _EMPTY,
    "html[manifest]": "",
    # In a list of URLs a comma ends one, in a list of values a semicolon does.
    "applet[archive]": "about:blank",
    "set[to]": _EMPTY,
    "animate[from]": _EMPTY,
    "animate[to]": _EMPTY,
    "animate[values]": _EMPTY,
    "link[imagesrcset]": TRANSPARENT,
    "xml[src]": "",
    # An empty value that names the base: what is replaced is the attribute.
    "empty src in html": "src=data:,",
    "empty src in xml": "src='data:,'",
}


def replacement(vector: str) -> str:
    """What stands in the place of a neutralised URL. ASCII; no spaces or brackets, nor quotes but of an attribute."""
    found = _OTHER.get(vector)
    if found is not None:
        return found
    return _EMPTY if vector.startswith("link[") else TRANSPARENT
