"""Geometry, visibility, knowledge, tokens, recurrence and shape: what each says of one reference.

Each function takes a reference and its context and gives reasons; none knows of the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from turbohtml import Element

from blocker.detect.box import UNKNOWN, Box
from blocker.detect.context import Context
from blocker.detect.knowledge import Known, inner_url, is_store
from blocker.detect.letters import SHORTEST
from blocker.detect.memory import template
from blocker.detect.report import Reason
from blocker.detect.shelf import (
    NO_HASH,
    OPAQUE,
    has_neighbours,
    in_pictures,
    is_counted,
    is_posing,
    is_shelved,
    is_stored,
)
from blocker.detect.tokens import PICTURES
from blocker.detect.traits import SHEETS, Traits
from blocker.detect.weights import reason
from blocker.detect.wording import says_picture
from blocker.message.references import Reference
from blocker.message.urls import Url, parse

NAMELESS = 80.0
"""Bits of all values of a URL that names no file, from which they are for more than to tell some pictures apart."""
LONG = 120.0
"""Bits that no name of a picture needs."""
PROGRAMS = frozenset(
    [
        "asp",
        "aspx",
        "ashx",
        "php",
        "php3",
        "php5",
        "phtml",
        "jsp",
        "jspx",
        "do",
        "cfm",
        "cgi",
        "pl",
        "py",
        "html",
        "htm",
        "shtml",
        "dll",
        "action",
    ]
)
TINY = 3.0
"""Pixels up to which a side shows nothing that a person would see."""
SMALL = 12.0
"""Pixels up to which a picture may be overlooked."""

_BARE = reason("geometry.bare", "no size is declared")
_UNSIZED = reason("geometry.unsized", "no size is declared")
_MACRO_LEFT = reason("token.macro", "the sender's template was not filled in here")
_PROGRAM = reason("token.program", "made by a program from a long opaque value")
_LONG = reason("token.long", "a long opaque value and no name of a file")
_DIRECTORY = reason("token.directory", "an id among the folders of a picture file")
_FILE = reason("token.file", "a file name that could be a hash of the picture or an id")
_NUMBERS = reason("token.numbers", "a number or short id")
_NO_TOKEN = reason("token.none", "nothing in the URL could tell one mail from another")
_SHARED = reason("memory.shared", "the same URL was sent to somebody else")
_SHORT = reason("token.short", "a short id among the folders of a layout filler")
_SIGNED = reason("token.signed", "a signature that lets the file be fetched, and no other value")
_POSING = reason("shape.endpoint", "named like a layout filler, behind a value that none needs")
_FILLING = reason("shape.filler", "named like a layout filler")
_UNFETCHED = reason("shape.unfetched", "no address that could be fetched")
_IMAGE = reason("shape.image", "the address calls it a picture")
_PORTRAIT = reason("shape.portrait", "the address calls it the picture of a person")
_LOGO = reason("shape.logo", "a logo or an icon")
_NAMED = reason("shape.caption", "a logo or a picture by what it is called in words")
_CAPTION = reason("shape.caption", "described in words")
_MAP = reason("shape.map", "an image map: parts of the picture are links")
_KIN = reason("shape.kin", "stored beside pictures that this mail shows")
_SHOWN = reason("recurrence.shown", "stands elsewhere in this mail, where it shows")
_PICTURE = reason("shape.picture", "a plain picture file")
_SCRIPT = reason("shape.script", "not the address of a picture file")
_ENDPOINT = reason("shape.endpoint", "named like a tracking endpoint")
_COUNTER = reason("shape.counter", "alone on a host that counts the links of this mail")
_ALONE = reason("shape.alone", "alone on its host")
_LINKED = reason("shape.linked", "the picture of a link")
_ALT = reason("shape.alt", "has a text for those who do not see it")
_PAGE = reason("shape.page", "but for its query the address of a link, so no picture")
_FOLDER = reason("shape.folder", "in a folder of pictures")
_IN_WORDS = reason("shape.words", "a picture file that words alone name, none of them one for counting")
_STORE = reason("shape.store", "in a store of pictures, where each has a name that nobody can read")
_LAST = reason("shape.last", "no text stands behind it")

_KNOWN = {
    "open": "an open-tracking endpoint of {}",
    "aggregate": "an audience beacon of {}",
    "ad": "an advertising endpoint of {}",
    "personal": "pictures made for one reader by {}",
    "click": "a click-tracking endpoint of {}",
}
_MACRO = re.compile(r"\[[a-z_]+\]|\{\{|\}\}|%%[a-z_]+%%|\*\|[a-z_]+\|\*|\$\{|<%", re.IGNORECASE)
_SAYS = re.compile(r"[^\W_]")
_ALT_WORDS = re.compile(r"[^\W\d_]{2,}")
_LOGO_TEXT = re.compile(r"\b(?:logo(?:tipo|type)?|icon|favicon)\b", re.IGNORECASE)
_MACRO_SIGNS = frozenset("[]{}%|$<")


def geometry(box: Box, own: Traits | None, url: Url | None) -> Iterator[Reason]:
    """One reason from the declared size."""
    width, height = box.width, box.height
    if width is None and height is None:
        if box.relative is None:
            shows = box.hidden is None and box.unused is None and box is not UNKNOWN
            yield _UNSIZED if shows else _BARE
        else:
            yield _sized("geometry.relative", box.relative, box)
    elif width is None or height is None:
        side, name = (width, "width") if height is None else (height, "height")
        words = f"{name} {side:g}, the other side is not declared"
        if side is not None and side <= TINY:
            yield reason("geometry.one-side", words)
        else:
            yield _sized("geometry.visible", words, box)
    else:
        yield _both_sides(width, height, box, own, url)


@lru_cache(maxsize=1024)
def _in_words(width: float, height: float) -> str:
    return f"{width:g} × {height:g} pixels"


def _both_sides(width: float, height: float, box: Box, own: Traits | None, url: Url | None) -> Reason:
    words = _in_words(width, height)
    if min(width, height) == 0:
        return reason("geometry.zero", words)
    if max(width, height) <= TINY:
        return reason("geometry.tiny", words)
    if min(width, height) <= TINY:
        counts = own is not None and url is not None and _may_count(own, url)
        return reason("geometry.thin" if counts else "geometry.line", words)
    return _sized("geometry.small" if max(width, height) <= SMALL else "geometry.visible", words, box)


def _may_count(own: Traits, url: Url) -> bool:
    """Whether a line is no line of the layout, which is always a picture file: something is counted, or asked for by a value."""
    if own.extension in PICTURES or own.called.picture or is_store(url.host):
        return False
    return own.endpoint or own.bits >= LONG or (own.extension != "" and own.asks)


def _sized(rule: str, words: str, box: Box) -> Reason:
    """A size that would show, which says less of what is hidden all the same."""
    return reason(rule if box.hidden is None else "geometry.covered", words)


def visibility(box: Box) -> Iterator[Reason]:
    """Reasons from what hides the reference in every view."""
    if box.hidden is not None:
        yield reason("visibility.hidden", box.hidden)
    elif box.unused is not None:
        yield reason("visibility.unused", box.unused)


def known(reference: Reference, context: Context) -> Known | None:
    """The vendor rule for a URL; a proxied one is judged by the URL inside it."""
    url = reference.target
    if url is None:
        return None
    found = context.rules.match(url.host, url.target)
    if found is None or found.kind == "click":
        inner = inner_url(reference.raw)
        wrapped = parse(inner) if inner else None
        if wrapped is not None:
            found = context.rules.match(wrapped.host, wrapped.target) or found
    return found


def knowledge(found: Known | None) -> Iterator[Reason]:
    """Reasons from the vendor rules."""
    if found is not None and found.kind in _KNOWN:
        yield reason(f"knowledge.{found.kind}", _KNOWN[found.kind].format(found.vendor))


def token(reference: Reference, own: Traits | None, context: Context) -> Iterator[Reason]:
    """Reasons from values in the URL that could single out the message or the person."""
    if not _MACRO_SIGNS.isdisjoint(reference.raw) and _MACRO.search(reference.raw[:2048]):
        yield _MACRO_LEFT
    if own is None:
        return
    if own.person:
        yield reason("token.person", f"a parameter named {own.person[:24]}")
    url = reference.target
    if _is_made(own) and url is not None and not is_store(url.host) and not inner_url(reference.raw):
        asks = own.called.code or ("&" in url.query and not own.called.picture)
        yield _PROGRAM if own.extension in PROGRAMS or asks or url.host in context.link_hosts else _LONG
    shared = False
    for value in own.tokens:
        where = context.header_tokens.get(value) or (
            "the links of this mail" if context.in_links(value) else ""
        )
        if where:
            yield reason("token.shared", f"{value[:24]} also stands in {where}")
            shared = True
            break
    if not shared and url is not None:
        value = _as_links_do(url, own, context)
        if value:
            yield reason("token.shared", f"{value[:24]} also stands in the links of this mail")
            shared = True
    long = max(own.file_bits, own.folder_bits)
    if own.bits >= OPAQUE or long >= NO_HASH:
        yield reason("token.opaque", f"a value of about {max(own.bits, long):.0f} bits")
    elif own.folder_bits >= OPAQUE:
        yield _DIRECTORY
    elif own.file_bits >= OPAQUE:
        yield _FILE
    elif own.bits > 0 or (own.folder_bits > 0 and not own.filler):
        yield _NUMBERS
    elif own.folder_bits > 0:
        yield _SHORT
    elif own.signed:
        yield _SIGNED
    else:
        yield _NUMBERS if shared else _NO_TOKEN


def _is_made(own: Traits) -> bool:
    """Whether a picture is made by a program from what its URL says: no file's, and behind a long value."""
    if own.extension in PROGRAMS:
        return own.bits >= LONG
    return own.extension not in PICTURES and own.extension not in SHEETS and own.all_bits >= NAMELESS


