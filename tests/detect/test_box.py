"""How large a reference is declared, and whether anything hides it, as a reader's program would see it."""

from __future__ import annotations

import pytest

from blocker.detect.box import UNKNOWN
from blocker.detect.lengths import length
from tests.detect.messages import PICTURE, PIXEL, box

SRC = f'src="{PIXEL}"'


@pytest.mark.parametrize(
    ("value", "pixels"),
    [
        ("1px", 1),
        ("1", 1),
        ("0", 0),
        ("0%", 0),
        ("0.5em", 8),
        (".5px", 0.5),
        ("3pt", 4),
        ("1in", 96),
        ("2.54cm", 96),
        ("25.4mm", 96),
        ("1pc", 16),
        ("100vw", 1280),
        ("-1px", -1),
        ("+2PX", 2),
        ("50%", None),
        ("auto", None),
        ("calc(1px)", 1.0),
        ("", None),
        (None, None),
    ],
)
def test_lengths(value: str | None, pixels: float | None) -> None:
    """Every absolute unit counts in CSS pixels; shares, keywords and nonsense are no size."""
    found = length(value)
    assert found == pytest.approx(pixels) if pixels is not None else found is None


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('width="1" height="1"', (1, 1)),
        ("width=1 height=1", (1, 1)),
        ('width=" 600px " height="20"', (600, 20)),
        ('width="1.5" height="-1"', (1.5, 1)),
        ('width="100%" height="1"', (None, 1)),
        ('width="0%" height="0"', (0, 0)),
        ('width="" height="x1"', (None, None)),
        ('width="1" height="1" style="width:300px"', (300, 1)),
        ('width="300" height="300" style="width:1px;height:1px"', (1, 1)),
        ('width="300" height="300" style="max-width:1px;max-height:0"', (1, 0)),
        ('width="300" height="300" style="max-width:100%"', (300, 300)),
        ('style="max-width:1px;max-height:1px"', (1, 1)),
        ('style="max-width:600px;height:auto"', (None, None)),
        ('width="1" height="1" style="min-width:200px;min-height:100px"', (200, 100)),
        ('style="line-height:0;border-width:0"', (None, None)),
        ('style="border-width:1px;border-height:1px;outline-width:0"', (None, None)),
        ('width="5" style="width:0 !important"', (0, None)),
        ('width="20" height="1" style="height:auto"', (20, 1)),
        ('width="20" height="0" style="height:auto"', (20, None)),
        ('style="width:auto;height:1px"', (None, 1)),
        ('style="font-size:0;width:1pt;height:1pt"', (pytest.approx(4 / 3), pytest.approx(4 / 3))),
    ],
)
def test_declared_size(attributes: str, size: tuple[float | None, float | None]) -> None:
    """Attributes give way to declarations, `max-` and `min-` bind both; `auto` leaves what it is, but undoes 0; `line-height` and borders are no size."""
    found = box(f"<img {SRC} {attributes}>")
    assert (found.width, found.height) == size
    assert found.hidden is None


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ('width="100%"', "width 100%"),
        ('style="width:100%;height:auto"', "width 100%"),
        ('style="max-width:100%"', "max-width 100%"),
        ('style="max-width:1px"', None),
        ('width="0%"', None),
        ("", None),
    ],
)
def test_relative_sizes(attributes: str, words: str | None) -> None:
    """A share of what is around is a size that pictures get; nothing and almost nothing are none."""
    assert box(f"<img {SRC} {attributes}>").relative == words


def test_the_largest_view_counts() -> None:
    """Tiny on phones and large on desktops is large; large in one view of four is enough."""
    style = "<style>img{width:1px;height:1px} @media (max-width:600px){img{width:300px;height:200px}}</style>"
    found = box(f"{style}<img {SRC}>")
    assert (found.width, found.height) == (300, 200)


