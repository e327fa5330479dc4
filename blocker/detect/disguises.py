"""An address in a URL, plain or in one of its disguises."""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import islice
from string import ascii_letters
from typing import Any, NamedTuple
from urllib.parse import unquote

from blocker.detect.allowance import SEARCH_STEPS, Allowance
from blocker.detect.checksums import checksums
from blocker.detect.reasons import Value
from blocker.detect.tokens import PICTURES

MAX_TEXT = 8192
"""Characters of a URL that are searched."""
SHORT_TEXT = 512
"""Characters that are searched where the message's allowance is used up."""
MAX_DECODED = 24
"""Encoded values of one URL that are opened."""
MAX_LAYERS = 3

_PLAIN: Value = ("plain",)
_HEXADECIMAL: Value = ("hexadecimal",)
_BASE64_FORM: Value = ("base64",)


_Digest = tuple[str, Value]
"""Name of a digest, and the term for what it is one of."""
_Digests = tuple[tuple[str, Callable[..., Any]], ...]
"""Names of digests in capitals, each with what makes one."""


def _available(names: Sequence[str]) -> dict[int, _Digests]:
    """The digests that this platform's OpenSSL still offers, by their hexadecimal digits."""
    found: dict[int, _Digests] = {}
    for name in names:
        construct = getattr(hashlib, name, None) or partial(hashlib.new, name)
        try:
            digits = 2 * construct(b"", usedforsecurity=False).digest_size
        except ValueError:
            continue
        found[digits] = (*found.get(digits, ()), (name.upper(), construct))
    return found


_DIGESTS = _available(("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "ripemd160"))
_WORD = re.compile(r"[0-9a-z]{6,}")
"""A value as a whole: a checksum of 32 bits stands alone, a digest perhaps amid other letters."""
_SHORTEST_HEX = 32
_CHECKSUM = 8
"""Hexadecimal digits of a checksum."""
_LONGEST_NUMBER = 10
"""Decimal digits of the largest one."""
_ROT13 = str.maketrans(
    ascii_letters, ascii_letters[13:26] + ascii_letters[:13] + ascii_letters[39:] + ascii_letters[26:39]
)
_HEX_DIGITS = frozenset("0123456789abcdef")
_HEX = re.compile(r"(?<![0-9a-f])[0-9a-f]{32,128}(?![0-9a-f])")
_HEX_TEXT = re.compile(r"(?:[0-9a-fA-F]{2}){8,}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}")
_QUARTET = re.compile(r"[A-Za-z0-9+/_-]{4}")
_URL_SAFE = str.maketrans("-_", "+/")
_FROM_PLAIN = str.maketrans("+/", "-_")
_DIGEST_LENGTHS = frozenset({22, 27, 38, 43, 64, 86})
_ADDRESS = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z0-9][A-Za-z0-9._+-]{0,63}@((?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,18})(?![A-Za-z0-9.-])"
)


class Found(NamedTuple):
    """The address, found in a URL."""

    what: str
    """`address`, `digest`, or `other` (some address, but none known to be the recipient's)."""
    form: Value
    """A term of `reasons.toml`, which may hold others: what it is digested from, what it is wrapped in."""


class Forms(NamedTuple):
    """The disguises of one address."""

    needles: tuple[tuple[str, tuple[tuple[str, Value], ...]], ...]
    """The domain in a disguise, then the texts to look for where it stands (lower case), with the form."""
    base64: tuple[tuple[str, bytes], ...]
    """What the address looks like inside base64, at each of its three alignments, and the octets before that."""
    variants: tuple[tuple[str, Value], ...]
    """The texts of which digests are looked for, with what they are, the strongest first."""
    digests: dict[int, dict[str, _Digest]]
    """By hexadecimal digits, with 0 for checksums, what each digest is one of; worked out once a URL has one like it."""

    def digest(self, value: str, digits: int) -> _Digest | None:
        """Of what a value is which digest of so many digits; None where it is none."""
        found = self.digests.get(digits)
        if found is None:
            found = self.digests[digits] = _every_digest(self.variants, digits)
        return found.get(value)


class Several(NamedTuple):
    """The disguises of several addresses."""

    needles: tuple[tuple[str, tuple[tuple[str, Value], ...]], ...]
    base64: tuple[tuple[str, bytes], ...]
    capitals: bool
    """Whether each text in base64 has a capital."""
    every: tuple[Forms, ...]

    def digest(self, value: str) -> _Digest | None:
        """Of what a value, a word or hexadecimal digits, is which digest; None where it is none."""
        digits = len(value)
        if digits < _SHORTEST_HEX:
            if not _is_checksum(value):
                return None
            digits = 0
        elif digits not in _DIGESTS:
            return None
        for one in self.every:
            found = one.digest(value, digits)
            if found is not None:
                return found
        return None


def _is_checksum(value: str) -> bool:
    """Whether a word of small letters and digits is a number of 32 bits, or eight hexadecimal digits."""
    size = len(value)
    if size <= _LONGEST_NUMBER and value.isdigit():
        return True
    return size == _CHECKSUM and _HEX_DIGITS.issuperset(value)


