"""A message as a whole: which parts are read, what asks for a receipt, what must never be rewritten."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocker.message.read import RECEIPT_HEADERS, read
from tests.message.samples import HEAD, encoded, mail, parts

IMG = b'<img src="https://t.example/o.gif">'
ARMOUR = b"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\nhello\r\n-----BEGIN PGP SIGNATURE-----\r\n\r\niQ==\r\n-----END PGP SIGNATURE-----\r\n"
SEALED = b"-----BEGIN PGP MESSAGE-----\r\n\r\nhQ==\r\n-----END PGP MESSAGE-----\r\n"


def part(kind: str, body: bytes, *fields: str) -> bytes:
    """A part with its header section."""
    return "\r\n".join([f"Content-Type: {kind}", *fields]).encode() + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    ("piece", "count"),
    [
        (part("text/html", IMG), 1),
        (part("TEXT/HTML", IMG), 1),
        (part("application/xhtml+xml", IMG), 1),
        (part("text/x-amp-html", IMG.replace(b"img", b"amp-img")), 1),
        (part("text/x-amp-html", IMG), 1),
        (part("image/svg+xml", b'<svg><image href="https://t.example/o.gif"/></svg>'), 1),
        (part("application/octet-stream; name=a.HTML", IMG), 1),
        (part("application/octet-stream", IMG, "Content-Disposition: attachment; filename=\"a.htm\""), 1),
        (part("application/octet-stream", IMG, "Content-Disposition: attachment; filename*=utf-8''a%2Ehtml"), 1),
        (part("text/css", b"a{b:url(https://t.example/o.gif)}"), 1),
        (part("text/css", b"<style>a{b:url(https://t.example/o.gif)}</style>" + IMG), 1),
        (part("application/octet-stream; name=a.css", b"@import 'https://t.example/o.css'"), 1),
        (part("application/octet-stream; name=css", b"@import 'https://t.example/o.css'"), 0),
        (part("text/calendar", b"X-ALT-DESC;FMTTYPE=text/html:" + IMG), 1),
        (part("application/ics; name=invite.ICS", b"BEGIN:VEVENT\r\nx-alt-desc:" + IMG + b"\r\n"), 1),
        (part("text/calendar", b"DESCRIPTION:" + IMG), 0),
        (part("text/plain", IMG), 0),
        (part("text/plain; name=a.html", IMG), 0),
        (part("text/plain", IMG, "Content-Disposition: attachment; filename=a.html"), 1),
        (part("application/octet-stream; name=a.bin", IMG), 0),
        (part("message/rfc822", HEAD + b"Content-Type: text/html\r\n\r\n" + IMG), 1),
        (part("text/html", encoded(IMG, "base64"), "Content-Transfer-Encoding: BASE64"), 1),
        (part("text/html", encoded(IMG, "quoted-printable"), "Content-Transfer-Encoding: quoted-printable"), 1),
        (part("text/html", IMG, "Content-Transfer-Encoding: x-unknown"), 1),
    ],
)  # fmt: skip
@pytest.mark.parametrize("where", ["alone", "in a multipart", "deep"])
def test_which_parts_are_read(piece: bytes, count: int, where: str) -> None:
    """Markup is read by its type or, where it is attached, by its name, at any depth."""
    raw = {
        "alone": HEAD + piece,
        "in a multipart": HEAD + parts(piece),
        "deep": HEAD + parts(parts(parts(piece, boundary="x"), boundary="y"), boundary="z"),
    }[where]
    assert len(read(raw).references) == count


def inner(piece: bytes, where: str) -> bytes:
    """A part at some place of a message."""
    if where == "alone":
        return HEAD + piece
    if where == "beside html":
        return HEAD + parts(piece, part("text/html", IMG))
    return HEAD + parts(part("text/html", IMG), part("message/rfc822", HEAD + parts(piece, boundary="i")))


@pytest.mark.parametrize("where", ["alone", "beside html", "attached"])
@pytest.mark.parametrize(
    "piece",
    [
        part("multipart/signed; boundary=s; protocol=\"application/pgp-signature\"", b"--s\r\n\r\nx\r\n--s--"),
        part("multipart/encrypted; boundary=s", b"--s\r\n\r\nx\r\n--s--"),
        part("Multipart/Signed; boundary=s", b"--s\r\n\r\nx\r\n--s--"),
        part("application/pkcs7-mime; smime-type=signed-data", b"MII="),
        part("application/x-pkcs7-mime; name=smime.p7m", b"MII="),
        part("text/plain", ARMOUR),
        part("text/plain", SEALED),
        part("text/plain", encoded(ARMOUR, "base64"), "Content-Transfer-Encoding: base64"),
        part("text/plain", encoded(SEALED, "base64"), "Content-Transfer-Encoding: base64"),
        part("text/plain", encoded(ARMOUR, "quoted-printable"), "Content-Transfer-Encoding: quoted-printable"),
        part("text/plain", ARMOUR.replace(b"-----BEGIN", b"=2D----BEG=\r\nIN"), "Content-Transfer-Encoding: quoted-printable"),
        part("text/html", encoded(b"<pre>" + SEALED, "base64"), "Content-Transfer-Encoding: base64"),
        part("text/html", SEALED.replace(b"PGP", b"P=47P"), "Content-Transfer-Encoding: quoted-printable"),
        part("text/plain; charset=utf-16", ARMOUR.decode().encode("utf-16")),
    ],
)  # fmt: skip
def test_seals_are_seen(piece: bytes, where: str) -> None:
    """Signed and encrypted mail is known as such at any depth and in any encoding."""
    assert read(inner(piece, where)).signed


@pytest.mark.parametrize("where", ["alone", "beside html", "attached"])
@pytest.mark.parametrize(
    "piece",
    [
        part("text/plain", b"about PGP MESSAGES and -----BEGIN CERTIFICATE-----"),
        part("multipart/mixed; boundary=s", b"--s\r\n\r\nx\r\n--s--"),
        part("application/pkcs7-signature", b"MII="),
        part("application/pgp-keys", b"-----BEGIN PGP PUBLIC KEY BLOCK-----"),
    ],
)
def test_ordinary_mail_is_not_taken_for_sealed(piece: bytes, where: str) -> None:
    """What only speaks of signatures, or brings a key, may be changed."""
    assert not read(inner(piece, where)).signed


@pytest.mark.parametrize("name", RECEIPT_HEADERS)
def test_receipts(name: str) -> None:
    """Each header field that asks for a receipt is reported with its whole folded span."""
    field = f"{name.title()}: Sender\r\n <back@t.example>\r\n".encode()
    raw = b"Subject: x\r\n" + field + b"To: y\r\n\r\nbody"
    (receipt,) = read(raw).receipts
    assert raw[slice(*receipt.span)] == field
    assert (receipt.header, receipt.value) == (name.title(), "Sender <back@t.example>")


def test_receipts_only_in_the_message_itself() -> None:
    """A field of an attached message, or a line of the body, asks nobody."""
    field = b"Disposition-Notification-To: back@t.example\r\n"
    assert read(HEAD + part("message/rfc822", field + b"\r\nx")).receipts == ()
    assert read(mail(field)).receipts == ()


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message(raw: bytes) -> None:
    """Reading never fails."""
    message = read(raw)
    assert message.raw == raw
    assert message.parts