HIDING = [
    "display:none",
    "display:none !important",
    "DISPLAY : NONE",
    "visibility:hidden",
    "visibility:collapse",
    "opacity:0",
    "opacity:0.0",
    "opacity:0%",
    "position:absolute;left:-9999px",
    "position:fixed;top:-1000px",
    "position:absolute;clip:rect(0,0,0,0)",
    "position:absolute;clip:rect(0px 0px 0px 0px)",
    "clip-path:inset(50%)",
    "clip-path:inset(100%)",
    "d\\69splay:none",
    "/**/display:/**/none",
]
SHOWING = [
    "display:block",
    "display:none;display:block",
    "display:none\\9",
    "visibility:visible",
    "opacity:1",
    "opacity:0.5",
    "opacity:x",
    "left:-9999px",
    "position:relative;left:-5px",
    "position:absolute;left:-10px",
    "clip:rect(0,0,0,0)",
    "clip-path:none",
    "overflow:hidden",
    "line-height:0;font-size:0",
    "mso-hide:all",
]
OUTER_HIDING = [
    "display:none",
    "visibility:hidden",
    "opacity:0",
    "height:0;overflow:hidden",
    "max-height:0;overflow:hidden",
    "max-height:0px;overflow-y:hidden",
    "width:0;overflow:hidden",
    "position:absolute;left:-10000px",
]
OUTER_SHOWING = [
    "height:0",
    "max-height:0",
    "overflow:hidden",
    "height:1px;overflow:hidden",
    "line-height:0",
    "float:left",
]


@pytest.mark.parametrize("style", HIDING)
def test_hidden(style: str) -> None:
    """Each way to hide an element hides it, in its attribute and in a sheet, and around it."""
    assert box(f'<img {SRC} style="{style}">').hidden
    assert box(f"<style>.x{{{style}}}</style><img {SRC} class=x>").hidden
    assert box(f'<div style="{style}"><b><img {SRC}></b></div>').hidden


@pytest.mark.parametrize("style", SHOWING)
def test_not_hidden(style: str) -> None:
    """What only looks like hiding, or is for one program alone, hides nothing."""
    assert box(f'<img {SRC} style="{style}">').hidden is None
    assert box(f"<style>.x{{{style}}}</style><img {SRC} class=x>").hidden is None
    assert box(f'<div style="{style}"><img {SRC}></div>').hidden is None


@pytest.mark.parametrize("style", OUTER_HIDING)
@pytest.mark.parametrize("how", ["attribute", "class", "id", "tag"])
def test_hidden_by_what_is_around(style: str, how: str) -> None:
    """An ancestor hides what it holds, however its style comes about, and the reason says that it is one."""
    markup = {
        "attribute": f'<div style="{style}"><p><i><img {SRC}>',
        "class": f'<style>.h{{{style}}}</style><div class="a h"><p><i><img {SRC}>',
        "id": f'<style>#h{{{style}}}</style><div id="h"><p><i><img {SRC}>',
        "tag": f"<style>div{{{style}}}</style><div><p><i><img {SRC}>",
    }[how]
    hidden = box(markup).hidden
    assert isinstance(hidden, tuple)
    assert hidden[0] == "within"


@pytest.mark.parametrize("style", OUTER_SHOWING)
def test_shown_within(style: str) -> None:
    """A box without height that does not cut off shows what it holds, and so does one that only cuts off."""
    assert box(f'<div style="{style}"><img {SRC}></div>').hidden is None


def test_table_cells_grow_with_what_they_hold() -> None:
    """A cell of height 0 with overflow hidden still shows its picture."""
    assert box(f'<table><tr><td style="height:0;overflow:hidden"><img {SRC}></table>').hidden is None


def test_the_hidden_attribute() -> None:
    """`hidden` hides unless a display property says otherwise; `<img hidden>` and around it alike."""
    assert box(f"<img {SRC} hidden>").hidden == "hidden"
    assert box(f"<div hidden><img {SRC}></div>").hidden
    assert box(f'<img {SRC} hidden style="display:block">').hidden is None


PHONES = "@media only screen and (max-width:600px)"


@pytest.mark.parametrize(
    "css",
    [
        f"{PHONES}{{.m{{display:none !important}}}}",
        f".m{{display:none}} {PHONES}{{.m{{display:block !important}}}}",
        ".m{display:none} @media (prefers-color-scheme:dark){.m{display:block}}",
        ".m{max-height:0;overflow:hidden} @media (max-width:480px){.m{max-height:none!important}}",
        "@media print{.m{display:none}}",
    ],
)
def test_shown_in_one_view_is_not_hidden(css: str) -> None:
    """Hidden on phones and shown on desktops is not hidden, nor the reverse, nor what is hidden on paper alone."""
    assert box(f"<style>{css}</style><div class=m><img {SRC}></div>").hidden is None
    if "max-height" not in css:
        assert box(f"<style>{css}</style><img class=m {SRC}>").hidden is None


