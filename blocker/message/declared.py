"""What a part's header declares, as mail programs read it: type, boundary, transfer encoding, names.

Where the standard library is stricter than programs are (comments of RFC 2045, quotes, missing semicolons, encoded words
in names), what it reads comes first and what they may read follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice, pairwise

from blocker.message.headers import Headers, decode_words, parameters

MAX_NAMES = 8
"""Names of one part that are looked at."""
MESSAGE = "message/rfc822"
MESSAGE_NAMES = (".eml", ".mht", ".mhtml", ".mim", ".mime", ".email", ".nws", ".mhtm")
"""Ends of file names under which programs open a message, or a web page saved as one (RFC 2557)."""
ARCHIVES = frozenset(
    {"application/x-mimearchive", "application/mhtml", "application/x-mht", "application/eml"}
)

_TOKEN = r"[!#$%&'*+.^_`|~{}0-9A-Za-z-]++"
_TYPE = re.compile(rf"[\s\0\"'<:;,]*+({_TOKEN})[\s\0]*/[\s\0]*({_TOKEN})")
_BARE = re.compile(r"[\s\"']*(x?html?)[\s\"';]*(?:;|\Z)", re.IGNORECASE)
_MULTIPART = re.compile(r"[\s\"']*multi-?part\b", re.IGNORECASE)
_TOP_LEVEL = frozenset(
    {"text", "image", "audio", "video", "application", "message", "multipart", "font", "model", "chemical"}
)
_BOUNDARY = re.compile(r"boundary\*?[\s\0]*=[\s\0]*(?:\"([^\"]*)\"?|([^\s;\"]+))", re.IGNORECASE)
_CHARSET = re.compile(r"charset\*?[\s\0]*=[\s\0]*[\"']?([^\s\"';,()]+)", re.IGNORECASE)
_NAME = re.compile(r"name[\s\0]*=[\s\0]*(?:\"([^\"]*)\"?|([^\s;\"]+))", re.IGNORECASE)
_TRAILING = " .\t\0\"';"
_CUT = re.compile(r"\0|::\$")
_WORD = re.compile(r"[a-z0-9_-]*[a-z0-9]")
USUAL = frozenset({"7bit", "8bit", "binary", "quoted-printable", "base64"})
"""The transfer encodings of RFC 2045, which every program reads alike."""
_NOTHING = re.compile(
    r"(?:x-)?(?:[78]-?bits?|binary|none|identity|utf-?8|us-?ascii|ascii|plain|text|html|7|8|bits?|unencoded|no|encoding)\Z"
)
"""Names of encodings that can only mean that nothing is encoded."""
_SPELT = {
    "base64": "base64",
    "base-64": "base64",
    "base_64": "base64",
    "b64": "base64",
    "x-base64": "base64",
    "quoted-printable": "quoted-printable",
    "quotedprintable": "quoted-printable",
    "quoted_printable": "quoted-printable",
    "quotedprintible": "quoted-printable",
    "quoted-printible": "quoted-printable",
    "quote-printable": "quoted-printable",
    "x-quoted-printable": "quoted-printable",
    "qp": "quoted-printable",
    "x-uuencode": "x-uuencode",
    "uuencode": "x-uuencode",
    "x-uue": "x-uuencode",
    "uue": "x-uuencode",
    "uu": "x-uuencode",
    "x-yencode": "x-yenc",
    "yencode": "x-yenc",
    "x-yenc": "x-yenc",
    "yenc": "x-yenc",
}
"""Encodings as they are written → what is meant."""


def uncommented(value: str) -> str:
    """The value without the comments of RFC 822 (`(…)`, one in another, none inside quotes), each a space."""
    if "(" not in value:
        return value
    kept: list[str] = []
    depth, quoted, escaped = 0, False, False
    for character in value:
        plain = not escaped
        escaped = plain and character == "\\" and (quoted or depth > 0)
        if plain and not depth and character == '"':
            quoted = not quoted
        if plain and not quoted and character == "(":
            depth += 1
        elif plain and depth and character == ")":
            depth -= 1
            kept.append(" ")
        elif not depth:
            kept.append(character)
    return "".join(kept)


def media_type(value: str) -> str:
    """Type and subtype in lower case out of a Content-Type's value; text/plain where it holds none (RFC 2045, 5.2).

    What follows a whole type is no matter: `text/html charset=utf-8` lacks its semicolon and is shown as HTML.
    """
    plain = uncommented(value) if "(" in value else value
    found = _TYPE.match(plain)
    if found is None and _MULTIPART.match(plain) is not None and _BOUNDARY.search(plain) is not None:
        return "multipart/mixed"
    if found is None or (plain.startswith("/", found.end()) and found[2].lower() != "html"):
        return "text/html" if _BARE.match(value) is not None else "text/plain"
    kind, subtype = found[1].lower(), found[2].lower().rstrip("'")
    if kind not in _TOP_LEVEL and _BOUNDARY.search(value) is not None:
        kind = "multipart"  # misspelt
    return f"{kind}/{subtype}"


def boundaries(headers: Headers) -> list[bytes]:
    """The boundaries that a program may read out of the Content-Type; an empty one is one for the standard library."""
    value = headers.first("content-type")
    plain = parameters(value).get("boundary")
    found = [] if plain is None else [plain]
    if plain is None or not _is_token(value, plain):
        for text in (value, uncommented(value)):
            found += [match[1] or match[2] or "" for match in _BOUNDARY.finditer(text)][:2]
        inner = parameters(uncommented(value)).get("boundary")
        found += [] if inner is None else [inner]
        found += [name.strip("'\"<> ") for name in found]
    names = [found[0], *filter(None, found[1:])] if found else []
    return [_bytes(name) for name in dict.fromkeys(name.rstrip() for name in names)]


def _is_token(value: str, boundary: str) -> bool:
    """Whether no program can read another boundary out of the value: it is named once, in plain letters or in quotes."""
    return (
        value.lower().count("boundary") == 1
        and "(" not in value
        and "'" not in boundary
        and (boundary in value and bool(boundary))
    )


def _bytes(name: str) -> bytes:
    # Characters above 127 stand for the bytes of the same number.
    if name.isascii():
        return name.encode("ascii")
    name = name.encode("ascii", "surrogateescape").decode("latin-1") if _escapes(name) else name
    try:
        return name.encode("latin-1")
    except UnicodeEncodeError:
        return name.encode("utf-8", "replace")


def _escapes(name: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in name)


@lru_cache(maxsize=256)
def encodings(value: str) -> tuple[str, ...]:
    """The transfer encodings that a value may mean, by their usual names, the likeliest first.

    Nearly always it is one. One that nobody knows is the value in lower case: RFC 2045, section 6.4, decodes nothing there.
    """
    name = value.strip().lower()
    if not name or name in USUAL:
        return (name,)
    plain = uncommented(decode_words(name))
    words = _WORD.findall(plain)
    if not plain.strip(" ;") and _SPELT.keys().isdisjoint(
        _WORD.findall(name)
    ):  # a comment alone, of something else
        return ("8bit",)
    pairs = [first + second for first, second in pairwise(words)]
    meant = [_SPELT[word] for word in (*words, *pairs) if word in _SPELT]
    if meant:
        # Who looks for the exact name decodes nothing.
        return tuple(dict.fromkeys((*meant, "8bit")))
    first = _WORD.findall(plain.partition(";")[0]) or words
    return ("8bit",) if first and all(map(_NOTHING.match, first)) else (name,)


@lru_cache(maxsize=256)
def charset(value: str) -> str | None:
    """The charset that a Content-Type's value names, in lower case; None where it names none in ASCII."""
    if "charset" not in value.lower():
        return None
    label = parameters(value).get("charset")
    if label is None or "(" in label:
        found = _CHARSET.search(uncommented(value))
        label = found[1] if found is not None else label
    return label.lower() if label is not None and label.isascii() else None


