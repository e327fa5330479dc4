"""The levels: what is taken out of a message. This table is the one place that knows them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal, TypeAlias


class Level(StrEnum):
    """A level, the least protection first. As text it is the word that people write."""

    takes: frozenset[str]
    """The kinds of verdict that it takes out. Fields that ask for a receipt go at every level."""
    labels: Mapping[str, str]
    """What a page calls it where a person chooses, by language."""
    summary: str
    """What it takes out, for people, in Markdown."""

    def __new__(
        cls,
        word: str,
        takes: frozenset[str] = frozenset(),
        labels: Mapping[str, str] = MappingProxyType({}),
        summary: str = "",
    ) -> Level:
        # The defaults are for `Level(word)`, which gives the one of that name.
        made = str.__new__(cls, word)
        made._value_ = word
        made.takes, made.labels, made.summary = takes, labels, summary
        return made

    STANDARD = (
        "standard",
        frozenset({"pixel", "beacon"}),
        {
            "en": "Standard: take out what tells that you read it",
            "fr": "Standard : retirer ce qui révèle que vous lisez",
        },
        "`pixel`, `beacon`, and header fields that ask for a receipt",
    )
    STRICT = (
        "strict",
        frozenset({"pixel", "beacon", "personal"}),
        {
            "en": "Strict: also pictures made for you",
            "fr": "Strict : aussi les images faites pour vous",
        },
        "also `personal`: a transparent picture in the same box takes its place, its alternative text stays",
    )
    PARANOID = (
        "paranoid",
        frozenset({"pixel", "beacon", "personal", "content", "spacer"}),
        {
            "en": "Paranoid: everything from elsewhere",
            "fr": "Paranoïaque : tout ce qui vient d’ailleurs",
        },
        "every remote reference that unpixel finds, so that opening the mail contacts nobody",
    )


DEFAULT_LEVEL: Final = Level.STANDARD
"""Where nobody says otherwise."""
ALLOW: Final = "allow"
"""In place of a level, for one sender: its mail is left as it is."""
Setting: TypeAlias = Level | Literal["allow"]
"""What a person can set for a sender."""
SETTINGS: tuple[Setting, ...] = (*Level, ALLOW)
_ALLOW_LABELS: Final = {"en": "Leave its mail as it is", "fr": "Laisser ses messages tels quels"}


def setting_of(word: str) -> Setting:
    """The setting of that name. Raises ValueError where there is none."""
    return ALLOW if word == ALLOW else Level(word)


def level_in(setting: Setting) -> Level | None:
    """The level that a setting asks for; None where the mail is left as it is."""
    return None if setting == ALLOW else Level(setting)


def strength(setting: Setting) -> int:
    """How much a setting protects: 0 for nothing, then the levels in their order."""
    return 0 if setting == ALLOW else 1 + list(Level).index(Level(setting))


def label_of(word: str, language: str = "en") -> str:
    """What a page calls a setting; the word itself where it is none."""
    if word == ALLOW:
        return _ALLOW_LABELS[language]
    return Level(word).labels[language] if word in set(Level) else word
