"""What lists ask of a message, as the bits of one number, so that they need no look at its references."""

from __future__ import annotations

from collections.abc import Iterable

from blocker.detect.report import BLOCKED

KINDS = {"pixel": 1, "beacon": 2, "personal": 4, "content": 8, "spacer": 16}
"""By a verdict that one of its references has. These numbers stand in every catalogue."""
PARTLY = 32
"""Not all of it was looked at: nobody knows which others there are."""
PROOF = {"proven": 64, "claimed": 128, "unknown": 0}
"""By whether it was proven to be its sender's."""
TRACKED = sum(KINDS[kind] for kind in BLOCKED)
"""Any of these bits makes a message a tracked one."""


def bits_of(verdicts: Iterable[str], *, partly: bool, proven: bool | None) -> int:
    """The number for a message with these verdicts, looked at only `partly`, and `proven` or not (None: not known)."""
    found = PARTLY if partly else 0
    found |= PROOF["unknown" if proven is None else "proven" if proven else "claimed"]
    for verdict in verdicts:
        found |= KINDS[verdict]
    return found
