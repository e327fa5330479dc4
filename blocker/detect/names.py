"""The reader's name in a URL: what the To field calls him."""

from __future__ import annotations

import re
import unicodedata
from binascii import a2b_base64
from collections.abc import Iterator, Sequence
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from blocker.detect.tokens import PICTURES
from blocker.detect.wording import word_set
from blocker.message.urls import Url

_SAYING = frozenset("%+:;=")
"""Signs by one of which a piece of a path is a text, or holds values, and is no file's name alone."""
_JSON = "eyJ"
"""How `{"` begins in base64, whatever follows (RFC 4648, section 4)."""
_IN_BASE64 = re.compile(r"(?<![A-Za-z0-9+_-])eyJ[A-Za-z0-9+_-]{9,}")
_URL_SAFE = str.maketrans("-_", "+/")
MAX_OBJECTS = 4
"""Such objects of one URL that are read."""
MAX_FIELD = 500
"""Characters of a To field that are read for names."""
MAX_WORDS = 6
"""Words of one name."""
MAX_TARGET = 2048
"""Characters of a URL that are searched."""
SHORTEST = 3
"""Letters of the shortest name that is looked for."""
_NAME = re.compile(r'(?:"([^"<>@]{1,200})"|([^"<>@,;:]{1,200}))\s{0,8}<')
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_NO_NAMES = word_set(
    """
    and the for you your our dear all list team info mail email newsletter news customer customers client member members user users
    subscriber subscribers recipient recipients reader readers friend friends undisclosed valued guest hello office sales support
    admin contact service shop store account group company kunde kunden mitglied leser client cliente clientes membre abonne socio
    von van der den del des les mrs herr frau madame monsieur senor senora signor image images img banner logo header hero
    """
)
"""Words of To fields that name nobody, and words that URLs are made of."""
_TIMES = word_set(
    """
    january february march april may june july august september october november december
    spring summer autumn winter easter noel advent valentine
    janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre printemps automne hiver
    januar februar marz juni juli oktober dezember ostern januari februari maart mei augustus
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre navidad
    gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre natale janeiro maio
    """
)
"""Months, seasons and feasts: people are called so too, and folders far more often."""
_NO_MARKS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"}
)
"""Letters that Unicode takes for letters of their own."""
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
"""How letters are written where there are no marks."""
_BETWEEN = re.compile(r"[&=;]")


def folded(text: str) -> str:
    """A text in small letters without accents."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c)).translate(_NO_MARKS)


@lru_cache(maxsize=1024)
def names(field: str, sender: str) -> frozenset[str]:
    """The words of the names in a To field (decoded), folded; those that the sender's own domain has are left out."""
    found = set()
    for quoted, bare in _NAME.findall(field[:MAX_FIELD])[:4]:
        for word in _WORD.findall(quoted or bare)[:MAX_WORDS]:
            for name in {folded(word), folded(word.casefold().translate(_SPELT_OUT))}:
                if _is_long(name) and name not in _NO_NAMES and name not in sender:
                    found.add(name)
    return frozenset(found)


def _is_long(name: str) -> bool:
    """Whether a name is long enough to be looked for; one of two signs is where each stands for a syllable or more."""
    return len(name) >= SHORTEST or (len(name) == 2 and name > "\u3000")


def find(url: Url, wanted: frozenset[str]) -> str:
    """The one of the names that stands in a URL, as a word of a value or as a whole folder; empty where none does."""
    return _found(url.target[:MAX_TARGET], wanted)


def _found(target: str, wanted: frozenset[str]) -> str:
    if _JSON in target:
        said = [folded(word) for text in _objects(target) for word in _WORD.findall(text)]
        if not wanted.isdisjoint(said):
            return next(word for word in said if word in wanted)
    path, _, query = target.partition("?")
    for value in _BETWEEN.split(query)[:64]:
        for word in _words(value):
            if word in wanted:
                return word
    pieces = path.split("/")[:32]
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        plain = _plain(piece)
        stem, _, kind = plain.rpartition(".") if last else (plain, "", "")
        name = stem if kind.lower() in PICTURES else plain
        if folded(name) in wanted and folded(name) not in _TIMES and (not last or name[:1].isupper()):
            return folded(name)
        if not _SAYING.isdisjoint(piece):
            said = [folded(word) for word in _WORD.findall(name)]
            if not wanted.isdisjoint(said):
                return next(word for word in said if word in wanted)
    return ""


def _objects(target: str) -> Iterator[str]:
    """The objects of JavaScript that stand in base64 in a URL, as text."""
    for value in _IN_BASE64.findall(target)[:MAX_OBJECTS]:
        yield a2b_base64(value[: len(value) // 4 * 4].translate(_URL_SAFE)).decode("utf-8", "replace")


def _plain(value: str) -> str:
    """A piece of a URL as text; what is not UTF-8 is read as Windows' Latin letters."""
    if "%" not in value:
        return value.replace("+", " ")
    octets = unquote_to_bytes(value.replace("+", " "))
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _words(value: str) -> Sequence[str]:
    """The words of a query's value; none of a file's name or of a URL within the URL."""
    plain = _plain(value)
    if "/" in plain or (plain.rpartition(".")[2].lower() in PICTURES and "." in plain):
        return ()
    words = [folded(word) for word in _WORD.findall(plain)]
    return (
        words
        if "-" not in plain or (plain.count("-") == len(words) - 1 and plain.istitle())
        else [folded(plain)]
    )
