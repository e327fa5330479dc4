"""What the evidence modules may ask about a message besides the reference itself."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from blocker.detect.allowance import SEARCH_STEPS, STYLE_STEPS, Allowance
from blocker.detect.backdrop import Backdrops
from blocker.detect.box import Box, Boxes
from blocker.detect.cascade import Cascade
from blocker.detect.knowledge import Known, Rules
from blocker.detect.letters import SHORTEST
from blocker.detect.memory import Mail, Memory, Recollection, template
from blocker.detect.names import names
from blocker.detect.reasons import Reason
from blocker.detect.tokens import PICTURES, extension, stands_as_token, tokens
from blocker.detect.traits import Traits
from blocker.message.dates import zoned
from blocker.message.domains import organisational
from blocker.message.headers import Headers
from blocker.message.once import once
from blocker.message.read import Message
from blocker.message.references import Reference
from blocker.message.urls import Url, clean, parse

RECIPIENT_HEADERS = (
    "to",
    "cc",
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "x-delivered-to",
)
_ADDRESS = re.compile(r"[^\s<>,;:\"'()]{1,128}@[^\s<>,;:\"'()@]{3,253}")
_NO_TEXT = re.compile(
    r"(?:[\s\u200b\u200c\u200d\u034f\ufeff]++|<!--.{0,2000}?-->|<style\b.{0,2000}?</style>|<[^<>]*+>"
    r"|&(?:nbsp|zwnj|#160|#xa0|#8203|#847);)*+",
    re.DOTALL,
)
"""Markup that shows nothing but, perhaps, pictures."""
_IMAGE = re.compile(r"<img\b", re.IGNORECASE)
_SIGNER = re.compile(r"(?:^|;)\s*d\s*=\s*([^\s;]{1,253})")
"""The signing domain of a DKIM-Signature (RFC 6376, section 3.5)."""
MAX_SIGNATURES, MAX_SIGNATURE = 4, 4096
"""DKIM signatures that are looked at, and characters of each."""
MAX_ADDRESS = 2000
"""Characters of an address field that are looked at."""
MAX_RECIPIENTS = 20
MAX_LINKS, MAX_LINK_PATH = 2000, 512
"""Characters of a link's path whose pieces are looked at."""
MAX_TAIL, MAX_LAST = 65536, 2
"""Characters at the end of a document in which its last pictures are looked for, and how many: a service may add one."""
MAX_DATE = 200
"""Characters of a Date field that are read."""
SEEN = 3.0
"""Pixels that each side of a picture that is seen is longer than."""
SEARCHED_AT_ONCE = 64
"""Characters of the links that are looked through in a step: finding one value is faster than trying all disguises."""


@dataclass(slots=True)
class Address:
    """What a URL says wherever in the message it stands."""

    known: Known | None
    traits: Traits | None
    reasons: tuple[Reason, ...] | None = None
    """Of the families of evidence that look at nothing else; None until they were asked."""


