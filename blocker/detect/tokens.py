"""Values in URLs and headers that could single something out: cutting them out, and judging them."""

from __future__ import annotations

import math
import re
from functools import lru_cache

from blocker.detect.letters import SHORTEST, is_letter_id, scrambled

LONG = 120.0
"""Bits that no name of a picture needs."""
MAX_TOKENS = 64
MAX_TEXT = 4096
MAX_VALUE = 256
"""Characters of one value that are weighed: more than any id needs."""
_PIECE = re.compile(r"[^/?&;=:@<>,\s()]{6,}")
_AROUND = frozenset("/?&;=:@<>, \t\n\r\f\v()") | {""}
"""What ends a value: everything that no value holds."""
_DIGIT = re.compile(r"[0-9]")
_WORDS = re.compile(r"[a-z]{3,}|[A-Z][a-z]{2,}|[A-Z]{3,}")
_LONG_RUN = re.compile(r"[a-z]{8}|[A-Z]{8}")
_CHANGE = re.compile(r"[0-9](?=[A-Za-z])|[a-z](?=[A-Z0-9])|[A-Z](?=[a-z0-9])")
"""Letters and digits, or both cases, change places too often for words."""
PICTURES = frozenset(
    ["gif", "png", "jpg", "jpeg", "webp", "svg", "bmp", "ico", "avif", "jfif", "tif", "tiff"]
)


def tokens(text: str) -> list[str]:
    """Values in a URL's path and query or in a header, bounded; words stay out."""
    text = text[:MAX_TEXT]
    found = _PIECE.findall(text.replace("%20", " ") if "%20" in text else text)[:MAX_TOKENS]
    return [piece for piece in found if (is_letter_id(piece) if piece.isalpha() else _DIGIT.search(piece))]


def _is_token(piece: str) -> bool:
    """Whether a value is no word: it has a digit, or letters in an order that no word has."""
    return _DIGIT.search(piece) is not None or (piece.isalpha() and is_letter_id(piece))


def stands_as_token(text: str, token: str) -> bool:
    """Whether a value stands in another text as one of those that `tokens` gives."""
    at = text.find(token)
    while at >= 0:
        end = at + len(token)
        if text[at - 1 : at] in _AROUND and text[end : end + 1] in _AROUND:
            return _is_token(token)
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
    if size < 5:
        return 0.0
    if value.isalpha() and (size >= SHORTEST or (value.isascii() and value.islower())):
        rest = value if is_letter_id(value) else ""
    elif size >= 12 and len(_CHANGE.findall(value)) * 4 >= size:
        rest = value
    else:
        rest = _WORDS.sub(_unless_word if _LONG_RUN.search(value) else "", value)
    return len(rest) * math.log2(len(set(rest))) if len(rest) >= 5 else 0.0


def _unless_word(run: re.Match[str]) -> str:
    """What is left of a run of letters: nothing of a word."""
    letters = run.group()
    return letters if len(letters) >= SHORTEST and scrambled(letters) else ""


def extension(path: str) -> str:
    """The file name extension of a URL's path in lower case, or an empty string."""
    _, dot, kind = path.rpartition("/")[2].rpartition(".")
    return kind.lower() if dot and 2 <= len(kind) <= 5 and kind.isascii() and kind.isalnum() else ""
