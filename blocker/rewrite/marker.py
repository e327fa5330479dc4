"""The `X-Unpixel` field: what was done to a message, and how to undo it.

One field, put before all others (after an mbox `From ` line), folded at 76 characters:

    X-Unpixel: v=1; level=standard; pixel=1; patch=eNp…; from=…; to=…; mac=…

`from` and `to` are the SHA-256 digests (base64url) of the original and of the neutralised message;
both, and the patch's offsets, count from the end of this field, so that trace fields which others
put before it do no harm. `mac` is an HMAC-SHA-256 with the installation's key over all that stands
before it, white space left out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from blocker.message.headers import MAX_HEADER_BYTES, Headers, read_headers

NAME = "X-Unpixel"
_LOWER = NAME.lower()
VERSION = "1"
ELSEWHERE = "catalogue"
"""In place of a patch that is too large for a header."""
MAX_FIELD = 64 << 10
"""Octets of a field that are read."""
_FOLD = 76


@dataclass(frozen=True, slots=True)
class Marker:
    """What an X-Unpixel field says, and whether it can be believed."""

    level: str
    counts: Mapping[str, int]
    sha256: str
    """Hexadecimal digest of the original, from the field's end on."""
    patch: bytes | None
    """Packed; None where it is kept in the catalogue."""
    start: int
    end: int
    """Span of the field in the message."""
    intact: bool
    """The message is, byte for byte, the one that was neutralised."""
    signed: bool
    """The HMAC holds under the given key."""
    keyed: bool
    """Whether a key was given to check it with."""

    @property
    def valid(self) -> bool:
        """Whether this is our own, unchanged work (without a key: whether it could be)."""
        return self.intact and (self.signed or not self.keyed)


def field(
    level: str,
    counts: Mapping[str, int],
    patch: bytes | None,
    original: bytes,
    neutralised: bytes,
    key: bytes | None,
    newline: bytes,
) -> bytes:
    """The whole field with its line end; `original` and `neutralised` are what follows it."""
    values = [("v", VERSION), ("level", level), *((name, str(n)) for name, n in counts.items() if n)]
    values.append(("patch", _text(patch) if patch is not None else ELSEWHERE))
    values.append(("from", _text(hashlib.sha256(original).digest())))
    values.append(("to", _text(hashlib.sha256(neutralised).digest())))
    words = [f"{name}={value};" for name, value in values]
    if key is not None:
        mac = hmac.new(key, "".join(words).encode(), hashlib.sha256).digest()
        words.append(f"mac={_text(mac)}")
    return _folded(words, newline)


def _folded(words: list[str], newline: bytes) -> bytes:
    lines = [f"{NAME}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) <= _FOLD:
            lines[-1] += " " + word
            continue
        while len(word) > _FOLD - 1:
            lines.append(" " + word[: _FOLD - 1])
            word = word[_FOLD - 1 :]
        lines.append(" " + word)
    return newline.join(line.encode("ascii") for line in lines) + newline


def digest(raw: bytes) -> str:
    """Hexadecimal SHA-256 of a neutralised message from the end of its field on; empty where it has none."""
    found = read(raw)
    return "" if found is None else hashlib.sha256(memoryview(raw)[found.end :]).hexdigest()


def read(raw: bytes, key: bytes | None = None) -> Marker | None:
    """The message's marker: the first that is valid, else the first readable one; None where there is none."""
    if NAME.lower().encode() not in raw[:MAX_HEADER_BYTES].lower():
        return None
    first: Marker | None = None
    for found in markers(read_headers(raw, 0, len(raw)), key):
        if found.valid:
            return found
        first = first or found
    return first


def markers(headers: Headers, key: bytes | None) -> Iterator[Marker]:
    """Every readable X-Unpixel field of a header section, in order."""
    raw = headers.raw
    seen = 0
    for item in headers:
        if item.name != _LOWER or item.end - item.start > MAX_FIELD:
            continue
        seen += 1
        if seen > 4:
            return
        found = _parse(raw, item.start, item.value_start, item.end, key)
        if found is not None:
            yield found


def _parse(raw: bytes, start: int, value_start: int, end: int, key: bytes | None) -> Marker | None:
    text = b"".join(raw[value_start:end].split())
    body, separator, mac = text.rpartition(b"mac=")
    if not separator:
        body, mac = text, b""
    values = dict(word.partition(b"=")[::2] for word in body.split(b";") if word)
    try:
        if values[b"v"] != VERSION.encode():
            return None
        original, present = _bytes(values[b"from"]), _bytes(values[b"to"])
        patch = None if values[b"patch"] == ELSEWHERE.encode() else _bytes(values[b"patch"])
        counts = {
            name.decode("ascii"): int(value)
            for name, value in values.items()
            if name not in (b"v", b"level", b"patch", b"from", b"to")
        }
        level = values[b"level"].decode("ascii")
        claimed = _bytes(mac)
    except (KeyError, ValueError):
        return None
    signed = key is not None and hmac.compare_digest(hmac.new(key, body, hashlib.sha256).digest(), claimed)
    return Marker(
        level=level,
        counts=counts,
        sha256=original.hex(),
        patch=patch,
        start=start,
        end=end,
        intact=hmac.compare_digest(hashlib.sha256(memoryview(raw)[end:]).digest(), present),
        signed=signed,
        keyed=key is not None,
    )


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _bytes(text: bytes) -> bytes:
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
