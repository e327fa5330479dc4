"""Values in URLs and headers that could single something out: cutting them out, and judging them."""

from __future__ import annotations

import math
import re
from functools import lru_cache

MAX_TOKENS = 64
MAX_TEXT = 4096
MAX_VALUE = 256
"""Characters of one value that are weighed: more than any id needs."""
_PIECE = re.compile(r"[^/?&;=:@<>,\s()]{6,}")
_AROUND = frozenset("/?&;=:@<>, \t\n\r\f\v()") | {""}
"""What ends a value: everything that no value holds."""
_DIGIT = re.compile(r"[0-9]")
_WORDS = re.compile(r"[a-z]{3,}|[A-Z][a-z]{2,}|[A-Z]{3,}")
_CHANGE = re.compile(r"[0-9](?=[A-Za-z])|[a-z](?=[A-Z0-9])|[A-Z](?=[a-z0-9])")
"""Letters and digits, or both cases, change places too often for words."""
_EXTENSION = re.compile(r"\.([A-Za-z0-9]{2,5})$")
PICTURES = frozenset(
    ["gif", "png", "jpg", "jpeg", "webp", "svg", "bmp", "ico", "avif", "jfif", "tif", "tiff"]
)


def tokens(text: str) -> list[str]:
    """Values in a URL's path and query or in a header, bounded; a digit in each, so words stay out."""
    found = _PIECE.findall(text[:MAX_TEXT])[:MAX_TOKENS]
    return [piece for piece in found if not piece.isalpha() and _DIGIT.search(piece)]


def stands_as_token(text: str, token: str) -> bool:
    """Whether a value stands in another text as one of those that `tokens` gives."""
    at = text.find(token)
    while at >= 0:
        end = at + len(token)
        if text[at - 1 : at] in _AROUND and text[end : end + 1] in _AROUND:
            return _DIGIT.search(token) is not None
        at = text.find(token, end)
    return False


def opacity(value: str) -> float:
    """How little a value looks like words: bits of information it could carry, 0 for plain words.

    Its length times the bits of its alphabet, counted only over what is not dictionary-like.
    """
    return _opacity(value[:MAX_VALUE])


@lru_cache(maxsize=4096)
def _opacity(value: str) -> float:
    size = len(value)
    if size < 5 or (value.islower() and value.isascii() and value.isalpha()):
        return 0.0
    rest = value if size >= 12 and len(_CHANGE.findall(value)) * 4 >= size else _WORDS.sub("", value)
    return len(rest) * math.log2(len(set(rest))) if len(rest) >= 5 else 0.0


def extension(path: str) -> str:
    """The file name extension of a URL's path in lower case, or an empty string."""
    match = _EXTENSION.search(path.rpartition("/")[2])
    return match[1].lower() if match else ""
