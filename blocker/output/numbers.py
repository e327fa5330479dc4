"""Numbers as people read them, alike on a terminal and on a page."""

from __future__ import annotations


def percent(share: float) -> int:
    """A share (0 to 1) in whole per cent; only none is 0 and only all is 100."""
    return 0 if share <= 0 else 100 if share >= 1 else min(99, max(1, round(100 * share)))
