"""Where a file lies: among pictures, in a store of files, or behind an id that none needs for its layout."""

from __future__ import annotations

import re

from blocker.detect.context import Context
from blocker.detect.tokens import PICTURES
from blocker.detect.traits import Traits
from blocker.detect.wording import counts
from blocker.message.urls import Url

OPAQUE = 40.0
"""Bits from which a value is taken for more than a short number."""
NO_HASH = 260.0
"""Bits above those of any hash that names a picture file (SHA-256 in hexadecimal is 256)."""
GUID = 180.0
"""Bits above those of a GUID, by which programs name folders."""
_PICTURE_FOLDER = re.compile(
    r"/(?:images?|img|imgs|assets?|static|media|gallery|gfx|graphics|pics?)/[^/]*\Z", re.IGNORECASE
)


_DRAWN = re.compile(
    r"\?(?:c=(?:%23)?([0-9a-f])\1{2}(?:\1{3})?|(?:w|h|width|height)=[0-9]{1,4}|(?:bg|fg)?_?colou?r=(?:%23)?[0-9a-f]{3,6})"
    r"(?:&(?:c=(?:%23)?([0-9a-f])\2{2}(?:\2{3})?|(?:w|h|width|height)=[0-9]{1,4}|(?:bg|fg)?_?colou?r=(?:%23)?[0-9a-f]{3,6})){0,4}\Z",
    re.IGNORECASE,
)
"""A query that says in which colour and size something is drawn, and no more."""


def is_drawn(own: Traits) -> bool:
    """Whether a program draws a line or a corner there, and is not called to count."""
    return not own.endpoint and _DRAWN.match(own.where[2]) is not None


def is_posing(url: Url, own: Traits, context: Context) -> bool:
    """Whether what is named like a layout filler counts: behind what is no folder's name, or behind an id where links are counted."""
    if own.folder_bits < OPAQUE:
        return False
    if own.folder_bits >= NO_HASH:
        return True
    alone = url.host in context.link_hosts and context.hosts[url.host] == 1
    return alone and not is_stored(own)


def is_stored(own: Traits) -> bool:
    """Whether its folder or its host is one for files, so that it says nothing where links are counted too."""
    return own.called.library or own.called.depot


def is_shelved(own: Traits) -> bool:
    """Whether it is a file of a site's library, though a program hands it out: the site is also what its mail links to."""
    return own.extension not in PICTURES and not own.endpoint and own.called.library


def is_counted(url: Url, own: Traits, *, stored: bool) -> bool:
    """Whether something is counted there by its words, or by how it is asked; a stored filler may be called `pixel.gif`."""
    return own.endpoint and not (stored and not counts(url.host, url.path.rpartition("/")[0]))


def in_pictures(url: Url, own: Traits, context: Context) -> bool:
    """Whether it lies where pictures lie: a filler right in such a folder, another file anywhere below one.

    Whoever builds mail gets a folder of his own there, named by an id; what he uploads is named by an id right in such a folder.
    """
    if own.filler and own.folder_bits < NO_HASH:
        called = own.called
        return called.library or called.depot or _PICTURE_FOLDER.search(url.path) is not None
    if own.endpoint or not own.called.library:
        return False
    if own.file_bits >= OPAQUE:
        uploaded = own.file_bits < GUID and _PICTURE_FOLDER.search(url.path) is not None
        return uploaded and url.host not in context.link_hosts
    return 0 < own.folder_bits < GUID


def has_neighbours(url: Url, context: Context) -> bool:
    """Whether the mail shows other plain pictures of its folder."""
    return context.folders[url.host, url.path.rpartition("/")[0]] > 1
