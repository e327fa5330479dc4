"""Style sheets, fonts, and pictures that rules name: those with a value for one reader, and ordinary ones."""

from __future__ import annotations

import pytest

from blocker.detect.blocks import blocks, innermost
from tests.detect.messages import judged

TOKEN = "eJwVjEsOgyAUAE8jSwI8sLpgYWx7DcPnEWlQDGJse_razSQzi_FaceNUIFELJj"
URL = f"https://t.sender.example/x?m={TOKEN}"
TEXT = "<p>Dear reader, this is our letter.</p><ul><li>One</li></ul>"
TRACKING_RULES = [
    ("@media print{#p{background:url(%s)}}", '<div id="p"></div>'),
    ("@media print{body{background-image:url(%s)}}", ""),
    ("@page{background:url(%s)}", ""),
    ("div.OutlookMessageHeader{background-image:url(%s)}", ""),
    ("table.moz-email-headers-table{background-image:url(%s)}", ""),
    (".gmail_quote .t{background:url('%s')}", '<div class="t"></div>'),
    ("blockquote #p, blockquote.q{background:url(%s)}", '<div id="p">x</div>'),
    ("#_t[class*=Mso]{background:url(%s)}", '<div id="_t"></div>'),
    ("#p:focus{background:url(%s)}", '<div id="p" tabindex="0">x</div>'),
    ("a:active{background:url(%s)}", '<a href="#">x</a>'),
    ("li{list-style-image:url(%s)}", ""),
    ("ul.t{list-style:url(%s)}", '<ul class="t"><li></li></ul>'),
    ("#p::before{content:url(%s)}", '<div id="p"></div>'),
    ("p:after{content:url(%s)}", ""),
    ("body{cursor:url(%s),auto}", ""),
    ("#p{border-image:url(%s) 30}", '<div id="p">x</div>'),
    ("#p{background:url(%s)}", '<div id="p"></div>'),
    (".z{background:url(%s)}", '<span class="z">&nbsp;</span>'),
    (".z{background:url(%s)}", '<table><tr><td class="z"></td></tr></table>'),
    ("#p{background:url(%s);width:1px;height:1px}", '<div id="p"></div>'),
    ("#p{background:url(%s);display:none}", '<div id="p">x</div>'),
    ("@supports (display:grid){.yahoo{background:url(%s)}}", ""),
    ("blockquote[type=cite] #k{background-image:url(%s)}", '<div id="k">x</div>'),
    ("@import url(%s);", ""),
    ("@import '%s' print;", ""),
    ("@font-face{font-family:x;src:url(%s)}", ""),
    ("/* } */ #p{content:'}';background:url(%s)}", '<div id="p"></div>'),
]


@pytest.mark.parametrize(("css", "html"), TRACKING_RULES)
def test_a_value_in_a_rule_that_shows_nothing(css: str, html: str) -> None:
    """On paper, around a forwarded mail, at a focus, as a bullet, behind nothing: it only tells."""
    found = judged(f"<style>{css % URL}</style>{TEXT}{html}")
    assert [one.verdict.kind for one in found] == ["pixel"]


def test_one_url_in_many_rules_is_no_layout() -> None:
    """A tracker of forwarding names itself in a rule for each mail program."""
    names = ("div.OutlookMessageHeader", ".moz-email-headers-table", "blockquote #t", ".gmail_quote", "#x #t")
    sheet = "".join(f"{name}{{background-image:url({URL})}}" for name in names)
    assert {one.verdict.kind for one in judged(f"<style>{sheet}</style>{TEXT}")} == {"pixel"}


def test_a_background_that_shows_is_seen() -> None:
    """A rule for an element that shows, among others for one that does not, is a background."""
    found = judged(f"<style>.none, p{{background:url({URL})}}</style>{TEXT}")
    assert not found[0].verdict.blocks