def charsets(value: str) -> list[str]:
    """Each charset that the value names, where it names several."""
    if value.lower().count("charset") < 2:
        return []
    return list(dict.fromkeys(found.lower() for found in _CHARSET.findall(value) if found.isascii()))[
        :MAX_NAMES
    ]


def names(headers: Headers) -> list[str]:
    """The names under which a program may offer to save the part: as written first, then as others decode them."""
    found: list[str] = []
    for field, usual in (("content-disposition", "filename"), ("content-type", "name")):
        value = headers.first(field)
        if "name" in value.lower():
            found += _named(value, usual)
    if not found:
        found += [headers.first(field) for field in ("content-description", "content-location")]
    found += [decode_words(_compact(name)).strip() for name in found if "=?" in name]
    return found[:MAX_NAMES]


def _named(value: str, usual: str) -> Iterator[str]:
    """The names in a field: by the usual parameter, then any that a program may take for one."""
    name = parameters(value).get(usual)
    if name is not None:
        yield name.strip()
    if name is None or "(" in value or value.lower().count("name") > 1:
        plain = parameters(uncommented(value))
        yield from (plain[key].strip() for key in ("filename", "name") if key in plain)
        yield from (match[1] or match[2] or "" for match in islice(_NAME.finditer(value), MAX_NAMES))


def ends(headers: Headers) -> list[str]:
    """The ends of these names in lower case, from the last dot on."""
    # Where programs in C and Windows see the end of a name.
    whole = [end for name in names(headers) for end in dict.fromkeys((name, _CUT.split(name, 1)[0]))]
    found = [name.lower().rstrip(_TRAILING) for name in whole]
    return ["." + name.rpartition(".")[2] for name in found if "." in name]


def _compact(name: str) -> str:
    """Encoded words (RFC 2047) in a parameter, where RFC 2047 forbids them and programs decode them: as such."""
    return re.sub(
        r"\?=[ \t]*=\?", "?= =?", name.encode("latin-1", "replace").decode("ascii", "surrogateescape")
    )
