"""Characters that steer what shows them, and what may be printed all the same."""

from __future__ import annotations

import re

from blocker.output.safe import DIRECTION

CONTROLS = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0)]))
"""C0 without exception, DEL and C1 (U+0085 among them)."""
UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u2028\u2029\u00ad"
"""Of no width, and the separators of lines and paragraphs."""
SURROGATES = "\ud800\udbff\udc80\udfff"
STEERING = CONTROLS + UNSEEN + SURROGATES + "".join(sorted(DIRECTION))
FORMULAS = tuple("=+-@＝＋－＠﹦﹢﹣﹫⁺₋−")
"""What a spreadsheet takes for the start of a formula, also as other keyboards write it."""
STYLE = re.compile(r"\x1b\[[0-9;]*m|\x1b\[\?25[lh]|\r?\x1b\[(?:2K|1A)")
"""What rich writes itself on a terminal: SGR, and what a spinner needs. An ESC of a mail would stand before a "z" too."""


def steered(printed: str) -> set[str]:
    """The characters of an output that could steer a terminal, apart from line ends and styles of our own."""
    return set(STYLE.sub("", printed)) & (set(STEERING) - {"\n"})


def hostile(name: str) -> str:
    """A value of this name that holds all of them, each between letters, and a style that would show."""
    return f"{name}\x1b[31m[bold]" + "".join(f"{c}z" for c in STEERING) + "\r\n=cmd|' /C calc'!A0"
