"""URLs in CSS, found by one linear pass over the tokens that matter (CSS Syntax Level 3).

Strings, comments, escapes and bad tokens are told apart as that specification does, so that
`\\75rl(x)` is a url() and `"url(x)"` is none. Everything else is skipped over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, NamedTuple

_SIGNS = ("url(", "\\", "@import", "src(", "image-set", "image(", "loader(", "icmfilter(")
_OWN_NAME = re.compile(r"--(?<![-\w]--)-*[^-\s>:;{}()*/]")
_SUBSTITUTION = re.compile(r"\b(?:var|env|if)\(")
"""What may bring a string to where it is the URL of an image, beside two at-rules.

Each has signs by which a text without one is told at once: a pattern that begins with no plain letter is slow to search for.
"""
_CARRYING = ("@property", "@function")
_SUBSTITUTING = ("var(", "env(", "if(")
_UNCOMMON = (*_CARRYING, *_SUBSTITUTING, "attr(", "\\")
"""In lower case: one of these, or `_CUSTOM`, stands in each sheet in which a string may be carried elsewhere."""
_STRUCTURING = ("\\", "image", "icmf", "@import", "@font-face", "@namespace", *_CARRYING)
"""In lower case: one of these stands in each text of which not only the URLs matter, but what is around them."""
_NAME_CHARACTERS = r"-_a-zA-Z0-9\x00\x80-\U0010ffff"
_ESCAPED = r"\\(?:[0-9a-fA-F]{1,6}(?:\r\n|[ \t\n\r\f])?|[^\n\r\f0-9a-fA-F]|\Z)"
_ALWAYS = r"/\*|[\"'\\]|<!--|url\(|src\("
_CUSTOM = r"--(?<![-\w]--)(?!>)"
_FEW = re.compile(_ALWAYS, re.IGNORECASE)
_MANY = _ALWAYS + r"|[(){};]|@import|@font-face|@namespace|image(?:-set)?\(|alphaimageloader\(|icmfilter\("
_MOST = re.compile(_MANY, re.IGNORECASE)
_ALL = re.compile(
    rf"{_MANY}|@property|@function|(?:var|env|if|attr|type)\(|{_CUSTOM}",
    re.IGNORECASE,
)
_IS_CUSTOM = re.compile(rf"{_CUSTOM}(?<!<!--)")
_NAME_CHARACTER = re.compile(f"[{_NAME_CHARACTERS}]")
_NAME_BEFORE = re.compile(f"[@#]?[{_NAME_CHARACTERS}]*\\Z")
_NAME = re.compile(f"(?:[{_NAME_CHARACTERS}]++|{_ESCAPED})*+")
_UNQUOTED = re.compile(f"(?:[^\\x01-\\x20\\x7f\"'()\\\\]++|{_ESCAPED})*+")
_REMNANT = re.compile(r"(?:[^)\\]++|\\.|\\\Z)*+\)?", re.DOTALL)
_STRINGS = {
    quote: re.compile(rf"(?:[^{quote}\\\n\r\f]++|\\(?:\r\n|.|\Z))*+", re.DOTALL) for quote in ("'", '"')
}
_BLANK = re.compile(r"[ \t\n\r\f]*")
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})(?:\r\n|[ \t\n\r\f])?|(\r\n|[\n\r\f])|(.)|\Z)", re.DOTALL)
_LISTS = frozenset({"image-set", "-webkit-image-set", "image"})
"""Functions in which a bare string is the URL of an image (CSS Images Level 4)."""
_FILTERS = frozenset({"alphaimageloader", "icmfilter"})
"""Internet Explorer's filters, in which the string after `src=` or `colorSpace=` is a URL."""
_SUBSTITUTED = frozenset({"var", "env", "if", "attr"})
"""Functions that CSS replaces by what is in them (CSS Values Level 5, section 7), as it does those named `--x`."""
_Meaning = Literal["image", "filter", "carried", "name"]
"""Of a string in a function: the URL of an image, a filter's source, what may be carried to an image's, a mere name."""
_MEANINGS: dict[str, _Meaning] = {
    **dict.fromkeys(_LISTS, "image"),
    **dict.fromkeys(_FILTERS, "filter"),
    **dict.fromkeys(_SUBSTITUTED, "carried"),
    "type": "name",
}
_AFTER_NAME = re.compile(r"(?:[ \t\n\r\f]++|/\*(?:[^*]++|\*(?!/))*+\*/)*+:")
_ABSOLUTE = re.compile(r"[ \t\n\r\f]*+(?:https?:|ftp:|file:|[/\\]{2})", re.IGNORECASE)
_SOURCE = re.compile(r"(?:src|colorspace)[ \t\n\r\f]{0,8}=[ \t\n\r\f]{0,8}\Z", re.IGNORECASE)
_CARRIERS = frozenset({"@property", "@function"})
"""At-rules whose strings CSS may carry elsewhere (CSS Properties and Values, 2; CSS Functions and Mixins, 2)."""
_RULES = frozenset({"@font-face", *_CARRIERS})
_LONGEST_NAME = 32
_REMEMBERED = 64 << 10


