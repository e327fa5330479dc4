"""What every family of evidence is given: one reference, its box, what is known of its URL, and the message around it."""

from __future__ import annotations

from blocker.detect.box import Box
from blocker.detect.context import Address, Context
from blocker.detect.knowledge import Known, inner_url
from blocker.detect.reasons import Reason
from blocker.detect.tokens import PICTURES
from blocker.detect.traits import Traits, traits
from blocker.message.references import Reference
from blocker.message.urls import Url, parse

FILES = frozenset({"style @font-face", "style @import", "link[stylesheet]", "xml-stylesheet[href]"})
"""Vectors that load a style sheet or a font, and no picture."""


class Subject:
    """One reference of a message, as the families of evidence see it."""

    __slots__ = ("address", "box", "context", "known", "own", "reference", "url")

    def __init__(self, reference: Reference, context: Context) -> None:
        self.reference = reference
        self.context = context
        """The message's own: headers, links, other references, the past."""
        self.url: Url | None = reference.target
        """What would be fetched; None where nothing would."""
        self.address = address = _address(reference, context)
        self.known: Known | None = address.known
        """The vendor rule for its URL."""
        self.own: Traits | None = address.traits
        """What can be read off its URL alone."""
        self.box = _box(reference, address.traits, context)
        """The box that it would fill."""

    @property
    def said(self) -> tuple[Reason, ...]:
        """What its URL says: the reasons of the families that look no further, which come first."""
        return self.address.reasons or ()


def tells(own: Traits) -> bool:
    """Whether a URL in a style sheet is more than the name of a picture: only then it matters where it would show."""
    return own.extension not in PICTURES or own.bits > 0


def _box(reference: Reference, own: Traits | None, context: Context) -> Box:
    """The box of a sheet's picture is looked for only where its URL tells anything."""
    if reference.element == "style" and reference.vector == "style url()" and own is not None and tells(own):
        return context.box_behind(reference)
    return context.box(reference)


def _address(reference: Reference, context: Context) -> Address:
    """What is known of its URL; worked out once for each of a message."""
    url = reference.target
    key = (reference.raw, url.href if url is not None else None)
    found = context.addresses.get(key)
    if found is None:
        own = traits(_proxied(reference) or url) if url is not None else None
        found = context.addresses[key] = Address(_known(reference, context), own)
    return found


def _proxied(reference: Reference) -> Url | None:
    """What a proxy's URL says behind '#' that it fetches, which alone tells of the picture; None for other URLs."""
    inner = inner_url(reference.raw) if "#http" in reference.raw else None
    return parse(inner) if inner else None


def _known(reference: Reference, context: Context) -> Known | None:
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
