"""The families of evidence: one module each, all asked in the same way, of a subject, for reasons.

A new family is a module here with a function `evidence`, and rows in `reasons.toml`: its own, and those of its rules. None
knows of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from itertools import groupby
from typing import TypeAlias

from blocker.detect.reasons import FAMILIES, Reason
from blocker.detect.subject import Subject

Evidence: TypeAlias = Callable[[Subject], Iterable[Reason]]


def _evidence(family: str) -> Evidence:
    """The one function that is asked of a family's module."""
    found: Evidence = import_module(f"{__name__}.{family}").evidence
    return found


_STEPS = tuple(
    (of_url, tuple(map(_evidence, families)))
    for of_url, families in groupby(FAMILIES, key=lambda name: FAMILIES[name].of_url)
)
"""The families in their order; those that look at the URL alone stand together."""
_OF_URL = tuple(evidence for of_url, families in _STEPS for evidence in families if of_url)


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
