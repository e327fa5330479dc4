"""Header fields are found where the standard library finds them, as spans of the raw bytes."""

from __future__ import annotations

import email
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocker.message.headers import MAX_HEADER_BYTES, MAX_VALUE_BYTES, Headers, decode_words, read_headers


def headers(raw: bytes) -> Headers:
    """The header section of a whole message."""
    return read_headers(raw, 0, len(raw))


def spans(raw: bytes) -> list[bytes]:
    """The bytes of each field."""
    return [raw[field.start : field.end] for field in headers(raw)]


@pytest.mark.parametrize(
    ("raw", "fields", "body"),
    [
        (b"A: 1\r\nB: 2\r\n\r\nx", [b"A: 1\r\n", b"B: 2\r\n"], b"x"),
        (b"A: 1\nB: 2\n\nx", [b"A: 1\n", b"B: 2\n"], b"x"),
        (b"A: 1\rB: 2\r\rx", [b"A: 1\r", b"B: 2\r"], b"x"),
        (
            b"A: 1\r\n folded\r\n\tagain\r\nB: 2\r\n\r\n",
            [b"A: 1\r\n folded\r\n\tagain\r\n", b"B: 2\r\n"],
            b"",
        ),
        (b"A:\r\n folded\r\n\r\n", [b"A:\r\n folded\r\n"], b""),
        (b"A: 1\r\n \r\nB: 2\r\n\r\n", [b"A: 1\r\n \r\n", b"B: 2\r\n"], b""),
        (b"From a@example.org Mon Nov 23 10:00:00 2026\nA: 1\n\nx", [b"A: 1\n"], b"x"),
        (b"A: 1\nFrom here on\nB: 2\n\nx", [b"A: 1\n", b"B: 2\n"], b"x"),
        (b"A: 1\nno field\nB: 2\n\nx", [b"A: 1\n"], b"no field\nB: 2\n\nx"),
        (b": nameless\nB: 2\n\nx", [b"B: 2\n"], b"x"),
        (b" first\nB: 2\n\nx", [b"B: 2\n"], b"x"),
        (b"\r\nA: 1\r\n", [], b"A: 1\r\n"),
        (b"\n\nx", [], b"\nx"),
        (b"A: 1", [b"A: 1"], b""),
        (b"A: 1\r\n", [b"A: 1\r\n"], b""),
        (b"", [], b""),
        (b"text\n", [], b"text\n"),
        (b"A: \xff\xfe\n\n", [b"A: \xff\xfe\n"], b""),
        (b"A\xff: 1\nB: 2\n\n", [], b"A\xff: 1\nB: 2\n\n"),
        (b"A: 1\r\n\nx", [b"A: 1\r\n"], b"x"),
        (b"A: 1\n\r\nx", [b"A: 1\n"], b"x"),
        (b"A : 1\nB: 2\n\nx", [], b"A : 1\nB: 2\n\nx"),
    ],
)
def test_fields_and_body(raw: bytes, fields: list[bytes], body: bytes) -> None:
    """Each field's span is its own lines, and the body begins where the section ends."""
    assert spans(raw) == fields
    assert raw[headers(raw).end :] == body


LINE = st.sampled_from(
    [
        b"A: 1",
        b"Bcd:",
        b" fold",
        b"\tfold",
        b"",
        b"From x",
        b"From: y",
        b":",
        b"text",
        b"\xff: 1",
        b"X: \xe9",
        b"X-Y:z",
    ]
)
EOL = st.sampled_from([b"\n", b"\r\n", b"\r"])


@given(st.lists(st.tuples(LINE, EOL), max_size=8), st.sampled_from([b"", b"tail", b"A:"]))
def test_as_the_standard_library(lines: list[tuple[bytes, bytes]], tail: bytes) -> None:
    """Whatever the lines: the same fields in the same order, and the same body.

    One difference: lines that are no field do not end a header where a well-known field follows. That reading is
    the first, and the standard library's another. And where an envelope line is the last of the header lines, that
    library pushes it back into the body but loses the empty line after it; we lose nothing.
    """
    raw = b"".join(line + eol for line, eol in lines) + tail
    ours = headers(raw)
    if ours.others:
        assert any(field.name in ("from", "to", "x-y") for field in ours)
        ours = ours.others[0]
    expected = email.message_from_bytes(raw)
    assert [field.name for field in ours] == [name.lower() for name in expected.keys()]  # noqa: SIM118
    body = raw[ours.end :]
    payload = expected.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload in (body, re.sub(rb"\A(From x(?:\r\n|\r|\n))(?:\r\n|\r|\n)", rb"\1", body))


