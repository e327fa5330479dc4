"""The CSS cascade, as far as it decides whether a picture can be seen (CSS Cascading and Inheritance).

Only properties that hide or size a box are kept. A document is looked at in four views (desktop and
phone, light and dark): what shows in one of them is not hidden.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from turbohtml import Element

from blocker.detect.allowance import Allowance
from blocker.message.css import unescape
from blocker.message.html import Markup, Tag

PROPERTIES = frozenset(
    [
        "display",
        "visibility",
        "opacity",
        "width",
        "height",
        "max-width",
        "max-height",
        "min-width",
        "min-height",
        "overflow",
        "overflow-x",
        "overflow-y",
        "position",
        "left",
        "top",
        "right",
        "bottom",
        "clip",
        "clip-path",
        "text-indent",
        "margin-left",
        "margin-top",
        "transform",
        "content-visibility",
    ]
)
VIEWS = 4
ALL_VIEWS = (1 << VIEWS) - 1
_WIDTHS = (1280, 375, 1280, 375)
_DARK = (False, False, True, True)
MAX_SHEET = 512 << 10
"""Characters of one style sheet that are read."""
MAX_SHEETS = 64
"""Style sheets of one document that are read."""
MAX_RULES = 5000
"""Interesting rules of one document that are kept, one for each selector."""
MAX_SELECTOR = 300
"""Characters of a selector; a longer one is left out."""
MAX_CONDITION = 500
"""Characters of a media query list that are read."""
MAX_CLASSES = 64
"""Classes of one element that are looked up."""
MAX_ANCESTORS = 256
_REMEMBERED = 64 << 10
"""Characters of the largest style sheet that is remembered for the next message."""
_SHORT_STYLE = 1024
"""Characters of the longest style attribute that is remembered: a mail repeats the same few."""

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_FEATURE = re.compile(
    r"\(\s*(max|min)-(?:device-)?width\s*:\s*([0-9.]{1,9})\s*(px|em|rem)?\s*\)", re.IGNORECASE
)
_KEY = re.compile(r"(?:\.(?P<class>[-\w]+)|#(?P<id>[-\w]+))|^(?P<tag>[a-zA-Z][\w-]*)")
_INLINE_HIDES = ("visibility", "opacity", "clip", "position", "overflow", "/*", "\\")
"""One of these, or `display` and `none`, stands in each style attribute that may hide something."""
HIDES = re.compile(r"none|hidden|collapse|\\")
"""What stands in every value that hides something; values are in lower case."""
_ALWAYS_HIDE = frozenset({"opacity", "clip", "clip-path", "position", "overflow", "overflow-x", "overflow-y"})
"""Properties that hide something, or take part in it, whatever their value."""
_HACK = re.compile(r"\\[09]/?\s*(?:!|\Z)")
"""What only Internet Explorer takes for a value (`none\\9`)."""
_SIMPLE = re.compile(r"[.#]?[A-Za-z][-\w]*")
_COMBINATOR = re.compile(r"[\s>+~]+(?![^\[]*\])")
_DYNAMIC = re.compile(
    r":(?:hover|active|focus|visited|target|checked|before|after|placeholder|first-l)", re.I
)


class Declaration(NamedTuple):
    """One declared value with all that orders it against others."""

    name: str
    value: str
    important: bool
    specificity: tuple[int, int, int]
    order: int
    views: int


class Rule(NamedTuple):
    """A selector with its interesting declarations."""

    selector: str
    declarations: tuple[Declaration, ...]
    simple: bool
    """The selector is one class, id or element name: being a candidate is matching."""


class Sheet:
    """The interesting rules of one style sheet, by what an element must have to match."""

    __slots__ = ("by_class", "by_id", "by_tag", "cut", "hiding", "others", "size")

    def __init__(self, rules: list[tuple[str, Rule]], cut: bool) -> None:
        self.size = len(rules)
        self.cut = cut
        """A bound was reached: not all of it was read."""
        self.by_class: dict[str, list[Rule]] = defaultdict(list)
        self.by_id: dict[str, list[Rule]] = defaultdict(list)
        self.by_tag: dict[str, list[Rule]] = defaultdict(list)
        self.others: list[Rule] = []
        self.hiding: set[str] = set()
        """Names of the classes, ids and elements for which a rule might hide something; `*` for any element."""
        for last, rule in rules:
            match = _KEY.search(last)
            if match is None:
                self.others.append(rule)
                name = "*"
            elif match["class"]:
                name = match["class"]
                self.by_class[name].append(rule)
            elif match["id"]:
                name = match["id"]
                self.by_id[name].append(rule)
            else:
                name = match["tag"].lower()
                self.by_tag[name].append(rule)
            for d in rule.declarations:
                if d.name in _ALWAYS_HIDE or HIDES.search(d.value):
                    self.hiding.add(name)
                    break

    def candidates(self, tag: str, attrs: Mapping[str, Any]) -> Sequence[Rule]:
        """Rules that might match an element; each once."""
        if not self.size:
            return ()
        found = [*self.others, *self.by_tag.get(tag, ())]
        identity = attrs.get("id")
        if isinstance(identity, str):
            found += self.by_id.get(identity, ())
        classes = attrs.get("class")
        if classes is None:
            return found
        classes = _words(classes)
        for name in classes if len(classes) < 2 else dict.fromkeys(classes[:MAX_CLASSES]):
            found += self.by_class.get(name, ())
        return found


def declarations(text: str) -> list[tuple[str, str, bool]]:
    """Interesting declarations of a style attribute or rule: name, value in lower case, important."""
    if "/*" in text:
        text = _COMMENT.sub(" ", text)
    escaped = "\\" in text
    found: dict[tuple[str, bool], str] = {}
    for piece in text.split(";"):
        name, colon, value = piece.partition(":")
        if escaped:
            if _HACK.search(value):
                continue
            name, value = unescape(name), unescape(value)
        name = name.strip().lower()
        if not colon or name not in PROPERTIES:
            continue
        value = value.strip().lower()
        important = False
        if "!" in value:
            value, _, flag = value.rpartition("!")
            important = flag.strip() == "important"
            value = value.strip()
        found.pop((name, important), None)
        found[name, important] = value
    return [(name, value, important) for (name, important), value in found.items()]


def parse_sheet(text: str) -> Sheet:
    """The interesting rules of a style sheet. Broken CSS gives what can be read."""
    return _remembered(text) if len(text) <= _REMEMBERED else _parse_sheet(text)


def _parse_sheet(text: str) -> Sheet:
    rules: list[tuple[str, Rule]] = []
    _read_rules(_COMMENT.sub(" ", text[:MAX_SHEET]), ALL_VIEWS, rules, 0)
    return Sheet(rules, len(text) > MAX_SHEET or len(rules) >= MAX_RULES)


_remembered = lru_cache(maxsize=128)(_parse_sheet)


def _read_rules(text: str, views: int, rules: list[tuple[str, Rule]], depth: int) -> None:
    position = 0
    while len(rules) < MAX_RULES:
        opened = text.find("{", position)
        if opened < 0:
            return
        prelude = text[position:opened].rpartition(";")[2].replace("<!--", "").replace("-->", "").strip()
        if prelude.startswith("@"):
            closed = _block_end(text, opened)
            if depth < 4 and prelude[:6].lower() == "@media":
                inner = views & media_views(prelude[6:])
                if inner:
                    _read_rules(text[opened + 1 : closed], inner, rules, depth + 1)
            elif depth < 4 and prelude[:9].lower() == "@supports":
                _read_rules(text[opened + 1 : closed], views, rules, depth + 1)
        else:
            closed = text.find("}", opened)
            closed = closed if closed >= 0 else len(text)
            body = text[opened + 1 : closed]
            _add_rule(prelude, body, views, rules)
        position = closed + 1


def _block_end(text: str, opened: int) -> int:
    """Offset of the bracket that closes the one at `opened`."""
    depth, position = 1, opened + 1
    while depth:
        closing = text.find("}", position)
        if closing < 0:
            return len(text)
        depth += text.count("{", position, closing) - 1
        position = closing + 1
    return position - 1


def _add_rule(prelude: str, body: str, views: int, rules: list[tuple[str, Rule]]) -> None:
    found = declarations(body)
    if not found:
        return
    order = len(rules)
    for selector in prelude.split(",", MAX_RULES)[:MAX_RULES]:
        selector = selector.strip()
        if not selector or len(selector) > MAX_SELECTOR:
            continue
        simple = _SIMPLE.fullmatch(selector) is not None
        if not simple and _DYNAMIC.search(selector):
            continue
        if len(rules) >= MAX_RULES:
            return
        weight = _weight_of_simple(selector) if simple else specificity(selector)
        declared = tuple([Declaration(n, v, i, weight, order, views) for n, v, i in found])
        last = selector if simple else _COMBINATOR.split(selector)[-1]
        rules.append((last, Rule(selector, declared, simple)))


def _weight_of_simple(selector: str) -> tuple[int, int, int]:
    return (0, 1, 0) if selector[0] == "." else (1, 0, 0) if selector[0] == "#" else (0, 0, 1)


def specificity(selector: str) -> tuple[int, int, int]:
    """Ids, classes (with attributes and pseudo-classes), elements (Selectors Level 4, section 17)."""
    ids = selector.count("#")
    classes = selector.count(".") + selector.count("[") + selector.count(":") - 2 * selector.count("::")
    elements = sum(1 for piece in _COMBINATOR.split(selector) if piece[:1].isalpha())
    return ids, classes, elements + selector.count("::")


def media_views(condition: str) -> int:
    """The views in which a media query list holds, as a bit mask."""
    return _media_views(condition[:MAX_CONDITION])


@lru_cache(maxsize=512)
def _media_views(condition: str) -> int:
    mask = 0
    for query in condition.lower().split(","):
        for view in range(VIEWS):
            if _holds(query, view):
                mask |= 1 << view
    return mask


def _holds(query: str, view: int) -> bool:
    words = query.split()
    kind = words[1] if words[:1] in (["only"], ["not"]) and len(words) > 1 else words[0] if words else "all"
    if kind in ("print", "speech", "aural", "projection", "tv", "handheld"):
        return words[:1] == ["not"]
    matched = True
    for bound, number, unit in _FEATURE.findall(query):
        try:
            limit = float(number) * (16 if unit in ("em", "rem") else 1)
        except ValueError:
            return False
        width = _WIDTHS[view]
        matched = matched and (width <= limit if bound == "max" else width >= limit)
    if "prefers-color-scheme" in query and "dark" in query:
        matched = matched and _DARK[view]
    return matched != (words[:1] == ["not"])


class Cascade:
    """Declared values of the elements of one document."""

    def __init__(self, document: Markup, allowance: Allowance) -> None:
        self.sheets: list[tuple[Sheet, int]] = []
        self.cut = False
        """A bound was reached: not every rule was read."""
        self._allowance = allowance
        self._hiding: set[str] = set()
        self._any_hides = False
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
            self._hiding |= sheet.hiding
        self._any_hides = "*" in self._hiding

    def may_hide(self, element: Element) -> bool:
        """Whether any declaration that applies to an element could hide what it holds."""
        attr = element.attr
        style = attr("style")
        if isinstance(style, str) and (
            _remembered_hiding(style) if len(style) <= _SHORT_STYLE else _style_hides(style)
        ):
            return True
        hiding = self._hiding
        if hiding:
            if self._any_hides or element.tag in hiding or attr("id") in hiding:
                return True
            classes = attr("class")
            if classes is not None and not hiding.isdisjoint(_words(classes)):
                return True
        return attr("hidden") is not None

    def declared(self, element: Element | Tag, attrs: Mapping[str, Any]) -> Sequence[Declaration]:
        """Every interesting declaration that applies to an element, weakest first."""
        own = _of_style(_style(attrs))
        found = self._of_sheets(element, attrs)
        return sorted((*found, *own), key=_precedence) if found else own

    def views(self, element: Element | Tag, attrs: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
        """What is declared for an element in each view, by property; one mapping where the views do not differ."""
        if self.sheets:
            found = self._of_sheets(element, attrs)
            if found:
                return by_view(sorted((*found, *_of_style(_style(attrs))), key=_precedence))
        return _views_of_style(_style(attrs))

    def _of_sheets(self, element: Element | Tag, attrs: Mapping[str, Any]) -> list[Declaration]:
        """The declarations of the style sheets that apply to an element."""
        found: list[Declaration] = []
        if self.sheets and isinstance(element, Element):
            tag = element.tag
            for number, (sheet, views) in enumerate(self.sheets):
                candidates = () if self._allowance.used_up else sheet.candidates(tag, attrs)
                if not self._allowance.take(len(candidates)):
                    break
                for rule in candidates:
                    if not rule.simple and not _matches(element, rule.selector):
                        continue
                    if number == 0 and views == ALL_VIEWS:
                        found += rule.declarations
                        continue
                    for d in rule.declarations:
                        if d.views & views:
                            found.append(d._replace(order=d.order + (number << 20), views=d.views & views))
        return found


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
    return "none" in text and "display" in text


_remembered_hiding = lru_cache(maxsize=4096)(_style_hides)


_precedence = attrgetter("important", "specificity", "order")


def _words(value: object) -> list[str]:
    return value if isinstance(value, list) else value.split() if isinstance(value, str) else []


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
    return [{d.name: d.value for d in found if d.views >> view & 1} for view in range(VIEWS)]
