"""What a header declares is read as mail programs read it, however it is spelt."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocker.message.declared import boundaries, charset, charsets, encodings, ends, media_type, uncommented
from blocker.message.headers import read_headers


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("text/html; charset=utf-8", "text/html"),
        ("TEXT/HTML", "text/html"),
        ("text/html (a (nested) one); charset=utf-8", "text/html"),
        ("(first) text/(c)html", "text/html"),
        ("text / html", "text/html"),
        ("text/html charset=utf-8", "text/html"),
        ("text/html, charset=utf-8", "text/html"),
        ('"text/html"', "text/html"),
        ("'text/html'", "text/html"),
        ("text/html\0", "text/html"),
        ("html", "text/html"),
        ("image/svg+xml", "image/svg+xml"),
        ("text/x-amp-html", "text/x-amp-html"),
        ("mutlipart/mixed; boundary=b", "multipart/mixed"),
        ("multipart; boundary=b", "multipart/mixed"),
        ("mutlipart/mixed", "mutlipart/mixed"),
        ("x-shop/thing", "x-shop/thing"),
        ("text/plain; name=text/html", "text/plain"),
        ("hypertext", "text/plain"),
        ("a/b/c", "text/plain"),
        ("/html", "text/plain"),
        ("text/", "text/plain"),
        ("(text/html)", "text/plain"),
    ],
)
def test_types(value: str, kind: str) -> None:
    """Comments, quotes and a missing semicolon hide no type; what is none is plain text."""
    assert media_type(value) == kind


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("", ("",)),
        ("7bit", ("7bit",)),
        (" BASE64 ", ("base64",)),
        ("7bit;", ("8bit",)),
        ("8bits", ("8bit",)),
        ('8bit"', ("8bit",)),
        ("8-bit", ("8bit",)),
        ("8 bit", ("8bit",)),
        ("8bit; charset=utf-8", ("8bit",)),
        ("UTF-8", ("8bit",)),
        ("none", ("8bit",)),
        ("identity", ("8bit",)),
        ("=?us-ascii?q?8bit?=", ("8bit",)),
        ("base64;", ("base64", "8bit")),
        ('"base64"', ("base64", "8bit")),
        ("(c) base64", ("base64", "8bit")),
        ("base64 (7bit)", ("base64", "8bit")),
        ("base 64", ("base64", "8bit")),
        ("quoted printable", ("quoted-printable", "8bit")),
        ("Quoted_Printable", ("quoted-printable", "8bit")),
        ("7bit base64", ("base64", "8bit")),
        ("uuencode", ("x-uuencode", "8bit")),
        ("yenc", ("x-yenc", "8bit")),
        ("x-zip", ("x-zip",)),
        ("(base64)", ("(base64)",)),
    ],
)
def test_encodings(value: str, meant: tuple[str, ...]) -> None:
    """What can only mean that nothing is encoded means that; what may be decoded or not means both; the rest itself."""
    assert encodings(value) == meant


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ('multipart/mixed; boundary="b"', [b"b"]),
        ('multipart/mixed; boundary="a (b)"', [b"a (b)"]),
        ("multipart/mixed; boundary=b (c)", [b"b (c)", b"b"]),
        ("multipart/mixed; boundary=(c)b", [b"(c)b", b"b"]),
        ("multipart/mixed; boundary='b'", [b"'b'", b"b"]),
        ("multipart/mixed boundary=b", [b"b"]),
        ("multipart/mixed; boundary=a; boundary=b", [b"a", b"b"]),
        ("multipart/mixed; boundary*=us-ascii''b%62", [b"bb", b"us-ascii''b%62"]),
        ('multipart/mixed; boundary=""', [b""]),
        ("multipart/mixed", []),
    ],
)
def test_boundaries(value: str, found: list[bytes]) -> None:
    """As the standard library has it first; then without comments and quotes, and where the semicolon is missing."""
    raw = f"Content-Type: {value}\r\n\r\n".encode()
    assert boundaries(read_headers(raw, 0, len(raw)))[: len(found)] == found


@pytest.mark.parametrize(
    ("value", "label", "several"),
    [
        ("text/html; charset=UTF-8", "utf-8", []),
        ("text/html; charset=utf-8 (c)", "utf-8", []),
        ("text/html charset=gbk", "gbk", []),
        ("text/html; charset=utf-8; charset=utf-16", "utf-8", ["utf-8", "utf-16"]),
        ("text/html; charset=\udce9", None, []),
        ("text/html", None, []),
    ],
)
def test_charsets(value: str, label: str | None, several: list[str]) -> None:
    """The first is the part's; each that is named is told."""
    assert (charset(value), charsets(value)) == (label, several)


@pytest.mark.parametrize(
    "field",
    [
        'Content-Disposition: attachment; filename="a.htm"',
        "Content-Disposition: attachment; filename=a.htm (copy)",
        'Content-Disposition: attachment; filename="=?utf-8?B?YS5odG0=?="',
        'Content-Disposition: attachment; filename="=?utf-8?Q?a?= =?utf-8?Q?=2Ehtm?="',
        "Content-Disposition: attachment; filename*=utf-8''a%2Ehtm",
        "Content-Disposition: attachment; filename*0*=utf-8''a%2E; filename*1=htm",
        'Content-Disposition: attachment; filename="a.txt"; filename="a.htm"',
        'Content-Disposition: attachment; filename="a.htm. "',
        'Content-Disposition: attachment; name="a.htm"',
        "Content-Type: application/octet-stream name=a.htm",
        "Content-Type: application/octet-stream; name=a.htm",
    ],
)
def test_ends_of_names(field: str) -> None:
    """However a name is written, its end is found."""
    raw = field.encode() + b"\r\n\r\n"
    assert ".htm" in ends(read_headers(raw, 0, len(raw)))


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ("a (b) c", "a   c"),
        ("a (b (c) d) e", "a    e"),
        ('"a (b)" (c)', '"a (b)"  '),
        ("a (b \\) c) d", "a   d"),
        ("a (b", "a "),
        ("a) b", "a) b"),
    ],
)
def test_comments(value: str, left: str) -> None:
    """Comments nest, and are none inside quotes."""
    assert uncommented(value) == left


@given(st.text(alphabet="ab/;=\"'(),*%\\ \0é?-8", max_size=60))
def test_anything_is_taken(value: str) -> None:
    """No value makes reading fail."""
    raw = f"Content-Type: {value}name={value}\r\nContent-Disposition: x;filename={value}\r\n\r\n".encode()
    headers = read_headers(raw, 0, len(raw))
    for read in (media_type, encodings, charset, charsets, uncommented):
        read(headers.first("content-type"))
    boundaries(headers)
    ends(headers)


@pytest.mark.parametrize(
    "piece", ["(", "'", '"', "boundary=", "boundary ", "charset=", "name=a;", "/", "\\", "=?a?q?b?="]
)
def test_hostile_values_take_linear_time(piece: str) -> None:
    """Sixteen kilobytes of any one piece are read at once."""
    raw = f"Content-Type: multipart/x; {piece * (16000 // len(piece))}\r\n\r\n".encode()
    started = time.process_time()
    headers = read_headers(raw, 0, len(raw))
    value = headers.first("content-type")
    for read in (media_type, encodings, charset, charsets):
        read(value[16:])
    boundaries(headers)
    ends(headers)
    assert time.process_time() - started < 0.5
