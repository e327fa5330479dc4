"""The weekly digest: a mail to the account's own inbox that says who tracked, and what was prevented."""

from __future__ import annotations

from blocker.service.digest.send import send
from blocker.service.digest.week import Week, monday_before, week_of

__all__ = ["Week", "monday_before", "send", "week_of"]
