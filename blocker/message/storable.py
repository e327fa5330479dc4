"""Text that a mail wrote, fit to be kept."""

from __future__ import annotations


def storable(text: str, limit: int) -> str:
    """Text that JSON and every database can hold: no lone surrogates, no NUL, not above `limit` characters."""
    if len(text) > limit:
        text = text[:limit]
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\N{REPLACEMENT CHARACTER}")
