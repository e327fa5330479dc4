"""The synthetic mail that a server is tried out with. Nobody else ever sees it; it contacts nobody."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator

from blocker.rewrite.marker import NAME

LARGEST = 16 * 1024
"""Octets; no letter is larger, whatever a server adds to it."""
FIELD = (
    NAME.encode() + b": v=1; level=standard; pixel=1; patch=eJwDAAAAAAE;\r\n"
    b" from=0000000000000000000000000000000000000000000000000000000000000000;\r\n"
    b" to=1111111111111111111111111111111111111111111111111111111111111111;\r\n"
    b" mac=22222222222222222222222222222222\r\n"
)
"""Shaped as the field of a neutralised copy."""
_TOKEN = re.compile(rb"unpixel-check-([0-9a-f]{24})")


def token(raw: bytes) -> tuple[bytes, bool] | None:
    """Which letter this is: its number, and whether it is the marked one of a pair; None for any other message.

    Read from the whole of it, as some servers rewrite header fields.
    """
    found = _TOKEN.search(raw)
    return (found[1], b"[marked]" in raw) if found else None


def plain() -> bytes:
    """A short letter, its number in its Message-ID and in its text."""
    return _letter(
        secrets.token_hex(12), "text/plain; charset=us-ascii", b"7bit", b"A test of this mail server."
    )


def marked(raw: bytes) -> bytes:
    """The same letter as its neutralised copy would be: same Message-ID and Date, our field, another text."""
    return FIELD + raw.replace(b"A test", b"[marked] A test", 1)


def samples() -> Iterator[bytes]:
    """Letters with what servers were seen to change: long lines, 8-bit text, white space at the end, odd folding."""
    number = secrets.token_hex
    yield plain()
    html = (
        b'<html><body bgcolor="#FFFFFF" ><p>Bonjour, \xc3\xa9t\xc3\xa9\r\n</P>'
        + b"<td >x" * 140
        + b"</body></html>  "
    )
    yield _letter(number(12), "text/html; charset=utf-8", b"8bit", html)
    quoted = b"Caf=C3=A9 =\r\nau lait=20\r\n.\r\nFrom here =3D there\r\n\r\n\r\n"
    yield _letter(number(12), 'TEXT/plain;\r\n\tcharset="utf-8"', b"quoted-printable", quoted)
    parts = (
        b"preamble\r\n--=_a\r\nContent-Type: text/plain\r\n\r\nplain\r\n--=_a\r\n"
        b"Content-Type: text/html\r\n\r\n<p>html</p>\r\n--=_a--\r\nepilogue"
    )
    yield _letter(number(12), 'multipart/alternative; boundary="=_a"', b"7bit", parts)


def _letter(number: str, kind: str, encoding: bytes, body: bytes) -> bytes:
    return (
        b"Received: from check (localhost [127.0.0.1])\r\n\tby check; Thu, 29 Feb 2024 13:37:11 +0000\r\n"
        b"From: Unpixel check <check@unpixel.invalid>\r\nTo: you@unpixel.invalid\r\n"
        b"Subject: =?utf-8?q?A_check_of_this_server?= unpixel-check-" + number.encode() + b"\r\n"
        b"Date: Thu, 29 Feb 2024 13:37:11 +0000\r\n"
        b"Message-ID: <unpixel-check-" + number.encode() + b"@unpixel.invalid>\r\nX-Odd:  two spaces \r\n"
        b"MIME-Version: 1.0\r\nContent-Type: " + kind.encode() + b"\r\n"
        b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n" + body + b"\r\n"
    )
