"""Secrets that are random: how they are made, and what is kept of them."""

from __future__ import annotations

import hashlib
import secrets


def fresh() -> str:
    """256 random bits, fit for a URL."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What the catalogue keeps of such a secret. One round is enough: a password alone needs a slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
