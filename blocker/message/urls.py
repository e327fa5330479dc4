"""URLs as a browser resolves them (WHATWG URL), by can_ada.

A mail has no address of its own: a relative URL is fetched only where a <base> gives one, and a
scheme-relative one is fetched with https, as a webmail page would. A file: URL with a host is asked
for over SMB by programs on Windows (RFC 8089, appendix E.3).
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
_FETCHED = frozenset({"http", "https", "ftp"})
_WEB = ("https:", "http:")
_SHARED = frozenset({"file", "smb"})
"""Schemes of files on other machines: what they name is remote where they name a host."""
_WRAPPERS = ("jar:", "mhtml:", "ms-its:", "its:", "mk:@msitstore:")
"""Schemes of a file inside an archive, which is fetched first: Internet Explorer's, and old Firefox's jar:."""
_INSIDE = ("!", "::")
"""What stands between the address of the archive and the name in it."""


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


_made = tuple.__new__


def clean(value: str) -> str:
    """The value without the white space and control characters that a URL parser drops."""
    value = value.strip(_STRIP)
    if "\n" in value or "\t" in value or "\r" in value:
        value = value.translate(_DROP)
    return value


def host_of(url: str | None) -> str:
    """The host a browser would contact for a URL in its normal form, or an empty string."""
    # In that form a path follows the authority, even if it is empty.
    authority = (url or "")[:4096].partition("://")[2].partition("/")[0].rpartition("@")[2]
    return authority.partition("]")[0][1:] if authority[:1] == "[" else authority.partition(":")[0]


def parse(value: str) -> Url | None:
    """An absolute URL that some program fetches from another host, or None where there is none."""
    try:
        url = can_ada.parse(value[:MAX_URL])
    except (ValueError, TypeError):  # TypeError: half a surrogate pair
        return None
    protocol = url.protocol
    if protocol in _WEB:  # as nearly all are, so that even the detour over `Url.__new__` would cost
        href = url.href
        address = href.partition("#")[0] if "#" in href else href
        return _made(Url, (address, url.hostname, url.pathname, url.search))
    scheme = protocol[:-1]
    if scheme == "file" and not url.hostname and url.pathname.startswith("//"):
        # `file:////host/share` names the host too (RFC 8089, appendix E.3.2).
        return parse("file://" + url.pathname.lstrip("/") + url.search)
    if scheme not in _FETCHED and not (scheme in _SHARED and url.hostname):
        return None
    return Url(url.href.partition("#")[0], url.hostname, url.pathname, url.search)


_short = lru_cache(maxsize=4096)(parse)


def resolve(value: str, base: Url | None) -> tuple[bool, Url | None]:
    """Whether a value (already cleaned) names something remote, and the URL that would be fetched.

    (False, None): nothing remote (empty, a fragment without a base, cid:, data:, about: …).
    (True, None): written as if remote, but nothing can be fetched (an unfilled macro, a broken host,
    a relative URL without a base).
    """
    if value.startswith(_ABSOLUTE):  # as nearly all are
        return True, _short(value) if len(value) <= SHORT_URL else parse(value)
    if not value:
        return False, None
    if value[0] == "#":
        # Only in a page without a <base> is it the page itself (HTML, section 2.4.1; both browsers fetch the base).
        return (False, None) if base is None else (True, base)
    if value[0] in "/\\" and value[1:2] in ("/", "\\"):
        return True, parse(f"{_scheme(base)}:{value}")
    scheme, colon, rest = value.partition(":")
    if (
        colon
        and scheme.isascii()
        and scheme[:1].isalpha()
        and scheme.replace("+", "").replace("-", "").replace(".", "").isalnum()
    ):
        return _absolute(value, scheme.lower(), rest, base)
    if base is None:
        return True, None
    return True, _join(value, base)


def fetched(value: str, base: Url | None) -> tuple[bool, Url | None]:
    """The same for a value as written: one of nothing but white space names the base, one of nothing at all does not."""
    cleaned = clean(value)
    if not cleaned and value and base is not None:
        return True, base
    return resolve(cleaned, base)


def _scheme(base: Url | None) -> str:
    scheme = base.href.partition(":")[0] if base is not None else "https"
    return scheme if scheme in _FETCHED else "https"


def _absolute(value: str, scheme: str, rest: str, base: Url | None) -> tuple[bool, Url | None]:
    if scheme in _FETCHED:
        if base is not None and scheme == base.href.partition(":")[0] and rest[:1] not in ("/", "\\"):
            return True, _join(rest, base)
        return True, parse(value)
    if scheme in _SHARED:
        url = parse(value)
        return url is not None, url
    lowered = value[:16].lower()
    for wrapper in _WRAPPERS:
        if lowered.startswith(wrapper):
            return _archive(value[len(wrapper) :])
    # `host:8080/x` is no scheme that a reader would fetch either.
    return False, None


def _archive(value: str) -> tuple[bool, Url | None]:
    """The archive whose address an URL of a file inside it begins with."""
    for mark in _INSIDE:
        value = value.partition(mark)[0]
    return resolve(value, None) if "//" in value[:9] else (False, None)


def _join(value: str, base: Url) -> Url | None:
    origin = base.href[: base.href.find("/", base.href.find("//") + 2)]
    if value[:1] in ("/", "\\"):
        return parse(origin + value)
    if value[:1] == "?":
        return parse(origin + base.path + value)
    return parse(origin + base.path[: base.path.rfind("/") + 1] + value)
