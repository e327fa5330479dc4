"""Values in URLs and headers that could single something out: cutting them out, and judging them."""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache

from blocker.message.urls import Url

MIN_SHARED = 6
"""Characters a value must have for its second appearance to mean anything."""
MAX_TOKENS = 64
_SPLIT = re.compile(r"[/?&;=:@<>,\s()]+")
_WORDS = re.compile(r"[a-z]{3,}|[A-Z][a-z]{2,}|[A-Z]{3,}")
_EXTENSION = re.compile(r"\.([A-Za-z0-9]{2,5})$")
PICTURES = frozenset("gif png jpg jpeg webp svg bmp ico avif jfif tif tiff".split())


def tokens(source: Url | str) -> list[str]:
    """Values of a URL's path and query (or of a header), bounded; digits in each, so words stay out."""
    text = source if isinstance(source, str) else source.target
    found = []
    for piece in _SPLIT.split(text[:4096]):
        if len(piece) >= MIN_SHARED and any(c.isdigit() for c in piece):
            found.append(piece)
            if len(found) >= MAX_TOKENS:
                break
    return found


@lru_cache(maxsize=4096)
def opacity(value: str) -> float:
    """How little a value looks like words: bits of information it could carry, 0 for plain words.

    Shannon entropy of its characters times its length, counted only over what is not dictionary-like.
    """
    rest = _WORDS.sub("", value) if not _looks_random(value) else value
    if len(rest) < 5:
        return 0.0
    counts = Counter(rest)
    size = len(rest)
    entropy = -sum(n / size * math.log2(n / size) for n in counts.values())
    return entropy * size


def _looks_random(value: str) -> bool:
    """Letters and digits, or both cases, change places too often for words."""
    if len(value) < 12:
        return False
    kinds = ["d" if c.isdigit() else "u" if c.isupper() else "l" if c.islower() else "o" for c in value]
    changes = sum(1 for a, b in zip(kinds, kinds[1:], strict=False) if a != b and "o" not in (a, b))
    return changes * 4 >= len(value)


def extension(path: str) -> str:
    """The file name extension of a URL's path in lower case, or an empty string."""
    match = _EXTENSION.search(path.rpartition("/")[2])
    return match[1].lower() if match else ""
