"""A second opinion on a rewrite, by parsers that had no part in it.

The standard library takes the message apart, lexbor (through selectolax) its HTML. Both messages
must have the same header fields but for ours and the receipts', the same leaf parts, and node for
node the same HTML, except that a value which named a neutralised address no longer does.
"""

from __future__ import annotations

import email
import re
from collections.abc import Collection, Iterator
from email.message import Message
from html import unescape
from itertools import zip_longest

import turbohtml
from selectolax.lexbor import LexborHTMLParser, LexborNode

from blocker.message.read import RECEIPT_HEADERS
from blocker.message.urls import clean
from blocker.rewrite import layers, marker, plain, xmlcheck
from blocker.rewrite.addresses import Addresses

_OTHERS = frozenset({*RECEIPT_HEADERS, marker.NAME.lower()})
"""Fields that come or go."""
_MOST = 2000
"""Elements inside each other, and attributes of one element, up to which lexbor is fast."""
_MOST_ENCODED = 8
"""Encoded messages inside each other that are decoded."""
_MOST_FIELD = 16 << 10
"""Octets of a Content- field up to which the standard library, whose time is quadratic in its parameters, is fast."""
_MIME_FIELD = re.compile(rb"(?:\A|[\r\n])content-[^\r\n]*(?:(?:\r\n|\r|\n)[ \t][^\r\n]*)*", re.IGNORECASE)
_TAG = re.compile("<(/?)([a-zA-Z]+)")
_VOID = frozenset(
    {
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "p",
        "source",
        "track",
        "wbr",
    }
)
HTML = frozenset({"text/html", "application/xhtml+xml", "text/x-amp-html", "image/svg+xml"})


def disagreement(before: bytes, after: bytes, gone: Collection[str]) -> str | None:
    """What differs beyond what was meant, in words; None where all is well.

    `before` and `after` are whole messages, `gone` the values (as written, character references
    decoded) of the neutralised references. What our reader took otherwise than the standard library does is compared
    as it reads with the usual words.
    """
    why = _difference(before, after, gone)
    if why is None:
        return None
    old, new = plain.plain(before, after, _is_known)
    return why if (old, new) == (before, after) else _difference(old, new, gone)


def _difference(before: bytes, after: bytes, gone: Collection[str]) -> str | None:
    old = parsed(before)
    if old is None:
        return None
    new = parsed(after)
    if new is None:
        return "another parser cannot read it any more"
    if fields(old) != fields(new):
        return "another parser sees other header fields"
    old_leaves, new_leaves = list(leaves(old)), list(leaves(new))
    if [leaf.get_content_type() for leaf in old_leaves] != [leaf.get_content_type() for leaf in new_leaves]:
        return "another parser sees other parts"
    addresses = Addresses(gone)
    for first, second in zip(old_leaves, new_leaves, strict=True):
        if fields(first) != fields(second):
            return "another parser sees other header fields"
        old_body, new_body = body(first), body(second)
        if old_body == new_body:
            continue
        markup, changed = _decoded(first, old_body), _decoded(second, new_body)
        if _is_plain(first) and layers.same_but_for(markup, changed, addresses):
            continue
        if xmlcheck.is_xml(first):
            agreed = xmlcheck.agrees(markup, changed, lambda was, now: meant(was, now, addresses))
            if agreed is not None:
                if agreed:
                    continue
                return "another parser sees a change that was not meant"
        if not is_html(first):
            return "another parser sees a change outside the HTML"
        why = None if costly(markup) else _compare(markup, changed, addresses)
        if why is not None:
            return why
    return None


def parsed(raw: bytes) -> Message | None:
    """The message as the standard library reads it; None where it fails on parameters that contradict RFC 2231, or
    would take long over a field.

    A sender must not be able to keep his pixel by such a field: where the original cannot be read, there is no second opinion.
    """
    if laborious(raw):
        return None
    try:
        message = email.message_from_bytes(raw)
        for part in message.walk():
            part.get_content_charset()
            part.get_filename()
    except (LookupError, TypeError, ValueError):
        return None
    return message


def laborious(raw: bytes) -> bool:
    """Whether the standard library would take long over a field that says how a part is read."""
    if len(raw) <= _MOST_FIELD:
        return False
    return any(found.end() - found.start() > _MOST_FIELD for found in _MIME_FIELD.finditer(raw))


