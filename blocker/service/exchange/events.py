"""What the service tells while it works: one frozen value for each message or turn of things."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Action: TypeAlias = Literal[
    "reported",
    "flagged",
    "copied",
    "replaced",
    "left",
    "restored",
    "watching",
    "paused",
    "refused",
    "trouble",
]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. Texts come from mail: they are untrusted, and shown as text only.

    About a message: `reported` (read, nothing changed), `flagged`, `copied`, `replaced`, `left` (left alone,
    `detail` says why), `restored`. About an account: `watching` (connected), `paused` (a person paused it),
    `refused` (the server refuses the login; it is not tried again), `trouble` (`detail` says what, it is tried again); `uid` is 0 then.
    """

    account: str
    action: Action
    mailbox: str = ""
    uid: int = 0
    subject: str = ""
    sender: str = ""
    """The From field, decoded."""
    kinds: Mapping[str, int] = field(default_factory=dict)
    """How many references of each verdict."""
    detail: str = ""
    partly: bool = False
    """Whether the message was not looked at whole; `detail` says what was left out."""
    vendors: tuple[str, ...] = ()
    """Whose pixels and beacons it holds, as the pages name vendors."""
    domain: str = ""
    """The sender: an organisational domain, or an address at a shared domain."""


Observer: TypeAlias = Callable[[Event], None]
"""Called from the account's own thread, after what it tells of is on the disk."""


def ignore(_event: Event) -> None:
    """An observer that nobody needs."""
