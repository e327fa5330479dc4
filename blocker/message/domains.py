"""The organisational domain: the name somebody registered, found by the public suffix list, offline.

Source of the rule: RFC 9091 and publicsuffix.org; `news.shop.example.co.uk` belongs to `example.co.uk`.
"""

from __future__ import annotations

from functools import cache, cached_property, lru_cache
from importlib import resources

from publicsuffixlist import PublicSuffixList

LONGEST = 253
"""Octets of a domain name (RFC 1035, section 2.3.4), and of an address that is a sender of its own."""


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


@lru_cache(maxsize=4096)
def sender_of(address: str, domain: str) -> str:
    """The name under which a From address is a sender: its domain's organisational domain, or the address itself at a shared one.

    `domain` is the address's, in lower case. At a shared domain, where no address could be read, it stands for itself.
    """
    registered = organisational(domain)
    address = address.strip().lower()
    if not shared(registered) or not address.endswith(f"@{domain}") or len(address) > LONGEST:
        return registered
    return address


@lru_cache(maxsize=4096)
def shared(domain: str) -> bool:
    """Whether strangers to each other write from a domain: freemail, or a public suffix below which anybody may register."""
    if domain in _freemail():
        return True
    return "." in domain and _SUFFIXES.names.publicsuffix(_readable(domain), accept_unknown=False) == domain


@cache
def _freemail() -> frozenset[str]:
    lines = resources.files(__package__).joinpath("freemail.txt").read_text("ascii").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def _readable(name: str) -> str:
    """The name as the list has it, its labels not encoded (RFC 5890)."""
    if "xn--" not in name:
        return name
    try:
        return name.encode("ascii").decode("idna")
    except UnicodeError:
        return name