def _as_links_do(url: Url, own: Traits, context: Context) -> str:
    """The query of what is no picture file, where it is that of a link to the same host, though no value in it looks like an id."""
    if own.extension in PICTURES or len(url.query) < SHORTEST or not any(c.isdigit() for c in url.query):
        return ""
    return url.query[1:] if (url.host, url.query) in context.link_queries else ""


def recurrence(
    reference: Reference, context: Context, box: Box, found: Known | None, own: Traits | None
) -> Iterator[Reason]:
    """Reasons from how often the URL stands in this message and elsewhere.

    What is known to count openings may do so in several places, such as one for printing and one for forwarding.
    """
    count = context.counts[reference.part, reference.raw]
    if count > 1 and box.hidden is not None and reference.raw in context.seen:
        yield _SHOWN
    counter = found is not None and found.kind == "open" and own is not None and not own.filler
    if count > 1 and not counter:
        yield reason("recurrence.repeated", f"stands {count} times in this message")
    url = reference.target
    past = context.past.get(url.href) if url is not None else None
    if url is None or past is None:
        return
    if past.recipients > 1:
        yield _SHARED
    elif past.differing and not _from_stock(url, context):
        rule = "memory.drawn" if _shows(box) else "memory.differs"
        yield reason(rule, "another recipient of the same mail got another URL in its place")
    elif past.messages:
        noun = "message" if past.messages == 1 else "messages"
        yield reason("memory.seen", f"the same URL stood in {past.messages} other {noun}")
    elif past.template_messages >= 2 and past.template_variants == past.template_messages:
        yield reason("memory.individual", f"new in each of {past.template_messages + 1} mails of this sender")


def _shows(box: Box) -> bool:
    """Whether it is declared to be large enough to be seen, and is."""
    width, height, hidden, relative, _ = box
    if hidden is not None:
        return False
    if width is None:
        return relative is not None if height is None else height > TINY
    return width > TINY and (height is None or height > TINY)


def _from_stock(url: Url, context: Context) -> bool:
    """Whether it is one of several plain pictures of one folder: chosen for the reader, but made for all."""
    return context.stock[template(url), url.path.rpartition("/")[0]] > 1


def shape(reference: Reference, own: Traits | None, context: Context, box: Box) -> Iterator[Reason]:
    """Weak reasons from what the URL and its element look like."""
    url = reference.target
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
        if counting and not is_shelved(own):
            yield _COUNTER
        else:
            yield _ALONE
    if linked:
        yield _LINKED
    if not _shows(box):
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
        yield _NAMED
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
            yield reason("token.shared", "named like a part of the links of this mail")
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
