"""What an XML document declares about itself: entities and the defaults of attributes (XML 1.0, sections 3.3 and 4).

Nothing is fetched: an external entity or subset is nothing here, as it is to browsers. An entity's text may be put in
often, and entities into entities (the billion laughs): each putting-in is paid for, and where the means are used up
nothing more is put in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html.entities import html5
from typing import NamedTuple

from blocker.message.model import Span
from blocker.message.woven import Piece, Source, Woven

NAME = r"[^\s/>=<&\"'?!%;()\[\],|#]+"
MAX_DEPTH = 64
"""Entities inside each other that are put in."""
_SUBSET = re.compile(
    rf"<!--|<\?|%({NAME});|<!ENTITY\s++(?:(%)\s++)?({NAME})\s++(?:([\"'])|[^\s>])|<!ATTLIST\s++({NAME})|<!|\]"
)
_IN_DECLARATION = re.compile(r"[\"'>]")
_ATTRIBUTE = re.compile(
    rf"\s*+({NAME})\s++(?:(?:NOTATION\s*+)?\([^)]*+\)|{NAME})\s*+(?:\#REQUIRED|\#IMPLIED|(?:\#FIXED\s*+)?(?=[\"']))"
)
_REFERENCE = re.compile(rf"&(?:#([0-9]++)|#x([0-9a-fA-F]++)|({NAME}));|[\t\n]")
_IN_LITERAL = re.compile(rf"&#(?:([0-9]++)|x([0-9a-fA-F]++));|%({NAME});")
_WEIGHT = 16
"""How many times what other text does a character that is put in costs: it may be a sixteenth of all that can be paid for.

