"""Pages that should ask for nothing, many at once: as frames of one page, for opening a page is what takes time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tests.browser.pages import Origin, Shown
from tests.browser.visit import Visit

MOST = 16
"""Frames of one page."""
_OF_WINDOWS = ("<link", "manifest", "<frameset")
"""What a browser heeds, or shows otherwise, in a page of its own."""


class Browser(Protocol):
    """What is asked of a browser."""

    def visit(self, url: str, *, quiet: float) -> Visit:
        """Open a page."""

    def frames(self, number: int) -> list[str]:
        """The texts of that many frames of the page that is open."""


def visits(browser: Browser, origin: Origin, shown: Sequence[Shown]) -> list[Visit]:
    """What the browser makes of each page; where one of a batch asks for something, each of them is opened alone."""
    made: dict[int, Visit] = {}
    framed = [n for n, page in enumerate(shown) if not any(sign in page.text.lower() for sign in _OF_WINDOWS)]
    for first in range(0, len(framed), MOST):
        batch = framed[first : first + MOST]
        pages = [shown[number] for number in batch]
        visit = browser.visit(origin.publish_together(pages), quiet=max(page.quiet for page in pages))
        texts = browser.frames(len(pages))
        if not visit.requests and not visit.connections and not visit.left:
            made.update((number, Visit((), 0, text)) for number, text in zip(batch, texts, strict=True))
    return [
        made.get(number) or browser.visit(origin.publish(page), quiet=page.quiet)
        for number, page in enumerate(shown)
    ]
