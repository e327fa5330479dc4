"""For the second opinion: what stands in a value layer within layer, and in text that is no HTML.

Nothing here is shared with the reader that finds references: it is asked whether that one was right.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error, a2b_qp
from collections.abc import Iterator
from contextlib import suppress
from email import message_from_bytes
from email.message import Message
from html import unescape
from urllib.parse import unquote

from blocker.rewrite import xmlcheck
from blocker.rewrite.addresses import Addresses

TYPES = frozenset({"text/css", "text/calendar"})
NAMES = (".css", ".ics")
"""What is read besides HTML: style sheets and calendars."""
ENCLOSED = frozenset({"message/rfc822", "message/global"})
_MOST = 32
"""Layers of one value that are looked at."""
_BASE64 = re.compile(r";[ \t\r\n]{0,9}base64[ \t\r\n]{0,9},([A-Za-z0-9+/=% \t\r\n]+)", re.IGNORECASE)
_FOLD = re.compile(r"\r?\n[ \t]")
_ESCAPE = re.compile(r"\\([,;\\])")
_BLANK = re.compile(r"\s+")
_BETWEEN = re.compile(r" ?[\"'()<>] ?| ")


def layers(value: str) -> Iterator[str]:
    """The value with character references, percent signs and base64 undone, one after the other and again."""
    seen, waiting = {value}, [value]
    while waiting and len(seen) < _MOST:
        outer = waiting.pop(0)
        for inner in _undone(outer):
            if inner not in seen:
                seen.add(inner)
                waiting.append(inner)
                yield inner


def _undone(value: str) -> Iterator[str]:
    if "<!" in value:  # XML, whose entities, comments and CDATA may part an address
        yield xmlcheck.said(value)
    if "\0" in value:  # two or four bytes a character
        yield value.replace("\0", "")
    if "&" in value:
        with suppress(ValueError):  # a character reference of thousands of digits
            yield unescape(value)
    if "%" in value:
        yield unquote(value, "latin-1")
    for match in _BASE64.finditer(value):
        with suppress(Error):
            yield _from_base64(unquote(match[1])).decode("latin-1")


def enclosed(part: Message) -> Message | None:
    """The attached message that a part holds under a transfer encoding; None where it is not encoded.

    The standard library takes it as it stands: base64 for a text without fields, quoted-printable for fields with `=3D`.
    """
    encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
    if encoding not in ("base64", "quoted-printable") or part.get_content_type() not in ENCLOSED:
        return None
    payload = part.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload else None
    try:
        text = inner.get_payload() if isinstance(inner, Message) else None
    except ValueError:  # its charset holds a character that no name does
        return None
    if not isinstance(inner, Message) or not isinstance(text, str):
        return None
    head = "".join(f"{name}: {value}\n" for name, value in inner.raw_items())
    if encoding == "base64":
        with suppress(Error):
            return None if head else message_from_bytes(_from_base64(text))
        return None
    encoded = f"{head}\n{text}".encode("ascii", "surrogateescape")
    return message_from_bytes(a2b_qp(encoded)) if "=3D" in head or "=\n" in head else None


def _from_base64(text: str) -> bytes:
    data = re.sub(r"[ \t\r\n]", "", text).rstrip("=")
    return b64decode(data + "=" * (-len(data) % 4))


def same_but_for(before: str, after: str, gone: Addresses) -> bool:
    """Whether two style sheets or calendars differ in nothing but values that named one of `gone`, and no longer do."""
    old, new = _pieces(before), _pieces(after)
    return len(old) == len(new) and all(
        was == now or (now not in gone and gone.named_in(was)) for was, now in zip(old, new, strict=True)
    )


def _pieces(text: str) -> list[str]:
    unfolded = _ESCAPE.sub(r"\1", _FOLD.sub("", text))
    return _BETWEEN.split(_BLANK.sub(" ", unfolded))
