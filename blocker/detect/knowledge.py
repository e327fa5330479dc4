"""Evidence from knowledge: which vendor a URL belongs to, and whose hosts handed a message over.

The facts stand in `rules/vendors.toml`; this module only asks them, fast: hosts by dictionary, paths by RE2 sets, which
cannot backtrack. Nothing here does I/O except the one reading of that file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from urllib.parse import unquote

import re2  # type: ignore[import-untyped]  # ships no types

from blocker.detect import rules as files
from blocker.detect.relay import handed_over_by
from blocker.detect.rules import ANY_HOST, RulesError, UrlRule, Vendor

__all__ = ["Known", "Rules", "RulesError", "default_rules", "inner_url"]

MAX_TARGET = 8192
"""Characters of pathname+search that are looked at: no endpoint is recognised later than that."""
MAX_HOST = 253
"""Longest host name (RFC 1035 section 2.3.4, as text)."""
MAX_PROXIED = 65536
"""Characters of a URL that is searched for an inner one."""

KEPT_HOSTS = 1024
"""Hosts whose place in the tables is remembered: a mail names the same few again and again."""

KEPT_TARGETS = 4096
SHORT_TARGET = 256
"""Answers that are remembered, and characters of the longest target for which one is: pictures and links come again."""

_SET_MEMORY = 16 << 20
"""Room for the automaton of the largest set; taken only as far as inputs need it."""
_NUMBER = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Known:
    """Whose a URL or a message is.

    `kind` is that of the endpoint (open, click, aggregate, ad, personal), owner (the host is the vendor's, no more is
    known), or sender (its host handed the message over).
    """

    vendor: str
    role: str
    kind: str
    rule: str


class _Matcher:
    """Patterns in order of preference; finds the first that matches in one pass."""

    __slots__ = ("_known", "_set")

    def __init__(self, rows: Iterable[tuple[str, Known]]) -> None:
        options = files.options()
        options.max_mem = _SET_MEMORY
        self._set = re2.Set.SearchSet(options)
        self._known: list[Known] = []
        for pattern, known in rows:
            self._set.Add(pattern)
            self._known.append(known)
        self._set.Compile()

    def first(self, text: bytes) -> Known | None:
        hits = self._set.Match(text)
        return self._known[min(hits)] if hits else None


class Rules:
    """The vendor file, ready to be asked.

    `match` names the vendor of an endpoint, `owner` that of a host, `identify` the service that handed a message over; all
    take hostile input and look at a bounded part of it.
    """

    def __init__(self, vendors: Sequence[Vendor]) -> None:
        self.vendors = tuple(vendors)
        self._hosts = _by_host(self.vendors)
        self._any = self._hosts.pop(ANY_HOST, None)
        self._matchers = lru_cache(KEPT_HOSTS)(self._of_host)
        self._short = lru_cache(KEPT_TARGETS)(self._match)
        self._relays = {name: _whole(vendor, "sender") for vendor in self.vendors for name in vendor.relays}
        self._owners = _by_domain(self.vendors)
        self.unnamed = frozenset(vendor.name for vendor in self.vendors if not vendor.named)
        """What stands for mailing systems of which nothing but their URLs is known."""
        self.listed: Callable[[str, str], str] | None = None
        """Asks filter lists that a person has added: a URL and the sender's domain to the filter that blocks it, or
        nothing. Set by `blocker.lists`."""

    @classmethod
    def load(cls, path: Path | None = None) -> Rules:
        """Read a vendor file, the packaged one where no path is given. Raises RulesError with a sentence."""
        return cls(files.read(path))

    def match(self, host: str, target: str) -> Known | None:
        """Whose endpoint a URL is.

        `host` in lower-case ASCII as a browser has it, `target` its pathname and search. The most specific host is asked
        first, rules for any host last; an image endpoint (open, aggregate, ad) goes before a click one.
        """
        return self._short(host, target) if len(target) <= SHORT_TARGET else self._match(host, target)

    def knows(self, host: str, target: str) -> bool:
        """Whether a URL is an endpoint of any vendor; arguments as in `match`."""
        text = target[:MAX_TARGET].encode("ascii", "replace")
        return any(matcher.first(text) is not None for matcher in self._matchers(host[:MAX_HOST]))

    def _match(self, host: str, target: str) -> Known | None:
        text = target[:MAX_TARGET].encode("ascii", "replace")
        click = None
        for matcher in self._matchers(host[:MAX_HOST]):
            known = matcher.first(text)
            if known is not None and known.kind != "click":
                return known
            click = click or known
        return click

    def _of_host(self, host: str) -> tuple[_Matcher, ...]:
        found = [self._hosts[name] for name in _names(host) if name in self._hosts]
        if self._any is not None:
            found.append(self._any)
        return tuple(found)

    def owner(self, host: str) -> Known | None:
        """Whose a host is, whatever is asked of it: a name for what other evidence judged, and no evidence itself."""
        return next((self._owners[name] for name in _names(host[:MAX_HOST]) if name in self._owners), None)

    def identify(self, headers: Callable[[str], Sequence[str]]) -> Known | None:
        """The service whose host handed a message over to the reader's server.

        `headers` gives the unfolded values of a field by its name. What anybody can write into his mail is not asked.
        """
        host = handed_over_by(headers)[:MAX_HOST]
        return next((self._relays[name] for name in _names(host) if name in self._relays), None)


@cache
def default_rules() -> Rules:
    """The packaged vendor file, read once in a process."""
    return Rules.load()


def _by_host(vendors: Iterable[Vendor]) -> dict[str, _Matcher]:
    rows: dict[str, list[tuple[Vendor, UrlRule]]] = {}
    for vendor in vendors:
        for rule in vendor.rules:
            for host in rule.hosts:
                rows.setdefault(host, []).append((vendor, rule))
    return {host: _Matcher(map(_url_row, sorted(found, key=_preference))) for host, found in rows.items()}


def _preference(row: tuple[Vendor, UrlRule]) -> tuple[bool, bool, int]:
    """Image endpoints before links, a path before a whole host, opens first; the file's order decides the rest."""
    rule = row[1]
    return rule.kind == "click", not rule.path, files.KINDS.index(rule.kind)


