"""Mail that is signed by a domain of its own, and the DNS that holds its key."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from functools import cache

import dkim  # type: ignore[import-untyped,unused-ignore]
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from blocker.sender import LookupFailed

PIXEL = "https://t.shop.example/open.gif?r=camille%40example.org&amp;m=4f2a9c"
HEAD = "From: Shop <news@shop.example>\r\nTo: camille@example.org\r\nSubject: News\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n"
BODY = f'<p>Hello</p><img src="{PIXEL}" width="1" height="1" alt="">\r\n'
MAIL = (HEAD + "\r\n" + BODY).encode()


@cache
def key() -> rsa.RSAPrivateKey:
    """One key for all tests of a process."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def record() -> bytes:
    """The TXT record of the key."""
    public = key().public_key()
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)


def signed(raw: bytes = MAIL, domain: str = "shop.example", *, length: bool = False) -> bytes:
    """The mail with a DKIM signature of `domain` in front."""
    pem = key().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    signature = dkim.sign(
        raw, b"s1", domain.encode(), pem, length=length, include_headers=[b"from", b"to", b"subject"]
    )
    return bytes(signature) + raw


@dataclass
class Names:
    """A DNS that holds one key under each of some names; it notes what it was asked."""

    domains: tuple[str, ...] = ("shop.example",)
    silent: bool = False
    asked: list[str] = field(default_factory=list)

    def __call__(self, name: str) -> bytes | None:
        self.asked.append(name)
        if self.silent:
            raise LookupFailed("the key of its DKIM signature could not be looked up")
        return record() if name.removeprefix("s1._domainkey.") in self.domains else None