@lru_cache(maxsize=1024)
def forms(address: str) -> Forms:
    """Every form of an address that is looked for."""
    address = address.strip().lower()
    local, _, domain = address.partition("@")
    plain = (
        (address, _PLAIN),
        (f"{local}={domain}", ("equals",)),
        (f"{local}_at_{domain}", ("at",)),
    )
    needles = (
        (domain, plain),
        (domain[::-1], ((address[::-1], ("reversed",)),)),
        (domain.translate(_ROT13), ((address.translate(_ROT13), ("rot13",)),)),
        (
            domain.encode("utf-8", "replace").hex(),
            ((address.encode("utf-8", "replace").hex(), _HEXADECIMAL),),
        ),
    )
    cores = {core for text in (address, address.upper()) for core in _cores(text)}
    return Forms(needles, tuple(sorted(cores)), tuple(_variants(address, local, domain)), {})


def _every_digest(variants: Sequence[tuple[str, Value]], digits: int) -> dict[str, _Digest]:
    """Each digest of so many digits, or with 0 each checksum, of some texts."""
    found: dict[str, _Digest] = {}
    for text, what in reversed(variants):
        found |= _digests(text, what, digits)
    return found


@lru_cache(maxsize=2048)
def _digests(text: str, what: Value, digits: int) -> dict[str, _Digest]:
    """The same for one text; readers share their domains."""
    data = text.encode("utf-8", "replace")
    if not digits:
        return {value: (name, what) for value, name in checksums(data)}
    return {
        construct(data, usedforsecurity=False).hexdigest(): (name, what)
        for name, construct in _DIGESTS[digits]
    }


def _cores(text: str) -> Iterator[tuple[str, bytes]]:
    """The characters that a text surely gives inside base64, whatever stands around it."""
    data = text.encode("utf-8", "replace")
    for skipped in range(3):
        end = len(data) - (len(data) - skipped) % 3
        core = binascii.b2a_base64(data[skipped:end], newline=False).decode("ascii")
        if len(core) >= 8:
            yield core, data[:skipped]
            if "+" in core or "/" in core:
                yield core.translate(_FROM_PLAIN), data[:skipped]


def _variants(address: str, local: str, domain: str) -> Iterator[tuple[str, Value]]:
    yield address, ("address",)
    yield address.upper(), ("address-in-capitals",)
    yield address.capitalize(), ("address-capitalised",)
    if len(local) >= 3:
        yield local, ("local-part",)
    if domain:
        yield domain, ("domain",)


def find(
    text: str, addresses: Sequence[str], sender_domain: str = "", allowance: Allowance | None = None
) -> Found | None:
    """The strongest form of an address in a URL; None where there is none.

    `allowance` bounds the work over all URLs of a message: once it is used up, only the first
    characters of each URL are looked at, as they stand.
    """
    addresses = tuple(addresses)
    if len(text) <= SHORT_TEXT:
        found, steps = _find_in_short(text, addresses, sender_domain)
        if allowance is None or (allowance.left >= steps and allowance.take(steps)):
            return found
    return _find(text, addresses, sender_domain, Allowance(SEARCH_STEPS) if allowance is None else allowance)


@lru_cache(maxsize=4096)
def _find_in_short(text: str, addresses: tuple[str, ...], sender_domain: str) -> tuple[Found | None, int]:
    """The same, and the steps it took: a sender's pictures come with each of his mails."""
    allowance = Allowance(SEARCH_STEPS)
    found = _find(text, addresses, sender_domain, allowance)
    return found, SEARCH_STEPS - allowance.left


def _find(text: str, addresses: tuple[str, ...], sender_domain: str, allowance: Allowance) -> Found | None:
    looked_for = _together(addresses)
    cost = 8 + len(looked_for.needles) + len(looked_for.base64)
    other: Found | None = None
    for plain, wrapped, values in _layers(text):
        if not allowance.take(len(plain) * cost):
            if wrapped:
                break
            plain = plain[:SHORT_TEXT]
        found = _known(plain, values, looked_for)
        if found is not None:
            return Found(found.what, _wrapped(wrapped, found.form))
        if other is None and "@" in plain and _is_foreign(plain, sender_domain):
            other = Found("other", _wrapped(wrapped, _PLAIN))
    return other


def _wrapped(wrapped: tuple[Value, ...], form: Value) -> Value:
    """The form within what it is wrapped in, outermost disguise first."""
    if form == _PLAIN and wrapped:
        wrapped, form = wrapped[:-1], wrapped[-1]
    for outer in reversed(wrapped):
        form = ("layer", outer, form)
    return form


def _layers(text: str) -> Iterator[tuple[str, tuple[Value, ...], list[str]]]:
    """The text itself, then what stands inside its encoded values, layer by layer, bounded.

    With each what it is wrapped in, outermost first, and its values that may be encoded.
    """
    queue: list[tuple[str, tuple[Value, ...]]] = [(text, ())]
    opened = 0
    while queue:
        current, wrapped = queue.pop(0)
        values = _BASE64.findall(current)
        yield current, wrapped, values
        if len(wrapped) >= MAX_LAYERS:
            continue
        if "%" in current:
            inner = unquote(current)
            if inner != current:
                queue.append((inner, (*wrapped, ("percent",))))
                continue
        if opened >= MAX_DECODED:
            continue
        for inner, form in islice(_opened(values), MAX_DECODED - opened):
            opened += 1
            queue.append((inner, (*wrapped, form)))