class Context:
    """One message with the rules and the memory it is judged by."""

    def __init__(
        self, message: Message, rules: Rules, recipients: Sequence[str] = (), memory: Memory | None = None
    ) -> None:
        self.message = message
        self.rules = rules
        self.memory = memory
        self._given = tuple(recipients)
        self._boxes: dict[int, Boxes] = {}
        self._tails: dict[int, tuple[int, int | None]] = {}
        """For a document, a place behind which text stands, and one from which on none does, where it is known."""
        self.styles = Allowance(STYLE_STEPS)
        self.searches = Allowance(SEARCH_STEPS)
        self.overruled: Mapping[str, bool] = {}
        """What a person said of this sender's URLs, by template: whether they track."""
        self.addresses: dict[tuple[str, str | None], Address] = {}
        """What was found out of each URL so far, by how it is written and what it names."""

    @once
    def _backdrops(self) -> Backdrops:
        return Backdrops()

    @once
    def _plain(self) -> Boxes:
        return Boxes(_NO_SHEETS)

    @once
    def recipients(self) -> tuple[str, ...]:
        """Addresses the message was sent to, lower case, the given ones first."""
        found = dict.fromkeys(address.strip().lower() for address in self._given if "@" in address)
        headers = self.message.headers
        for name in RECIPIENT_HEADERS:
            for value in headers.all(name)[:3] if name in headers else ():
                for address in _ADDRESS.findall(value[:2000]):
                    if len(found) < MAX_RECIPIENTS:
                        found.setdefault(address.lower())
        return tuple(found)

    @once
    def names(self) -> frozenset[str]:
        """The words of the reader's name, as the To field has it."""
        field = self.message.headers.text("to") if "to" in self.message.headers else ""
        return names(field, self.sender_domain) if "<" in field else frozenset()

    @once
    def sender_address(self) -> str:
        """The From address, lower case."""
        found = _ADDRESS.findall(self.message.headers.first("from")[:2000])
        return found[-1].lower() if found else ""

    @once
    def sender_domain(self) -> str:
        """Domain of the From address, lower case."""
        return self.sender_address.rpartition("@")[2]

    @once
    def date(self) -> datetime | None:
        """The Date field (RFC 5322, section 3.3), read as leniently as mail needs it; naive where it names no zone."""
        return _date(self.message.headers.first("date"))

    @once
    def mail(self) -> Mail:
        """The message, as a memory is told of it."""
        headers = self.message.headers
        name = headers.first("message-id").strip() or hashlib.sha256(self.message.raw).hexdigest()
        sent = _seconds(self.date)
        return Mail(self.sender_domain, self.recipients, headers.text("subject"), sent, name)

    @once
    def past(self) -> Mapping[str, Recollection]:
        """What the memory knows of the message's URLs."""
        return self.memory.recall(self.urls, self.mail) if self.memory is not None and self.urls else {}

    @once
    def urls(self) -> list[Url]:
        """The different URLs that reading the message would fetch."""
        return list(dict.fromkeys(r.target for r in self.message.references if r.target is not None))

    @once
    def service(self) -> Known | None:
        """The sending service whose host handed the message over."""
        return self.rules.identify(self.message.headers.all)

    @once
    def own(self) -> frozenset[str]:
        """The organisational domains of the sender."""
        headers = self.message.headers
        path = headers.first("return-path")[:MAX_ADDRESS]
        names = [self.sender_domain, path.rpartition("@")[2].strip(" \t>")]
        for value in headers.all("dkim-signature")[:MAX_SIGNATURES]:
            names += _SIGNER.findall(value[:MAX_SIGNATURE])[:1]
        return frozenset(map(organisational, names)) - {""}

    def whose(self, url: Url | None) -> Known | None:
        """Whose a tracker is that no rule knows: its host's owner's, or on a host of the sender's, the service's.

        The sender's domains are those of From, Return-Path and the signatures: it is under them that a service counts for
        its customers. On a third party's host, who carried the mail says nothing.
        """
        if url is None:
            return None
        known = self.rules.owner(url.host)
        if known is None and self.service is not None and organisational(url.host) in self.own:
            known = self.service
        return known

    @once
    def counts(self) -> Counter[tuple[str, str]]:
        """How often each URL stands in each part, conditional comments apart, and the rules of style sheets.

        Several rules for one picture, of which none may ever hold, are no layout.
        """
        return Counter(
            (r.part, r.raw)
            for r in self.message.references
            if r.conditional is None and (r.element != "style" or r.vector != "style url()")
        )

    @once
    def hosts(self) -> Counter[str]:
        """How many different URLs of the message each host serves."""
        return Counter([url.host for url in self.urls])

    @once
    def _pictures(self) -> frozenset[Url]:
        """The different picture files that the message shows, as far as their URLs ask nothing."""
        return frozenset(url for url in self.urls if not url.query and extension(url.path) in PICTURES)

    @once
    def stock(self) -> Counter[tuple[str, str]]:
        """How many plain pictures of one folder and template the message shows: template and folder → number."""
        return Counter((template(url), url.path.rpartition("/")[0]) for url in self._pictures)

    @once
    def links(self) -> list[Url]:
        """The message's hyperlinks."""
        found: list[Url] = []
        for document in self.message.documents:
            for anchor in (*document.tree.select("a[href]"), *document.tree.select("area[href]")):
                href = anchor.attr("href")
                url = parse(clean(href)) if isinstance(href, str) else None
                if url is not None:
                    found.append(url)
                    if len(found) >= MAX_LINKS:
                        return found
        return found

    @once
    def link_hosts(self) -> frozenset[str]:
        """Where the message's hyperlinks lead."""
        return frozenset(link.host for link in self.links)

    @once
    def link_queries(self) -> frozenset[tuple[str, str]]:
        """Host and query of each of the message's hyperlinks that has one."""
        return frozenset((link.host, link.query) for link in self.links if link.query)

    def in_link_paths(self, url: Url) -> bool:
        """Whether a picture is named like a part of the path of a link to its host, eight letters long or more."""
        stem = url.path.rpartition("/")[2].rpartition(".")[0]
        return len(stem) >= SHORTEST and stem.isalnum() and (url.host, stem) in self._link_pieces

    @once
    def _link_pieces(self) -> frozenset[tuple[str, str]]:
        pieces = ((link.host, link.path[:MAX_LINK_PATH].split("/")) for link in self.links)
        return frozenset((host, piece) for host, found in pieces for piece in found if piece)

    @once
    def has_areas(self) -> bool:
        """Whether an image map of the message leads anywhere."""
        return any(document.tree.select_one("area[href]") is not None for document in self.message.documents)

    @once
    def seen(self) -> frozenset[str]:
        """The pictures, as they are written, that stand more than once in the message and are seen in one place."""
        return frozenset(
            r.raw
            for r in self.message.references
            if r.element == "img" and self.counts[r.part, r.raw] > 1 and _is_seen(self.box(r))
        )

    def has_kin(self, url: Url) -> bool:
        """Whether the message shows another picture whose URL differs in ids alone, and in the kind of picture."""
        return self.hosts[url.host] > 1 and any(other != url for other in self._kin.get(_family(url), ()))

    @once
    def _kin(self) -> dict[tuple[str, str], list[Url]]:
        """Two pictures that the message shows, by host and template, the kind of picture and the query left out."""
        found: dict[tuple[str, str], list[Url]] = {}
        for reference in self.message.references:
            url = reference.target
            if reference.element == "img" and url is not None and extension(url.path) in PICTURES:
                kin = found.setdefault(_family(url), [])
                if len(kin) < 2 and url not in kin and _is_seen(self.box(reference)):
                    kin.append(url)
        return found

    @once
    def link_shapes(self) -> frozenset[str]:
        """The templates of the message's hyperlinks."""
        return frozenset(map(template, self.links))

    @once
    def pages(self) -> frozenset[tuple[str, str]]:
        """Host and path of each of the message's hyperlinks that has a query."""
        return frozenset((link.host, link.path) for link in self.links if link.query)

    @once
    def folders(self) -> Counter[tuple[str, str]]:
        """How many different plain pictures of the message lie in a folder: host and folder → number."""
        return Counter((url.host, url.path.rpartition("/")[0]) for url in self._pictures)

    def is_last(self, reference: Reference) -> bool:
        """Whether a reference is one of the last two pictures of its document, and no text stands behind it."""
        scope = reference.scope
        if reference.conditional is not None or scope is not scope.root:
            return False
        place = reference.text_span[1]
        text_at, tail = self._tails.get(id(scope), (0, None))
        if tail is not None or place < text_at:
            return tail is not None and place >= tail
        text = scope.text
        start = text.find(">", place) + 1
        rest = _NO_TEXT.match(text, start) if 0 < start >= len(text) - MAX_TAIL else None
        if rest is None or rest.end() < len(text):
            self._tails[id(scope)] = (rest.end() if rest is not None else 0, None)
            return False
        behind = [found.start() for found in _IMAGE.finditer(text, start)]
        tail = behind[-MAX_LAST] if len(behind) >= MAX_LAST else place
        self._tails[id(scope)] = (0, tail)
        return place >= tail

    @once
    def _link_targets(self) -> str:
        return "\n".join(dict.fromkeys(link.target for link in self.links))

    def in_links(self, token: str) -> bool:
        """Whether a value stands in the message's links, as a value of theirs."""
        text = self._link_targets
        return self.searches.take(len(text) // SEARCHED_AT_ONCE) and stands_as_token(text, token)

    @once
    def header_tokens(self) -> dict[str, str]:
        """Values that stand in headers which single out the message or its recipient: value → header."""
        found: dict[str, str] = {}
        headers: Headers = self.message.headers
        for name, label in (
            ("list-unsubscribe", "List-Unsubscribe"),
            ("return-path", "Return-Path"),
            ("message-id", "Message-ID"),
            ("feedback-id", "Feedback-ID"),
        ):
            for value in headers.all(name)[:2]:
                for token in tokens(value[:4000]):
                    found.setdefault(token, label)
        return found

    def box(self, reference: Reference) -> Box:
        """The box that the reference would fill."""
        boxes = self._boxes.get(id(reference.scope)) if reference.conditional is None else self._plain
        return (boxes or self._boxes_of(reference)).of(reference)

    def box_behind(self, reference: Reference) -> Box:
        """The same for a picture that a rule of a style sheet names."""
        return self._backdrops.of(reference, self._boxes_of(reference))

    def _boxes_of(self, reference: Reference) -> Boxes:
        if reference.conditional is not None:
            return self._plain
        document = reference.scope
        boxes = self._boxes.get(id(document))
        if boxes is None:
            boxes = self._boxes[id(document)] = Boxes(Cascade(document, self.styles))
        return boxes

    @property
    def left_out(self) -> tuple[str, ...]:
        """What of the evidence a bound cut short so far, in words."""
        found = []
        if self.styles.used_up or any(boxes.cut for boxes in self._boxes.values()):
            found.append("style rules")
        if self.searches.used_up:
            found.append("values of URLs")
        return tuple(found)


def _is_seen(box: Box) -> bool:
    """Whether a picture is declared to be larger than a dot, and not hidden."""
    sides = [side for side in (box.width, box.height) if side is not None]
    return box.hidden is None and bool(sides or box.relative) and all(side > SEEN for side in sides)


def _family(url: Url) -> tuple[str, str]:
    return url.host, template(url._replace(path=url.path.rpartition(".")[0], query=""))


def _date(value: str) -> datetime | None:
    try:
        return parsedate_to_datetime(value[:MAX_DATE])
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _seconds(date: datetime | None) -> float:
    """A date as seconds since 1970; 0 where there is none."""
    return 0.0 if date is None else zoned(date).timestamp()


class _Plain(Cascade):
    """The cascade of markup that no style sheet reaches."""

    def __init__(self) -> None:
        self.sheets = []
        self.texts = []
        self.cut = self._variables = self._by_id = False
        self._hiding = set()


_NO_SHEETS = _Plain()
