"""What the walks over the pages share: every page of the demonstration, found by its links, and what axe says of one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from itertools import product
from typing import Any, NamedTuple
from urllib.parse import urldefrag, urljoin, urlsplit

from flask import Flask
from playwright.sync_api import APIRequestContext

from tests.webui.tags import Tags

QUERIES = 12
"""Of each path at most so many ways to ask for it are tried."""
PHONE = {"width": 390, "height": 800}
DESKTOP = {"width": 1100, "height": 900}
MISSING = "/nowhere"
EMPTY = ("/messages?text=no-such-words", "/senders?text=no-such-words", "/vendors?account=nobody")
"""Pages that no link leads to: an error, and lists that hold nothing."""


class Look(NamedTuple):
    """One way to look at a page."""

    language: str
    theme: str
    size: str

    @property
    def viewport(self) -> dict[str, int]:
        """Of the browser, in CSS pixels."""
        return PHONE if self.size == "phone" else DESKTOP


EVERY = tuple(Look(*one) for one in product(("en", "fr"), ("light", "dark"), ("desktop", "phone")))
FEW = (Look("en", "light", "phone"), Look("fr", "dark", "desktop"))
"""Each language, each theme and each size once; the whole product is for --long."""


@dataclass
class Site:
    """What a crawl has found, starting from the overview."""

    base: str
    found: dict[str, int] = field(default_factory=dict)
    """Path with its query → status."""
    broken: list[str] = field(default_factory=list)
    """Links that lead nowhere, with the page they stand on."""

    def of_each_kind(self, app: Flask) -> list[str]:
        """One page for each view of the application that gives a page, the one with the most to show where views have several."""
        by_view: dict[str, list[str]] = defaultdict(list)
        adapter = app.url_map.bind("localhost")
        for path, size in self.found.items():
            endpoint, _ = adapter.match(urlsplit(path).path)
            if size and endpoint != "static":
                by_view[endpoint].append(path)
        return [max(paths, key=self.found.__getitem__) for paths in by_view.values()]


def crawl(request: APIRequestContext, base: str) -> Site:
    """Follow every link of every page, but for the many ways to ask for one path."""
    site = Site(base)
    ways: dict[str, set[str]] = defaultdict(set)
    todo = [("/overview", "")]
    while todo:
        link, page = todo.pop()
        target = urldefrag(link).url
        path = urlsplit(target).path
        if target in site.found or (len(ways[path]) >= QUERIES and target not in ways[path]):
            continue
        ways[path].add(target)
        answer = request.get(base + target, max_redirects=0)
        text = answer.text() if "html" in answer.headers.get("content-type", "") else ""
        site.found[target] = len(text)
        if answer.status >= 400:
            site.broken.append(f"{target} ({answer.status}) on {page}")
        if text:
            todo += [(href, target) for href in links(text, target)]
            site.broken += [f"#{name} on {target}" for name in lost_anchors(text)]
    return site


def links(text: str, page: str) -> list[str]:
    """Where a page leads to, as paths from the root."""
    hrefs = Tags(text).values("href", "src")
    return [urljoin(page, href) for href in hrefs if not href.startswith("#")]


def lost_anchors(text: str) -> list[str]:
    """Names within the page that its links lead to and that it does not have."""
    page = Tags(text)
    names = set(page.values("id"))
    return [href[1:] for href in page.values("href") if href.startswith("#") and href[1:] not in names]


@cache
def axe() -> str:
    """axe-core, as its makers give it out."""
    return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = f"axe.run(document, {{runOnly: {TAGS}, resultTypes: ['violations']}}).then(found => found.violations)"


def told(violations: list[dict[str, Any]]) -> list[str]:
    """What axe found, a line an element."""
    return [f"{one['id']}: {node['html'][:160]}" for one in violations for node in one["nodes"]]
