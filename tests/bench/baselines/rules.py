"""Rules that need no list: the size rule, and Trocker's heuristics. Each says which images it would block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from tests.bench.baselines.page import Image

Rule = Callable[[list[Image]], list[bool]]
"""One answer for each image of a message, in order."""

TINY = 3
"""Pixels; what most published rules call small."""


def size(page: list[Image]) -> list[bool]:
    """Both sides declared, both at most 3 px: what most readers and extensions do."""
    return [_at_most(image.width, TINY) and _at_most(image.height, TINY) for image in page]


def trocker(page: list[Image]) -> list[bool]:
    """Trocker's heuristics (chrome/trocker.js) without its list of 17 services.

    An area of at most 3 px², or the one declared side at most 3 px, or hidden, or a path that names opening or tracking.
    """
    return [_trocker(image) for image in page]


def once(rule: Rule) -> Rule:
    """The rule, but what a message names more than once is layout."""

    def with_once(page: list[Image]) -> list[bool]:
        times = Counter(image.raw for image in page)
        return [hit and times[image.raw] == 1 for hit, image in zip(rule(page), page, strict=True)]

    return with_once


def blocked(rule: Rule, page: list[Image]) -> Iterable[tuple[str, str]]:
    """The rule's answers in the words of the labels: pixel where it blocks, content where not."""
    for hit, image in zip(rule(page), page, strict=True):
        yield image.raw, "pixel" if hit else "content"


def _at_most(side: float | None, limit: float) -> bool:
    return side is not None and side <= limit


def _trocker(image: Image) -> bool:
    sides = [side for side in (image.width, image.height) if side is not None]
    if sides and (sides[0] * sides[1] if len(sides) == 2 else sides[0]) <= TINY:
        return True
    url = image.raw.lower()
    return image.hidden or any(word in url for word in ("/open", "=open", "/trace", "/track"))
