"""One pure function for each kind of output."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from datetime import datetime

from blocker.output.columns import iso

MARK = "·"
"""Stands for a character that would steer what shows it, or that nobody could see."""
DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""What turns the direction of text (UAX #9): behind it, a name can be read as another."""
MOST_HEADER = 500
"""Characters of an HTTP header's value."""
_FORMULA = frozenset("=+-@\N{MINUS SIGN}")


def line(text: str, most: int | None = None) -> str:
    """One line for a terminal or a log, of at most `most` characters.

    White space of any kind becomes a space. What does not print becomes a mark: C0 and C1 controls, direction, zero
    width, surrogates, private and unassigned characters.
    """
    if most is not None and len(text) > most:
        text = text[: most - 1] + "…"
    return text if text.isprintable() else "".join(map(_printing, text))


def lines(text: str) -> str:
    """The same for text of several lines of our own: only LF ends one."""
    return "\n".join(map(line, text.split("\n")))


def as_json(value: object, indent: int | None = None) -> str:
    """The value as JSON in printable ASCII: what it holds is the same once it is parsed."""
    return escaped(json.dumps(value, ensure_ascii=True, indent=indent))


def escaped(made: str) -> str:
    """ASCII JSON without DEL, the one control character that JSON allows raw (RFC 8259, 7)."""
    return made.replace("\x7f", "\\u007f")


def cell(value: object) -> object:
    """A value for CSV: text is one line without white space around it, and no spreadsheet takes it for a formula;
    an instant is ISO 8601 in UTC.

    An apostrophe goes before what would be one (OWASP, CSV Injection): at the start, also behind quotes, in full width
    too; and so behind a semicolon, which ends a cell where a country's spreadsheets read it so.
    """
    if isinstance(value, datetime):
        return iso(value)
    if not isinstance(value, str):
        return value
    return "".join(_guarded(line(value).strip()))


def page(value: object) -> object:
    """A value for a page, before it is escaped: its text turns no direction and can be encoded."""
    if type(value) is not str or (value.isprintable() and value.isascii()):
        return value
    return "".join(MARK if _steers(c) else c for c in value)


def header(text: str) -> str:
    """The value of an HTTP header: ASCII without controls, of bounded length."""
    return " ".join(line(text).split()).encode("ascii", "replace").decode("ascii")[:MOST_HEADER]


def _printing(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character.isspace() else MARK


def _steers(character: str) -> bool:
    if character in DIRECTION:
        return True
    return unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\r\n"


def _guarded(text: str) -> Iterator[str]:
    """The characters of a cell, an apostrophe before each that would begin a formula."""
    beginning = True
    for character in text:
        if beginning and unicodedata.normalize("NFKC", character)[0] in _FORMULA:
            yield "'"
        yield character
        beginning = character == ";" or (beginning and character in " \"'")
