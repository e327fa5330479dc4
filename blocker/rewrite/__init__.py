"""Neutralising a message, and undoing it. Pure: bytes in, bytes out."""
