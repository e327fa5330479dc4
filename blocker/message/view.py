"""What a person is shown of a tracked mail's headers and footer.

`header_view` is pure: raw bytes in, a small value out, bounded, and never an exception whatever the
bytes are. mail-parser reads addresses and Received hops, BeautifulSoup the links at the mail's foot.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any

import mailparser  # type: ignore[import-untyped]
from bs4 import BeautifulSoup
from bs4.filter import SoupStrainer

from blocker.message.storable import storable

MAX_RAW = 256 * 1024
"""Octets of the message that are looked at, counted from its start."""
MAX_HEAD = 64 * 1024
"""Octets of the header that are looked at; the rest of an endless one is passed over."""
MAX_FOOT = 12 * 1024
"""Characters of HTML, counted from its end, in which the foot's links and words are looked for."""
MAX_HOPS = 50
MAX_ADDRESSES = 20
MAX_LINKS = 12

LINK_WORDS: Mapping[str, tuple[str, ...]] = {
    "unsubscribe": (
        "unsubscribe",
        "opt out",
        "opt-out",
        "désabonner",
        "désinscri",
        "se désabonner",
        "abmelden",
        "abbestellen",
        "darse de baja",
        "cancelar suscripción",
        "annulla iscrizione",
        "disiscri",
        "uitschrijven",
        "afmelden",
        "cancelar inscrição",
        "wypisz",
    ),
    "preferences": (
        "preferences",
        "manage your",
        "email settings",
        "préférences",
        "einstellungen",
        "preferencias",
        "preferenze",
        "voorkeuren",
    ),
    "privacy": (
        "privacy",
        "data protection",
        "confidentialité",
        "vie privée",
        "données personnelles",
        "datenschutz",
        "privacidad",
        "riservatezza",
    ),
    "browser": (
        "view in browser",
        "view online",
        "web version",
        "version en ligne",
        "im browser",
        "navegador",
    ),
}
"""What the words of a link say it is for, first match wins."""

TRACKING_WORDS = (
    "tracking pixel",
    "web beacon",
    "pixel tag",
    "open tracking",
    "track opens",
    "opens and clicks",
    "pixel de suivi",
    "pixels de suivi",
    "pixel espion",
    "balise web",
    "taux d'ouverture",
    "zählpixel",
    "tracking-pixel",
    "öffnungsrate",
    "píxel de seguimiento",
    "pixel di tracciamento",
    "trackingpixel",
)
"""Words by which a mail speaks openly of measuring its readers."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One Received field: a server that handed the message on; text as written."""

    by: str = ""
    from_: str = ""
    with_: str = ""
    date: str = ""
    """ISO 8601 with offset, or empty where the field's date cannot be read."""
    delay: int = 0
    """Seconds since the hop before."""


@dataclass(frozen=True, slots=True)
class FooterLink:
    """A link at the mail's foot that lets the reader do something: one of `LINK_WORDS`, its words, its address."""

    kind: str
    text: str
    url: str


Address = tuple[str, str]
"""A display name and an address."""


