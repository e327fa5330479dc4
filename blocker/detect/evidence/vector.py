"""Evidence from the vector: style sheets and fonts, backgrounds, and what is only there to be connected to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from blocker.detect.backdrop import is_behind
from blocker.detect.marks import LEAKS
from blocker.detect.memory import template
from blocker.detect.reasons import Reason, marked, reason
from blocker.detect.shelf import NO_HASH, OPAQUE
from blocker.detect.subject import FILES, Subject, tells
from blocker.detect.tokens import PICTURES
from blocker.detect.traits import LONG_LABEL, SHEETS, Traits
from blocker.message.urls import Url

CONNECTIONS = frozenset({"link[preconnect]", "link[dns-prefetch]"})
"""Vectors that open a connection, or ask for an address, and send no path (HTML, section 4.6.7)."""
LONG = 80.0
"""Bits that no name of a font or of a sheet needs."""
_LENDERS = frozenset(
    [
        "bootstrapcdn.com",
        "bunny.net",
        "cdnjs.cloudflare.com",
        "fontawesome.com",
        "fonts.googleapis.com",
        "fonts.gstatic.com",
        "fonts.net",
        "googleapis.com",
        "gstatic.com",
        "jsdelivr.net",
        "myfonts.net",
        "typekit.net",
        "typography.com",
        "unpkg.com",
    ]
)
"""Who lends fonts and style sheets to anybody: the values in their URLs are a font's, or a customer's (field knowledge)."""

_FONT = reason("vector.font")
_STYLE = reason("vector.style")
_SHEET = reason("vector.sheet")
_CONNECTION = reason("vector.connection")
_CLICKED = reason("shape.counter", said="beside")


def evidence(subject: Subject) -> Iterable[Reason]:
    """Reasons from what a sheet, a font, a background or a connection is for."""
    return () if subject.reference.vector == "img[src]" else _of_others(subject)  # nearly all are pictures


def _of_others(subject: Subject) -> Iterator[Reason]:
    vector = subject.reference.vector
    if vector in FILES:
        yield from _of_file(subject)
    elif vector in CONNECTIONS:
        if subject.own is None or not _has_long_label(subject.url):
            yield _CONNECTION
    elif vector == "style url()":
        if _is_background(subject):
            yield _SHEET
    elif vector.endswith("[background]") and subject.box.hidden is None:
        yield _SHEET


def _is_background(subject: Subject) -> bool:
    """Whether a URL in a style is a background's that may be seen; of one that tells nothing it does not matter whose it is."""
    box, own = subject.box, subject.own
    if box.hidden is not None or box.unused is not None:
        return False
    return own is None or not tells(own) or is_behind(subject.reference)


def _has_long_label(url: Url | None) -> bool:
    """Whether the name of the host itself carries a value."""
    return url is not None and any(len(label) >= LONG_LABEL for label in url.host.split("."))


def _of_file(subject: Subject) -> Iterator[Reason]:
    own, url, context = subject.own, subject.url, subject.context
    if own is None or url is None or _is_ordinary(url, own, subject):
        yield _FONT
        return
    yield _STYLE
    if own.extension not in SHEETS and url.host in context.link_hosts:
        yield _CLICKED


def _is_ordinary(url: Url, own: Traits, subject: Subject) -> bool:
    """Whether a sheet's URL needs the values in it: a version, a hash, a font's name."""
    context, known = subject.context, subject.known
    if is_lender(url.host):
        return True
    if marked(subject.said) & LEAKS:
        return False
    if own.extension in SHEETS or own.extension in PICTURES:
        return own.bits < NO_HASH and not own.person
    if own.bits == 0:
        return True
    if known is not None and known.kind in ("open", "click"):
        return False
    if own.called.style:
        return own.bits < LONG
    return own.bits < OPAQUE and not (url.host in context.link_hosts and template(url) in context.link_shapes)


def is_lender(host: str) -> bool:
    """Whether a host lends fonts and sheets to anybody."""
    return host in _LENDERS or ".".join(host.rsplit(".", 2)[-2:]) in _LENDERS
