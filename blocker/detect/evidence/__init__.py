"""The families of evidence: one module each, all asked in the same way, of a subject, for reasons.

A new family is a module with a function `evidence`, a line in `FAMILIES`, and the rows of its rules in `reasons.toml`.
None knows of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import NamedTuple, TypeAlias

from blocker.detect.evidence import (
    geometry,
    identity,
    knowledge,
    memory,
    recurrence,
    shape,
    token,
    vector,
    visibility,
)
from blocker.detect.reasons import Reason
from blocker.detect.subject import Subject

Evidence: TypeAlias = Callable[[Subject], Iterable[Reason]]


class Family(NamedTuple):
    """What is asked for reasons."""

    evidence: Evidence
    of_url: bool = False
    """It looks at the URL and at the message's headers and links alone: it is asked once for each URL of a message."""


FAMILIES = (
    Family(geometry.evidence),
    Family(visibility.evidence),
    Family(knowledge.evidence, of_url=True),
    Family(identity.evidence, of_url=True),
    Family(token.evidence, of_url=True),
    Family(recurrence.evidence),
    Family(memory.evidence),
    Family(shape.evidence),
    Family(vector.evidence),
)
"""In the order in which reasons of the same weight are told."""

_OF_URL = tuple(family.evidence for family in FAMILIES if family.of_url)
_STEPS = tuple(
    (of_url, tuple(family.evidence for family in families))
    for of_url, families in groupby(FAMILIES, key=lambda family: family.of_url)
)
"""The families in their order; those that look at the URL alone stand together."""


def gathered(subject: Subject) -> list[Reason]:
    """Every reason that any family finds."""
    address = subject.address
    if address.reasons is None:
        address.reasons = tuple([reason for evidence in _OF_URL for reason in evidence(subject)])
    found: list[Reason] = []
    for of_url, families in _STEPS:
        if of_url:
            found += address.reasons
            continue
        for evidence in families:
            found += evidence(subject)
    return found
