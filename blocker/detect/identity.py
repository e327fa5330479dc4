"""Evidence from identity: the recipient's own address in the URL, plain or in one of its disguises."""

from __future__ import annotations

import base64
import binascii
import codecs
import hashlib
import re
import zlib
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from blocker.detect.context import Context
from blocker.detect.report import Reason
from blocker.detect.weights import reason
from blocker.message.references import Reference

MAX_TEXT = 8192
"""Characters of a URL that are searched."""
MAX_DECODED = 24
"""Encoded values of one URL that are opened."""
MAX_LAYERS = 3

_DIGESTS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
_HEX = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{128}|[0-9a-f]{96}|[0-9a-f]{64}|[0-9a-f]{56}|[0-9a-f]{40}|[0-9a-f]{32}|[0-9a-f]{8})(?![0-9a-f])")
_HEX_TEXT = re.compile(r"(?:[0-9a-fA-F]{2}){8,}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{10,}")
_ADDRESS = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9][A-Za-z0-9._+-]{0,63}@((?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,18})(?![A-Za-z0-9.-])")
_NUMBER = re.compile(r"(?<![0-9])[0-9]{8,10}(?![0-9])")


class Found(NamedTuple):
    """The address, found in a URL."""

    what: str
    """`address`, `digest`, or `other` (some address, but none known to be the recipient's)."""
    form: str
    """In words, such as `base64` or `MD5 of the address in lower case`."""


class Forms(NamedTuple):
    """The disguises of one address."""

    address: str
    needles: tuple[tuple[str, str], ...]
    """Text to look for (lower case) and the name of the form."""
    digests: dict[str, str]
    numbers: dict[str, str]


@lru_cache(maxsize=1024)
def forms(address: str) -> Forms:
    """Every form of an address that is looked for."""
    address = address.strip().lower()
    local, _, domain = address.partition("@")
    needles = [
        (address[::-1], "reversed"),
        (codecs.encode(address, "rot13"), "rot13"),
        (address.encode().hex(), "hexadecimal"),
    ]
    for separator, name in (("=", "with = for @"), ("_at_", "with _at_ for @"), ("%", "with % for @")):
        needles.append((f"{local}{separator}{domain}", name))
    digests: dict[str, str] = {}
    numbers: dict[str, str] = {}
    for text, label in _variants(address, local, domain):
        data = text.encode("utf-8", "replace")
        for name in _DIGESTS:
            digests.setdefault(hashlib.new(name, data, usedforsecurity=False).hexdigest(), f"{name.upper()} of {label}")
        for name, value in (("CRC-32", zlib.crc32(data)), ("Adler-32", zlib.adler32(data))):
            if label == "the address":
                digests.setdefault(f"{value:08x}", f"{name} of {label}")
                numbers.setdefault(str(value), f"{name} of {label}, as a number")
    return Forms(address, tuple(needles), digests, numbers)


def _variants(address: str, local: str, domain: str) -> Iterator[tuple[str, str]]:
    yield address, "the address"
    yield address.upper(), "the address in upper case"
    yield address.capitalize(), "the address, capitalised"
    if len(local) >= 3:
        yield local, "the local part"
    if domain:
        yield domain, "the domain"


def find(text: str, address: str) -> Found | None:
    """The strongest form of an address in a URL."""
    if len(address) < 5 or "@" not in address:
        return None
    looked_for = forms(address)
    text = text[:MAX_TEXT]
    return _search(text, looked_for, 0, "", [MAX_DECODED])


