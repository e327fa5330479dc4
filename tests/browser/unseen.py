"""What a message has a reader contact without a request that the sink would see, read by selectolax.

Conditional comments, which Outlook alone runs, and hints to connect or to look up a name, which Firefox does not take
behind a proxy and which ask for nothing.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from tests.browser.sink import Address, address

_HIDDEN = re.compile(r"<!--\s*\[if[^\]]*\]>(.*?)-->", re.IGNORECASE | re.DOTALL)
_CSS_URL = re.compile(r"url\(\s*[\"']?([^\"')\s]+)", re.IGNORECASE)
_HINTS = frozenset({"preconnect", "dns-prefetch"})
_LOADED_BY_HREF = ("link", "image")
_NAMES_ONLY = ("href", "action", "cite", "longdesc", "alt", "title", "content")


def unseen_addresses(markup: str) -> frozenset[Address]:
    """All that markup has a reader contact without a request."""
    return conditional_addresses(markup) | hinted_addresses(markup)


def hinted_addresses(markup: str) -> frozenset[Address]:
    """Hosts that the markup has a reader connect to, or look up, in advance."""
    return frozenset(
        _remote(href)
        for link in LexborHTMLParser(markup).css("link[rel][href]")
        if _HINTS & set((link.attributes["rel"] or "").lower().split())
        and _is_remote(href := (link.attributes["href"] or "").strip())
    )


def conditional_addresses(markup: str) -> frozenset[Address]:
    """The absolute addresses that markup in conditional comments loads: every attribute but those that only name."""
    found: set[Address] = set()
    for comment in _HIDDEN.finditer(markup):
        tree = LexborHTMLParser(comment[1])
        for node in tree.css("*"):
            for name, value in node.attributes.items():
                found.update(_of_attribute(node.tag or "", name, value or ""))
            if node.tag == "style":
                found.update(_remote(url) for url in _CSS_URL.findall(node.text()) if _is_remote(url))
    return frozenset(found)


def _of_attribute(tag: str, name: str, value: str) -> list[Address]:
    if name == "style":
        return [_remote(url) for url in _CSS_URL.findall(value) if _is_remote(url)]
    if name.startswith("xmlns") or (name in _NAMES_ONLY and not (name == "href" and tag in _LOADED_BY_HREF)):
        return []
    return [_remote(value.strip())] if _is_remote(value.strip()) else []


def _is_remote(value: str) -> bool:
    return value.lower().startswith(("http://", "https://", "//")) and bool(_host(value))


def _host(value: str) -> str:
    try:
        return urlsplit(value).netloc
    except ValueError:
        return ""


def _remote(value: str) -> Address:
    return address("https:" + value if value.startswith("//") else value)