@pytest.mark.parametrize(
    "markup",
    [
        f'<link rel="stylesheet" href="{URL}">',
        f'<link rel="stylesheet" media="print" href="https://t.sender.example/s/{TOKEN}">',
        f'<link rel="stylesheet" href="https://t.sender.example/s.css?m={TOKEN}">',
        '<link rel="stylesheet" href="https://t.sender.example/qfcfuxnnnjwqkzvbtrplmxzk/style">',
        '<link rel="stylesheet" href="https://trk.sender.example/c/Ab3dE9x"><a href="https://trk.sender.example/c/Zz3dF9y">a</a>',
        '<style>@import "https://e.sender.example/?qs=3f2a9c8b7d6e5f4a3b2c1d0e9f8a7b6c5d4e";</style>'
        '<a href="https://e.sender.example/?qs=9f2a9c8b7d6e5f4a3b2c1d0e9f8a7b6c5d4f">a</a>',
    ],
)
def test_a_style_sheet_for_one_reader(markup: str) -> None:
    """A sheet behind a value that none needs, or made like the counted links, tells of the opening."""
    assert judged(TEXT + markup)[0].verdict.blocks


@pytest.mark.parametrize(
    "markup",
    [
        '<link rel="stylesheet" href="https://fonts.googleapis.com/css2?family=Open+Sans:wght@300..800&display=swap">',
        "<style>@font-face{src:url(https://fonts.gstatic.com/l/font?kit=KFOlCnqEu92Fr1MmEU9vBh0_IsHAlmrO6g&skey=11ce8ad5f54705ca)}</style>",
        '<link rel="stylesheet" href="https://use.typekit.net/abc1def.css">',
        '<link rel="stylesheet" href="https://www.sender.example/css/email.css?v=1699999999999"><a href="https://www.sender.example/a1b2c3">a</a>',
        '<link rel="stylesheet" href="https://cdn.sender.example/app.css?id=3f2a9c8b7d6e5f4a3b2c">',
        '<link rel="stylesheet" href="https://cdn.sender.example/3f2a9c8b7d6e5f4a3b2c1d0e9f8a7b6c/email.css">',
        '<link rel="stylesheet" href="https://www.sender.example/css/?brand=1234567&v=2">',
        "<style>@font-face{src:url(https://cdn.sender.example/fonts/3f2a9c8b7d6e5f4a3b2c1d0e/a.woff2)}</style>",
        "<style>.b:hover{background:url(https://cdn.sender.example/i/over-3f2a9c8b7d6e5f4a.png)}</style>",
        "<style>@media print{p{background:url(https://cdn.sender.example/print.png?v=3)}}</style>",
        "<style>.unused{background:url(https://img.sender.example/render/hero?w=600)}</style>",
        '<link rel="preconnect" href="https://fonts.gstatic.com">',
        f'<link rel="preconnect" href="{URL}">',
        f'<link rel="dns-prefetch" href="//t.sender.example/o/{TOKEN}">',
    ],
)
def test_ordinary_sheets_fonts_and_connections(markup: str) -> None:
    """Lent fonts, versions, hashes of files; and what sends no path."""
    assert not [one.url for one in judged(TEXT + markup) if one.verdict.blocks]


def test_a_connection_to_a_host_for_one_reader_tells() -> None:
    """The name that is looked up is then the value."""
    host = "3f2a9c8b7d6e5f4a3b2c1d0e9f8a7b6c5d4e.t.sender.example"
    assert judged(f'{TEXT}<link rel="dns-prefetch" href="//{host}">')[0].verdict.blocks


def test_the_blocks_of_a_sheet() -> None:
    """Strings and comments hold no blocks; each block knows what it stands in."""
    text = "a{b:'}'} /* { */ @media print { p , q{c:d} } x{y:z"
    found = blocks(text)
    assert [(b.prelude, b.around) for b in found] == [
        ("a", ()),
        ("@media print", ()),
        ("p , q", ("@media print",)),
        ("x", ()),
    ]
    inner = innermost(found, text.index("c:d"))
    assert inner is not None
    assert inner.prelude == "p , q"
    assert innermost(found, text.index("/*")) is None
