"""Evidence from style sheets and fonts, and from what is only there to be connected to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from blocker.detect.backdrop import is_behind
from blocker.detect.box import Box
from blocker.detect.context import Context
from blocker.detect.knowledge import Known
from blocker.detect.memory import template
from blocker.detect.report import Reason
from blocker.detect.tokens import PICTURES
from blocker.detect.traits import LONG_LABEL, SHEETS, Traits
from blocker.detect.weights import reason
from blocker.message.references import Reference
from blocker.message.urls import Url

FILES = frozenset({"style @font-face", "style @import", "link[stylesheet]", "xml-stylesheet[href]"})
"""Vectors that load a style sheet or a font."""
CONNECTIONS = frozenset({"link[preconnect]", "link[dns-prefetch]"})
"""Vectors that open a connection, or ask for an address, and send no path (HTML, section 4.6.7)."""
VECTORS = FILES | CONNECTIONS | {"style url()"}
"""Vectors that this module says anything of, besides backgrounds in attributes."""
OPAQUE = 40.0
"""Bits from which a value is taken for more than a short number."""
LONG = 80.0
"""Bits that no name of a font or of a sheet needs."""
NO_HASH = 300.0
"""Bits above those of any hash that names a file (SHA-256 in hexadecimal is 256)."""
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

_FONT = reason("vector.font", "a font or style sheet")
_STYLE = reason("vector.style", "a font or style sheet, behind a value that none needs")
_SHEET = reason("vector.sheet", "a background")
_CONNECTION = reason("vector.connection", "a connection alone is opened, and no path is sent")
_CLICKED = reason("shape.counter", "on a host that counts the links of this mail")


def evidence(
    reference: Reference,
    own: Traits | None,
    context: Context,
    box: Box,
    found: Known | None,
    why: Sequence[Reason],
) -> Iterator[Reason]:
    """Reasons from what a sheet, a font, a background or a connection is for; `why` is what its URL says."""
    vector = reference.vector
    if vector in FILES:
        yield from _of_file(reference, own, context, found, why)
    elif vector in CONNECTIONS:
        if own is None or not _has_long_label(reference.target):
            yield _CONNECTION
    elif vector == "style url()":
        if (
            box.hidden is None
            and box.unused is None
            and (own is None or not tells(own) or is_behind(reference))
        ):
            yield _SHEET
    elif vector.endswith("[background]") and box.hidden is None:
        yield _SHEET


def tells(own: Traits) -> bool:
    """Whether a URL in a style sheet is more than the name of a picture: only then it matters where it would show."""
    return own.extension not in PICTURES or own.bits > 0


def _has_long_label(url: Url | None) -> bool:
    """Whether the name of the host itself carries a value."""
    return url is not None and any(len(label) >= LONG_LABEL for label in url.host.split("."))


def _of_file(
    reference: Reference, own: Traits | None, context: Context, found: Known | None, why: Sequence[Reason]
) -> Iterator[Reason]:
    url = reference.target
    if own is None or url is None or _is_ordinary(url, own, context, found, why):
        yield _FONT
        return
    yield _STYLE
    if own.extension not in SHEETS and url.host in context.link_hosts:
        yield _CLICKED


def _is_ordinary(url: Url, own: Traits, context: Context, found: Known | None, why: Sequence[Reason]) -> bool:
    """Whether a sheet's URL needs the values in it: a version, a hash, a font's name."""
    if is_lender(url.host):
        return True
    if any(rule.startswith("identity.") for rule, _, _ in why):
        return False
    if own.extension in SHEETS or own.extension in PICTURES:
        return own.bits < NO_HASH and not own.person
    if own.bits == 0:
        return True
    if found is not None and found.kind in ("open", "click"):
        return False
    if own.called.style:
        return own.bits < LONG
    return own.bits < OPAQUE and not (url.host in context.link_hosts and template(url) in context.link_shapes)


def is_lender(host: str) -> bool:
    """Whether a host lends fonts and sheets to anybody."""
    return host in _LENDERS or ".".join(host.rsplit(".", 2)[-2:]) in _LENDERS