@dataclass(frozen=True, slots=True)
class HeaderView:
    """Addresses, hops and foot of one message; small, and never its body."""

    from_: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    hops: tuple[Hop, ...] = ()
    """Oldest first."""
    links: tuple[FooterLink, ...] = ()
    mentions: tuple[str, ...] = ()
    """Which of `TRACKING_WORDS` the foot says."""
    reason: str = ""
    """Why the view is empty or cut, as one sentence; empty where it is whole."""

    def as_dict(self) -> dict[str, Any]:
        """JSON for the catalogue and the pages."""
        return {
            "from": [list(pair) for pair in self.from_],
            "reply_to": [list(pair) for pair in self.reply_to],
            "to": [list(pair) for pair in self.to],
            "hops": [
                {"by": hop.by, "from": hop.from_, "with": hop.with_, "date": hop.date, "delay": hop.delay}
                for hop in self.hops
            ],
            "links": [{"kind": link.kind, "text": link.text, "url": link.url} for link in self.links],
            "mentions": list(self.mentions),
            "reason": self.reason,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> HeaderView:
        """What `as_dict` gave."""
        return cls(
            from_=tuple((name, address) for name, address in data["from"]),
            reply_to=tuple((name, address) for name, address in data["reply_to"]),
            to=tuple((name, address) for name, address in data["to"]),
            hops=tuple(Hop(h["by"], h["from"], h["with"], h["date"], h["delay"]) for h in data["hops"]),
            links=tuple(FooterLink(link["kind"], link["text"], link["url"]) for link in data["links"]),
            mentions=tuple(data["mentions"]),
            reason=data["reason"],
        )


def header_view(raw: bytes) -> HeaderView:
    """The view of a raw message. Never raises: what cannot be read gives an empty view with its reason."""
    try:
        return _view(raw)
    except Exception as error:  # noqa: BLE001 (foreign parsers on hostile bytes may raise anything; mail must go on)
        return HeaderView(reason=f"The headers could not be read ({type(error).__name__}).")


def foot_of(html: str) -> tuple[tuple[FooterLink, ...], tuple[str, ...]]:
    """The foot's links that let a reader do something, and which of `TRACKING_WORDS` its visible text says."""
    foot = html[-MAX_FOOT:]
    anchors = BeautifulSoup(foot, "html.parser", parse_only=SoupStrainer("a"))
    found = (
        _link(anchor.get_text(" ", strip=True), str(anchor["href"])) for anchor in anchors("a", href=True)
    )
    links = tuple(dict.fromkeys(link for link in found if link))[-MAX_LINKS:]
    # Building the whole tree costs twice as much, and few mails say any of the words even in their source.
    mentions = _mentions(unescape(foot)) and _mentions(_visible(foot))
    return links, mentions


def _visible(html: str) -> str:
    soup = BeautifulSoup(html, "html.parser")
    for hidden in soup(("script", "style", "head", "title")):
        hidden.decompose()
    return soup.get_text(" ")


def _mentions(text: str) -> tuple[str, ...]:
    said = " ".join(text.split()).casefold()
    return tuple(word for word in TRACKING_WORDS if word in said)


def _view(raw: bytes) -> HeaderView:
    mail = mailparser.parse_from_bytes(_bounded(raw))
    html, plain = mail.text_html, " ".join(mail.text_plain)
    links, mentions = foot_of(html[-1]) if html else ((), _mentions(plain[-MAX_FOOT:]))
    return HeaderView(
        from_=_addresses(mail.from_),
        reply_to=_addresses(mail.reply_to),
        to=_addresses(mail.to),
        hops=tuple(_hop(hop) for hop in mail.received[:MAX_HOPS]),
        links=links,
        mentions=mentions,
        reason="" if len(raw) <= MAX_RAW else "Only the first 256 KB of the message were looked at.",
    )


def _bounded(raw: bytes) -> bytes:
    raw = raw[:MAX_RAW]
    ends = [at for at in (raw.find(b"\n\n"), raw.find(b"\n\r\n")) if at >= 0]
    end = min(ends, default=len(raw))
    return raw if end <= MAX_HEAD else raw[:MAX_HEAD] + raw[end:]


def _addresses(found: Iterable[Any]) -> tuple[Address, ...]:
    def pairs() -> Iterator[Address]:
        for item in found:
            if isinstance(item, tuple) and len(item) == 2 and item[1]:
                yield _text(item[0], 200), _text(item[1], 320)

    return tuple(pair for pair, _ in zip(pairs(), range(MAX_ADDRESSES), strict=False))


def _hop(hop: Mapping[str, Any]) -> Hop:
    delay = hop.get("delay", 0)
    return Hop(
        by=_text(hop.get("by"), 300),
        from_=_text(hop.get("from"), 300),
        with_=_text(hop.get("with"), 100),
        date=_text(hop.get("date_utc"), 40),
        delay=int(delay) if isinstance(delay, int | float) and abs(delay) < 10**9 else 0,
    )


def _link(text: str, href: str) -> FooterLink | None:
    words = " ".join(text.split()).casefold()[:200]
    if not href.strip().lower().startswith(("http://", "https://", "mailto:")):
        return None
    for kind, needles in LINK_WORDS.items():
        if any(needle in words for needle in needles):
            return FooterLink(kind, _text(words and " ".join(text.split()), 120), _text(href.strip(), 2000))
    return None


def _text(value: object, limit: int) -> str:
    return storable(value, limit) if isinstance(value, str) else ""
