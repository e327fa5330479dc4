"""Transfer encodings decode as in the standard library, and offsets lead back to the right raw bytes."""

from __future__ import annotations

import base64
import binascii
import email
import re
import time
from unittest import mock

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from blocker.message import transfer
from blocker.message.transfer import Base64Mapping, Base64Pieces, QuotedPrintableMapping, decode, mapping
from tests.message.samples import encoded
from tests.message.standard import is_sound

QP = b"quoted-printable"
PIECES = st.lists(
    st.sampled_from(
        [
            b"=",
            b"=\n",
            b"=\r\n",
            b"=3D",
            b"=3d",
            b"=4",
            b"=zz",
            b"==",
            b"a",
            b"bc",
            b" ",
            b"\t",
            b"\n",
            b"\r\n",
            b"\r",
        ]
    )
    | st.binary(max_size=3),
    max_size=12,
).map(b"".join)


def standard(encoding: str, body: bytes) -> object:
    """The body as the standard library decodes it."""
    raw = b"Content-Type: application/x\nContent-Transfer-Encoding: " + encoding.encode() + b"\n\n" + body
    return email.message_from_bytes(raw).get_payload(decode=True)


@given(PIECES)
def test_quoted_printable_decodes_as_standard(body: bytes) -> None:
    """Whatever the bytes, quoted-printable gives the standard library's result."""
    assert decode("quoted-printable", body) == standard("quoted-printable", body)


ALPHABET = st.sampled_from(
    [
        b"QUJD",
        b"QQ==",
        b"QUI=",
        b"=",
        b"A",
        b"\n",
        b"\r\n",
        b" ",
        b"\t",
        b"!",
        b"-",
        b"\xff",
        b"+/8=",
        b"Zm9v",
    ]
)


@given(st.lists(ALPHABET, max_size=10).map(b"".join))
def test_base64_decodes_as_standard(body: bytes) -> None:
    """Sound base64 gives the standard library's result; what that library stops at, we read on from."""
    if is_sound("base64", body):
        assert decode("base64", body) == standard("base64", body)
    else:
        assert decode("base64", body + b"=\nPHA+").endswith(b"<p>")


@pytest.mark.parametrize("encoding", ["", "7bit", "8bit", "binary", "x-unknown"])
def test_other_encodings_stand_as_they_are(encoding: str) -> None:
    """Identity and unknown encodings change nothing."""
    assert decode(encoding, b"a=3D\r\n\xff") == b"a=3D\r\n\xff"


@given(st.binary(max_size=80), st.data())
def test_identity_maps_to_itself(body: bytes, data: st.DataObject) -> None:
    """Where nothing is encoded, an offset is itself."""
    way = mapping("8bit", body, body)
    assert way is not None
    offset = data.draw(st.integers(0, len(body)))
    assert way.start(offset) == way.end(offset) == offset


@given(PIECES, st.data())
def test_quoted_printable_maps(body: bytes, data: st.DataObject) -> None:
    """The raw bytes between two mapped offsets decode to what stands between the two.

    Broken escapes are left out: they mean one thing whole and another cut (a splice is read back for that).
    """
    assume(not re.search(rb"=(?![0-9A-Fa-f]{2}|\r?\n)", body))
    decoded = decode("quoted-printable", body)
    way = mapping("quoted-printable", body, decoded)
    if way is None or not decoded:
        return
    first = data.draw(st.integers(0, len(decoded) - 1))
    last = data.draw(st.integers(first + 1, len(decoded)))
    start, end = way.start(first), way.end(last)
    assert 0 <= start < end <= len(body)
    assert decode("quoted-printable", body[start:end]) == decoded[first:last]
    assert decode("quoted-printable", body[:start]) + decode("quoted-printable", body[start:]) == decoded


@given(st.binary(min_size=1, max_size=300))
def test_ordinary_quoted_printable_always_maps(data: bytes) -> None:
    """What encoders write has a way back: for each byte the raw bytes that mean it, and no other."""
    body = encoded(data, "quoted-printable")
    decoded = decode("quoted-printable", body)
    way = mapping("quoted-printable", body, decoded)
    assert isinstance(way, QuotedPrintableMapping)
    position = 0
    for index in range(len(decoded)):
        start, end = way.start(index), way.end(index + 1)
        assert position <= start < end
        assert decode("quoted-printable", body[start:end]) == decoded[index : index + 1]
        position = end


@given(st.one_of(PIECES, st.binary(max_size=300).map(lambda data: encoded(data, "quoted-printable"))))
def test_pieces_of_a_body_map_as_the_whole_does(body: bytes) -> None:
    """Wherever a body is cut into pieces, each byte has the raw bytes that it has in one piece."""
    whole = mapping("quoted-printable", body, decode("quoted-printable", body))
    with mock.patch.object(transfer, "_PIECE", 1):
        cut = mapping("quoted-printable", body, decode("quoted-printable", body))
    assert (whole is None) == (cut is None)
    if whole is not None and cut is not None:
        size = len(decode("quoted-printable", body))
        assert [cut.end(at) for at in range(size + 1)] == [whole.end(at) for at in range(size + 1)]
        assert [cut.start(at) for at in range(size)] == [whole.start(at) for at in range(size)]


