"""The weights: what each observation says for (above zero) or against (below) tracking, in log-odds.

One line a rule: its id, its weight, what it means. The sum with `PRIOR` is the log-odds that a
reference is a pixel or a beacon.
"""

from __future__ import annotations

from blocker.detect.report import Reason

PRIOR = -1.2

WEIGHTS: dict[str, float] = {
    # geometry: how large it is declared
    "geometry.tiny": 2.5,
    "geometry.zero": 2.0,
    "geometry.one-side": 1.0,
    "geometry.line": -1.8,
    "geometry.thin": 1.0,
    "geometry.unsized": -2.0,
    "geometry.bare": -1.2,
    "geometry.small": -1.5,
    "geometry.covered": -1.5,
    "geometry.relative": -2.0,
    "geometry.visible": -4.0,
    # visibility
    "visibility.hidden": 2.0,
    "visibility.unused": 1.5,
    # knowledge
    "knowledge.open": 6.0,
    "knowledge.aggregate": 6.0,
    "knowledge.ad": 3.0,
    "knowledge.personal": 0.0,
    "knowledge.click": 0.5,
    # identity
    "identity.address": 2.5,
    "identity.digest": 2.5,
    "identity.other": 2.0,
    "identity.name": 0.5,
    # token
    "token.shared": 1.0,
    "token.opaque": 1.5,
    "token.directory": 0.5,
    "token.file": 0.3,
    "token.numbers": 0.7,
    "token.short": -0.5,
    "token.signed": -0.5,
    "token.person": 1.0,
    "token.program": 1.0,
    "token.long": 1.0,
    "token.macro": 1.0,
    "token.none": -2.0,
    # recurrence
    "recurrence.repeated": -3.0,
    "recurrence.shown": -3.0,
    # memory: the same URL in other messages
    "memory.shared": -3.0,
    "memory.seen": -1.0,
    "memory.individual": 1.5,
    "memory.differs": 4.5,
    "memory.drawn": 0.0,
    # shape
    "shape.endpoint": 1.5,
    "shape.filler": -1.8,
    "shape.picture": -1.0,
    "shape.alone": 0.4,
    "shape.counter": 1.4,
    "shape.last": 1.4,
    "shape.page": 1.5,
    "shape.folder": -1.2,
    "shape.words": -1.0,
    "shape.store": -2.0,
    "shape.linked": -2.0,
    "shape.kin": -3.0,
    "shape.image": -1.0,
    "shape.portrait": -1.5,
    "shape.logo": -1.0,
    "shape.map": -3.0,
    "shape.unfetched": -8.0,
    "shape.alt": -0.5,
    "shape.caption": -0.7,
    "shape.script": 1.0,
    "vector.font": -5.0,
    "vector.style": -0.5,
    "vector.sheet": -2.0,
    "vector.connection": -8.0,
}


def reason(rule: str, detail: str) -> Reason:
    """A reason with its weight from the table."""
    return Reason(rule, detail, WEIGHTS[rule])
