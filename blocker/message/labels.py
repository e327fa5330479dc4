"""Which codecs a charset's name stands for: in browsers (WHATWG Encoding Standard) and in mail programs.

The standard's table of labels is the one that webencodings carries (https://encoding.spec.whatwg.org/#names-and-labels).
It has 228 labels in version 0.6. What it does not name, mail programs may know: UTF-7, HZ, ISO-2022-KR, code pages.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from typing import NamedTuple

from webencodings.labels import LABELS  # type: ignore[import-untyped,unused-ignore]

MAX_LABEL = 40
"""Characters of a name that is looked up."""
USER_DEFINED = "x-user-defined"
"""Bytes above 127 stand for U+F780 and on (Encoding, section 14.5): the one of the standard's that Python lacks."""
UTF_8 = "utf-8"
WIDE = frozenset({"utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"})

_SINGLE_BYTE = re.compile(
    r"(cp125\d|cp85\d|cp437|cp866|cp874|iso8859-\d+|iso8859_\d+|koi8-[rut]|mac-[a-z]+|tis-620|x-user-defined)\Z"
)
_MULTIBYTE = frozenset({"gb18030", "big5hkscs", "euc_jp", "cp949", "cp932", "johab"})
"""Where ASCII bytes may end a letter, though text of nothing but ASCII means itself."""
_NO_CHARSETS = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"})
_PYTHON = {
    "shift_jis": "cp932",
    "euc-kr": "cp949",
    "euc-jp": "euc_jp",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "iso-2022-jp": "iso2022_jp",
    "iso-8859-8-i": "iso8859-8",
    "windows-874": "cp874",
    "x-mac-cyrillic": "mac-cyrillic",
    "macintosh": "mac-roman",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    USER_DEFINED: USER_DEFINED,
}
"""Encodings of the standard → Python's codecs, where Python calls them otherwise or reads less by that name."""
_MAIL = {
    "unicode-1-1-utf-7": "utf-7",
    "unicode-2-0-utf-7": "utf-7",
    "x-unicode-2-0-utf-7": "utf-7",
    "csunicode11utf7": "utf-7",
    "x-utf-7": "utf-7",
    "hz": "hz",
    "hz-gb-2312": "hz",
    "iso-2022-kr": "iso2022_kr",
    "csiso2022kr": "iso2022_kr",
    "cp1200": "utf-16-le",
    "cp1201": "utf-16-be",
    "ucs2": "utf-16-be",
    "ucs-2be": "utf-16-be",
    "ucs-2le": "utf-16-le",
    "iso-10646-ucs-4": "utf-32-be",
    "ucs-4": "utf-32-be",
    "csucs4": "utf-32-be",
    "utf-32": "utf-32-le",
    "euc-cn": "gb18030",
    "x-euc-cn": "gb18030",
    "x-euc-kr": "cp949",
    "x-mac-japanese": "cp932",
    "x-mac-chinesesimp": "gb18030",
    "x-mac-chinesetrad": "big5hkscs",
    "x-mac-korean": "cp949",
}
"""Names that mail programs know and the standard does not, or reads as nothing (`replacement`)."""
_PREFIX = re.compile(r"(?:x-)?(?:windows-|ibm|cp|x-cp)(?=\d)|x-")
_SUPERSET = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "cp950": "big5hkscs"} | {
    "shift_jis": "cp932",
    "shift_jis_2004": "cp932",
    "shift_jisx0213": "cp932",
    "euc_kr": "cp949",
    "utf-16": "utf-16-le",
    "utf-32": "utf-32-le",
    "utf-8-sig": UTF_8,
    "ascii": UTF_8,
    "iso8859-1": "cp1252",
}


class Meaning(NamedTuple):
    """What a name stands for."""

    codec: str
    """Python's name, or `x-user-defined`."""
    others: tuple[str, ...] = ()
    """The codecs by which other programs read the same name, where that may give other markup."""
    known: bool = True


_UNKNOWN = Meaning(UTF_8, known=False)


def meaning(label: str | None) -> Meaning:
    """What a label stands for; an unknown one is UTF-8."""
    return _UNKNOWN if label is None else _meaning(label)


@lru_cache(maxsize=512)
def _meaning(label: str) -> Meaning:
    name = label.strip(" \t\r\n\f\"'`;,<>").lower()
    if not name or len(name) > MAX_LABEL:
        return _UNKNOWN
    standard = LABELS.get(name)
    if standard is None or standard == "replacement":
        return _in_mail(name)
    # Mail that says ASCII and is not may be UTF-8: its markup is the same as in windows-1252, which browsers take.
    codec = _PYTHON.get(standard) or _python(name if standard == "windows-1252" else standard) or UTF_8
    # UTF-16 whose name gives no order: little-endian in browsers, big-endian by RFC 2781.
    orders = ("utf-16-be", "utf-16-le") if codec in WIDE else ()
    return Meaning(
        codec, tuple(other for other in (*orders, UTF_8) if other != codec) if codec in WIDE else ()
    )


def _in_mail(name: str) -> Meaning:
    """A name that browsers do not know: they read UTF-8 or windows-1252 there, mail programs perhaps more."""
    page = _PREFIX.sub("cp", name, count=1)
    codec = _MAIL.get(name) or _MAIL.get(page) or _python(name) or _python(page)
    if codec is None:
        stripped = LABELS.get(name.removeprefix("x-"))
        codec = (_PYTHON.get(stripped) or _python(stripped)) if stripped else None
    if codec is None:
        return _UNKNOWN
    others = [] if codec == UTF_8 or _SINGLE_BYTE.match(codec) else [UTF_8]
    if codec.startswith(("utf-16", "utf-32")):
        others.insert(0, codec[:-2] + ("be" if codec.endswith("le") else "le"))
    return Meaning(codec, tuple(others))


def _python(name: str) -> str | None:
    """Python's codec of that name, the widest of its family; None where it has none for text."""
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    if not getattr(info, "_is_text_encoding", True) or info.name in _NO_CHARSETS:
        return None
    return _SUPERSET.get(info.name, info.name)


def is_single_byte(codec: str) -> bool:
    """Whether each byte is a character, and ASCII itself."""
    return _SINGLE_BYTE.match(codec) is not None


@lru_cache(maxsize=64)
def is_ascii_safe(codec: str) -> bool:
    """Whether text of nothing but ASCII bytes means itself."""
    return codec == UTF_8 or codec in _MULTIBYTE or is_single_byte(codec)


@lru_cache(maxsize=64)
def is_superset(codec: str) -> bool:
    """Whether an ASCII byte means itself wherever it stands."""
    return codec == UTF_8 or is_single_byte(codec)
