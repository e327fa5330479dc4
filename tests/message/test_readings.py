"""Where mail programs read a part in different ways, what each of them loads is found."""

from __future__ import annotations

import base64
import binascii

import pytest

import blocker
from blocker.choices.levels import Level
from blocker.message.mime import MAX_OTHERS, read_structure
from blocker.message.read import read
from tests.message.samples import HEAD, mail, parts

IMG = '<p>x</p><img src="https://{}.example/o.gif?u=8f3ac21be9d04477a1" width=1 height=1>'
FIRST, SECOND = IMG.format("first"), IMG.format("second")
HTML = b"Content-Type: text/html\r\n"


def hosts(raw: bytes) -> list[str]:
    """The hosts that are told."""
    return sorted(reference.url.split("/")[2] for reference in read(raw).references if reference.url)


def encoded(markup: str) -> bytes:
    """Base64 in lines."""
    return base64.encodebytes(markup.encode()).replace(b"\n", b"\r\n")


def section(boundary: str, markup: str) -> bytes:
    """A multipart's body of one HTML part."""
    return f"--{boundary}\r\nContent-Type: text/html\r\n\r\n{markup}\r\n--{boundary}--\r\n".encode()


BOTH = {
    "two boundaries": mail(
        section("a", FIRST) + section("b", SECOND),
        "multipart/mixed; boundary=a\r\nContent-Type: multipart/mixed; boundary=b",
    ),
    "two boundaries in a field": mail(
        section("a", FIRST) + section("b", SECOND), "multipart/mixed; boundary=a; boundary=b"
    ),
    "two types": mail(
        FIRST.encode()
        + b"\r\n--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + encoded(SECOND),
        "multipart/mixed; boundary=b\r\nContent-Type: text/html",
    ),
    "behind the last boundary": mail(
        section("b", FIRST) + section("b", SECOND), "multipart/mixed; boundary=b"
    ),
    "a boundary that begins a line": mail(
        b"--b\r\nContent-Type: text/html\r\n\r\n"
        + FIRST.encode()
        + b"<!--\r\n--bc\r\nContent-Type: text/html\r\n\r\n"
        + SECOND.encode(),
        "multipart/mixed; boundary=b",
    ),
    "a header that ends early": HEAD
    + HTML
    + b"words\r\nContent-Transfer-Encoding: base64\r\nX-A: "
    + FIRST.encode()
    + b"\r\n\r\n"
    + encoded(SECOND),
    "clear text said to be encoded": mail(FIRST.encode() + b"\r\n" + encoded(SECOND), "text/html", "base64;"),
    "base64 behind words": mail(FIRST.encode() + b"\r\n\r\n" + encoded(SECOND), "text/html", "base64"),
    "white space behind a soft line break": mail(
        FIRST.replace("=", "=3D").encode() + b'\r\n<img src=3D"https://sec= \r\nond.example/a">',
        "text/html",
        "quoted-printable",
    ),
    "white space before the first field": b" Content-Type: text/html\r\nX: "
    + b"y\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    + SECOND.encode()
    + b"\r\n"
    + b"--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + encoded(FIRST),
    "a mark and a charset": mail(
        b"\xff\xfe" + SECOND.encode("utf-16-le") + b"\n\0" + FIRST.encode() + b" ",
        "text/html; charset=windows-1252",
    ),
}


@pytest.mark.parametrize("name", BOTH)
def test_both_are_found(name: str) -> None:
    """Whatever a program makes of it, the address that it loads is told, once."""
    assert hosts(BOTH[name]) == ["first.example", "second.example"]


@pytest.mark.parametrize("name", BOTH)
def test_what_is_not_certain_is_left_alone_and_told(name: str) -> None:
    """A message whose readings load different things is not edited, and a sentence says so."""
    done = blocker.neutralise(BOTH[name], level="paranoid")
    assert not done.changed
    assert done.raw == BOTH[name]
    assert done.refused is not None and ("different ways" in done.refused or "certainty" in done.refused)


ALIKE = {
    "two types": mail(FIRST.encode(), "text/plain\r\nContent-Type: text/html"),
    "the same type twice": mail(FIRST.encode(), "text/html\r\nContent-Type: text/html"),
    "two encodings": mail(encoded(FIRST), "text/html", "7bit\r\nContent-Transfer-Encoding: base64"),
    "clear text said to be base64": mail(FIRST.encode(), "text/html", "base64;"),
    "utf-16 that is ascii": mail(FIRST.encode(), "text/html; charset=utf-16"),
    "utf-16 without a mark": mail(
        encoded_16 := base64.encodebytes(FIRST.encode("utf-16-be")), "text/html; charset=utf-16", "base64"
    ),
    "a stray line": HEAD + b"words\r\n" + HTML + b"\r\n" + FIRST.encode(),
    "no boundary named": mail(section("b", FIRST), "multipart/mixed"),
    "another boundary named": mail(section("b", FIRST), "multipart/mixed; boundary=c"),
    "an encoded multipart": mail(
        base64.encodebytes(section("b", FIRST)), "multipart/mixed; boundary=b", "base64"
    ),
    "hz that is ascii": mail(FIRST.encode(), "text/html; charset=hz-gb-2312"),
}


@pytest.mark.parametrize("name", ALIKE)
@pytest.mark.parametrize("level", ["standard", "paranoid"])
def test_one_address_in_several_readings_is_taken_out(name: str, level: Level) -> None:
    """Where all readings load the same, it is edited, and restored byte for byte."""
    done = blocker.neutralise(ALIKE[name], level=level)
    assert hosts(ALIKE[name]) == ["first.example"]
    assert done.refused is None
    assert hosts(done.raw) == []
    assert blocker.restore(done.raw) == ALIKE[name]


def test_a_page_that_stands_uuencoded_in_text() -> None:
    """It is told, for Outlook makes an attachment of it, and never edited."""
    page = SECOND.encode()
    lines = b"".join(binascii.b2a_uu(page[at : at + 45]) for at in range(0, len(page), 45))
    raw = mail(b"See:\n\nbegin 644 page.htm\n" + lines + b"`\nend\n", "text/plain")
    assert hosts(raw) == ["second.example"]
    assert blocker.neutralise(raw, level="paranoid").refused is not None
    assert hosts(raw.replace(b"page.htm", b"page.txt")) == []


def test_ordinary_mail_has_one_reading() -> None:
    """Nothing is read twice where every program reads the same."""
    raw = HEAD + parts(HTML + b"\r\n" + FIRST.encode(), b"Content-Type: text/plain\r\n\r\nx")
    assert read_structure(raw).others == []
    assert all(document.part.alone for document in read(raw).documents)
    assert not all(document.part.alone for document in read(ALIKE["two encodings"]).documents)


def test_other_readings_are_bounded() -> None:
    """Parts with endless contradictions are followed up to a bound, and it is said that it was reached."""
    double = b"Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\n" + FIRST.encode()
    assert not read_structure(parts(*[double] * MAX_OTHERS)).cut
    assert read_structure(parts(*[double] * (MAX_OTHERS + 1))).cut
