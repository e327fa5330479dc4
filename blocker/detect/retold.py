"""A sentence on an address in a URL, which the catalogue keeps in English, in another language of the table of reasons."""

from __future__ import annotations

from functools import lru_cache

from blocker.detect.marks import LEAKS
from blocker.detect.reasons import LANGUAGE, RULES, TERMS

BLANK = "{}"
DEEPEST = 4
"""Terms within terms."""
_SENTENCES = [row.texts for row in RULES.values() if row.marks & LEAKS]
_EXACT = {words[LANGUAGE]: words for words in TERMS.values() if BLANK not in words[LANGUAGE]}
# The one with the most words first: what it matches, one with fewer may match too.
_FILLED = sorted(
    (words for words in TERMS.values() if BLANK in words[LANGUAGE]), key=lambda words: -len(words[LANGUAGE])
)


@lru_cache(maxsize=1024)
def retold(said: str, language: str) -> str | None:
    """The sentence in that language; None where the table has no such sentence. What was seen stays as it was."""
    for texts in _SENTENCES:
        for name, template in texts[LANGUAGE].items():
            values = _values(template, said)
            if values is not None:
                return texts[language][name].format(*(_phrase(value, language) or value for value in values))
    return None


def _phrase(value: str, language: str, depth: int = 0) -> str | None:
    """A value that is a term, or has one in it; None for any other."""
    if value in _EXACT:
        return _EXACT[value][language]
    for words in _FILLED if depth < DEEPEST else ():
        inner = _values(words[LANGUAGE], value)
        told = [_phrase(one, language, depth + 1) for one in inner or ()]
        if inner and any(told):
            return words[language].format(*(new or old for new, old in zip(told, inner, strict=True)))
    return None


def _values(template: str, said: str) -> tuple[str, ...] | None:
    """What stands in the blanks of a template, of which a sentence is made; None where it is not."""
    first, *rest = template.split(BLANK)
    if not said.startswith(first):
        return None
    values, left = [], said[len(first) :]
    for literal in rest[:-1]:
        value, found, left = left.partition(literal)
        if not found:
            return None
        values.append(value)
    if not rest:
        return () if not left else None
    if not left.endswith(rest[-1]):
        return None
    return (*values, left[: len(left) - len(rest[-1])])
