"""The reader's address is found in every disguise that trackers were seen to use, and in nothing that is not it."""

from __future__ import annotations

import base64
import codecs
import hashlib
import json
import zlib
from collections.abc import Callable
from urllib.parse import quote

import pytest

import blocker
from blocker.detect.allowance import Allowance
from blocker.detect.checksums import murmur2, murmur3
from blocker.detect.disguises import MAX_DECODED, MAX_LAYERS, MAX_TEXT, SHORT_TEXT, find
from blocker.detect.marks import LEAKS
from blocker.detect.reasons import marked, phrase

ADDRESS = "camille.roux@example.org"
OTHERS = ("someone.else@example.net",)
DIGESTS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")


def b64(data: str | bytes) -> str:
    """Plain base64 without padding."""
    raw = data.encode() if isinstance(data, str) else data
    return base64.b64encode(raw).decode().rstrip("=")


def url64(data: str | bytes) -> str:
    """URL-safe base64 without padding."""
    return b64(data).replace("+", "-").replace("/", "_")


def url(value: str) -> str:
    """A URL that carries a value."""
    return f"https://t.sender.example/o?d={value}&n=7"


def digest(name: str, text: str = ADDRESS) -> str:
    """In hexadecimal."""
    return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()


FORMS: dict[str, tuple[str, str]] = {
    "plain": (ADDRESS, "as it is"),
    "upper case": (ADDRESS.upper(), "as it is"),
    "percent": (quote(ADDRESS, safe=""), "percent-encoded"),
    "percent twice": (quote(quote(ADDRESS, safe=""), safe=""), "percent-encoded"),
    "= for @": (ADDRESS.replace("@", "="), "with = for @"),
    "_at_ for @": (ADDRESS.replace("@", "_at_"), "with _at_ for @"),
    "reversed": (ADDRESS[::-1], "reversed"),
    "rot13": (codecs.encode(ADDRESS, "rot13"), "rot13"),
    "hexadecimal": (ADDRESS.encode().hex(), "hexadecimal"),
    "base64": (b64(ADDRESS), "base64"),
    "base64 of upper case": (b64(ADDRESS.upper()), "base64"),
    "URL-safe base64": (url64("??>>" + " " + ADDRESS), "base64"),
    "CRC-32": (f"{zlib.crc32(ADDRESS.encode()):08x}", "CRC-32 of the address"),
    "CRC-32, decimal": (str(zlib.crc32(ADDRESS.encode())), "CRC-32 of the address"),
    "Adler-32": (f"{zlib.adler32(ADDRESS.encode()):08X}", "Adler-32 of the address"),
    "MurmurHash2": (f"{murmur2(ADDRESS.encode()):08x}", "MurmurHash2 of the address"),
    "MurmurHash3": (str(murmur3(ADDRESS.encode())), "MurmurHash3 of the address"),
    **{name: (digest(name), f"{name.upper()} of the address") for name in DIGESTS},
    **{
        f"{name}, upper case digits": (digest(name).upper(), f"{name.upper()} of the address")
        for name in DIGESTS
    },
    **{
        f"{name} in base64": (b64(bytes.fromhex(digest(name))), f"{name.upper()} of the address")
        for name in DIGESTS
    },
    "md5 of upper case": (digest("md5", ADDRESS.upper()), "MD5 of the address in upper case"),
    "sha256 of the local part": (digest("sha256", "camille.roux"), "SHA256 of the local part"),
    "sha1 of the domain": (digest("sha1", "example.org"), "SHA1 of the domain"),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form(name: str) -> None:
    """Each disguise is found, and named in words."""
    value, words = FORMS[name]
    found = find(url(value), [ADDRESS])
    assert found is not None
    assert found.what in ("address", "digest")
    assert words in str(phrase(found.form))


@pytest.mark.parametrize("name", FORMS)
def test_no_form_fits_another_address(name: str) -> None:
    """The same URL says nothing of another person: at most that some address stands in it."""
    found = find(url(FORMS[name][0]), OTHERS)
    assert found is None or found.what == "other"


def test_ripemd160_where_the_platform_has_it() -> None:
    """RIPEMD-160 is one more digest, or is left out without a failure."""
    try:
        value = hashlib.new("ripemd160", ADDRESS.encode(), usedforsecurity=False).hexdigest()
    except ValueError:
        assert find(url(digest("md5")), [ADDRESS]) is not None
        return
    found = find(url(value), [ADDRESS])
    assert found is not None
    assert phrase(found.form) == "RIPEMD160 of the address"


def test_murmur_hashes_are_the_reference_ones() -> None:
    """Known values of both hashes (the reference implementation; Kafka's tests for version 2)."""
    assert murmur3(b"") == 0
    assert murmur3(b"test") == 0xBA6BD213
    assert murmur3(b"Hello, world!") == 0xC0363E43
    kafka = {b"21": -973932308, b"foobar": -790332482, b"a-little-bit-long-string": -985981536}
    for text, signed in kafka.items():
        assert murmur2(text, 0x9747B28C) == signed % (1 << 32)


LAYERS: dict[str, Callable[[str], str]] = {
    "percent": lambda text: quote(text, safe=""),
    "base64": b64,
    "URL-safe": url64,
    "hexadecimal": lambda text: text.encode().hex(),
}
INNER = {
    "plain": f"m={ADDRESS}",
    "md5": f"m={digest('md5')}&x=12345",
    "reversed": f"m={ADDRESS[::-1]}@",
    "rot13": f"m={codecs.encode(ADDRESS, 'rot13')}",
}


@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("second", LAYERS)
@pytest.mark.parametrize("first", LAYERS)
def test_nested(inner: str, first: str, second: str) -> None:
    """Two encodings around each other, in any order, hide neither the address nor its disguises."""
    found = find(url(LAYERS[second](LAYERS[first](INNER[inner]))), [ADDRESS])
    assert found is not None
    assert found.what in ("address", "digest")


def test_three_layers_are_opened_and_no_more() -> None:
    """The bound on nesting: at three layers an MD5 is found, at five it is not looked for."""
    value = f"who={digest('md5')}."
    for _ in range(MAX_LAYERS):
        value = b64(value)
    assert find(url(value), [ADDRESS]) is not None
    assert find(url(b64(b64(value))), [ADDRESS]) is None


@pytest.mark.parametrize("tail", ["", "x", "\x00\x10", "&c=44"])
@pytest.mark.parametrize("before", ["", "\x0a", "\x12\x18", "id=5;", '{"e":"', "\xff\xfe\x00", "12|"])
@pytest.mark.parametrize("case", [str.lower, str.upper, str.title])
def test_every_alignment_inside_a_longer_token(before: str, tail: str, case: Callable[[str], str]) -> None:
    """Whatever stands before and after the address in the encoded octets, text or not, it is found."""
    data = before.encode("latin-1") + case(ADDRESS).encode() + tail.encode("latin-1")
    for coded in (b64(data), url64(data), data.hex()):
        found = find(url(coded), [ADDRESS])
        assert found is not None, coded
        assert found.what == "address"


@pytest.mark.parametrize("prefix", ["", "a", "ab", "abc", "v1.", "eu-west."])
@pytest.mark.parametrize("shift", [0, 1, 2])
def test_encoded_values_glued_to_others(prefix: str, shift: int) -> None:
    """A value's own prefix does not hide it, wherever the four-character groups begin."""
    coded = prefix + b64("\x00" * shift + ADDRESS + "\x00") + ".sig"
    assert find(f"https://t.sender.example/{coded}/o.gif", [ADDRESS]) is not None


def test_json_web_token() -> None:
    """The body of a JWT is read."""
    head, body = json.dumps({"alg": "HS256"}), json.dumps({"sub": 9, "mail": ADDRESS, "exp": 1})
    token = ".".join((url64(head), url64(body), url64(b"\x8a\x01" * 16)))
    found = find(f"https://t.sender.example/o/{token}", [ADDRESS])
    assert found is not None
    assert found == ("address", ("base64",))


def test_digest_inside_json() -> None:
    """A digest in a JSON object in base64 is read, too."""
    token = url64(json.dumps({"v": 2, "h": digest("sha256"), "c": [1, 2]}))
    found = find(url(token), [ADDRESS])
    assert found is not None
    assert phrase(found.form) == "base64, in it SHA256 of the address"


@pytest.mark.parametrize("longer", ["marie-camille.roux", "xcamille.roux", "2camille.roux"])
def test_the_tail_of_a_longer_word_is_somebody_else(longer: str) -> None:
    """`xcamille.roux@` is not `camille.roux@`, plain or encoded; after a hyphen it may be."""
    other = f"{longer}@example.org"
    for value in (other, quote(other, safe=""), b64(other), b64("to:" + other), other.encode().hex()):
        found = find(url(value), [ADDRESS], "sender.example")
        assert found is not None, value
        assert (found.what == "address") == ("-" in longer), value


def test_a_checksum_counts_only_as_a_whole_value() -> None:
    """Eight digits amid a longer value prove nothing: there are many such places."""
    for value in (f"{zlib.crc32(ADDRESS.encode()):08x}", str(zlib.crc32(ADDRESS.encode()))):
        assert find(url(value), [ADDRESS]) is not None
        assert find(url(f"a{value}"), [ADDRESS]) is None
        assert find(url(f"{value}9"), [ADDRESS]) is None


def test_the_senders_own_addresses_are_not_the_readers() -> None:
    """An address of the sender's domain, or a domain under it, in a URL is no foreign one."""
    for address in ("news@sender.example", "a@mail.sender.example"):
        assert find(url(address), [ADDRESS], "sender.example") is None
    found = find(url("who@elsewhere.example"), [ADDRESS], "sender.example")
    assert found is not None
    assert found.what == "other"
    assert find(url("who@notsender.example"), [ADDRESS], "sender.example") is not None


@pytest.mark.parametrize(
    "harmless",
    [
        "https://cdn.sender.example/img@2x.png",
        "https://cdn.sender.example/logo@2x.png?v=3",
        "https://cdn.sender.example/0123456789abcdef0123456789abcdef.png",
        "https://cdn.sender.example/camille/roux/example.org.png",
        "https://example.org/camille.png",
        "https://cdn.sender.example/QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo.png",
        "https://cdn.sender.example/" + "%2525" * 100,
        "",
    ],
)
def test_what_holds_no_address(harmless: str) -> None:
    """Retina names, hashes of pictures, the domain alone and letters in base64 are no address."""
    assert find(harmless, [ADDRESS], "sender.example") is None


def test_several_recipients() -> None:
    """Each of several addresses is looked for; the reason does not depend on their order."""
    for people in ([*OTHERS, ADDRESS], [ADDRESS, *OTHERS]):
        for value, words in FORMS.values():
            found = find(url(value), people)
            assert found is not None
            assert words in str(phrase(found.form))


def test_bounds_of_one_url() -> None:
    """What lies beyond the bounds on length and on opened values is not looked at, what lies before is."""
    many = ".".join(b64(f"number {i:06d} of many") for i in range(MAX_DECODED + 4))
    assert find(f"https://t.sender.example/{b64('xy ' + digest('md5') + '..')}.{many}", [ADDRESS]) is not None
    assert find(f"https://t.sender.example/{many}.{b64('xy ' + digest('md5') + '..')}", [ADDRESS]) is None
    assert MAX_TEXT >= 4096


def test_bounds_of_one_message() -> None:
    """With the message's allowance used up, the head of a URL is still searched, but nothing is opened."""
    spent = Allowance(0)
    assert find(url(ADDRESS), [ADDRESS], "", spent) is not None
    assert find(url(b64(f"x {digest('md5')}.")), [ADDRESS], "", spent) is None
    assert find(url("x" * SHORT_TEXT + ADDRESS), [ADDRESS], "", spent) is None
    assert spent.used_up


MESSAGE = """From: Sender <news@sender.example>
To: Camille <{to}>
Delivered-To: {delivered}
List-Unsubscribe: <https://sender.example/u>
Subject: x
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

<p>text</p><img src="{src}" width="1" height="1">
"""


@pytest.mark.parametrize("field", ["to", "delivered", "account"])
def test_recipients_from_header_and_account(field: str) -> None:
    """The address may be in To, in what the servers added, or known from the account alone."""
    names = {"to": "list@lists.example", "delivered": "box@example.com"}
    if field in names:
        names[field] = ADDRESS
    raw = MESSAGE.format(**names, src=url(digest("sha256"))).encode()
    recipients = (ADDRESS.upper(),) if field == "account" else ()
    (judged,) = blocker.scan(raw, recipients=recipients).references
    (why,) = [r for r in judged.verdict.reasons if marked([r]) & LEAKS]
    assert (why.rule, judged.verdict.kind) == ("identity.digest", "pixel")
    assert why.detail == "the recipient's address stands in the URL, SHA256 of the address"