@lru_cache(maxsize=256)
def _together(addresses: tuple[str, ...]) -> Several:
    """The forms of several addresses as one."""
    every = tuple(forms(address) for address in addresses if len(address) >= 5)
    needles: dict[str, tuple[tuple[str, Value], ...]] = {}
    for one in every:
        for domain, disguises in one.needles:
            needles[domain] = (*needles.get(domain, ()), *disguises)
    cores = tuple(dict.fromkeys(core for one in every for core in one.base64))
    return Several(tuple(needles.items()), cores, all(core != core.lower() for core, _ in cores), every)


def _known(plain: str, values: Sequence[str], looked_for: Several) -> Found | None:
    lowered = plain.lower()
    for domain, disguises in looked_for.needles:
        if domain in lowered:
            for needle, form in disguises:
                if _stands_alone(lowered, needle):
                    return Found("address", form)
    if plain != lowered or not looked_for.capitals:
        for core, head in looked_for.base64:
            if core in plain and _begins(plain, core, head):
                return Found("address", _BASE64_FORM)
    for word in _WORD.findall(lowered):
        size = len(word)
        if size < _SHORTEST_HEX and (size > _LONGEST_NUMBER or (size != _CHECKSUM and not word.isdigit())):
            continue  # no checksum, as nearly all words
        for value in (word,) if size < _SHORTEST_HEX else _HEX.findall(word):
            digest = looked_for.digest(value)
            if digest is not None:
                return Found("digest", ("digest", *digest))
    for value in values:
        if len(value) in _DIGEST_LENGTHS:
            digest = looked_for.digest(_base64_hex(value))
            if digest is not None:
                return Found("digest", ("digest-in-base64", *digest))
    return None


def _begins(text: str, core: str, head: bytes) -> bool:
    """Whether the octets before a core in base64 are those of the address, and none of a longer word."""
    at = text.find(core)
    while at >= 0:
        before = _decoded(text[at - 4 : at]) if at >= 4 else b""
        if before.endswith(head) and not _is_word(before[: len(before) - len(head)]):
            return True
        at = text.find(core, at + 1)
    return False


def _is_word(before: bytes) -> bool:
    """Whether a text goes on after these octets; chance gives such ones to few values that are no text."""
    return before[-1:].isalnum() and before.isascii() and before.decode("ascii").isprintable()


def _decoded(four: str) -> bytes:
    """What four characters of base64 stand for; nothing where they are not of its alphabet."""
    if not _QUARTET.fullmatch(four):
        return b""
    return binascii.a2b_base64(four.translate(_URL_SAFE))


def _base64_hex(value: str) -> str:
    try:
        return binascii.a2b_base64(value.translate(_URL_SAFE) + "=" * (-len(value) % 4)).hex()
    except binascii.Error:
        return ""


def _stands_alone(text: str, needle: str) -> bool:
    """Whether `needle` stands in `text` and is not the tail of a longer word."""
    at = text.find(needle)
    while at >= 0:
        if at == 0 or not text[at - 1].isalnum():
            return True
        at = text.find(needle, at + 1)
    return False


def _opened(values: Sequence[str]) -> Iterator[tuple[str, Value]]:
    """Readable text inside base64 and hexadecimal values."""
    for value in _pieces(values):
        size, tail = len(value), value[1:]
        if size >= 16 and size % 2 == 0 and _HEX_TEXT.fullmatch(value):
            data, form = bytes.fromhex(value), _HEXADECIMAL
        elif tail == tail.lower():
            continue  # words of a path: text in base64 has capitals
        else:
            whole = value if size % 4 != 1 else value[:-1]
            try:
                data = binascii.a2b_base64(whole.translate(_URL_SAFE) + "=" * (-len(whole) % 4))
                form = _BASE64_FORM
            except binascii.Error:
                continue
        if b"@" in data or (len(data) >= 12 and data.isascii() and data.decode("ascii").isprintable()):
            yield data.decode("latin-1"), form


def _pieces(values: Sequence[str]) -> Sequence[str]:
    """Values that may be encoded: a slash is both a folder's end and a character of base64."""
    found = []
    for value in values:
        found.append(value)
        if "/" in value:
            found += [piece for piece in value.split("/") if len(piece) >= 12]
    return found


def _is_foreign(text: str, sender_domain: str) -> bool:
    """Whether an address stands in the text that is not of the sender's own domain.

    `logo@2x.png` is a picture for fine screens.
    """
    for match in _ADDRESS.finditer(text):
        domain = match.group(1).lower()
        own = sender_domain and (domain == sender_domain or domain.endswith("." + sender_domain))
        if not own and domain.rpartition(".")[2] not in PICTURES:
            return True
    return False
