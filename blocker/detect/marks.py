"""What follows from a reason besides its weight.

Each mark is a bit; `reasons.toml` gives a rule its marks by their names (small letters, a hyphen between words). Whoever
asks what a reason means asks for a mark, never for the id of a rule.
"""

from __future__ import annotations

INDIVIDUAL = 1 << 0
"""It singles out the mail or its reader."""
ADDRESSED = 1 << 1
"""It singles out a reader even where others got the same URL: a copy of his mail was sent to them."""
NAMED = 1 << 2
"""It singles out a reader even in a logo's URL, which else names a brand."""
PERSONAL = 1 << 3
"""A picture that shows is with it one made for its reader."""
LEAKS = 1 << 4
"""An address, or the reader's name, stands in the URL."""
OPAQUE = 1 << 5
"""A value that nobody can read stands in the URL."""
SHARED = 1 << 6
"""Somebody else got the same URL."""
COUNTS = 1 << 7
"""It is known to count openings."""
COMMON = 1 << 8
"""It is known to measure an audience as a whole."""
ADVERTISES = 1 << 9
"""It is known to be an advertisement's."""
SHOWS = 1 << 10
"""It is a picture that is seen."""
MAY_SHOW = 1 << 11
"""It is a picture that is seen, unless what is known of its URL says otherwise."""
HIDES = 1 << 12
"""It is too small to be seen, or hidden."""
FILLS = 1 << 13
"""It is there to fill space."""
SERVES = 1 << 14
"""A reader has a use for it: it leads somewhere, or has a text."""
BRANDS = 1 << 15
"""It is the sign of a brand."""

NAMES = {name.lower().replace("_", "-"): bit for name, bit in dict(globals()).items() if name.isupper()}
"""Each mark by the name that it has in the table."""
