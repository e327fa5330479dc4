"""The second opinion is asked of a message in which our reading is said in the usual words; nothing else is lost in it."""

from __future__ import annotations

import base64
from email import message_from_bytes
from email.message import Message

import pytest
from hypothesis import HealthCheck, given, settings

from blocker.rewrite import verify
from blocker.rewrite.plain import plain
from tests.fuzz import strategies as make
from tests.message.samples import HEAD, mail, parts

IMG = b'<p>x</p><img src="https://t.example/o">'
HTML = b"Content-Type: text/html\r\n"


def known(part: Message) -> bool:
    """As `verify` has it."""
    return verify.is_html(part)


def leaves(raw: bytes) -> list[tuple[str, bytes]]:
    """Types and texts of the leaves as the standard library reads the view."""
    (view, _) = plain(raw, raw, known)
    return [(leaf.get_content_type(), verify.body(leaf)) for leaf in verify.leaves(message_from_bytes(view))]


ODD = {
    "a stray line": HEAD + b"words\r\n" + HTML + b"\r\n" + IMG,
    "white space before the colon": HEAD + b"Content-Type : text/html\r\n\r\n" + IMG,
    "a comment": mail(IMG, "text/html (c); charset=utf-8"),
    "an encoding": mail(base64.encodebytes(IMG), "text/html", "base64;"),
    "pieces": mail(base64.b64encode(IMG[:8]) + b"\r\n" + base64.b64encode(IMG[8:]), "text/html", "base64"),
    "utf-16": mail(base64.encodebytes(IMG.decode().encode("utf-16")), "text/html; charset=unicode", "base64"),
    "a part": HEAD + parts(b"words\r\n" + HTML + b"\r\n" + IMG),
    "a boundary": mail(
        b"--b\r\n" + HTML + b"\r\n" + IMG + b"\r\n--b--\r\n", "multipart/mixed (c) boundary=b"
    ),
    "a name": HEAD
    + parts(
        b'Content-Type: application/x\r\nContent-Disposition: attachment; filename="=?utf-8?q?a=2Ehtm?="\r\n\r\n'
        + IMG
    ),
    "an attached message": HEAD
    + parts(
        b"Content-Type: application/x; name=a.eml\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(b"words\r\n" + HTML + b"\r\n" + IMG)
    ),
    "an encoded multipart": mail(
        base64.encodebytes(b"--b\r\n" + HTML + b"\r\n" + IMG + b"\r\n--b--\r\n"),
        "multipart/mixed; boundary=b",
        "base64",
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_the_standard_library_reads_in_it_what_we_read(name: str) -> None:
    """Its leaf is HTML with the very text."""
    ((kind, body),) = leaves(ODD[name])
    assert (kind, body.replace(b"\xef\xbb\xbf", b"")) == ("text/html", IMG)


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize(
    "what",
    [(b'o">', b'p">'), (b"words", b"swords"), (b"Subject: News", b"Subject: Olds"), (b"x</p>", b"y</p>")],
)
def test_a_change_that_was_not_meant_is_seen(name: str, what: tuple[bytes, bytes]) -> None:
    """In the text, in a header, in a line that is no field: whatever else changes is told."""
    raw = ODD[name]
    changed = raw.replace(*what)
    if changed == raw:
        return
    assert verify.disagreement(raw, changed, {"https://elsewhere.example/o"}) is not None


@pytest.mark.parametrize("name", ODD)
def test_what_was_meant_passes(name: str) -> None:
    """Without its address the message is what it was."""
    raw = ODD[name]
    changed = raw.replace(b"https://t.example/o", b"data:,")
    assert verify.disagreement(raw, changed, {"https://t.example/o"}) is None


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(make.messages())
def test_any_message_has_a_view(raw: bytes) -> None:
    """No message makes it fail, and what the standard library reads alike stands as it is given."""
    view, same = plain(raw, raw, known)
    assert view == same


def test_sound_mail_is_its_own_view() -> None:
    """Not a byte of ordinary mail is written anew."""
    raw = HEAD + parts(HTML + b"\r\n" + IMG, b"Content-Type: text/plain\r\n\r\nx")
    assert plain(raw, raw, known) == (raw, raw)
    assert plain(ODD["a comment"], raw, known)[1] != raw
