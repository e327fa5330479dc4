"""Values in URLs and headers that could single something out: cutting them out, and judging them."""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache

MAX_TOKENS = 64
MAX_TEXT = 4096
_PIECE = re.compile(r"[^/?&;=:@<>,\s()]{6,}")
_DIGIT = re.compile(r"[0-9]")
_WORDS = re.compile(r"[a-z]{3,}|[A-Z][a-z]{2,}|[A-Z]{3,}")
_EXTENSION = re.compile(r"\.([A-Za-z0-9]{2,5})$")
PICTURES = frozenset("gif png jpg jpeg webp svg bmp ico avif jfif tif tiff".split())


def tokens(text: str) -> list[str]:
    """Values in a URL's path and query or in a header, bounded; a digit in each, so words stay out."""
    return [piece for piece in _PIECE.findall(text[:MAX_TEXT])[:MAX_TOKENS] if _DIGIT.search(piece)]


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
