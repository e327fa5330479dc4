"""Printing with styles, tables and panels, in front of a person."""

from __future__ import annotations

from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

from blocker.output.safe import line, lines


def styled(text: str, style: str = "", most: int | None = None) -> Text:
    """One line for a `console`, of at most `most` characters, without markup."""
    return Text(line(text, most), style)


def console(out: TextIO | None = None, *, err: bool = False) -> Console:
    """What prints to stdout, unless told otherwise. Its texts come from `styled`."""
    return _Console(file=out, stderr=err, highlight=False, emoji=False, markup=False)


class _Console(Console):
    """A console that cleans also what is given to it, or to a table, as a plain string."""

    def render_str(self, text: str, **more: Any) -> Text:
        return super().render_str(lines(text), **more)
