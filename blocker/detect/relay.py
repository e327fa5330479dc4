"""Who handed a message over: what the reader's own servers wrote of it, and not what its sender did.

Anybody can copy the marks of a sending service into his mail (X-SFMC-Stack, Feedback-ID, a Message-ID, even a DKIM signature
that no longer holds, as spam of 2022-2026 does), so none of them is read. One thing is not the sender's to write: the
Received field of the server that took the message in (RFC 5321, section 4.4).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from blocker.message.domains import organisational

MAX_HOPS = 32
"""Received fields that are looked at (a message can repeat them without end)."""
MAX_HOP = 1024
"""Characters of one that are looked at."""

_HOP = re.compile(r"from\s+([^\s()]+)(?:\s+\(([^()]*)\))?[^;]*?\sby\s+([^\s();]+)", re.IGNORECASE)
_INSIDE = re.compile(
    r"localhost|(?<![\d.])(?:127|10|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.[\d.]+|\[(?:IPv6:)?::1\]",
    re.IGNORECASE,
)
"""A machine's own, or a private network's, name or address (RFC 1918)."""
_NAME = re.compile(r"(?:\S+@)?([a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.[a-z][a-z0-9-]*)\.?(?=[\s\[]|$)", re.IGNORECASE)
_GREETING = ("helo", "ehlo")
_ALIKE = {"office365.com": "outlook.com", "exchangelabs.com": "outlook.com"}
"""Domains whose servers are one service's (Exchange Online hands mail from one to the other)."""
_GATEWAYS = frozenset(
    [
        "antispameurope.com",
        "barracudanetworks.com",
        "iphmx.com",
        "mailcontrol.com",
        "messagelabs.com",
        "mimecast.com",
        "ppe-hosted.com",
        "pphosted.com",
    ]
)
"""Filters that stand before a reader's server: what they wrote of who handed them the mail is as good as its own."""


def handed_over_by(headers: Callable[[str], Sequence[str]]) -> str:
    """The host that handed the message over, in lower case; empty where the message does not tell.

    `headers` gives the unfolded values of a field by its name. Only the newest Received field counts in which another
    domain's host speaks to the reader's: the fields below it came with the message.
    """
    hops = (_from_outside(value[:MAX_HOP].lstrip()) for value in headers("received")[:MAX_HOPS])
    return next((host for host in hops if host is not None), "")


def _from_outside(value: str) -> str | None:
    """The host that a Received field says the message came from, "" for one without a name; None within one's own servers."""
    hop = _HOP.match(value)
    if hop is None:
        return None
    greeting, comment, by = hop[1], hop[2] or "", hop[3]
    if _INSIDE.search(comment or greeting) and not comment.lower().startswith(_GREETING):
        return None
    name = _name(greeting, comment)
    return None if name and _keeper(name) in {_keeper(by), *_GATEWAYS} else name


def _name(greeting: str, comment: str) -> str:
    """The name that the server found itself, before the one that it was told: `from TOLD (FOUND [192.0.2.1])`."""
    found = _NAME.match(comment)
    if found is None and comment.lower().startswith("unknown"):
        return ""
    found = found or _NAME.fullmatch(greeting)
    return found[1].lower() if found is not None else ""


def _keeper(host: str) -> str:
    domain = organisational(host)
    return _ALIKE.get(domain, domain)
