"""In which mode an account is worked on: the configured one, unless its server was seen, or is known, to make that unsafe."""

from __future__ import annotations

from dataclasses import replace

from blocker.catalogue import Catalogue
from blocker.config import AccountConfig
from blocker.doctor import Findings, allowed


def as_allowed(account: AccountConfig, catalogue: Catalogue) -> tuple[AccountConfig, str]:
    """The account in the mode that is safe, and why that is not the configured one; empty where it is."""
    profile = catalogue.profile(account.name)
    found = Findings.from_dict(profile.findings) if profile else None
    verdict = allowed(account.mode, account, found)
    if account.mode.holds:
        # It is not left to wait: what comes in is let go, unchanged where nothing else is safe.
        return replace(account, hold_seconds=0.0) if verdict.why else account, verdict.why
    return replace(account, mode=verdict.mode), verdict.why
