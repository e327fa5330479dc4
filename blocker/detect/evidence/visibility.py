"""Evidence from visibility: what hides a reference in every view."""

from __future__ import annotations

from collections.abc import Iterable

from blocker.detect.reasons import Reason, reason
from blocker.detect.subject import Subject


def evidence(subject: Subject) -> Iterable[Reason]:
    """A reason where something hides it, or where the style that names it is for nothing."""
    box = subject.box
    if box.hidden is not None:
        return (reason("visibility.hidden", box.hidden),)
    return (reason("visibility.unused", box.unused),) if box.unused is not None else ()
