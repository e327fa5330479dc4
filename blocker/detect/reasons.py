"""Reasons as data, and the one table of what each rule weighs, means and says: `reasons.toml` beside this module.

A judgement makes reasons of rules and values and no sentence; whoever shows a reason to a person asks `text` for one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import resources
from typing import Any, NamedTuple, TypeAlias

from blocker.detect.marks import NAMES

Value: TypeAlias = "str | float | tuple[Value, ...]"
"""What was seen: a text as it is, a number, or a phrase: the name of a term of the table, and what stands in it."""

LANGUAGE = "en"
"""Of the texts in JSON, and wherever no other is asked for."""
TOLD = "told"
"""Says of a reason that its one value is its text: how reasons were kept before they were data."""


class Rule(NamedTuple):
    """One row of the table."""

    family: str
    weight: float
    marks: int
    texts: Mapping[str, Mapping[str, str]]
    """Language → name of the text → text; a rule's only text has an empty name."""


class Family(NamedTuple):
    """A family of evidence."""

    of_url: bool
    """It looks at the URL and at the message's header and links alone: it is asked once for each URL of a message."""
    names: Mapping[str, str]
    """What it is called, by language."""


class Reason(NamedTuple):
    """One observation that speaks for or against tracking.

    ``weight`` is in log-odds: above zero it speaks for tracking, below zero against.
    """

    rule: str
    weight: float
    said: str = ""
    """Which of the rule's texts says it."""
    values: tuple[Value, ...] = ()
    """What stands in that text."""

    @property
    def detail(self) -> str:
        """What it saw, in English; made when asked for."""
        said = None if self[2] or self[3] else _WHOLE.get(self[0])
        return text(self) if said is None else said


def _rules(table: Mapping[str, Any]) -> dict[str, Rule]:
    return {
        f"{family}.{name}": _rule(family, dict(row))
        for family, rows in table.items()
        for name, row in rows.items()
    }


def _rule(family: str, row: dict[str, Any]) -> Rule:
    weight, bits = row.pop("weight"), 0
    for mark in row.pop("marks", ()):
        bits |= NAMES[mark]
    texts = {language: {"": said} if isinstance(said, str) else dict(said) for language, said in row.items()}
    return Rule(family, float(weight), bits, texts)


def _family(row: dict[str, Any]) -> Family:
    return Family(row.pop("of-url", False), row)


_TABLE = tomllib.loads(resources.files(__package__).joinpath("reasons.toml").read_text("utf-8"))
PRIOR: float = _TABLE["prior"]
"""Log-odds of a reference of which nothing is seen."""
RULES = _rules(_TABLE["rules"])
"""Every rule by its id."""
WEIGHTS = {rule: row.weight for rule, row in RULES.items()}
"""What each rule says for (above zero) or against tracking. The sum with `PRIOR` is the log-odds of a pixel or a beacon."""
FAMILIES = {name: _family(dict(row)) for name, row in _TABLE["families"].items()}
"""The families of evidence, in the order in which reasons of the same weight are told."""
TERMS: Mapping[str, Mapping[str, str]] = _TABLE["terms"]
"""Phrases that stand in texts: name → language → phrase."""

_MARKS = {rule: row.marks for rule, row in RULES.items()}
_TEXTS: dict[str, dict[tuple[str, str], str]] = {}
"""Language → rule and name of the text → text."""
for _id, _row in RULES.items():
    for _language, _texts in _row.texts.items():
        _TEXTS.setdefault(_language, {}).update({(_id, _said): _text for _said, _text in _texts.items()})


_WHOLE = {rule: said for (rule, name), said in _TEXTS[LANGUAGE].items() if not name}
"""The texts of rules that have one; that of most reasons is whole, no value stands in it."""


def reason(rule: str, *values: Value, said: str = "") -> Reason:
    """A reason with its weight from the table. `said` names the one of the rule's texts in which the values stand."""
    # Without the detour over `Reason.__new__`: a message has dozens.
    return _made(Reason, (rule, WEIGHTS[rule], said, values))


_made = tuple.__new__


def told(rule: str, detail: str, weight: float) -> Reason:
    """A reason of which the text alone is known."""
    return Reason(rule, weight, TOLD, (detail,))


def marked(reasons: Iterable[Reason]) -> int:
    """The marks of some reasons together."""
    return marks_of([one[0] for one in reasons])


def marks_of(rules: Iterable[str]) -> int:
    """The marks of some rules together; one that the table no longer has bears none."""
    found, of = 0, _MARKS.get
    for rule in rules:
        found |= of(rule, 0)
    return found


def text(one: Reason, language: str = LANGUAGE) -> str:
    """What a reason saw, in a language of the table."""
    rule, _, said, values = one
    wanted = _TEXTS[language].get((rule, said))
    if wanted is None:
        return str(values[0]) if said == TOLD and values else rule
    if not values:
        return wanted
    try:
        return _filled(wanted, language, *values)
    except (IndexError, ValueError):  # kept by another version, whose text had other values
        return rule


def phrase(value: Value, language: str = LANGUAGE) -> str | float:
    """What stands for a value in a text."""
    if not isinstance(value, tuple):
        return value
    name, *inner = value
    return _filled(TERMS[str(name)][language], language, *inner) if name in TERMS else str(name)


@lru_cache(maxsize=4096, typed=True)
def _filled(wanted: str, language: str, *values: Value) -> str:
    """A text with its values; most pictures are declared hidden, or large, in the same few ways."""
    return wanted.format(*[phrase(value, language) for value in values])


def family(one: Reason, language: str = LANGUAGE) -> str:
    """The name of the family of evidence that a reason is of; that of an unknown rule is the first word of its id."""
    row = RULES.get(one.rule)
    return FAMILIES[row.family].names[language] if row is not None else one.rule.partition(".")[0]
