"""Evidence from knowledge: what the vendor rules say of a URL."""

from __future__ import annotations

from collections.abc import Iterable

from blocker.detect.reasons import Reason, reason
from blocker.detect.subject import Subject

_RULES = {
    "open": "knowledge.open",
    "aggregate": "knowledge.aggregate",
    "ad": "knowledge.ad",
    "personal": "knowledge.personal",
    "click": "knowledge.click",
}
"""By the kind of endpoint; that a host is a vendor's says nothing."""


def evidence(subject: Subject) -> Iterable[Reason]:
    """A reason where a vendor rule knows the endpoint."""
    known = subject.known
    if known is None or known.kind not in _RULES:
        return ()
    return (reason(_RULES[known.kind], known.vendor),)