STRAY = st.sampled_from(
    [b"words", b"two words: x", b"\xff: 1", b">From x 10:00", b"To : y", b"\xef\xbb\xbfX-Y: z", b"\0"]
)


@given(st.lists(STRAY | LINE.filter(len), max_size=8), st.sampled_from([b"\n", b"\r\n"]))
def test_what_is_no_field_ends_no_header(lines: list[bytes], eol: bytes) -> None:
    """Before a well-known field: the same fields as the standard library finds without such lines."""
    known = [*lines, b"Content-Type: text/html"]
    raw = eol.join([*known, b"", b"body"])
    plain = [
        re.sub(rb"\A(?:\xef\xbb\xbf)?([A-Za-z-]+)[ ]*:", rb"\1:", line)
        for line in known
        if re.match(rb"[ \t]|(?:\xef\xbb\xbf)?[A-Za-z-]+[ ]*:", line)
    ]
    expected = email.message_from_bytes(eol.join([b"A: 1", *plain, b"", b"body"]))
    ours = headers(raw)
    assert ["a", *(field.name for field in ours)] == [name.lower() for name in expected.keys()]  # noqa: SIM118
    assert raw[ours.end :] == b"body"
    assert all(raw[other.end :].endswith(b"body") for other in ours.others)


@given(st.lists(st.tuples(LINE, EOL), max_size=8))
def test_spans_are_in_order(lines: list[tuple[bytes, bytes]]) -> None:
    """Fields never overlap and never reach into the body."""
    raw = b"".join(line + eol for line, eol in lines)
    position = 0
    ours = headers(raw)
    for field in ours:
        assert position <= field.start < field.value_start <= field.end <= ours.end
        assert raw[field.start : field.value_start - 1].strip().decode("ascii").lower() == field.name
        position = field.end


def test_values() -> None:
    """Values come unfolded; a name is found whatever its case; a missing one is empty."""
    ours = headers(b"Subject: one\r\n two\r\n\tthree \r\nX: a\r\nx: b\r\n\r\n")
    assert ours.first("subject") == "one two three"
    assert ours.all("X") == ["a", "b"]
    assert "x" in ours
    assert "y" not in ours
    assert ours.first("y") == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?caf=C3=A9?=", "café"),
        ("=?UTF-8?B?Y2Fmw6k=?= =?utf-8?q?_bar?=", "café bar"),
        ("a =?iso-8859-1?q?=E9?= b", "a é b"),
        ("=?nonsense?q?caf=C3=A9?=", "café"),
        ("=?utf-8?b?####?=", ""),
        ("=?utf-8?b?Y?=", "=?utf-8?b?Y?="),
        ("=?undefined?q?a?=", "a"),
        ("=?", "=?"),
        (b"caf\xc3\xa9".decode("ascii", "surrogateescape"), "café"),
        (b"caf\xe9".decode("ascii", "surrogateescape"), "café"),
    ],
)
def test_encoded_words(value: str, text: str) -> None:
    """Encoded words and raw 8-bit text are decoded as well as can be."""
    assert decode_words(value) == text


@given(st.binary(max_size=200))
def test_any_value_can_be_shown(value: bytes) -> None:
    """Decoding never fails, and what it gives any encoding can carry."""
    for prefix in (b"", b"=?utf-8?q?", b"=?utf-7?b?", b"=?x?b?"):
        decode_words((prefix + value).decode("ascii", "surrogateescape")).encode("utf-8", "strict")


def test_a_long_value_is_bounded() -> None:
    """Of one field no more than the bound is interpreted, and its span is still the whole."""
    raw = b"Subject: " + b"a" * (MAX_VALUE_BYTES * 2) + b"\r\nTo: b\r\n\r\nbody"
    ours = headers(raw)
    assert len(ours.first("subject")) <= MAX_VALUE_BYTES
    assert ours.first("to") == "b"
    assert raw[ours.end :] == b"body"


def test_a_huge_section_is_bounded() -> None:
    """Header bytes beyond the bound are body: no field reaches further."""
    raw = b"X: " + b"a" * (MAX_HEADER_BYTES * 2) + b"\r\n\r\nbody"
    assert headers(raw).end <= MAX_HEADER_BYTES
