"""Evidence from geometry: how large a reference is declared."""

from __future__ import annotations

from collections.abc import Iterable

from blocker.detect.box import SMALL, TINY, UNKNOWN, Box
from blocker.detect.knowledge import is_store
from blocker.detect.reasons import Reason, Value, reason
from blocker.detect.subject import FILES, Subject
from blocker.detect.tokens import LONG, PICTURES

_BARE = reason("geometry.bare")
_UNSIZED = reason("geometry.unsized")


def evidence(subject: Subject) -> Iterable[Reason]:
    """One reason from the declared size; none for what is no picture."""
    if subject.reference.vector in FILES:
        return ()
    box = subject.box
    width, height = box.width, box.height
    if width is not None and height is not None:
        return (_both_sides(width, height, box, subject),)
    if width is not None:
        return (_one_side("width", width, box),)
    if height is not None:
        return (_one_side("height", height, box),)
    if box.relative is not None:
        return (_sized("geometry.relative", box, "relative", box.relative),)
    shows = box.hidden is None and box.unused is None and box is not UNKNOWN
    return (_UNSIZED if shows else _BARE,)


def _one_side(name: str, side: float, box: Box) -> Reason:
    if side <= TINY:
        return reason("geometry.one-side", side, said=name)
    return _sized("geometry.visible", box, name, side)


def _both_sides(width: float, height: float, box: Box, subject: Subject) -> Reason:
    if min(width, height) == 0:
        return reason("geometry.zero", width, height)
    if max(width, height) <= TINY:
        return reason("geometry.tiny", width, height)
    if min(width, height) <= TINY:
        return reason("geometry.thin" if _may_count(subject) else "geometry.line", width, height)
    rule = "geometry.small" if max(width, height) <= SMALL else "geometry.visible"
    return _sized(rule, box, "both", width, height)


def _may_count(subject: Subject) -> bool:
    """Whether a line is no line of the layout, which is always a picture file: something is counted, or asked for by a value."""
    own, url = subject.own, subject.url
    if own is None or url is None:
        return False
    if own.extension in PICTURES or own.called.picture or is_store(url.host):
        return False
    return own.endpoint or own.bits >= LONG or (own.extension != "" and own.asks)


def _sized(rule: str, box: Box, said: str, *values: Value) -> Reason:
    """A size that would show, which says less of what is hidden all the same."""
    return reason(rule if box.hidden is None else "geometry.covered", *values, said=said)
