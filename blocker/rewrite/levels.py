"""What each level neutralises, and what is put in the place of each vector.

The replacement must contact nobody and keep the layout: an image becomes a transparent one of its
declared size, everything else something empty of its own kind.
"""

from __future__ import annotations

from typing import Literal, get_args

from blocker.detect.report import Kind

Level = Literal["standard", "strict", "paranoid"]
LEVELS: tuple[Level, ...] = get_args(Level)

NEUTRALISED: dict[Level, frozenset[Kind]] = {
    "standard": frozenset({"pixel", "beacon"}),
    "strict": frozenset({"pixel", "beacon", "personal"}),
    "paranoid": frozenset({"pixel", "beacon", "personal", "content", "spacer"}),
}

TRANSPARENT = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
"""A transparent GIF of one pixel."""

_OTHER = {
    "link[stylesheet]": "data:text/css,",
    "style @import": "data:text/css,",
    "style @font-face": "data:,",
    "meta[refresh]": "about:blank",
    "iframe[src]": "about:blank",
    "frame[src]": "about:blank",
    "portal[src]": "about:blank",
    "object[data]": "data:,",
    "embed[src]": "data:,",
    "script[src]": "data:,",
    "audio[src]": "data:,",
    "video[src]": "data:,",
    "source[src]": "data:,",
    "track[src]": "data:,",
    "bgsound[src]": "data:,",
    "use[href]": "#",
    "use[xlink:href]": "#",
    "html[manifest]": "",
    # In a list of URLs a comma ends one.
    "applet[archive]": "about:blank",
    "link[imagesrcset]": TRANSPARENT,
    "xml[src]": "",
}


def replacement(vector: str) -> str:
    """What stands in the place of a neutralised URL. ASCII, no quotes, spaces or brackets."""
    found = _OTHER.get(vector)
    if found is not None:
        return found
    return "data:," if vector.startswith("link[") else TRANSPARENT
