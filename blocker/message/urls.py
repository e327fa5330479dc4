"""URLs as a browser resolves them (WHATWG URL), by can_ada.

A mail has no address of its own: a relative URL is fetched only where a <base> gives one, and a
scheme-relative one is fetched with https, as a webmail page would.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import can_ada

MAX_URL = 64 << 10
"""Characters of a URL that are looked at; longer ones are judged by their head."""

_STRIP = "".join(map(chr, range(0x21)))
SHORT_URL = 512
"""Characters of the longest URL that is remembered: a sender's pictures come with each of his mails."""
_ABSOLUTE = ("https://", "http://")
_DROP = {ord("\t"): None, ord("\n"): None, ord("\r"): None}


class Url(NamedTuple):
    """A URL that would be fetched, in its normal form."""

    href: str
    host: str
    """ASCII, lower case, without port; an IPv6 address keeps its brackets."""
    path: str
    query: str
    """With its question mark; empty where there is none."""

    @property
    def target(self) -> str:
        """Path and query, as the server sees them."""
        return self.path + self.query


def clean(value: str) -> str:
    """The value without the white space and control characters that a URL parser drops."""
    value = value.strip(_STRIP)
    if "\n" in value or "\t" in value or "\r" in value:
        value = value.translate(_DROP)
    return value


def parse(value: str) -> Url | None:
    """An absolute http(s) or ftp URL, or None where a browser would fetch nothing."""
    try:
        url = can_ada.parse(value[:MAX_URL])
    except (ValueError, TypeError):  # TypeError: half a surrogate pair
        return None
    if url.protocol not in ("http:", "https:", "ftp:"):
        return None
    href = str(url).partition("#")[0]
    return Url(href, url.hostname, url.pathname, url.search)


_short = lru_cache(maxsize=4096)(parse)


def resolve(value: str, base: Url | None) -> tuple[bool, Url | None]:
    """Whether a value (already cleaned) names something remote, and the URL that would be fetched.

    (False, None): nothing remote (empty, a fragment, cid:, data:, about: …).
    (True, None): written as if remote, but nothing can be fetched (an unfilled macro, a broken host,
    a relative URL without a base).
    """
    if value.startswith(_ABSOLUTE):  # as nearly all are
        return True, _short(value) if len(value) <= SHORT_URL else parse(value)
    if not value or value[0] == "#":
        return False, None
    if value[0] in "/\\" and value[1:2] in ("/", "\\"):
        return True, parse(f"{base.href.partition(':')[0] if base is not None else 'https'}:{value}")
    scheme, colon, rest = value.partition(":")
    if (
        colon
        and scheme.isascii()
        and scheme[:1].isalpha()
        and scheme.replace("+", "").replace("-", "").replace(".", "").isalnum()
    ):
        lowered = scheme.lower()
        if lowered in ("http", "https", "ftp"):
            if base is not None and lowered == base.href.partition(":")[0] and rest[:1] not in ("/", "\\"):
                return True, _join(rest, base)
            return True, parse(value)
        # `host:8080/x` is no scheme that a reader would fetch either.
        return False, None
    if base is None:
        return True, None
    return True, _join(value, base)


def _join(value: str, base: Url) -> Url | None:
    origin = base.href[: base.href.find("/", base.href.find("//") + 2)]
    if value[:1] in ("/", "\\"):
        return parse(origin + value)
    if value[:1] == "?":
        return parse(origin + base.path + value)
    return parse(origin + base.path[: base.path.rfind("/") + 1] + value)
