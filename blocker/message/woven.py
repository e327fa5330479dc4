"""Text that was put together of pieces of another text, and the way back to where each piece stands."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import NamedTuple

from blocker.message.inside import Inside
from blocker.message.model import Span


class Piece(NamedTuple):
    """A piece of woven text, and where in the source it comes from."""

    text: str
    start: int
    end: int
    letters: bool
    """Whether its characters are those of the source, one for one; else all of it comes from all of start:end."""


class Source(NamedTuple):
    """Text that is read, and how its places lead to the document's text."""

    text: str
    way: Woven | None = None
    """None where it is the document's text itself."""

    def span(self, start: int, end: int) -> Span:
        """Where text[start:end] stands in the document's text."""
        return (start, end) if self.way is None else self.way.span(start, end)


class Woven(Inside):
    """Text put together of pieces of a source."""

    __slots__ = ("_exact", "_pieces", "_places", "_woven_from", "text", "whole")

    def __init__(self, source: Source, whole: Span, pieces: list[Piece]) -> None:
        self.text = "".join(piece.text for piece in pieces)
        self.whole = source.span(*whole)
        """Where all that it comes from stands in the document's text."""
        self._woven_from = source
        self._pieces = pieces
        self._places: list[int] = []
        self._exact: bool | None = None

    @property
    def exact(self) -> bool:
        """Whether each character stands in its place: not where an entity's text was put in, nor around other markup."""
        if self._exact is None:
            way, pieces = self._woven_from.way, self._pieces
            self._exact = (
                all(piece.letters or len(piece.text) < 2 for piece in pieces)
                and all(before.end == after.start for before, after in pairwise(pieces))
                and (way is None or way.exact)
            )
        return self._exact

    def span(self, start: int, end: int) -> Span:
        """Where text[start:end] stands in the document's text; more than that where an entity holds a part of it.

        Where markup stands between its pieces, the first of them: without that the text says something else already.
        """
        if not self._pieces:
            return self.whole
        if not self._places:
            at = 0
            for piece in self._pieces:
                self._places.append(at)
                at += len(piece.text)
        first = max(bisect_right(self._places, start) - 1, 0)
        last = max(bisect_right(self._places, max(end - 1, start)) - 1, first)
        whole = last
        last = next((n for n in range(first, last) if self._pieces[n + 1].start != self._pieces[n].end), last)
        begin, stop = self._pieces[first], self._pieces[last]
        return self._woven_from.span(
            begin.start + (start - self._places[first]) * begin.letters,
            stop.start + end - self._places[last] if stop.letters and last == whole else stop.end,
        )