def _url_row(row: tuple[Vendor, UrlRule]) -> tuple[str, Known]:
    vendor, rule = row
    return rule.path, Known(vendor.name, vendor.role, rule.kind, rule.id)


def _by_domain(vendors: Iterable[Vendor]) -> dict[str, Known]:
    """Each domain of one vendor alone; one where anybody may have his own host is nobody's."""
    owners: dict[str, list[Vendor]] = {}
    for vendor in vendors:
        for name in {
            *vendor.domains,
            *vendor.relays,
            *(host for rule in vendor.rules for host in rule.hosts),
        }:
            owners.setdefault(name, []).append(vendor)
    return {
        name: _whole(found[0], "owner")
        for name, found in owners.items()
        if len(found) == 1 and name not in _TENANTED
    }


def _whole(vendor: Vendor, kind: str) -> Known:
    return Known(vendor.name, vendor.role, kind, f"{files.slug(vendor.name)}/{kind}")


def _names(host: str) -> list[str]:
    """What a table may call a host: it and every name above it, then those again with numbers as '#'.

    App Engine answers for `service-dot-app.appspot.com` as for `app.appspot.com` (Google Cloud, How requests are routed).
    """
    host = host.replace("-dot-", ".") if host.endswith(".appspot.com") else host
    masked = _NUMBER.sub("#", host)
    return _suffixes(host) + ([name for name in _suffixes(masked) if "#" in name] if masked != host else [])


def _suffixes(host: str) -> list[str]:
    """The host and every name above it, longest first; the last label alone is nobody's and left out."""
    labels = host.split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]


