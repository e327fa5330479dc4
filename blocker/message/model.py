"""What reading a message gives: its leaf parts and every reference in them.

All values are immutable. Offsets count bytes of the raw message, as received.
"""

from __future__ import annotations

from typing import NamedTuple

Span = tuple[int, int]
"""Start and end offset (end excluded) in the raw bytes of the message."""


class Receipt(NamedTuple):
    """A header field that asks the reader's program for a receipt (RFC 8098 and its vendor cousins)."""

    header: str
    value: str
    span: Span
    """The whole field with its folded lines and its last line end."""


class Links(NamedTuple):
    """Counts of the message's hyperlinks; they are reported, never changed."""

    total: int = 0
    tracked: int = 0
