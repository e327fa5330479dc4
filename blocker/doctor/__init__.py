"""The doctor: tries an account's server out in a mailbox of its own, and says which mode is safe there.

    findings = examine(door)                # the edge: asks the server, takes its scratch mailbox away again
    advice = advise(findings)               # pure: the mode, and why
    rows(findings)                          # pure: what was found, and what it means
    allowed(mode, account, profile)         # pure: what the service may do there

A scratch mailbox may be treated otherwise than an inbox (Gmail), so the service still reads back every copy.
"""

from __future__ import annotations

from blocker.doctor.advise import Advice, Allowed, advise, allowed
from blocker.doctor.findings import Findings
from blocker.doctor.table import Row, rows

__all__ = ["Advice", "Allowed", "Findings", "Row", "advise", "allowed", "rows"]