def fields(message: Message) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in message.raw_items() if name.lower() not in _OTHERS]


def leaves(message: Message, encoded: int = 0) -> Iterator[Message]:
    """The leaf parts, those of attached messages too; `encoded` is in how many encoded ones this stands."""
    inner = layers.enclosed(message) if encoded < _MOST_ENCODED else None
    if inner is not None:
        yield from leaves(inner, encoded + 1)
    elif (
        message.is_multipart()
    ):  # of a leaf, get_payload would decode by a charset that may be no name at all
        for child in message.get_payload():
            if isinstance(child, Message):
                yield from leaves(child, encoded)
    else:
        yield message


def body(part: Message) -> bytes:
    body = part.get_payload(decode=True)
    return body if isinstance(body, bytes) else b""


def is_html(part: Message) -> bool:
    if part.get_content_type() in HTML:
        return True
    return (
        (part.get_filename() or "")
        .lower()
        .endswith((".html", ".htm", ".shtml", ".shtm", ".hta", ".xhtml", ".svg"))
    )


def _is_known(part: Message) -> bool:
    return is_html(part) or _is_plain(part) or xmlcheck.is_xml(part)


def _is_plain(part: Message) -> bool:
    """Whether a part is a style sheet or a calendar."""
    name = (part.get_filename() or "").lower()
    return part.get_content_type() in layers.TYPES or name.endswith(layers.NAMES)


def _decoded(part: Message, body: bytes) -> str:
    try:
        return body.decode(part.get_content_charset() or "utf-8", "replace")
    except (LookupError, ValueError):  # ValueError: a codec that is no charset
        return body.decode("utf-8", "replace")


def costly(markup: str) -> bool:
    """Whether lexbor, whose time is quadratic in depth and in attributes, would take seconds.

    Nobody writes such markup but to keep programs like this one busy: it gets no second opinion.
    """
    if markup.count("<") - markup.count("</") <= _MOST and not _long_tag(markup):
        return False
    depth = deepest = 0
    for match in _TAG.finditer(markup):
        closing, name = match.groups()
        if closing:
            depth = max(depth - 1, 0)
        elif name.lower() not in _VOID:
            depth += 1
            deepest = max(deepest, depth)
    tags = turbohtml.tokenize(markup)
    return deepest > _MOST or any(token.attrs and len(token.attrs) > _MOST for token in tags)


def _long_tag(markup: str) -> bool:
    """Whether a tag may be long enough to hold `_MOST` attributes: no `>` in as many times three characters."""
    step = 3 * _MOST
    return any(markup.find(">", at, at + step) < 0 for at in range(0, len(markup) - step, step))


def _compare(before: str, after: str, gone: Addresses) -> str | None:
    for first, second in zip_longest(_nodes(before), _nodes(after)):
        if first == second:
            continue
        if first is None or second is None:
            return "another parser sees more or fewer elements"
        tag, attributes, text = first
        if tag != second[0] or attributes.keys() != second[1].keys():
            return "another parser sees another structure"
        pairs = [(attributes[name], second[1][name]) for name in attributes] + [(text, second[2])]
        for was, now in pairs:
            if was != now and not meant(was or "", now or "", gone):
                return "another parser sees a change that was not meant"
    return None


def meant(was: str, now: str, gone: Addresses) -> bool:
    """Whether a value named a neutralised address, and is none any more."""
    if clean(now) in gone:
        return False
    if not was:
        return now == "data:,"  # an empty value that named the base
    return gone.named_in(was) or _escaped(was) or any(map(gone.named_in, layers.layers(was)))


def unescaped(value: str) -> str:
    try:
        return unescape(value)
    except ValueError:  # a character reference of thousands of digits
        return value


def _escaped(was: str) -> bool:
    """CSS escapes and white space inside an address hide it from a plain search."""
    return "\\" in was or any(character in was for character in "\t\r\n")


def _nodes(markup: str) -> Iterator[tuple[str, dict[str, str | None], str]]:
    root = LexborHTMLParser(markup).root
    if root is None:
        return
    for node in root.traverse(include_text=True):
        yield node.tag or "", dict(node.attributes), _own_text(node)


def _own_text(node: LexborNode) -> str:
    if node.tag == "-text":
        return node.text(deep=False)
    return (node.html or "") if node.tag == "-comment" else ""
