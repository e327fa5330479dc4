"""What a connection to the pages may take: so many at once, so long for a request, so large a body from a stranger."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """Times are in seconds, sizes in octets."""

    connections: int = 128
    """Open at once. One more takes the place of the one that has kept the server waiting longest."""
    idle: float = 30.0
    """Without a request, at first and between two."""
    head: float = 10.0
    """From the first octet of a request to the end of its header."""
    body: float = 20.0
    """For a body, besides what its size takes at `rate`; and for which an answer may lie without an octet of it going out."""
    rate: float = 16 * 1024
    """Octets a second that whoever sends a body must reach on average."""
    linger: float = 2.0
    """For which a refused body is read away, so that its sender comes to read why (RFC 9112, 9.6)."""
    open_body: int = 64 * 1024
    """Of a body that is read before anybody knows who sends it: a form has room in it."""
    bodies: int = 256 * 1024 * 1024
    """Of all long bodies together that are read, or being dealt with: one more is refused for now."""
    head_size: int = 32 * 1024
    """Of a request's header."""
