"""Style sheets and style attributes, as far as they decide whether a picture can be seen (CSS Syntax Level 3).

Only properties that hide or size a box are kept. A document is looked at in four views (desktop and
phone, light and dark): each declaration says in which it holds.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from blocker.detect.blocks import blocks
from blocker.detect.hiding import RARE
from blocker.message.css import unescape

PROPERTIES = RARE | frozenset(
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
    ]
)
_OTHER_NAMES = {
    "inline-size": "width",
    "block-size": "height",
    "max-inline-size": "max-width",
    "max-block-size": "max-height",
    "min-inline-size": "min-width",
    "min-block-size": "min-height",
    "inset-inline-start": "left",
    "inset-block-start": "top",
    "margin-inline-start": "margin-left",
    "margin-block-start": "margin-top",
    "-webkit-transform": "transform",
    "-webkit-filter": "filter",
    "-webkit-clip-path": "clip-path",
    "-webkit-mask": "mask",
    "-webkit-mask-image": "mask-image",
    "-webkit-mask-size": "mask-size",
}
"""Names of the same in the direction of writing (CSS Logical Properties), or with a maker's prefix."""
_MAY_BE_NEGATIVE = frozenset({"margin", "margin-left", "margin-top"})
VIEWS = 4
ALL_VIEWS = (1 << VIEWS) - 1
_WIDTHS = (1280, 375, 1280, 375)
_DARK = (False, False, True, True)
MAX_SHEET = 512 << 10
"""Characters of one style sheet that are read."""
MAX_RULES = 5000
"""Interesting rules of one document that are kept, one for each selector."""
MAX_SELECTOR = 300
"""Characters of a selector; a longer one is left out."""
MAX_CONDITION = 500
"""Characters of a media query list that are read."""
MAX_CLASSES = 64
"""Classes of one element that are looked up."""
_REMEMBERED = 64 << 10
"""Characters of the largest style sheet that is remembered for the next message."""

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_FEATURE = re.compile(
    r"\(\s*(max|min)-(?:device-)?width\s*:\s*([0-9.]{1,9})\s*(px|em|rem)?\s*\)", re.IGNORECASE
)
_KEY = re.compile(r"(?:\.(?P<class>[-\w]+)|#(?P<id>[-\w]+))|^(?P<tag>[a-zA-Z][\w-]*)")
HIDES = re.compile(r"none|hidden|collapse|\\")
"""What stands in every value that hides something; values are in lower case."""
_ALWAYS_HIDE = (RARE - {"content-visibility", "margin-left", "margin-top"}) | {
    "opacity",
    "clip",
    "clip-path",
    "position",
    "overflow",
    "overflow-x",
    "overflow-y",
}
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
    hides: bool
    """It might hide something."""


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
            if rule.hides:
                self.hiding.add(name)

    def candidates(self, tag: str, identity: object, classes: Sequence[str]) -> Sequence[Rule]:
        """Rules that might match an element of this name, identifier and classes; each once."""
        if not self.size:
            return ()
        found = [*self.others, *self.by_tag.get(tag, ())]
        if isinstance(identity, str):
            found += self.by_id.get(identity, ())
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
        if not colon:
            continue
        if name not in PROPERTIES:
            if name[:1] != "-" and name not in _OTHER_NAMES:
                continue
            if name[:2] != "--":
                name = _OTHER_NAMES.get(name, "")
                if not name:
                    continue
        elif name == "margin" and "-" not in value:
            continue  # nearly every element has one, and only a negative one hides
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


def font_sizes(texts: Sequence[str]) -> dict[str, str]:
    """The font sizes that style sheets give to one class, id or element name: selector → value, the last one counts."""
    found = {}
    for text in texts:
        for block in blocks(text[:MAX_SHEET]):
            size = _FONT_SIZE.search(text, block.start, block.end) if not block.around else None
            if size is not None:
                for selector in block.prelude.split(",")[:MAX_CLASSES]:
                    found[selector.strip()] = size[1]
    return found


_FONT_SIZE = re.compile(r"font-size\s*:\s*([^;}]{1,20})", re.IGNORECASE)


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
    order, hides = len(rules), any(_may_hide(name, value) for name, value, _ in found)
    of_weight: dict[tuple[int, int, int], tuple[Declaration, ...]] = {}
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
        declared = of_weight.get(weight)
        if declared is None:
            made = [_made(Declaration, (n, v, i, weight, order, views)) for n, v, i in found]
            declared = of_weight[weight] = tuple(made)
        last = selector if simple else _COMBINATOR.split(selector)[-1]
        rules.append((last, Rule(selector, declared, simple, hides)))


_made = tuple.__new__
"""Makes a value without the detour over its own `__new__`: a style sheet has hundreds."""


def _may_hide(name: str, value: str) -> bool:
    """Whether a declaration hides something, or takes part in it."""
    if name in _ALWAYS_HIDE or HIDES.search(value):
        return True
    return (name in _MAY_BE_NEGATIVE and "-" in value) or "var(" in value


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


def words(value: object) -> list[str]:
    """An attribute that is a list of names, such as class."""
    return value if isinstance(value, list) else value.split() if isinstance(value, str) else []
