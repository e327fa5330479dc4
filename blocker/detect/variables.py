"""Custom properties: what `var()` stands for (CSS Custom Properties for Cascading Variables Level 1, section 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from turbohtml import Element

from blocker.detect.cascade import Cascade
from blocker.message.html import Tag

MAX_ANCESTORS = 32
"""Elements around one in which a custom property is looked for."""
MAX_STEPS = 8
"""Substitutions within one value."""
MAX_VALUE = 512

Views = Sequence[Mapping[str, str]]


def substituted(views: Views, node: Element | Tag, cascade: Cascade) -> Views:
    """The declared values with each `var()` replaced by what it stands for, or its fallback; the same where none has one."""
    if not any("var(" in value for values in views for value in values.values()):
        return views
    around = [views, *_around(node, cascade)]
    return [
        {name: _filled(value, at, around) if "var(" in value else value for name, value in values.items()}
        for at, values in enumerate(views)
    ]


def _around(node: Element | Tag, cascade: Cascade) -> list[Views]:
    if not isinstance(node, Element):
        return []
    return [
        cascade.views(ancestor, ancestor.attrs)
        for ancestor in islice(node.ancestors, MAX_ANCESTORS)
        if isinstance(ancestor, Element)
    ]


def _filled(value: str, view: int, around: Sequence[Views]) -> str:
    for _ in range(MAX_STEPS):
        start = value.find("var(")
        if start < 0:
            break
        end = _closing(value, start + 4)
        name, _, fallback = value[start + 4 : end].partition(",")
        found = _custom(name.strip(), view, around)
        value = f"{value[:start]}{fallback.strip() if found is None else found}{value[end + 1 :]}"[:MAX_VALUE]
    return value.strip()


def _custom(name: str, view: int, around: Sequence[Views]) -> str | None:
    """What the nearest element says of a custom property."""
    for views in around:
        found = views[view if len(views) > view else 0].get(name)
        if found is not None:
            return found
    return None


def _closing(value: str, start: int) -> int:
    """Offset of the bracket that closes the one before `start`."""
    depth = 1
    for at in range(start, len(value)):
        depth += (value[at] == "(") - (value[at] == ")")
        if not depth:
            return at
    return len(value)
