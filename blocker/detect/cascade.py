"""The CSS cascade: which declarations apply to an element, in which order (CSS Cascading and Inheritance).

What shows in one of the four views is not hidden.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, TypeAlias

from turbohtml import Element

from blocker.detect.allowance import Allowance
from blocker.detect.stylesheet import (
    ALL_VIEWS,
    MAX_RULES,
    VIEWS,
    Declaration,
    Rule,
    Sheet,
    declarations,
    media_views,
    parse_sheet,
    words,
)
from blocker.message.html import Markup, Tag

MAX_SHEETS = 64
"""Style sheets of one document that are read."""
MAX_ANCESTORS = 256
_SHORT_STYLE = 1024
"""Characters of the longest style attribute that is remembered: a mail repeats the same few."""
_INLINE_HIDES = (
    *("visibility", "opacity", "clip", "position", "overflow", "/*", "\\", "transform", "scale", "translate"),
    *("filter", "mask", "zoom", "text-indent", "var("),
)
"""One of these, or `display` and `none`, or a negative margin stands in each style attribute that may hide something."""
_NEGATIVE = re.compile(r"margin[^;]{0,80}-[0-9.]")

_Candidates: TypeAlias = "list[tuple[str, Sequence[Declaration]]]"
"""Of each rule of a sheet the selector that is still to be held against the element, empty for none, and what it declares."""


class Cascade:
    """Declared values of the elements of one document."""

    def __init__(self, document: Markup, allowance: Allowance) -> None:
        self.sheets: list[tuple[Sheet, int]] = []
        self.cut = False
        """A bound was reached: not every rule was read."""
        self._allowance = allowance
        self._hiding: set[str] = set()
        self._any_hides = False
        self._by_id = False
        """Whether a rule is for an element by its identifier."""
        self._variables = False
        self._later: dict[tuple[int, int], Sequence[Declaration]] = {}
        self._candidates: dict[tuple[str | None, ...], Sequence[_Candidates]] = {}
        self._views: dict[tuple[str | int, ...], Sequence[Mapping[str, str]]] = {}
        """What some rules and a style declare together: most pictures of a mail have the same."""
        self.texts: list[str] = []
        """The style sheets as they are written."""
        self._read(document)

    def _read(self, document: Markup) -> None:
        rules = 0
        for number, style in enumerate(document.tree.select("style")):
            if number >= MAX_SHEETS or rules >= MAX_RULES:
                self.cut = True
                return
            text = style.text
            media = style.attr("media")
            views = media_views(media) if isinstance(media, str) else ALL_VIEWS
            sheet = parse_sheet(text)
            rules += sheet.size
            self.cut = self.cut or sheet.cut
            self.sheets.append((sheet, views))
            self.texts.append(text)
            self._variables = self._variables or "var(" in text
            self._hiding |= sheet.hiding
            self._by_id = self._by_id or bool(sheet.by_id)
        self._any_hides = "*" in self._hiding

    def varies(self, attrs: Mapping[str, Any]) -> bool:
        """Whether a declared value of an element may stand for another one."""
        style = attrs.get("style")
        return self._variables or (isinstance(style, str) and "var(" in style)

    def may_hide(self, element: Element) -> bool:
        """Whether any declaration that applies to an element could hide what it holds."""
        hiding = self._hiding
        if not element.attrs:
            return self._any_hides or element.tag in hiding
        attr = element.attr
        style = attr("style")
        if isinstance(style, str) and (
            _remembered_hiding(style) if len(style) <= _SHORT_STYLE else _style_hides(style)
        ):
            return True
        if hiding:
            if self._any_hides or element.tag in hiding or (self._by_id and attr("id") in hiding):
                return True
            classes = attr("class")
            if classes is not None and not hiding.isdisjoint(words(classes)):
                return True
        return attr("hidden") is not None

    def declared(self, element: Element | Tag, attrs: Mapping[str, Any]) -> Sequence[Declaration]:
        """Every interesting declaration that applies to an element, weakest first."""
        return _ordered(self._of_sheets(element, attrs), _style(attrs))

    def views(self, element: Element | Tag, attrs: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
        """What is declared for an element in each view, by property; one mapping where the views do not differ."""
        style = _style(attrs)
        rules = self._of_sheets(element, attrs) if self.sheets else None
        if not rules:
            return _views_of_style(style)
        key: tuple[str | int, ...] = (style, *[id(rule) for rule in rules])
        found = self._views.get(key)
        if found is None:
            found = self._views[key] = by_view(_ordered(rules, style))
        return found

    def _of_sheets(self, element: Element | Tag, attrs: Mapping[str, Any]) -> list[Sequence[Declaration]]:
        """The declarations of each rule of the style sheets that applies to an element."""
        found: list[Sequence[Declaration]] = []
        if self.sheets and isinstance(element, Element):
            for candidates in self._candidates_for(element.tag, attrs):
                if not self._allowance.take(len(candidates)):
                    break
                for selector, declared in candidates:
                    if not selector or _matches(element, selector):
                        found.append(declared)
        return found

    def _candidates_for(self, tag: str, attrs: Mapping[str, Any]) -> Sequence[_Candidates]:
        """The rules of each sheet that might match an element, looked up once for all of the same name and classes."""
        if self._allowance.used_up:
            return ()
        identity = attrs.get("id") if self._by_id else None
        classes = words(attrs.get("class"))
        key = tag, identity if isinstance(identity, str) else None, *classes
        found = self._candidates.get(key)
        if found is None:
            found = self._candidates[key] = [
                [
                    (
                        "" if rule.simple else rule.selector,
                        rule.declarations
                        if number == 0 and views == ALL_VIEWS
                        else self._placed(rule, number, views),
                    )
                    for rule in sheet.candidates(tag, identity, classes)
                ]
                for number, (sheet, views) in enumerate(self.sheets)
            ]
        return found

    def _placed(self, rule: Rule, number: int, views: int) -> Sequence[Declaration]:
        """The declarations of a rule of a later sheet, or of one for some views: made once."""
        key = number, id(rule)
        found = self._later.get(key)
        if found is None:
            found = self._later[key] = [
                Declaration(name, value, important, weight, order + (number << 20), seen & views)
                for name, value, important, weight, order, seen in rule.declarations
                if seen & views
            ]
        return found


def _ordered(rules: Sequence[Sequence[Declaration]], style: str) -> Sequence[Declaration]:
    """The declarations of some rules and of a style attribute, weakest first."""
    own = _of_style(style)
    return sorted(chain(*rules, own), key=_precedence) if rules else own


def _style(attrs: Mapping[str, Any]) -> str:
    style = attrs.get("style")
    return style if isinstance(style, str) else ""


def _of_style(text: str) -> tuple[Declaration, ...]:
    """The declarations of a style attribute, weakest first."""
    if not text:
        return ()
    return _remembered_style(text) if len(text) <= _SHORT_STYLE else _read_style(text)


def _read_style(text: str) -> tuple[Declaration, ...]:
    found = (
        Declaration(name, value, important, (9999, 0, 0), position, ALL_VIEWS)
        for position, (name, value, important) in enumerate(declarations(text))
    )
    return tuple(sorted(found, key=_precedence))


_remembered_style = lru_cache(maxsize=4096)(_read_style)


def _views_of_style(text: str) -> Sequence[Mapping[str, str]]:
    """What a style attribute alone declares."""
    if not text:
        return _NOTHING_DECLARED
    return _remembered_views(text) if len(text) <= _SHORT_STYLE else by_view(_read_style(text))


@lru_cache(maxsize=4096)
def _remembered_views(text: str) -> Sequence[Mapping[str, str]]:
    return by_view(_read_style(text))


_NOTHING_DECLARED: Sequence[Mapping[str, str]] = ({},)


def _style_hides(text: str) -> bool:
    text = text.lower()
    for sign in _INLINE_HIDES:  # a generator would take longer than what it asks
        if sign in text:
            return True
    return ("none" in text and "display" in text) or _NEGATIVE.search(text) is not None


_remembered_hiding = lru_cache(maxsize=4096)(_style_hides)


_precedence = itemgetter(2, 3, 4)
"""Importance, specificity, order."""
_BITS = tuple((view, 1 << view) for view in range(VIEWS))


def _matches(element: Element, selector: str) -> bool:
    try:
        return bool(element.matches(selector))
    except ValueError:
        return False


def by_view(found: Sequence[Declaration]) -> list[dict[str, str]]:
    """Declared values in each view; one shared dictionary where the views do not differ."""
    views = ALL_VIEWS
    values: dict[str, str] = {}
    for name, value, _, _, _, seen in found:
        values[name] = value
        views &= seen
    if views == ALL_VIEWS:
        return [values]
    several: list[dict[str, str]] = [{} for _ in range(VIEWS)]
    for name, value, _, _, _, seen in found:
        for view, bit in _BITS:
            if seen & bit:
                several[view][name] = value
    return several
