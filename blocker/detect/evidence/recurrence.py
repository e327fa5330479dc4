"""Evidence from recurrence: how often a URL stands in its message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from blocker.detect.reasons import Reason, reason
from blocker.detect.subject import Subject

_SHOWN = reason("recurrence.shown")


def evidence(subject: Subject) -> Iterable[Reason]:
    """Reasons where it stands more than once."""
    reference = subject.reference
    count = subject.context.counts[reference.part, reference.raw]
    return _repeated(subject, count) if count > 1 else ()


def _repeated(subject: Subject, count: int) -> Iterator[Reason]:
    """What is known to count openings may do so in several places, such as one for printing and one for forwarding."""
    known, own = subject.known, subject.own
    if subject.box.hidden is not None and subject.reference.raw in subject.context.seen:
        yield _SHOWN
    counter = known is not None and known.kind == "open" and own is not None and not own.filler
    if not counter:
        yield reason("recurrence.repeated", count)
