"""The addresses that were neutralised, asked for in what other parsers read: in time that grows with what is asked.

A message may name thousands of them, in thousands of values: trying each in each would take the product.
"""

from __future__ import annotations

from collections.abc import Iterable

from blocker.message.urls import clean

_HEAD = 8
"""Characters at which an address is recognised before it is compared whole."""
_FEW = 32
"""Addresses that are looked for one by one: a search in C is faster than one in Python for each character."""


class Addresses:
    """Neutralised values, in the spellings under which they may stand in another parser's output."""

    __slots__ = ("_head", "_heads", "_spelt")

    def __init__(self, gone: Iterable[str]) -> None:
        self._spelt: set[str] = {*gone, *map(clean, gone)} - {""}
        self._head = min([_HEAD, *map(len, self._spelt)])
        self._heads: dict[str, set[int]] = {}
        """How long the addresses are that begin so."""
        for value in self._spelt:
            self._heads.setdefault(value[: self._head], set()).add(len(value))

    def __contains__(self, value: str) -> bool:
        """Whether a value is one of them."""
        return value in self._spelt

    def named_in(self, text: str) -> bool:
        """Whether one of them stands anywhere in a text."""
        if text in self._spelt:
            return True
        if len(self._spelt) <= _FEW:
            return any(value in text for value in self._spelt)
        head, heads, spelt = self._head, self._heads, self._spelt
        for start in range(len(text) - head + 1):
            lengths = heads.get(text[start : start + head])
            if lengths is not None and any(text[start : start + length] in spelt for length in lengths):
                return True
        return False
