"""Evidence from tokens: values in the URL that could single out the message or the person."""

from __future__ import annotations

import re
from collections.abc import Iterator

from blocker.detect.context import Context
from blocker.detect.knowledge import inner_url, is_store
from blocker.detect.letters import SHORTEST
from blocker.detect.reasons import Reason, reason
from blocker.detect.shelf import NO_HASH, OPAQUE
from blocker.detect.subject import Subject
from blocker.detect.tokens import LONG, PICTURES
from blocker.detect.traits import SHEETS, Traits
from blocker.detect.wording import word_set
from blocker.message.urls import Url

NAMELESS = 80.0
"""Bits of all values of a URL that names no file, from which they are for more than to tell some pictures apart."""
MAX_VALUE = 24
"""Characters of a value that are told."""
PROGRAMS = word_set("asp aspx ashx php php3 php5 phtml jsp jspx do cfm cgi pl py html htm shtml dll action")
"""What the files of programs that make pages are called."""

_MACRO_LEFT = reason("token.macro")
_PROGRAM = reason("token.program")
_LONG = reason("token.long")
_DIRECTORY = reason("token.directory")
_FILE = reason("token.file")
_NUMBERS = reason("token.numbers")
_SHORT = reason("token.short")
_SIGNED = reason("token.signed")
_NONE = reason("token.none")

_MACRO = re.compile(r"\[[a-z_]+\]|\{\{|\}\}|%%[a-z_]+%%|\*\|[a-z_]+\|\*|\$\{|<%", re.IGNORECASE)
_MACRO_SIGN = re.compile(r"[\[\]{}%|$<]")


def evidence(subject: Subject) -> Iterator[Reason]:
    """Reasons from what is left of a template, from whose values they are called, and from how much they could hold."""
    raw, own, context = subject.reference.raw, subject.own, subject.context
    if _MACRO_SIGN.search(raw) is not None and _MACRO.search(raw[:2048]):
        yield _MACRO_LEFT
    if own is None:
        return
    if own.person:
        yield reason("token.person", own.person[:MAX_VALUE])
    url = subject.url
    if _is_made(own) and url is not None and not is_store(url.host) and not inner_url(raw):
        asks = own.called.code or ("&" in url.query and not own.called.picture)
        yield _PROGRAM if own.extension in PROGRAMS or asks or url.host in context.link_hosts else _LONG
    shared = _shared(url, own, context)
    if shared is not None:
        yield shared
    yield _held(own, shared=shared is not None)


def _shared(url: Url | None, own: Traits, context: Context) -> Reason | None:
    """The first value that also stands in the header or in the links."""
    for value in own.tokens:
        field = context.header_tokens.get(value)
        if field is not None:
            return reason("token.shared", value[:MAX_VALUE], field, said="header")
        if context.in_links(value):
            return reason("token.shared", value[:MAX_VALUE], said="links")
    query = _as_links_do(url, own, context) if url is not None else ""
    return reason("token.shared", query[:MAX_VALUE], said="links") if query else None


def _held(own: Traits, *, shared: bool) -> Reason:
    """How much the values of a URL could hold, and where."""
    long = max(own.file_bits, own.folder_bits)
    if own.bits >= OPAQUE or long >= NO_HASH:
        return reason("token.opaque", round(max(own.bits, long)))
    if own.folder_bits >= OPAQUE:
        return _DIRECTORY
    if own.file_bits >= OPAQUE:
        return _FILE
    if own.bits > 0 or (own.folder_bits > 0 and not own.filler):
        return _NUMBERS
    if own.folder_bits > 0:
        return _SHORT
    if own.signed:
        return _SIGNED
    return _NUMBERS if shared else _NONE


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