A browser puts in a million of them, which take seconds here; honest documents declare a namespace or two.
"""
TOO_MUCH = 1 << 62
"""More characters than any means pay for."""
_MOST_DIGITS = 8
_LAST = 0x110000

Spend = Callable[[int], bool]
"""Pays for so many characters; False where the means are used up."""


class Default(NamedTuple):
    """The value of an attribute that an element has without saying so."""

    source: Source
    span: Span


class Declarations:
    """The declarations of a document's internal subset; of two for one name the first holds."""

    def __init__(self, spend: Spend, parameters: bool) -> None:
        self._spend = spend
        self._parameters = parameters
        """Whether entities of the subset itself are put in: Firefox does, Chromium does not."""
        self.entities: dict[str, Source] = {}
        self.defaults: dict[str, dict[str, Default]] = {}
        self.has_parameters = False
        self._subset_entities: dict[str, Source] = {}
        self._texts: dict[str, str] = {}

    def pay(self, characters: int) -> bool:
        """Whether so many characters more may be put in."""
        return self._spend(characters * _WEIGHT)

    def read(self, source: Source, position: int) -> int:
        """Read the declarations from `position` on; gives where the subset ends."""
        waiting = [(source, position, "")]
        end = len(source.text)
        while waiting:
            current, at, name = waiting.pop()
            match = _SUBSET.search(current.text, at)
            if match is None or match.group() == "]":
                if current is source:
                    end = match.end() if match is not None else end
                    waiting.clear()
                continue
            waiting.append((current, self._declaration(current, match), name))
            inner = self._subset_entities.get(match[1] or "")
            if inner is not None and self._may_open(inner, match[1], [item[2] for item in waiting]):
                waiting.append((inner, 0, match[1]))
        return end

    def _may_open(self, inner: Source, name: str, open_ones: list[str]) -> bool:
        self.has_parameters = True
        return (
            self._parameters
            and name not in open_ones
            and self.pay(len(inner.text) + 1 if len(open_ones) <= MAX_DEPTH else TOO_MUCH)
        )

    def _declaration(self, source: Source, match: re.Match[str]) -> int:
        """Take one declaration in; gives where it ends."""
        text, token = source.text, match.group()
        if token == "<!--":
            return _after(text, "-->", match.end())
        if token == "<?":
            return _after(text, "?>", match.end())
        if match[1]:
            return match.end()
        if match[3] and match[4]:
            return self._entity(source, match)
        if match[5]:
            return self._attributes(source, match[5], match.end())
        return _after_declaration(text, match.end())

    def _entity(self, source: Source, match: re.Match[str]) -> int:
        text, start = source.text, match.end()
        end = text.find(match[4], start)
        if end < 0:
            return len(text)
        kept = self._subset_entities if match[2] else self.entities
        if match[3] not in kept:
            kept[match[3]] = Source(*self._literal(source, start, end))
        return _after_declaration(text, end + 1)

    def _literal(self, source: Source, start: int, end: int) -> tuple[str, Woven]:
        """The text that an entity stands for (XML 1.0, section 4.5)."""
        pieces = []
        for match in _IN_LITERAL.finditer(source.text, start, end):
            pieces.append(Piece(source.text[start : match.start()], start, match.start(), True))
            pieces.append(Piece(self._in_literal(match), *match.span(), False))
            start = match.end()
        pieces.append(Piece(source.text[start:end], start, end, True))
        woven = Woven(source, (start, end), pieces)
        return woven.text, woven

    def _in_literal(self, match: re.Match[str]) -> str:
        if match[3] is None:
            return character(match[1], match[2])
        inner = self._subset_entities.get(match[3])
        self.has_parameters = True
        return inner.text if inner is not None and self.pay(len(inner.text)) else ""

    def _attributes(self, source: Source, element: str, position: int) -> int:
        text = source.text
        defaults = self.defaults.setdefault(element, {})
        while (match := _ATTRIBUTE.match(text, position)) is not None:
            position = match.end()
            if text[position : position + 1] in ('"', "'"):
                end = text.find(text[position], position + 1)
                if end < 0:
                    return len(text)
                defaults.setdefault(match[1], Default(source, (position + 1, end)))
                position = end + 1
        return _after_declaration(text, position)

    def value(self, source: Source, start: int, end: int) -> Woven:
        """An attribute's value as it is meant (XML 1.0, section 3.3.3)."""
        text, whole, pieces = source.text, (start, end), []
        for match in _REFERENCE.finditer(text, start, end):
            pieces.append(Piece(text[start : match.start()], start, match.start(), True))
            pieces.append(Piece(self._meaning(match, ()), *match.span(), False))
            start = match.end()
        pieces.append(Piece(text[start:end], start, end, True))
        return Woven(source, whole, [piece for piece in pieces if piece.text])

    def _meaning(self, match: re.Match[str], inside: tuple[str, ...]) -> str:
        if match[3] is not None:
            return self._text(match[3], inside)
        return character(match[1], match[2]) if match.group()[0] == "&" else " "

    def _text(self, name: str, inside: tuple[str, ...]) -> str:
        """The text of an entity in a value, those in it put in."""
        known = self._texts.get(name)
        if known is None:
            source = self.entities.get(name)
            if source is None:
                return html5.get(name + ";", "")
            if name in inside:
                return ""
            if len(inside) >= MAX_DEPTH:
                self.pay(TOO_MUCH)
                return ""
            within = (*inside, name)
            known = _REFERENCE.sub(lambda match: self._meaning(match, within), source.text)
            self._texts[name] = known
        return known if self.pay(len(known) + 1) else ""


def character(decimal: str | None, hexadecimal: str | None) -> str:
    """The character that a numeric reference means."""
    digits = (decimal or hexadecimal or "").lstrip("0")
    number = int(digits or "0", 10 if decimal else 16) if len(digits) <= _MOST_DIGITS else _LAST
    return chr(number) if 0 < number < _LAST and not 0xD800 <= number < 0xE000 else "\ufffd"


def _after(text: str, mark: str, position: int) -> int:
    found = text.find(mark, position)
    return found + len(mark) if found >= 0 else len(text)


def _after_declaration(text: str, position: int) -> int:
    """Where a declaration ends: at the next `>` outside of quotes."""
    while (match := _IN_DECLARATION.search(text, position)) is not None:
        if match.group() == ">":
            return match.end()
        position = _after(text, match.group(), match.end())
    return len(text)