class CssUrl(NamedTuple):
    """One URL in a style sheet or style attribute."""

    value: str
    """With its escapes undone."""
    start: int
    end: int
    """Span of the URL's characters, without quotes."""
    kind: str
    """`url()`, `@import`, or `@font-face`."""


def css_urls(text: str, *, sheet: bool = False, relative: bool = False) -> list[CssUrl]:
    """Every URL in `text`; with `sheet`, at-rules are told apart.

    A string that CSS may carry to where an image is named, as `--x: "http://…"` with `image-set(var(--x))`, counts where
    it is an absolute URL, and with `relative` whatever it is.
    """
    if "@" not in text and not may_load(text):
        return []  # neither a function nor an at-rule nor a property of its own, as in most style attributes
    if not sheet and not (_short_tells(text) if len(text) <= _SHORT else _tells(text)):
        return []
    return (
        _remembered(text, sheet, relative) if len(text) <= _REMEMBERED else _css_urls(text, sheet, relative)
    )


def may_load(style: str) -> bool:
    """Whether a style attribute may name or carry a URL, as few do."""
    return "(" in style or "--" in style or "\\" in style


def lists_images(text: str) -> bool:
    """Whether markup may hold a function in which a string names an image."""
    lowered = text.lower()
    return "image-set" in lowered or "image(" in lowered or "src(" in lowered or "\\" in lowered


def _tells(text: str) -> bool:
    lowered = text.lower()
    return _holds(lowered, _SIGNS) or _substitutes(lowered)


_SHORT = 1024
"""Characters of the longest style attribute that is remembered: a mail repeats the same few."""
_short_tells = lru_cache(maxsize=1024)(_tells)


def _holds(text: str, signs: Iterable[str]) -> bool:
    for sign in signs:  # noqa: SIM110 - a generator would take longer than what it asks
        if sign in text:
            return True
    return False


def _substitutes(lowered: str) -> bool:
    """Whether a text in lower case has what may bring a string to where it is the URL of an image."""
    return (
        ("--" in lowered and _OWN_NAME.search(lowered) is not None)
        or (_holds(lowered, _SUBSTITUTING) and _SUBSTITUTION.search(lowered) is not None)
        or _holds(lowered, _CARRYING)
    )


def _tokens(text: str) -> re.Pattern[str]:
    """Finds the tokens that matter in a text: the fewer there may be, the faster it is."""
    lowered = text.lower()
    if _holds(lowered, _STRUCTURING) or _substitutes(lowered):
        carries = ("--" in text and _IS_CUSTOM.search(text) is not None) or _holds(lowered, _UNCOMMON)
        return _ALL if carries else _MOST
    return _FEW


