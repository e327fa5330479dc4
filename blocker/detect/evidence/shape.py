"""Evidence from shape: weak reasons from what the URL and its element look like."""

from __future__ import annotations

import re
from collections.abc import Iterator

from turbohtml import Element

from blocker.detect.box import SMALL, TINY, Box
from blocker.detect.context import Context
from blocker.detect.knowledge import is_store
from blocker.detect.reasons import Reason, reason
from blocker.detect.shelf import (
    has_neighbours,
    in_pictures,
    is_counted,
    is_drawn,
    is_posing,
    is_shelved,
    is_stored,
)
from blocker.detect.subject import Subject
from blocker.detect.tokens import PICTURES
from blocker.detect.traits import SHEETS, Traits
from blocker.detect.wording import says_picture
from blocker.message.references import Reference
from blocker.message.urls import Url

_POSING = reason("shape.endpoint", said="posing")
_ENDPOINT = reason("shape.endpoint", said="counting")
_FILLING = reason("shape.filler")
_UNFETCHED = reason("shape.unfetched")
_IMAGE = reason("shape.image")
_PORTRAIT = reason("shape.portrait")
_LOGO = reason("shape.logo")
_CALLED = reason("shape.caption", said="called")
_CAPTION = reason("shape.caption", said="words")
_MAP = reason("shape.map")
_KIN = reason("shape.kin")
_PICTURE = reason("shape.picture")
_SCRIPT = reason("shape.script")
_COUNTER = reason("shape.counter", said="alone")
_ALONE = reason("shape.alone")
_LINKED = reason("shape.linked")
_ALT = reason("shape.alt")
_PAGE = reason("shape.page")
_FOLDER = reason("shape.folder")
_IN_WORDS = reason("shape.words")
_STORE = reason("shape.store")
_LAST = reason("shape.last")
_LIKE_A_LINK = reason("token.shared", said="named")

_SAYS = re.compile(r"[^\W_]")
_ALT_WORDS = re.compile(r"[^\W\d_]{2,}")
_LOGO_TEXT = re.compile(r"\b(?:logo(?:tipo|type)?|icon|favicon)\b", re.IGNORECASE)


def evidence(subject: Subject) -> Iterator[Reason]:
    """Reasons from the file's name, its host, the element's place and its text."""
    reference, context, url, own = subject.reference, subject.context, subject.url, subject.own
    if url is None or own is None or not own.reachable:
        if not reference.raw.startswith("data:"):
            yield _UNFETCHED
        return
    posing = own.filler and is_posing(url, own, context)
    stored = own.filler and not posing and is_stored(own)
    if posing:
        yield _POSING
    elif own.filler:
        yield _FILLING
    elif own.extension in PICTURES and not own.asks:
        yield _PICTURE
    elif own.extension not in PICTURES and own.extension not in SHEETS:
        yield _SCRIPT
    if not posing and is_counted(url, own, stored=stored):
        yield _ENDPOINT
    linked = _in_link(reference)
    if context.hosts[url.host] == 1:
        counting = reference.element == "img" and not (linked or stored) and url.host in context.link_hosts
        if counting and not is_shelved(own) and not is_drawn(own):
            yield _COUNTER
        else:
            yield _ALONE
    if linked:
        yield _LINKED
    box = subject.box
    if not box.shows:
        yield from _place(reference, url, own, context, box, linked=linked)
    alt = reference.attrs.get("alt")
    text = alt if isinstance(alt, str) and _SAYS.search(alt) is not None else ""
    if text:
        yield _ALT
    width, height, hidden, _, unused = box
    overlooked = width is None or height is None or own.bits > 0 or max(width, height) <= SMALL
    if overlooked and hidden is None and unused is None and _is_thick(width) and _is_thick(height):
        yield from _called(reference, own, context, text)


def _is_thick(side: float | None) -> bool:
    """Whether a side is not declared to be too short to be seen."""
    return side is None or side > TINY


def _called(reference: Reference, own: Traits, context: Context, alt: str) -> Iterator[Reason]:
    """Reasons from what a picture that may be seen is called."""
    words = own.called
    if words.portrait:
        yield _PORTRAIT
    elif words.sign or _LOGO_TEXT.search(alt):
        yield _LOGO
    elif (words.picture or words.library) and not own.endpoint and own.extension not in PICTURES:
        yield _IMAGE
    if len(_ALT_WORDS.findall(alt)) >= 3:
        yield _CAPTION
    elif alt and (words.sign or says_picture(alt) or _LOGO_TEXT.search(alt)):
        yield _CALLED
    if "usemap" in reference.attrs and reference.element == "img" and context.has_areas:
        yield _MAP


def _place(
    reference: Reference, url: Url, own: Traits, context: Context, box: Box, *, linked: bool
) -> Iterator[Reason]:
    """Reasons from what is around a reference that is not declared to show: in the mail, on its host."""
    if own.extension not in PICTURES:
        if len(url.path) > 1 and (url.host, url.path) in context.pages:
            yield _PAGE
    elif _says_anything(box) and not own.asks:
        if in_pictures(url, own, context) or has_neighbours(url, context):
            yield _FOLDER
        elif not own.values and not own.filler and context.in_link_paths(url):
            yield _LIKE_A_LINK
        elif not (own.values or own.filler or own.endpoint):
            yield _IN_WORDS
        if own.folder_bits > 0 and context.has_kin(url):
            yield _KIN
    if is_store(url.host):
        yield _STORE
    if "usemap" in reference.attrs:
        return
    if not linked and reference.element == "img" and (own.values or url.query) and context.is_last(reference):
        yield _LAST


def _says_anything(box: Box) -> bool:
    return box.width is not None or box.height is not None or box.hidden is not None


def _in_link(reference: Reference) -> bool:
    node = reference.node
    return reference.element == "img" and isinstance(node, Element) and node.closest("a[href]") is not None
