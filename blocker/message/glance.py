"""What one pass over markup tells before it is parsed."""

from __future__ import annotations

import re
from typing import NamedTuple

_MARK = re.compile(r"<(?:[tT][eE][mM][pP][lL]|!--(?=[ \t\n\f]*+\[[iI][fF]))")


class Glance(NamedTuple):
    """What stands in markup, as far as can be told without a tree."""

    templates: bool
    """There is, or seems to be, a <template>."""
    comments: list[int]
    """Where conditional comments may begin: behind each `<!--` that a condition follows."""


def glance(markup: str) -> Glance:
    """Templates and conditional comments, looked for together."""
    begins = [mark.end() for mark in _MARK.finditer(markup)]
    comments = [begin for begin in begins if markup[begin - 1] == "-"]
    return Glance(len(comments) < len(begins), comments)