def test_hidden_in_every_view_for_different_reasons() -> None:
    """Hidden on phones by itself and on desktops by what is around is hidden."""
    css = f"<style>.d{{display:none}} {PHONES}{{.d{{display:block}} .m{{display:none}}}}</style>"
    assert box(f"{css}<div class=d><img class=m {SRC}></div>").hidden
    assert box(f"{css}<div class=d><img {SRC}></div>").hidden is None


def test_a_source_is_as_large_as_the_picture_it_is_for() -> None:
    """`<source>` has no box: the <img> of its <picture> has."""
    markup = f'<picture><source srcset="{PIXEL}"><img src="{PICTURE}" width="1" height="1" style="display:none"></picture>'
    found = box(markup, "source[srcset]")
    assert (found.width, found.height) == (1, 1)
    assert found.hidden == "display:none"


def test_what_has_no_box_of_its_own() -> None:
    """A style sheet's URL and a <link> have no size and are not hidden, whatever is around them."""
    for markup in (
        f"<div hidden><style>p{{background:url({PIXEL})}}</style></div>",
        f'<link rel="stylesheet" href="{PIXEL}" style="display:none">',
    ):
        assert box(markup) == UNKNOWN


@pytest.mark.parametrize(
    ("markup", "size"),
    [
        (f'<table><tr><td background="{PIXEL}" width="1" height="1">', (1, 1)),
        (f'<table><tr><td background="{PIXEL}" width="1" height="1"></td><td>Text', (None, None)),
        (f'<table><tr><td background="{PIXEL}" width="1" height="1"></td></tr><tr><td>Text', (None, None)),
        (f'<table width="600"><tr><td background="{PIXEL}" width="1" height="1">', (None, None)),
        (f'<table><tr><td background="{PIXEL}" width="1" height="1">Text', (None, None)),
        (f'<table><tr><td background="{PIXEL}" width="600" height="240">', (None, 240)),
        (f"<div style=\"background:url('{PIXEL}');width:1px;height:1px;overflow:hidden\">", (1, 1)),
        (f"<div style=\"background:url('{PIXEL}');width:1px;height:1px\">Text</div>", (None, None)),
        (f"<div style=\"background:url('{PIXEL}');width:1px;height:1px\"></div>", (1, 1)),
        (f"<div style=\"background:url('{PIXEL}');width:600px;height:1px;overflow:hidden\">", (600, None)),
    ],
)
def test_backgrounds(markup: str, size: tuple[float | None, float | None]) -> None:
    """A box with a background grows with what it holds: only one that holds nothing or cuts off is as small as it says."""
    found = box(markup)
    assert (found.width, found.height) == size


def test_conditional_comments_are_read_without_the_sheets() -> None:
    """What only Outlook reads is sized by its own attributes; the document's sheets do not reach it."""
    markup = f"<style>img{{width:300px}}</style><!--[if mso]><img {SRC} width=1 height=1><![endif]-->"
    found = box(markup)
    assert (found.width, found.height, found.hidden) == (1, 1, None)


def test_revealed_inside_what_is_invisible() -> None:
    """`visibility:visible` shows a picture inside a box that is `visibility:hidden`; nothing shows one in `display:none`."""
    assert box(f'<div style="visibility:hidden"><img {SRC} style="visibility:visible"></div>').hidden is None
    assert box(f'<div style="display:none"><img {SRC} style="visibility:visible;display:block"></div>').hidden


@pytest.mark.parametrize("outside", ["", "font-size:0"])
def test_sizes_in_em_follow_the_font(outside: str) -> None:
    """One em is sixteen pixels, and nothing where the font has no size, its own or from around."""
    size = 0 if outside else 16
    found = box(f'<div style="{outside}"><p><img {SRC} style="width:1em;height:1em"></p></div>')
    assert (found.width, found.height) == (size, size)
    found = box(f'<img {SRC} style="width:1em;height:1em;{outside}">')
    assert (found.width, found.height) == (size, size)
