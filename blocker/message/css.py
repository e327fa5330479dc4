"""URLs in CSS, found by one linear pass over the tokens that matter (CSS Syntax Level 3).

Strings, comments, escapes and bad tokens are told apart as that specification does, so that
`\\75rl(x)` is a url() and `"url(x)"` is none. Everything else is skipped over.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_SIGNS = ("url(", "\\", "@import", "src(", "image-set")
_INTEREST = re.compile(r"/\*|[\"'\\()]|url\(|src\(|@import|image-set\(|[;{}]", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})[ \t\n\f]?|([^\n\f0-9a-fA-F]))")
_NAME_CHARACTER = re.compile(r"[-\w]|[^\x00-\x7f]")
_NAME = re.compile(r"(?:[-\w]|[^\x00-\x7f]|\\(?:[0-9a-fA-F]{1,6}[ \t\n\f]?|[^\n\f0-9a-fA-F]))*")
_UNQUOTED_END = re.compile(r"[)\s\"'(]")
_STRING_END = {'"': re.compile(r'["\n\\]'), "'": re.compile(r"['\n\\]")}
_REMEMBERED = 64 << 10
_SPACE = " \t\n\f\r"


class CssUrl(NamedTuple):
    """One URL in a style sheet or style attribute."""

    value: str
    """With its escapes undone."""
    start: int
    end: int
    """Span of the URL's characters, without quotes."""
    kind: str
    """`url()`, `@import`, or `@font-face`."""


def css_urls(text: str, *, sheet: bool = False) -> list[CssUrl]:
    """Every URL in `text`; with `sheet`, at-rules are told apart."""
    lowered = text.lower()
    if not any(sign in lowered for sign in _SIGNS):
        return []
    if len(text) <= _REMEMBERED:
        return _remembered(text, sheet)
    return _Scanner(text, sheet).run()


@lru_cache(maxsize=256)
def _remembered(text: str, sheet: bool) -> list[CssUrl]:
    """A sender's style sheet comes with each of its mails."""
    return _Scanner(text, sheet).run()


class _Scanner:
    """State of one pass: what the next string means, and which block we are in."""

    def __init__(self, text: str, sheet: bool) -> None:
        self.text = text
        self.sheet = sheet
        self.found: list[CssUrl] = []
        self.importing = False
        self.image_set: list[int] = []
        self.depth = 0
        self.statement = 0

    def run(self) -> list[CssUrl]:
        text, position, size = self.text, 0, len(self.text)
        while position < size:
            match = _INTEREST.search(text, position)
            if match is None:
                break
            position = self._step(match.group(), match.start(), match.end())
        return self.found

    def _step(self, token: str, start: int, end: int) -> int:
        text = self.text
        first = token[0]
        if token == "/*":
            closed = text.find("*/", end)
            return closed + 2 if closed >= 0 else len(text)
        if first in "\"'":
            return self._string(start)
        if first == "\\":
            return self._escaped_name(start)
        if first == "(":
            self.depth += 1
            return end
        if first == ")":
            if self.image_set and self.image_set[-1] == self.depth:
                self.image_set.pop()
            self.depth = max(self.depth - 1, 0)
            return end
        if first in ";{}":
            self.importing = False
            self.image_set.clear()
            self.depth = 0
            self.statement = end if first != "{" else self.statement
            if first == "{":
                self._prelude = text[self.statement : start]
                self.statement = end
            return end
        if start and _NAME_CHARACTER.match(text[start - 1]):
            # `curl(` or `x-image-set(`: part of a longer name; -webkit-image-set is one of its own.
            if not (token.lower() == "image-set(" and text[max(start - 8, 0) : start].lower() == "-webkit-"):
                if token[-1] == "(":
                    self.depth += 1
                return end
        return self._function(token.lower(), end)

    _prelude = ""

    def _function(self, name: str, end: int) -> int:
        if name in ("url(", "src("):
            return self._url(end)
        if name == "@import":
            self.importing = True
        elif name.endswith("image-set("):
            self.depth += 1
            self.image_set.append(self.depth)
        return end

    def _escaped_name(self, start: int) -> int:
        """A name with escapes in it: what it says is what counts."""
        text = self.text
        begin = start
        while begin > 0 and start - begin < 32 and _NAME_CHARACTER.match(text[begin - 1]):
            begin -= 1
        if begin > 0 and text[begin - 1] == "@":
            begin -= 1
        match = _NAME.match(text, begin + (text[begin : begin + 1] == "@"))
        end = match.end() if match else start + 2
        name = unescape(text[begin:end]).lower()
        if end <= start:
            return start + 2
        if text[end : end + 1] == "(":
            return self._function(name + "(", end + 1) if name in ("url", "src", "image-set", "-webkit-image-set") else end
        if name == "@import":
            self.importing = True
        return end

    def _string(self, start: int) -> int:
        value_end, after = self._string_end(start)
        in_set = bool(self.image_set) and self.image_set[-1] == self.depth
        if self.importing or in_set:
            self._add(start + 1, value_end, "@import" if self.importing else "url()")
            self.importing = False
        return after

    def _string_end(self, start: int) -> tuple[int, int]:
        """End of the string's text, and where to go on; an unclosed one ends with its line."""
        text = self.text
        pattern = _STRING_END[text[start]]
        position = start + 1
        while True:
            match = pattern.search(text, position)
            if match is None:
                return len(text), len(text)
            if match.group() == "\\":
                position = match.end() + 1
                continue
            return match.start(), match.end()

    def _url(self, position: int) -> int:
        text, size = self.text, len(self.text)
        while position < size and text[position] in _SPACE:
            position += 1
        kind = "@import" if self.importing else "@font-face" if self._in_font_face() else "url()"
        self.importing = False
        if position < size and text[position] in "\"'":
            value_end, after = self._string_end(position)
            self._add(position + 1, value_end, kind)
            closed = text.find(")", after)
            return closed + 1 if closed >= 0 and not text[after:closed].strip() else after
        end = position
        while True:
            match = _UNQUOTED_END.search(text, end)
            if match is None:
                end = size
                break
            end = match.start()
            if text[end - 1] == "\\" and end > position:
                end += 1
                continue
            if match.group() in "\"'(":
                # A bad url (a browser drops it); a mail reader may be kinder: taken up to its bracket.
                closed = text.find(")", end)
                end = closed if closed >= 0 else size
            break
        if end > position:
            self._add(position, end, kind)
        return end + 1

    def _in_font_face(self) -> bool:
        return self.sheet and "@font-face" in self._prelude.lower()

    def _add(self, start: int, end: int, kind: str) -> None:
        if end > start:
            self.found.append(CssUrl(unescape(self.text[start:end]), start, end, kind))


def unescape(text: str) -> str:
    """CSS escapes undone (CSS Syntax Level 3, section 4.3.7)."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(_character, text).replace("\\\n", "")


def _character(match: re.Match[str]) -> str:
    if match.group(2) is not None:
        return match.group(2)
    code = int(match.group(1), 16)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
