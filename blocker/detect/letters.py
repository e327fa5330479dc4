"""Whether letters make words: which pairs of letters the languages of mail use, and which stand in ids alone.

A pair is common where it makes up more than one in 2,500 of the pairs in the words of mail in English, German, French, Dutch, Spanish,
Italian and Portuguese (counted in text), or where another language in Latin letters needs it. About half of all pairs are not.
"""

from __future__ import annotations

import re
from functools import lru_cache

_COMMON = {
    "a": "bcdfghiklmnprstuvwyz",
    "b": "aeijlorstuy",
    "c": "acehiklorstuyz",
    "d": "adeghilorstuyz",
    "e": "abcdefghiklmnopqrstuvwxyz",
    "f": "aefghilortu",
    "g": "aeghilmnorstu",
    "h": "aeilmnortu",
    "i": "abcdefgjlmnoprstvxz",
    "j": "aeou",
    "k": "aeilnorstu",
    "l": "abdefgiklmnoprstuvyz",
    "m": "abeimnopsuy",
    "n": "abcdefghijklmnoprstuvwyz",
    "o": "abcdfgijklmnoprstuvwyz",
    "p": "aefhiloprstu",
    "q": "u",
    "r": "acdefgiklmnoprstuvwyz",
    "s": "abcdefghiklmnoprstuvwyz",
    "t": "abcefghiklmnorstuwyz",
    "u": "abcdefgilmnprstuz",
    "v": "aeio",
    "w": "aehinors",
    "x": "aceipt",
    "y": "aeilmnops",
    "z": "aeilouwz",
}
_PAIRS = frozenset(first + second for first, seconds in _COMMON.items() for second in seconds)
_RUN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
"""A word as capitals tell it from the next: `Mac`, `Book`, `USA`."""
SHORTEST = 8
"""Letters of the shortest value without a digit that is taken for an id."""


@lru_cache(maxsize=8192)
def scrambled(run: str) -> bool:
    """Whether a run of letters is no word, nor several in a row: too many of its pairs are rare.

    The shorter the run, the larger the share that is asked for; below four letters nothing can be said.
    """
    size = len(run)
    if size < 4 or not (run.isascii() and run.isalpha()):
        return False
    lowered = run.lower()
    rare = sum([lowered[at : at + 2] not in _PAIRS for at in range(size - 1)])
    return rare >= (size - 1) * (0.5 if size < SHORTEST else 0.28)


@lru_cache(maxsize=8192)
def is_letter_id(value: str) -> bool:
    """Whether a value of letters alone is an id: at least half of it, and eight letters, are in no word."""
    if len(value) < SHORTEST or not (value.isascii() and value.isalpha()):
        return False
    runs = _RUN.findall(value)
    left = sum([len(run) for run in runs if len(run) < 3 or scrambled(run)])
    return left >= SHORTEST and left * 2 >= len(value)
