"""What was seen before of a URL, and what that tells.

A URL that two people received singles out neither. A URL whose *template* (the host and path with
the varying parts masked) comes with a new value in every mail of a sender is made for each mail.
Only digests are kept, so that a memory tells nobody which URLs it has seen.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from blocker.message.urls import Url

MAX_URLS = 200_000
"""URLs (and templates) that a memory in RAM holds; the longest unseen ones are forgotten first."""
_VARYING = re.compile(r"[^/]*[0-9][^/]*|[^/]{24,}")
_VALUE = re.compile(r"=[^&]*")


class Recollection(NamedTuple):
    """What is known of a URL from other messages."""

    messages: int
    """Other messages in which the very same URL stood."""
    recipients: int
    """Different recipients of all messages with it, this one's included."""
    template_messages: int
    """Other messages of this sender in which a URL of the same template stood."""
    template_variants: int
    """Different URLs among those."""


NOTHING = Recollection(0, 1, 0, 0)


class Memory(Protocol):
    """Asked by the judge; given by a folder's first pass or by the catalogue."""

    def recall(self, url: Url, sender: str, recipients: Sequence[str]) -> Recollection:
        """What other messages say of a URL."""


def template(url: Url) -> str:
    """The URL with its varying parts masked: path pieces with digits or of great length, query values."""
    path = "/".join("*" if _VARYING.fullmatch(piece) else piece for piece in url.path[:1024].split("/"))
    return url.host + path + _VALUE.sub("=*", url.query[:1024])


def digest(*parts: str) -> bytes:
    """Eight octets that stand for a text."""
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=8).digest()


class FolderMemory:
    """Memory of one run over several messages: `learn` each of them first, then judge."""

    def __init__(self) -> None:
        self._urls: OrderedDict[bytes, tuple[int, tuple[bytes, ...]]] = OrderedDict()
        self._templates: OrderedDict[bytes, tuple[int, int]] = OrderedDict()

    def learn(self, urls: Iterable[Url], sender: str, recipients: Sequence[str]) -> None:
        """Take in one message: its distinct URLs, its sender's domain, its recipients."""
        people = tuple(digest(r) for r in recipients[:2])
        templates: dict[bytes, int] = {}
        for url in dict.fromkeys(urls):
            key = digest(url.href)
            count, known = self._urls.pop(key, (0, ()))
            known = tuple(dict.fromkeys((*known, *people)))[:4]
            self._urls[key] = (count + 1, known)
            if count == 0:
                shape = digest(sender, template(url))
                templates[shape] = templates.get(shape, 0) + 1
            else:
                templates.setdefault(digest(sender, template(url)), 0)
        for shape, new in templates.items():
            messages, variants = self._templates.pop(shape, (0, 0))
            self._templates[shape] = (messages + 1, variants + new)
        for table in (self._urls, self._templates):
            while len(table) > MAX_URLS:
                table.popitem(last=False)

    def recall(self, url: Url, sender: str, recipients: Sequence[str]) -> Recollection:
        """See `Memory`; this message itself was learnt too and is not counted."""
        count, known = self._urls.get(digest(url.href), (1, ()))
        people = set(known) | {digest(r) for r in recipients[:2]}
        messages, variants = self._templates.get(digest(sender, template(url)), (1, 1))
        together = max(len(recipients[:2]), 1)
        return Recollection(count - 1, 1 if len(people) <= together else len(people), messages - 1, variants - 1)
