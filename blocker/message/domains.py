"""The organisational domain: the name somebody registered, found by the public suffix list, offline.

Source of the rule: RFC 9091 and publicsuffix.org; `news.shop.example.co.uk` belongs to `example.co.uk`.
"""

from __future__ import annotations

from functools import cached_property, lru_cache

from publicsuffixlist import PublicSuffixList

LONGEST = 253
"""Octets of a domain name (RFC 1035, section 2.3.4)."""


class _Suffixes:
    """The public suffix list, read once in a process, by who first needs it."""

    @cached_property
    def names(self) -> PublicSuffixList:
        # Otherwise it would encode each of ten thousand rules at the start, which takes a quarter of a second.
        return PublicSuffixList(accept_encoded_idn=False)


_SUFFIXES = _Suffixes()


@lru_cache(maxsize=4096)
def organisational(domain: str) -> str:
    """The registered domain that `domain` belongs to, in lower case.

    A name without one (an address literal, a bare suffix, a name on no list) stands for itself; an
    empty or overlong name gives an empty string.
    """
    name = domain.strip().rstrip(".").lower()
    if not name or len(name) > LONGEST:
        return ""
    if name.startswith("[") or name.replace(".", "").isdigit():
        return name
    found = _SUFFIXES.names.privatesuffix(_readable(name)) or name
    return ".".join(name.split(".")[-found.count(".") - 1 :])


def _readable(name: str) -> str:
    """The name as the list has it, its labels not encoded (RFC 5890)."""
    if "xn--" not in name:
        return name
    try:
        return name.encode("ascii").decode("idna")
    except UnicodeError:
        return name
