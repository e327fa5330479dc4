"""What was found out about a server, as values that can be written down and read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

Kept = Literal["exact", "line ends", "changed", "missing"]
"""How a stored message reads back: byte for byte, with other line ends, otherwise, or not at all."""
SameId = Literal["kept", "dropped", "replaced"]
"""What becomes of two different messages of one Message-ID: both stay, the second is not taken, the first goes."""


@dataclass(frozen=True, slots=True)
class Findings:
    """One examination. None always means that it could not be tried."""

    host: str = ""
    server: str = ""
    """What the server calls itself (RFC 2971)."""
    capabilities: tuple[str, ...] = ()
    provider: str = ""
    """Its id in `blocker.config.providers`, where it is a known one."""
    scratch: str = ""
    """Why no scratch mailbox could be made; empty where one could."""
    rights: Mapping[str, str | None] = field(default_factory=dict)
    """Our rights on each watched folder (RFC 4314); None where the server does not tell."""
    keywords: bool | None = None
    """Whether `$Tracked` and `$TrackerRemoved` last."""
    new_keywords: bool | None = None
    """Whether PERMANENTFLAGS promises any keyword."""
    read_back: Kept | None = None
    header: bool | None = None
    """Whether our own header field comes back as it was sent."""
    same_id: SameId | None = None
    date: bool | None = None
    """Whether INTERNALDATE lasts."""
    appenduid: bool | None = None
    """Whether the server told the right UID of what it stored."""
    uidnext: bool | None = None
    """Whether no message got a UID below the UIDNEXT that was told before it came, by SELECT and by STATUS."""
    moves: bool | None = None
    """Whether one message was moved whole and its neighbours stayed."""
    removes: bool | None = None
    """Whether exactly one message was taken away while another was marked as deleted."""
    idle: bool | None = None
    """Whether IDLE told of a new message; None where it is not offered."""
    room: tuple[int, int] | None = None
    """(used, limit) of the quota in octets."""
    append_limit: int | None = None
    """APPENDLIMIT in octets (RFC 7889)."""
    authserv_ids: tuple[str, ...] = ()
    """Under which name the account's mail server seems to report what it found of a mail (RFC 8601)."""
    failures: tuple[str, ...] = ()
    """What went wrong on the way, a sentence each."""
    left_behind: tuple[str, ...] = ()
    """Scratch mailboxes that could not be taken away."""

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Findings:
        """From JSON; keys that are not known any more are passed over."""
        known = {f.name for f in fields(cls)}
        made: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in values.items()
            if key in known
        }
        return cls(**made)