_TENANTED = frozenset(
    [
        ANY_HOST,
        "amazonaws.com",
        "awscloud.com",
        "house.gov",
        "senate.gov",
        "t.co",
        "twitter.com",
        "workers.dev",
        "x.com",
    ]
)
"""Domains under which strangers have hosts of their own, or redirect to them (field knowledge)."""
_PROXIES = (
    "services.web.outlook.com",
    "yusercontent.com",
    "external-content.duckduckgo.com",
    "mail.proton.me",
    "resize.yandex.net",
    "camo.githubusercontent.com",
    "fastmailusercontent.com",
    "mailcontents.bmail.uol.com.br",
)
"""Hosts that fetch other hosts' pictures for a mail program (seen in real mail, or documented by the program)."""
_STORES = frozenset(
    [
        "braze-images.com",
        "cdn.braze.eu",
        "cdn.shopify.com",
        "cloudinary.com",
        "ctfassets.net",
        "drive.google.com",
        "dropboxusercontent.com",
        "fbcdn.net",
        "files.constantcontact.com",
        "firebasestorage.googleapis.com",
        "gallery.mailchimp.com",
        "ggpht.com",
        "githubusercontent.com",
        "googleusercontent.com",
        "gravatar.com",
        "gstatic.com",
        "licdn.com",
        "imgur.com",
        "mcusercontent.com",
        "mlcdn.com",
        "pinimg.com",
        "squarespace-cdn.com",
        "storage.googleapis.com",
        "stripocdn.email",
        "substackcdn.com",
        "twimg.com",
        "vimeocdn.com",
        "wixstatic.com",
        "ytimg.com",
    ]
)
"""Domains and hosts that hold files and nothing else, under names that look like ids (field knowledge)."""
_GMAIL_PROXY = "googleusercontent.com"
"""Gmail's proxy keeps the original URL behind '#' (real mail 2022-2026)."""
_HEX_HTTP = "/68747470"
"""Hexadecimal for "/http", the way camo writes an inner URL."""


@lru_cache(KEPT_HOSTS)
def is_store(host: str) -> bool:
    """Whether a host only holds pictures that anybody stored there: an opaque name is a picture's, not a reader's."""
    return host in _STORES or ".".join(host.rsplit(".", 2)[-2:]) in _STORES


def inner_url(url: str) -> str | None:
    """The absolute http(s) URL inside a proxied picture's URL, or None where there is none.

    Mail that was forwarded or answered names pictures by the proxy of the program that forwarded it. Only known proxies and
    URLs that call themselves a proxy are unwrapped, two layers at most: elsewhere an inner URL is a redirect, and it is the
    outer host that learns of the fetch.
    """
    lowered = url.lower()
    if lowered.find("http", 4) < 0 and _HEX_HTTP not in lowered:
        return None
    first = _unwrap(url[:MAX_PROXIED])
    return first and (_unwrap(first) or first)


def _unwrap(url: str) -> str | None:
    scheme, _, rest = url.partition("://")
    if scheme.lower() not in ("http", "https"):
        return None
    address, _, fragment = rest.partition("#")
    target, _, search = address.partition("?")
    host, _, path = target.partition("/")
    host = host.rpartition("@")[2].partition(":")[0].lower()
    if _under(host, _GMAIL_PROXY) and (inner := _absolute(fragment)):
        return inner
    if "proxy" in target.lower() or any(_under(host, proxy) for proxy in _PROXIES):
        return _in_query(search) or _in_path(f"/{path}", search)
    return None


def _under(host: str, suffix: str) -> bool:
    return host == suffix or host.endswith("." + suffix)


def _in_query(search: str) -> str | None:
    values = (pair.partition("=")[2] for pair in search.split("&"))
    return next((inner for value in values if (inner := _absolute(value))), None)


def _in_path(path: str, search: str) -> str | None:
    lowered = path.lower()
    if (start := lowered.find("/http")) >= 0:
        return _absolute(f"{path[start + 1 :]}?{search}" if search else path[start + 1 :])
    if (start := lowered.find(_HEX_HTTP)) >= 0:
        digits = path[start + 1 :].partition("/")[0]
        try:
            return _absolute(bytes.fromhex(digits).decode("ascii"))
        except ValueError:
            return None
    return None


def _absolute(value: str) -> str | None:
    """The value as an absolute http(s) URL, percent-decoded as often as that takes (twice at most)."""
    for _ in range(3):
        scheme, found, _ = value[:8].partition("://")
        if found and scheme.lower() in ("http", "https"):
            host = value[len(scheme) + 3 :][:1]
            return value if host and host not in "/?#" else None
        if value[:4].lower() != "http" or "%" not in value[4:12]:
            return None
        value = unquote(value)
    return None
