"""The blocks of a style sheet, and where each stands."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

MAX_DEPTH = 8
"""Blocks around one that is kept."""
MAX_PRELUDE = 4000
"""Characters before a block that are read as its selectors."""

_SIGN = re.compile(r"/\*|[{};\"']")
_STRINGS = {
    quote: re.compile(rf"(?:[^{quote}\\\n\r\f]++|\\(?:\r\n|.|\Z))*+", re.DOTALL) for quote in ("'", '"')
}
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)


class Block(NamedTuple):
    """A block of a style sheet."""

    start: int
    end: int
    prelude: str
    """Its selectors, or its at-rule."""
    around: tuple[str, ...]
    """The preludes of the blocks that it stands in, the outermost first."""


def blocks(text: str) -> list[Block]:
    """The blocks of a style sheet by where they start; one that stands too deep is left out."""
    found: list[Block] = []
    opened: list[tuple[str, int]] = []
    position = last = 0
    while (match := _SIGN.search(text, position)) is not None:
        sign, position = match.group(), match.end()
        if sign == "/*":
            closed = text.find("*/", position)
            position = closed + 2 if closed >= 0 else len(text)
        elif sign in _STRINGS:
            string = _STRINGS[sign].match(text, position)
            position = (string.end() if string is not None else position) + 1
        elif sign == "{":
            opened.append((_COMMENT.sub(" ", text[last : position - 1][-MAX_PRELUDE:]).strip(), position))
            last = position
        elif sign == "}":
            if opened:
                _close(opened, position - 1, found)
            last = position
        else:
            last = position
    while opened:
        _close(opened, len(text), found)
    return sorted(found)


def _close(opened: list[tuple[str, int]], end: int, found: list[Block]) -> None:
    prelude, start = opened.pop()
    if len(opened) <= MAX_DEPTH:
        found.append(Block(start, end, prelude, tuple([outer for outer, _ in opened])))


def innermost(found: Sequence[Block], position: int) -> Block | None:
    """The smallest block around a place, of blocks by where they start."""
    at = bisect_right(found, position, key=_start)
    for block in reversed(found[max(at - MAX_DEPTH - 1, 0) : at]):
        if block.end >= position:
            return block
    return None


def _start(block: Block) -> int:
    return block.start