WIDTHS = st.sampled_from([1, 3, 4, 5, 57, 60, 72, 76])


def wrapped(data: bytes, width: int, newline: bytes, final: bool) -> bytes:
    """Base64 in lines of any width."""
    text = base64.b64encode(data)
    lines = [text[i : i + width] for i in range(0, len(text), width)]
    return newline.join(lines) + (newline if final else b"")


@given(
    st.binary(min_size=1, max_size=200),
    WIDTHS,
    st.sampled_from([b"\n", b"\r\n", b"\r", b" \n"]),
    st.booleans(),
    st.data(),
)
def test_base64_maps_by_groups(
    data: bytes, width: int, newline: bytes, final: bool, draw: st.DataObject
) -> None:
    """The raw groups between two mapped offsets decode to the bytes between the two, and at most two more each side."""
    body = wrapped(data, width, newline, final)
    way = mapping("base64", body, decode("base64", body))
    assert isinstance(way, Base64Mapping)
    first = draw.draw(st.integers(0, len(data) - 1))
    last = draw.draw(st.integers(first + 1, len(data)))
    start, end = way.start(first), way.end(last)
    group, stop = first // 3 * 3, min(-(-last // 3) * 3, len(data))
    assert decode("base64", body[start:end]) == data[group:stop]


@pytest.mark.parametrize(
    ("body", "said", "certain"),
    [
        (b"QUJD!QUJD", b"ABCABC", b"ABC"),
        (b"QQ==QUJD", b"AABC", b"AABC"),
        (b"QUI=\r\nQQ==\r\n", b"ABA", b"ABA"),
        (b"QUJ", b"AB", b"AB"),
        (b"QUJDQ", b"ABC", b"ABC"),
        (b"QUJD====", b"ABC", b"ABC"),
        (b"QUJD====QUJD", b"ABCABC", b"ABC"),
        (b"QUJD\xff", b"ABC", b"ABC"),
        (b"QU=JD", b"A$", b""),
        (b"Q", b"", b""),
        (b"!QUJD", b"ABC", b""),
    ],
)
def test_base64_that_is_not_sound(body: bytes, said: bytes, certain: bytes) -> None:
    """It is read on after its padding; the way back leads to what every program reads there, and no further."""
    decoded = decode("base64", body)
    assert decoded == said
    way = mapping("base64", body, decoded)
    pieces = way.pieces if isinstance(way, Base64Pieces) else []
    if isinstance(way, Base64Mapping):
        assert certain == said
        return
    assert b"".join(decoded[piece.first : piece.last] for piece in pieces) == certain
    for piece in pieces:
        assert (
            decode("base64", body[piece.start : piece.end])[: piece.last - piece.first]
            == decoded[piece.first : piece.last]
        )


@pytest.mark.parametrize("encoding", ["x-uuencode", "x-yenc"])
@given(st.binary(max_size=200))
def test_encodings_of_old_are_read(encoding: str, data: bytes) -> None:
    """What uuencode and yEnc say is read; none of it has a way back."""
    if encoding == "x-uuencode":
        lines = [binascii.b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45)]
        body = b"begin 644 a.html\n" + b"".join(lines) + b"`\nend\n"
    else:
        letters = b"".join(
            b"=" + bytes(((byte + 106) % 256,))
            if (byte + 42) % 256 in b"\0\n\r="
            else bytes(((byte + 42) % 256,))
            for byte in data
        )
        body = b"=ybegin line=128 size=1 name=a\n" + letters + b"\n=yend size=1\n"
    assert decode(encoding, body) == data
    assert mapping(encoding, body, data) is None


def test_unknown_encodings_have_no_way_back() -> None:
    """An encoding that nobody knows is never edited."""
    assert mapping("x-uuencode", b"abc", b"abc") is None


@pytest.mark.parametrize("encoding", ["quoted-printable", "base64"])
@pytest.mark.parametrize("piece", [b"=", b"==", b"=\n", b"A", b"\n", b"=3D", b"QQ==\n", b"!", b"\r", b"=\r"])
def test_hostile_bodies_take_linear_time(encoding: str, piece: bytes) -> None:
    """A megabyte of any one piece is decoded and mapped in about a second, on a busy machine in some; were it not linear, in minutes."""
    body = piece * ((1 << 20) // len(piece))
    started = time.process_time()
    mapping(encoding, body, decode(encoding, body))
    assert time.process_time() - started < 8


@given(st.lists(st.sampled_from([b"QUJD", b"\0", b"!", b"QQ==", b"\r\n", b"=", b"QUI=", b"A"]), min_size=1))
def test_a_span_of_base64_lies_in_its_body(pieces: list[bytes]) -> None:
    """Whatever strays into base64, what is decoded stands somewhere in the body, and ends behind where it begins."""
    body = b"".join(pieces)
    decoded = decode("base64", body)
    way = mapping("base64", body, decoded)
    assert way is None or all(
        0 <= way.start(offset) <= way.end(offset + 1) <= len(body) for offset in range(len(decoded))
    )
