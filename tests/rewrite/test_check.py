"""The cheap proof says yes to what was meant, and no to anything else; then the whole messages are looked at."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import pytest

from blocker.rewrite import check, verify
from blocker.rewrite.addresses import Addresses
from blocker.rewrite.check import STILL_LOADED, Edited, objection, same_but_for, same_structure, shortened
from blocker.rewrite.patch import Edit, apply_edits
from tests.message.samples import HEAD, mail, parts

URL = "https://t.example/o?a=1&b=2"
WRITTEN = b"https://t.example/o?a=1&amp;b=2"
IMG = b'<p>text</p>\r\n<img src="' + WRITTEN + b'" alt="x">\r\n<img src="https://c.example/logo">'
FIELD = b"X-Unpixel: v=1;\r\n"


def edits_of(raw: bytes, *changes: tuple[bytes, bytes]) -> list[Edit]:
    """Our field, and each first occurrence replaced."""
    found = [Edit(raw.index(old), raw.index(old) + len(old), new) for old, new in changes]
    return [Edit(0, 0, FIELD), *sorted(found)]


def page(before: bytes, *changes: tuple[bytes, bytes], encoding: str = "") -> Edited:
    """The HTML part as it was and as it is, with what `mail` declares."""
    return Edited(
        "html",
        encoding,
        "utf-8",
        before.decode(),
        apply_edits(before, edits_of(before, *changes)[1:]).decode(),
    )


def told(body: bytes, *changes: tuple[bytes, bytes]) -> str | None:
    """What is objected to a message whose HTML is changed so."""
    raw = mail(body)
    edits = edits_of(raw, *changes)
    return objection(raw, apply_edits(raw, edits), edits, [page(body, *changes)], {URL})


@pytest.fixture
def looked_closer(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The messages that were looked at whole."""
    seen: list[bytes] = []
    whole = verify.disagreement

    def disagreement(before: bytes, after: bytes, gone: set[str]) -> str | None:
        seen.append(after)
        return whole(before, after, gone)

    monkeypatch.setattr(verify, "disagreement", disagreement)
    return seen


