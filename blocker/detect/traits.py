"""What can be read off a URL alone: its values, and what it is named like."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from blocker.detect.tokens import PICTURES, extension, opacity, tokens
from blocker.detect.wording import Wording, counts, unsigned, wording
from blocker.message.urls import Url

_PERSON = re.compile(
    r"(?:mi_u|u|uid|usr|user|user_?id|euid|e?mail|email_?(?:address|hash|id|md5|sha256)|recip(?:ient)?(?:_?id)?|rid|"
    r"sub(?:scriber)?_?(?:id|key)|contact_?id|person_?id|member(?:_?(?:id|no|number))?|"
    r"cust(?:omer)?(?:_?(?:id|no|number))?|loyalty(?:_?(?:id|no|number))?|card(?:_?(?:no|number|id))?|profile_?id|lead_?id|partner_uid|"
    r"e_?h(?:ash)?|emh|uh|hem|email_?(?:sha1|enc)|contact|subscriber|recipient|rcpt|crm_?id|cuid|mkt_?tok|"
    r"(?:account|user|customer|member)_?token|"
    r"kunden_?(?:nr|nummer|id)|klant_?(?:nr|nummer|id)|num_?client|"
    r"id_?(?:client|cliente|contact|contatto|user|usuario|abonne|member|customer|subscriber|recipient|destinataire|kontakt))",
    re.IGNORECASE,
)
_FIRST_NAME = re.compile(
    r"(?:f|l)name|(?:first|last|given|family)_?name|(?:vor|nach)name|prenom|nombre", re.IGNORECASE
)
_FILLER = re.compile(
    r"(?:^|[_-])(?:spacer?|blank|clear|transparente?|transp?|empty|dot|pixel|shim|filler|px|1x1|1px|b|s|t|x|white|black|line|null|"
    r"dummy|leer|abstand|platzhalter|vide|vacio|espaceur)"
    r"(?:[-_]?(?:[0-9]{1,4}(?:x[0-9]{1,4})?(?:px)?|dot|gif|pixel|white|black|clear|image|img|line|px|space|[a-z]{1,5}[0-9]x[0-9]))?"
    r"\.(?:gif|png|jpe?g)$"
)
_LONGEST_FILLER = 40
"""Characters at the end of a name in which all that matches stands."""
_HASHED_FILLER = re.compile(
    r"^(?:spacer|blank|clear|transparent|trans|empty|shim|filler)[-_.]([0-9a-f]{6,64})\.(?:gif|png|jpe?g)$"
)
"""A filler with the hash of its content, as programs that build web sites name files."""
_FILLERS = frozenset({"gif", "png", "jpg", "jpeg"})
SHEETS = frozenset({"css", "woff", "woff2", "ttf", "otf", "eot"})
"""What the files of style sheets and fonts are called."""
_FILES = PICTURES | SHEETS
_VERSION = re.compile(r"\?(?:(?:v|ver|version|rev|itok|_)=[^&]*|1[0-9]{9}(?:[0-9]{3})?)\Z")
"""A query that says nothing but which version of a file is meant, often by its hash or by when it was made (in Unix time)."""
_SHORT_GIF = re.compile(r"^[a-z]{1,2}\.gif$")
_ONE_PIECE = re.compile(r"[^&;=:@,]*\Z")
"""A name whose parts are not values of their own; those that are stand among the others already."""
_DIGITS = re.compile(r"[0-9]")
_HOST = re.compile(r"[a-z0-9._:\[\]-]+")
MANY_DIGITS = 5
"""Digits in a query, over all its values, from which they could number mails or readers."""


LONG_LABEL = 33
"""Characters of a label of a host name that no name and no MD5 needs: each mail got a host of its own."""


class Traits(NamedTuple):
    """What can be read off a URL alone."""

    extension: str
    tokens: tuple[str, ...]
    bits: float
    """Of the most opaque value, a host's long labels among them, that is no folder or name of a file (of a picture, a sheet)."""
    folder_bits: float
    """Of the folders of a file."""
    file_bits: float
    """Of a file's name."""
    all_bits: float
    """Of all values together that are no folder or name of a file."""
    asks: bool
    """There is a query besides what signs the URL, or says which version of a file is meant."""
    signed: bool
    """The query holds a proof that its writer may give the file away, which is no value of the reader's."""
    filler: bool
    endpoint: bool
    """Something is counted there, by its words or by how it is asked."""
    values: bool
    """Something in the path or the query is not words alone."""
    person: str
    """Name of a query parameter that names a person and is filled in."""
    reachable: bool
    """The host has a name that can be asked for: no template's mark is left in it."""
    where: tuple[str, str, str]
    """Host, path and query."""

    @property
    def called(self) -> Wording:
        """What its own words call it; asked of few URLs."""
        return wording(*self.where)


