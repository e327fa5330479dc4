"""The second opinion: other parsers notice every change that was not meant."""

from __future__ import annotations

import pytest

from blocker.rewrite.verify import disagreement
from tests.message.samples import HEAD, mail, parts

URL = "https://t.example/o?a=1&b=2"
IMG = b'<p>text</p><img src="https://t.example/o?a=1&amp;b=2" alt="x"><img src="https://c.example/logo">'
NEW = IMG.replace(b"https://t.example/o?a=1&amp;b=2", b"data:,")
MARK = b"X-Unpixel: v=1;\r\n"


def both(before: bytes, after: bytes) -> str | None:
    """The opinion on a message whose HTML body changed so."""
    return disagreement(mail(before), MARK + mail(after), {URL})


def test_what_was_meant() -> None:
    """A neutralised address, our field and a receipt field that went are no disagreement."""
    assert both(IMG, NEW) is None
    assert disagreement(b"Return-Receipt-To: a\r\n" + mail(IMG), MARK + mail(NEW), {URL}) is None


@pytest.mark.parametrize(
    ("after", "sentence"),
    [
        (NEW.replace(b"text", b"test"), "not meant"),
        (NEW.replace(b'alt="x"', b'alt="y"'), "not meant"),
        (NEW.replace(b"c.example", b"d.example"), "not meant"),
        (NEW.replace(b'alt="x"', b'title="x"'), "structure"),
        (NEW.replace(b' alt="x"', b""), "structure"),
        (NEW.replace(b"<p>", b"<b>").replace(b"</p>", b"</b>"), "structure"),
        (NEW.replace(b"<p>text</p>", b""), "structure"),
        (NEW + b"<p>", "more or fewer"),
        (NEW[:-1], "more or fewer"),
        (IMG.replace(b"https://t.example/o?a=1&amp;b=2", b" https://t.example/o?a=1&amp;b=2 "), "not meant"),
    ],
)
def test_changes_of_the_html(after: bytes, sentence: str) -> None:
    """Text, attributes, elements and addresses that should have stayed, or gone, are told."""
    why = both(IMG, after)
    assert why is not None
    assert sentence in why


@pytest.mark.parametrize(
    ("after", "sentence"),
    [
        (mail(NEW, head=HEAD.replace(b"News", b"Old")), "header fields"),
        (mail(NEW, head=HEAD + b"Bcc: x\r\n"), "header fields"),
        (b"\r\n" + mail(NEW), "header fields"),
        (mail(NEW, "text/plain"), "header fields"),
    ],
)
def test_changes_of_the_header(after: bytes, sentence: str) -> None:
    """Fields that changed, came or went are told."""
    why = disagreement(mail(IMG), after, {URL})
    assert why is not None
    assert sentence in why


def test_changes_of_other_parts() -> None:
    """Not a byte of a part that is no HTML may change, and no part may come or go."""
    plain, page = b"Content-Type: text/plain\r\n\r\none", b"Content-Type: text/html\r\n\r\n" + IMG
    before = parts(plain, page)
    assert disagreement(before, parts(plain, page.replace(IMG, NEW)), {URL}) is None
    assert "outside the HTML" in str(disagreement(before, parts(plain + b" ", page), {URL}))
    assert "other parts" in str(disagreement(before, parts(plain, page, plain), {URL}))
    assert "other parts" in str(disagreement(before, parts(page, plain), {URL}))


@pytest.mark.parametrize(
    "trap", [b"<div>" * 20_000, b"<p " + b" ".join(b"a%d=1" % n for n in range(60_000)) + b">"]
)
def test_markup_that_would_take_seconds_gets_no_opinion(trap: bytes) -> None:
    """Depth and attributes by the thousand are not handed to a parser that takes quadratic time over them."""
    assert both(trap + IMG, trap + NEW) is None
    assert both(trap + IMG, NEW) is None


def test_ordinary_long_markup_gets_its_opinion() -> None:
    """A long style sheet, many elements and many rows are ordinary."""
    for ordinary in (
        b"<style>" + b".a{b:c}\n" * 9000 + b"</style>",
        b"<p>x</p>" * 9000,
        b"<br>" * 9000,
        b"<img src=x>" * 9000,
    ):
        assert both(ordinary + IMG, ordinary + NEW) is None
        assert "not meant" in str(both(ordinary + IMG, ordinary + NEW.replace(b"text", b"test")))
