"""The standard library's reading of a message, to compare with ours."""

from __future__ import annotations

import binascii
import email
from email.message import Message
from typing import NamedTuple

from blocker.message.mime import read_structure
from blocker.message.transfer import decode

DELIVERY = "message/delivery-status"
"""The standard library takes it apart into blocks of fields; for us it is one leaf that nothing is read from."""


def _unread(kind: str) -> bool:
    """Leaves whose bytes are not compared: nobody reads a multipart that has no parts."""
    return kind == DELIVERY or kind.startswith("multipart/")


def is_sound(encoding: str, body: bytes) -> bool:
    """Whether the standard library and we decode alike: base64 has nothing behind its padding, and nothing amid its letters.

    Else that library stops there, or gives the body as it is; mail programs go on.
    """
    joined = b"".join(body.splitlines())
    try:
        binascii.a2b_base64(joined + b"=" * (-len(joined) % 4), strict_mode=True)
    except binascii.Error:
        return encoding != "base64"
    return True


class Leaf(NamedTuple):
    """A leaf part: its type, and its bytes without transfer encoding."""

    kind: str
    data: bytes


def standard_leaves(raw: bytes) -> list[Leaf]:
    """The leaves as the standard library's parser tells them."""
    return list(_walk(email.message_from_bytes(raw)))


def _walk(part: Message) -> list[Leaf]:
    kind = part.get_content_type().split(None, 1)[
        0
    ]  # where a semicolon is missing, we end the type at white space
    if kind == DELIVERY:
        return [Leaf(kind, b"")]
    payload = part.get_payload()
    if isinstance(payload, list):
        return [leaf for child in payload if isinstance(child, Message) for leaf in _walk(child)]
    data = part.get_payload(decode=True)
    body = str(payload).encode("utf-8", "surrogateescape")
    unsound = not is_sound(str(part.get("content-transfer-encoding", "")).strip().lower(), body)
    return [Leaf(kind, b"" if _unread(kind) or unsound or not isinstance(data, bytes) else data)]


def our_leaves(raw: bytes) -> list[Leaf]:
    """The leaves as we tell them."""
    return [
        Leaf(
            kind,
            b""
            if _unread(kind) or not is_sound(part.encoding, part.body)
            else decode(part.encoding, part.body),
        )
        for part in read_structure(raw).parts
        for kind in (part.content_type,)
    ]