def test_what_was_meant_is_proven_cheaply(
    looked_closer: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the whole messages nor our own reader are needed where a neutralised address is nowhere any more."""
    monkeypatch.setattr(check, "read", None)
    assert told(IMG, (WRITTEN, b"data:,")) is None
    assert looked_closer == []


@pytest.mark.parametrize(
    "also",
    [
        (b"text", b"test"),
        (b'alt="x"', b'alt="y"'),
        (b"c.example", b"d.example"),
        (b"<p>", b"<b>"),
        (b' alt="x"', b""),
    ],
)
def test_another_change_is_told(also: tuple[bytes, bytes], looked_closer: list[bytes]) -> None:
    """An edit of anything but a neutralised value is not proven, and the second look refuses it."""
    assert told(IMG, (WRITTEN, b"data:,"), also) is not None
    assert len(looked_closer) == 1


@pytest.mark.parametrize(
    "second",
    [
        b'<img src="' + WRITTEN + b'">',
        b'<img src="https&colon;//t.example/o?a=1&amp;b=2">',
        b'<!--[if mso]><img src="https&colon;//t.example/o?a=1&amp;b=2"><![endif]-->',
        b'<!--[if mso]><img src="http&#115;://t.example/o?a=1&amp;b=2"><![endif]-->',
        b"<style>p{background:url(http\\73://t.example/o?a=1&b=2)}</style>",
    ],
)
def test_a_place_that_was_missed_is_told(second: bytes) -> None:
    """However its address is written, a second place that loads it is found."""
    assert told(IMG + second, (WRITTEN, b"data:,")) == STILL_LOADED
    assert told(IMG + second.replace(b"t.example", b"u.example"), (WRITTEN, b"data:,")) is None


@pytest.mark.parametrize(("host", "why"), [(b"t", STILL_LOADED), (b"u", None)])
def test_a_page_inside_an_address_is_read(host: bytes, why: str | None, looked_closer: list[bytes]) -> None:
    """An address that stands in a page in base64, where no search finds it, is found."""
    inner = base64.b64encode(b'<img src="https://' + host + b'.example/o?a=1&amp;b=2">')
    assert told(IMG + b'<iframe src="data:text/html;base64,' + inner + b'">', (WRITTEN, b"data:,")) == why
    assert looked_closer == []


def test_letters_outside_ascii_are_looked_for_by_our_reader() -> None:
    """An address with such a letter may be written in ways that only a reader of character references sees."""
    raw = mail(
        "<img src='https://t.example/é'><!--[if mso]><img src='https://t.example/&eacute;'><![endif]-->".encode()
    )
    change = ("https://t.example/é".encode(), b"data:,")
    body = raw[raw.index(b"<img") :]
    edits = edits_of(raw, change)
    gone = {"https://t.example/é"}
    assert objection(raw, apply_edits(raw, edits), edits, [page(body, change)], gone) == STILL_LOADED


def test_costly_markup_is_not_handed_to_lexbor(looked_closer: list[bytes]) -> None:
    """Where it would take seconds there is no cheap proof."""
    assert told(b"<div>" * 20_000 + IMG, (WRITTEN, b"data:,")) is None
    assert len(looked_closer) == 1


def test_a_link_to_the_address_may_stay(looked_closer: list[bytes]) -> None:
    """A neutralised address may still stand where nothing loads it; the rest stays proven."""
    assert told(IMG + b'<a href="' + WRITTEN + b'">it</a>', (WRITTEN, b"data:,")) is None
    assert looked_closer == []


def test_bytes_that_no_edit_names() -> None:
    """A byte that differs outside the edits, wherever it stands, leaves nothing to prove."""
    raw = mail(IMG) + b"\r\n" + b"line\r\n" * 5000
    edits = edits_of(raw, (WRITTEN, b"data:,"))
    after = apply_edits(raw, edits)
    assert shortened(raw, after, edits) is not None
    for at in range(0, len(after), 131):
        assert shortened(raw, after[:at] + b"~" + after[at + 1 :], edits) is None
    assert shortened(raw, after + b"x", edits) is None
    assert shortened(raw, after[:-1], edits) is None


def test_what_structure_hangs_on_is_kept() -> None:
    """Header fields, boundary lines, the fields behind them, and touched lines are kept; other lines are not."""
    plain = b"Content-Type: text/plain\r\n\r\n" + b"----------\r\n" + b"words\r\n" * 400
    raw = HEAD + parts(plain, b"Content-Type: text/html; charset=utf-8\r\n\r\n" + IMG + b"\r\nmore" * 400)
    edits = edits_of(raw, (WRITTEN, b"data:,"))
    short = shortened(raw, apply_edits(raw, edits), edits)
    assert short is not None
    before, after = short
    for kept in (
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed",
        b"Content-Type: text/plain\r\n\r\n",
        b"Content-Type: text/html; charset=utf-8\r\n\r\n",
    ):
        assert kept in before and kept in after
    assert before.count(b"\r\n--") == raw.count(b"\r\n--")
    assert WRITTEN in before and b"data:," in after and FIELD in after
    assert b"words" not in before and b"more" not in after


@pytest.mark.parametrize(
    ("head", "kept"),
    [
        (
            b"A: 1\r\nB: 2\r\nC: 3\r\nContent-Type: text/html;\r\n charset=utf-8\r\nD: 4\r\nE: 5\r\n",
            b"A: 1\r\nContent-Type: text/html;\r\n charset=utf-8\r\nE: 5\r\n",
        ),
        (
            b"A: 1\r\nB: 2\r\nC: 3\r\ncontent-type: text/html;\r\n charset=utf-8\r\n",
            b"A: 1\r\ncontent-type: text/html;\r\n charset=utf-8\r\n",
        ),
        (b"A: 1\nB: 2\nC: 3\nMIME-Version: 1.0\nD: 4\n e\nF: 5\n", b"A: 1\nMIME-Version: 1.0\nF: 5\n"),
        (b"A: 1\r\nB: 2\r\nno field\r\nC: 3\r\nD: 4\r\n", b"A: 1\r\nB: 2\r\nno field\r\nC: 3\r\nD: 4\r\n"),
        (b"A: 1\r\nB: 2\rC: 3\r\nD: 4\r\nE: 5\r\n", b"A: 1\r\nB: 2\rC: 3\r\nD: 4\r\nE: 5\r\n"),
    ],
)
def test_which_header_fields_are_kept(head: bytes, kept: bytes) -> None:
    """What stands beside a change and what says how the body is read; all, where a line is no field's."""
    end = b"\r\n" if b"\r\n" in head else b"\n"
    raw = head + end + b"body"
    edits = [Edit(0, 0, FIELD)]
    assert shortened(raw, FIELD + raw, edits) == (kept + end, FIELD + kept + end)


def test_a_field_taken_out_beside_a_folded_line() -> None:
    """Where what is left behind becomes part of the field before it, that field is seen to change."""
    raw = (
        b"Subject: x\r\nReturn-Receipt-To: a@t.example\r\n <b@t.example>\r\nTo: c\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
        + IMG
    )
    meant = (b"Return-Receipt-To: a@t.example\r\n <b@t.example>\r\n", b"")
    assert structure(raw, [meant, (WRITTEN, b"data:,")])
    assert not structure(raw, [(b"Return-Receipt-To: a@t.example\r\n", b""), (WRITTEN, b"data:,")])


def structure(
    raw: bytes, changes: Sequence[tuple[bytes, bytes]], encoding: str = "", charset: str | None = "utf-8"
) -> bool:
    """Whether the standard library sees one edited part and nothing else changed."""
    edits = edits_of(raw, *changes)
    short = shortened(raw, apply_edits(raw, edits), edits)
    assert short is not None
    return same_structure(*short, [Edited("html", encoding, charset, "", "")])


def test_structure() -> None:
    """A change that makes a boundary, touches another part or field, or is read otherwise than we did is told."""
    text = b"Content-Type: text/plain; charset=utf-8\r\n\r\none\r\ntwo"
    raw = HEAD + parts(text, b"Content-Type: text/html; charset=utf-8\r\n\r\n" + IMG)
    meant = (WRITTEN, b"data:,")
    boundary = raw[raw.index(b"\r\n--") : raw.index(b"\r\n", raw.index(b"\r\n--") + 4)]
    assert structure(raw, [meant])
    assert not structure(raw, [])
    assert not structure(raw, [meant], encoding="base64")
    unknown = raw.replace(b"text/html;", b"text/html;\r\n x=y\r\nContent-Transfer-Encoding: x-own\r\nX:")
    assert not structure(unknown, [meant], encoding="x-own", charset=None)
    assert not structure(raw, [meant], charset="windows-1252")
    assert not structure(raw, [meant], charset=None)
    assert not structure(raw, [(WRITTEN, boundary + b"\r\n\r\n")])
    assert not structure(raw, [meant, (b"two", b"three")])
    assert not structure(raw, [(b"two", b"three")])
    assert not structure(raw, [meant, (b"text/plain", b"text/html")])
    assert not structure(raw, [meant, (b"Subject", b"Object")])
    assert not structure(raw.replace(b"charset=utf-8", b"charset=utf-7"), [meant], charset="utf-7")


def test_two_pages_are_looked_at_whole(looked_closer: list[bytes]) -> None:
    """An HTML part that was not edited may hold the address too: then the whole message is read."""
    other = b"Content-Type: text/html; charset=utf-8\r\n\r\n"
    for body, sentence in ((b"<p>", None), (b'<img src="' + WRITTEN + b'">', STILL_LOADED)):
        raw = HEAD + parts(other + IMG, other + body)
        edits = edits_of(raw, (WRITTEN, b"data:,"))
        edited = [page(IMG, (WRITTEN, b"data:,"))]
        assert objection(raw, apply_edits(raw, edits), edits, edited, {URL}) == sentence
    assert len(looked_closer) == 1


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ('<img src="M">', '<img src="data:,">', True),
        ('<img src="M"><img src="M">', '<img src="data:,"><img src="">', True),
        ('<img src="M">x', '<img src="data:,">y', False),
        ('<img src="M">', '<img src="M2">', False),
        ('<img src="M">', '<img src="data:,"><p>', False),
        ('<img src="M"><p>', '<img src="data:,">', False),
        ('<img src="M" alt="a">', '<img src="data:," title="a">', False),
        ('<img src="">', '<img src="M">', False),
        ("a" * 5000 + '<b c="M">' + "d" * 5000, "a" * 5000 + '<b c="">' + "d" * 5000, True),
        ("a" * 5000 + '<b c="M">' + "d" * 5000, "a" * 5000 + '<b c="">' + "d" * 4999 + "e", False),
        ("same", "same", True),
        ("same", "same and more", False),
        ("<p>a M<b>", '<p>a M"b>', False),
        ('<b c="a M">', '<b c="a M<', False),
        ("", "", True),
    ],
)
def test_serialised(old: str, new: str, same: bool) -> None:
    """Only values that named a mark, and no longer do, may differ."""
    assert same_but_for(old, new, Addresses({"M", "M2"})) == same