def _css_urls(text: str, sheet: bool, relative: bool) -> list[CssUrl]:
    return _Scanner(text, sheet, relative).run() if _tells(text) else []


_remembered = lru_cache(maxsize=256)(_css_urls)
"""A sender's style sheet comes with each of its mails."""


class _Scanner:
    """State of one pass: what the next string means, and which block we are in."""

    def __init__(self, text: str, sheet: bool, relative: bool) -> None:
        self.text = text
        self.sheet = sheet
        self.relative = relative
        self.found: list[CssUrl] = []
        self.importing = False
        self.naming = False
        """In a @namespace, which names and loads nothing."""
        self.functions: list[tuple[int, _Meaning]] = []
        """The open functions that say what a string means, each with the depth of brackets inside it."""
        self.carriers = 0
        """How many of these carry strings elsewhere."""
        self.depth = 0
        self.blocks: list[str] = []
        """For each open block the name of the at-rule that it is, or stands in, where strings mean something there."""
        self.rule = ""
        """The at-rule whose block is about to open."""
        self.custom = False
        """In the value of a custom property."""
        self.fresh = -1
        """Where a comment mark of HTML has just ended: a name may begin there."""

    def run(self) -> list[CssUrl]:
        text, position, size = self.text, 0, len(self.text)
        search = _tokens(text).search
        while position < size:
            match = search(text, position)
            if match is None:
                break
            position = self._step(match.group(), match.start(), match.end())
        return self.found

    def _step(self, token: str, start: int, end: int) -> int:
        first = token[0]
        if token == "/*":
            closed = self.text.find("*/", end)
            return closed + 2 if closed >= 0 else len(self.text)
        if first in "\"'":
            return self._string(start)
        if first == "\\":
            return self._escaped_name(start)
        if first in "(){};":
            self._bracket(first)
            return end
        if first == "<":
            self.fresh = end
            return end
        if token == "--":
            whole = _NAME.match(self.text, start)
            return self._whole(start, whole.end() if whole else end)
        return self._name(token.lower(), start, end)

    def _bracket(self, sign: str) -> None:
        if sign == "(":
            self.depth += 1
        elif sign == ")":
            if self.functions and self.functions[-1][0] == self.depth:
                self.carriers -= self.functions.pop()[1] == "carried"
            self.depth = max(self.depth - 1, 0)
        elif not self.carriers:  # `if(a: "x"; else: "y")`, and `--f({"x"})`
            if sign == "{":
                self.blocks.append(self.rule or (self.blocks[-1] if self.blocks else ""))
            elif sign == "}" and self.blocks:
                self.blocks.pop()
            self.importing = self.naming = self.custom = False
            self.rule = ""
            self.functions.clear()
            self.depth = 0

    def _name(self, name: str, start: int, end: int) -> int:
        """A name as it was searched for: it may be the tail, or the head, of a longer one."""
        text = self.text
        if name[0] == "@":
            whole = _NAME.match(text, start + 1)
            stop = whole.end() if whole else end
            return self._word("@" + unescape(text[start + 1 : stop]).lower(), stop)
        if name == "image-set(" and text[max(start - 8, 0) : start].lower() == "-webkit-":
            name, start = "-webkit-image-set(", start - 8
        before = text[start - 1] if start and start != self.fresh else " "
        if before in "@#" or _NAME_CHARACTER.match(before):
            self.depth += 1
            return end
        return self._word(name, end)

    def _escaped_name(self, start: int) -> int:
        """A name with escapes in it: what it says is what counts."""
        text = self.text
        whole = _NAME.match(text, start)
        end = whole.end() if whole else start
        if end == start:
            return start + 1
        head = _NAME_BEFORE.search(text, max(start - _LONGEST_NAME, self.fresh, 0), start)
        begin = head.start() if head else start
        return self._whole(begin, end)

    def _whole(self, begin: int, end: int) -> int:
        """The name that stands at begin:end, a function's where a bracket follows."""
        text = self.text
        mark = text[begin] if text[begin] in "@#" else ""
        name = mark + unescape(text[begin + len(mark) : end]).lower()
        if text.startswith("(", end):
            return self._word(name + "(", end + 1)
        return self._word(name, end)

    def _word(self, name: str, end: int) -> int:
        """A whole name, with its bracket where it is a function's; `end` is after it."""
        if name == "url(":
            return self._url(end)
        if name == "src(":
            start = self._after_blank(end)
            if self.text[start : start + 1] in ("'", '"'):
                return self._quoted(start)
        if name[:1] == "@":
            self._at_rule(name)
        elif name[-1:] == "(":
            self.depth += 1
            meaning = "carried" if name.startswith("--") else _MEANINGS.get(name[:-1])
            if meaning is not None:
                self.functions.append((self.depth, meaning))
                self.carriers += meaning == "carried"
        elif name.startswith("--") and _AFTER_NAME.match(self.text, end) is not None:
            self.custom = True
        return end

    def _at_rule(self, name: str) -> None:
        if name == "@import":
            self.importing = True
        elif name == "@namespace":
            self.naming = True
        elif name in _RULES and self.sheet:
            self.rule = name

    def _string(self, start: int) -> int:
        """A string outside of url(): a URL after @import, in lists of images, as a filter's source, or carried there."""
        end = self._string_end(start)
        depth, meaning = self.functions[-1] if self.functions else (0, None)
        here = depth == self.depth
        if (
            self.importing
            or (here and (meaning == "image" or (meaning == "filter" and self._is_source(start))))
            or (
                (meaning == "carried" or self.custom or self._declares)
                and (self.relative or _ABSOLUTE.match(unescape(self.text[start + 1 : end])) is not None)
            )
        ):
            self._add(start + 1, end)
        return end + 1

    @property
    def _declares(self) -> bool:
        """Whether it stands in an at-rule whose strings are carried elsewhere."""
        return self.rule in _CARRIERS or self._block in _CARRIERS

    @property
    def _block(self) -> str:
        return self.blocks[-1] if self.blocks else ""

    def _is_source(self, start: int) -> bool:
        return _SOURCE.search(self.text, max(start - _LONGEST_NAME, 0), start) is not None

    def _string_end(self, start: int) -> int:
        """End of the string's text; an unclosed one ends with its line."""
        match = _STRINGS[self.text[start]].match(self.text, start + 1)
        return match.end() if match else start + 1

    def _quoted(self, start: int) -> int:
        end = self._string_end(start)
        self._add(start + 1, end)
        self.depth += 1
        return end + 1

    def _url(self, position: int) -> int:
        text = self.text
        start = self._after_blank(position)
        if text[start : start + 1] in ("'", '"'):
            return self._quoted(start)
        match = _UNQUOTED.match(text, start)
        end = match.end() if match else start
        # In a bad url a browser fetches nothing; a mail reader may be kinder: its head counts as the URL.
        self._add(start, end)
        rest = _REMNANT.match(text, end)
        return rest.end() if rest else end

    def _after_blank(self, position: int) -> int:
        match = _BLANK.match(self.text, position)
        return match.end() if match else position

    def _add(self, start: int, end: int) -> None:
        if end > start and not self.naming:
            font = self._block == "@font-face"
            kind = "@import" if self.importing else "@font-face" if font else "url()"
            self.found.append(CssUrl(unescape(self.text[start:end]), start, end, kind))
        self.importing = False


def unescape(text: str) -> str:
    """CSS escapes undone (CSS Syntax Level 3, section 4.3.7)."""
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(match: re.Match[str]) -> str:
    if match[1] is not None:
        code = int(match[1], 16)
        return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
    return match[3] or ("" if match[2] else "\ufffd")