def _search(text: str, looked_for: Forms, layer: int, wrapped: str, budget: list[int]) -> Found | None:
    plain = unquote(text) if "%" in text else text
    lowered = plain.lower()
    if _stands_alone(lowered, looked_for.address):
        return Found("address", wrapped + ("percent-encoded" if plain is not text and "%40" in text else "as it is"))
    if "%" in plain:
        again = unquote(plain).lower()
        if again != lowered and _stands_alone(again, looked_for.address):
            return Found("address", wrapped + "percent-encoded twice")
    for needle, name in looked_for.needles:
        if _stands_alone(lowered, needle):
            return Found("address", wrapped + name)
    for match in _HEX.finditer(lowered):
        label = looked_for.digests.get(match.group())
        if label is not None and len(match.group()) > 8:
            return Found("digest", wrapped + label)
    if layer < MAX_LAYERS:
        for inner, name in _opened(plain, budget):
            found = _search(inner, looked_for, layer + 1, f"{wrapped}{name}, then ", budget)
            if found is not None:
                form = found.form.removesuffix(", then as it is")
                return Found(found.what, form)
        found = _binary_digest(plain, looked_for)
        if found is not None:
            return found
    return None


def _stands_alone(text: str, needle: str) -> bool:
    """Whether `needle` stands in `text` and is not the tail of a longer word."""
    at = text.find(needle)
    while at >= 0:
        if at == 0 or not text[at - 1].isalnum():
            return True
        at = text.find(needle, at + 1)
    return False


def _opened(text: str, budget: list[int]) -> Iterator[tuple[str, str]]:
    """Readable text inside base64 and hexadecimal values, at each of base64's three alignments."""
    for match in _BASE64.finditer(text):
        value = match.group()
        if budget[0] <= 0 or not _mixed(value):
            continue
        budget[0] -= 1
        standard = value.replace("-", "+").replace("_", "/")
        for shift in range(4):
            piece = standard[shift : shift + (len(standard) - shift) // 4 * 4]
            rest = standard[shift + len(piece) :]
            if len(rest) > 1:
                piece += rest + "=" * (4 - len(rest))
            try:
                data = base64.b64decode(piece)
            except binascii.Error:
                continue
            if b"@" in data or _looks_encoded(data):
                yield data.decode("latin-1"), "base64"
    for match in _HEX_TEXT.finditer(text):
        if budget[0] > 0:
            budget[0] -= 1
            data = bytes.fromhex(match.group())
            if b"@" in data or _looks_encoded(data):
                yield data.decode("latin-1"), "hexadecimal"


def _mixed(value: str) -> bool:
    return not value.isdigit() and not (value.islower() and value.isalpha())


def _looks_encoded(data: bytes) -> bool:
    """Whether decoded bytes are text again and so worth opening."""
    return len(data) >= 12 and data.isascii() and all(31 < byte < 127 for byte in data)


def _binary_digest(text: str, looked_for: Forms) -> Found | None:
    """A digest written in base64 instead of hexadecimal."""
    for match in _BASE64.finditer(text):
        value = match.group()
        if len(value) in (22, 27, 38, 43, 64, 86):
            padded = value.replace("-", "+").replace("_", "/") + "=" * (-len(value) % 4)
            try:
                label = looked_for.digests.get(base64.b64decode(padded).hex())
            except binascii.Error:
                continue
            if label is not None:
                return Found("digest", f"{label}, in base64")
    return None


def evidence(reference: Reference, context: Context) -> Iterator[Reason]:
    """Reasons from the recipients' addresses."""
    text = reference.raw
    for address in context.recipients:
        found = find(text, address)
        if found is not None:
            yield reason(f"identity.{found.what}", f"the recipient's address stands in the URL, {found.form}")
            return
    form = some_address(text, context.sender_domain)
    if form is not None:
        yield reason("identity.other", f"an e-mail address stands in the URL, {form}")


def some_address(text: str, sender_domain: str) -> str | None:
    """The form of any e-mail address in a URL that is not of the sender's own domain.

    A list may know its reader under an address that stands nowhere in the message.
    """
    plain = unquote(text[:MAX_TEXT])
    if _is_foreign(plain, sender_domain):
        return "as it is"
    for inner, name in _opened(plain, [MAX_DECODED]):
        if _is_foreign(inner, sender_domain):
            return name
    return None


def _is_foreign(text: str, sender_domain: str) -> bool:
    for match in _ADDRESS.finditer(text):
        domain = match.group(1).lower()
        if not (sender_domain and (domain == sender_domain or domain.endswith("." + sender_domain))):
            return True
    return False