def traits(url: Url) -> Traits:
    """A URL's traits; those of URLs of ordinary length are remembered."""
    if len(url.path) + len(url.query) > 2048:
        return _traits.__wrapped__(url.host, url.path[:2048], url.query[:2048])
    return _traits(url.host, url.path, url.query)


@lru_cache(maxsize=8192)
def _traits(host: str, path: str, query: str) -> Traits:
    name = path.rpartition("/")[2]
    kind = extension(path)
    asks = unsigned(query)
    signed = asks != query
    folders = [value for value in tokens(path) if value != name]
    versioned = asks != "" and kind in _FILES and _VERSION.match(asks.lower()) is not None
    bare = not asks or versioned
    asked = tokens(asks) if asks else []
    if len(host) >= LONG_LABEL:
        asked += [label for label in host.split(".") if len(label) >= LONG_LABEL]
    may_fill = bare and kind in _FILLERS
    plain = name.lower()
    hashed = _HASHED_FILLER.match(plain) if may_fill else None
    stem = hashed[1] if hashed is not None else name.rpartition(".")[0] if kind in _FILES else name
    file_bits = opacity(stem)
    weighed = [opacity(value) for value in asked]
    folder_bits = max(map(opacity, folders)) if folders else 0.0
    if versioned:
        file_bits = max(file_bits, *weighed) if weighed else file_bits
        weighed = []
    elif kind not in _FILES:
        if not _ONE_PIECE.match(name):
            file_bits = 0.0
        weighed += [file_bits, *map(opacity, folders)]
        folder_bits = file_bits = 0.0
    bits = max(weighed) if weighed else 0.0
    numbered = kind not in _FILES or _SHORT_GIF.match(plain) is not None
    if numbered and asks and not bits and not versioned and len(_DIGITS.findall(asks)) >= MANY_DIGITS:
        bits = 1.0
    asking = kind == "gif" and bits > 0 and "=" in asks and _SHORT_GIF.match(plain) is not None
    values = folders
    if len(name) >= 6:
        values.append(name)
        if 6 <= len(stem) < len(name):
            values.append(stem)
    made = (
        kind,
        (*values, *asked),
        bits,
        folder_bits,
        file_bits,
        sum(weighed),
        asks != "" and not versioned,
        signed,
        hashed is not None
        or (may_fill and _FILLER.search(plain, max(len(plain) - _LONGEST_FILLER, 0)) is not None),
        asking or counts(host, path),
        bits > 0 or folder_bits > 0 or file_bits > 0,
        _person(asks) if asks else "",
        _HOST.fullmatch(host) is not None and host.rpartition(".")[2] not in PICTURES,
        (host, path, query),
    )
    return tuple.__new__(Traits, made)


def _person(query: str) -> str:
    for pair in query[1:2048].split("&"):
        name, _, value = pair.partition("=")
        if len(value) >= 5 and _PERSON.fullmatch(name) and any(c.isdigit() or c == "@" for c in value):
            return name
        if value[:1].isalpha() and _FIRST_NAME.fullmatch(name):
            return name
    return ""
