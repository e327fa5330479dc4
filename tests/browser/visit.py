"""What a browser made of a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser

from tests.browser.sink import Address, Request


@dataclass(frozen=True, slots=True)
class Visit:
    """One page, opened once."""

    requests: tuple[Request, ...]
    """What arrived at the sink, in order."""
    connections: int
    """Connections made to the sink, with or without a request."""
    text: str
    """The text of the page as the browser has it, white space folded."""
    left: bool = False
    """The browser went on to another page (meta refresh)."""
    screenshot: bytes | None = None
    """PNG."""

    @property
    def addresses(self) -> frozenset[Address]:
        """What was asked for, each once."""
        return frozenset(request.address for request in self.requests)


def asked(visits: Iterable[Visit]) -> frozenset[Address]:
    """What several pages asked for."""
    return frozenset().union(*(visit.addresses for visit in visits))


def text_of(markup: str) -> str:
    """The text a reader could see in a serialised page."""
    tree = LexborHTMLParser(markup)
    tree.strip_tags(["style", "script", "template"])
    body = tree.body
    return " ".join(body.text(separator=" ").split()) if body is not None else ""
