"""What a person is shown of a tracked mail's headers and footer (first cut: the value only)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Hop:
    """One Received field: a server that handed the message on. Oldest first; text as written."""

    by: str = ""
    from_: str = ""
    with_: str = ""
    date: str = ""
    """ISO 8601 with offset, or empty where the field's date cannot be read."""
    delay: int = 0
    """Seconds since the hop before."""


@dataclass(frozen=True, slots=True)
class FooterLink:
    """A link in the mail's text that tells what the reader can do: its kind, its words, its host."""

    kind: str
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class HeaderView:
    """Addresses, hops and footer of one message; small, and never its body."""

    from_: tuple[tuple[str, str], ...] = ()
    """Names and addresses."""
    reply_to: tuple[tuple[str, str], ...] = ()
    to: tuple[tuple[str, str], ...] = ()
    hops: tuple[Hop, ...] = ()
    links: tuple[FooterLink, ...] = ()
    mentions: tuple[str, ...] = ()
    """Words of the mail's text by which it speaks of tracking openly."""
    reason: str = ""
    """Why the view is empty or cut, as one sentence; empty where it is whole."""

    def as_dict(self) -> dict[str, Any]:
        """JSON for the catalogue and the pages."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> HeaderView:
        """What `as_dict` gave."""
        pairs = {name: tuple((n, a) for n, a in data.get(name, ())) for name in ("from_", "reply_to", "to")}
        return cls(
            **pairs,
            hops=tuple(Hop(**hop) for hop in data.get("hops", ())),
            links=tuple(FooterLink(**link) for link in data.get("links", ())),
            mentions=tuple(data.get("mentions", ())),
            reason=data.get("reason", ""),
        )
