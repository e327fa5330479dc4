"""BODYSTRUCTURE as imapclient's lexer gives it (RFC 9051, section 7.5.2), read into the parts of a message."""

from __future__ import annotations

from typing import Any

from blocker.message.skim import MAX_NODES, Node

MAX_DEPTH = 20


def outline(value: Any) -> Node | None:
    """The parts; None where they are too many, too deep, or not told as they should be."""
    try:
        found = _node(value, "", 0)
    except (TypeError, ValueError, LookupError):
        return None
    return found if sum(1 for _ in found.leaves) <= MAX_NODES else None


def _node(value: tuple[Any, ...], path: str, depth: int) -> Node:
    if depth > MAX_DEPTH:
        raise ValueError("too deep")
    if not isinstance(value[0], tuple):
        return Node(path or "1", f"{_text(value[0])}/{_text(value[1])}", int(value[6]))
    count = next((n for n, item in enumerate(value) if not isinstance(item, tuple)), len(value))
    children = tuple(
        _node(child, f"{path}.{n}" if path else str(n), depth + 1) for n, child in enumerate(value[:count], 1)
    )
    return Node(path, f"multipart/{_text(value[count])}", 0, children)


def _text(value: Any) -> str:
    if not isinstance(value, bytes):
        raise TypeError("a name is a string")
    return value.decode("ascii", "replace").lower()
