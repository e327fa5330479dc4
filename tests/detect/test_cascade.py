"""What a style sheet says of an element is what a browser would make of it, in each of four views."""

from __future__ import annotations

import pytest

from blocker.detect.allowance import Allowance
from blocker.detect.cascade import MAX_SHEETS, Cascade, by_view
from blocker.detect.stylesheet import (
    ALL_VIEWS,
    MAX_RULES,
    MAX_SHEET,
    declarations,
    media_views,
    parse_sheet,
    specificity,
)
from tests.detect.messages import context

DESKTOP, PHONE, DARK_DESKTOP, DARK_PHONE = 1, 2, 4, 8


def values(
    css: str, tag: str = '<img class="a b" id="i" src="//t.example/x">', name: str = "width"
) -> list[str | None]:
    """What a property of the image is in each view; one entry where the views do not differ."""
    made = context(f"<style>{css}</style><div class=box><p>{tag}</p></div>")
    (reference,) = [r for r in made.message.references if r.element == "img"]
    cascade = Cascade(reference.document, Allowance(10_000))
    found = cascade.declared(reference.node, reference.attrs)
    return [view.get(name) for view in by_view(found)] if found else [None]


@pytest.mark.parametrize(
    ("css", "width"),
    [
        ("img{width:1px}", "1px"),
        ("IMG{WIDTH:1PX}", "1px"),
        ("img{width:1px} .a{width:2px}", "2px"),
        (".a{width:2px} img{width:1px}", "2px"),
        ("#i{width:3px} .a.b{width:2px}", "3px"),
        (".a.b{width:4px} .a{width:2px}", "4px"),
        (".a{width:1px} .b{width:2px}", "2px"),
        ("img{width:1px !important} #i{width:2px}", "1px"),
        ("img{width:1px ! important} #i{width:2px !important}", "2px"),
        ("img{width:1px} img{width:2px}", "2px"),
        ("div img{width:5px} img{width:1px}", "5px"),
        (".box > p > img{width:6px}", "6px"),
        (".box > img{width:7px} img{width:1px}", "1px"),
        (".none img{width:7px}", None),
        ("span{width:7px}", None),
        ("img,span{width:7px}", "7px"),
        ("span , .b{width:8px}", "8px"),
        ("*{width:9px}", "9px"),
        ("img[src]{width:2px}", "2px"),
        ('img[src="//other.example/x"]{width:2px}', None),
        ("img:hover{width:2px}", None),
        ("img::before{width:2px}", None),
        ("p:first-child img{width:2px}", "2px"),
        ("img{height:2px;;width:3px;}", "3px"),
        ("img{width:3px;width:4px}", "4px"),
        ("/* img{width:1px} */ img{width:2px}", "2px"),
        ("img{/* width:1px; */width:2px}", "2px"),
        ("img{width/**/:/**/3px}", "3px"),
        ("<!-- img{width:4px} -->", "4px"),
        ("@charset 'utf-8'; img{width:5px}", "5px"),
        ("@import 'x.css'; img{width:5px}", "5px"),
        ("@font-face{font-family:x;width:9px} img{width:5px}", "5px"),
        ("@keyframes k{from{width:9px}to{width:8px}} img{width:5px}", "5px"),
        ("@supports (display:grid){img{width:6px}}", "6px"),
        ("@media screen{@supports (display:grid){img{width:7px}}}", "7px"),
        ("img{width:1px", "1px"),
        ("} img{width:1px}", None),
        ("img{color:red} }{ img{width:1px}", None),
        ("img width:1px} img{width:2px}", None),
        ("img{width 1px;width:2px}", "2px"),
        (".a:not{width:1px} img{width:2px}", "2px"),
        ("[[[{width:1px} img{width:2px}", "2px"),
        ("img{w\\69 dth:1px}", "1px"),
        ("img{width:1px\\9}", None),
        ("img{width:1px;width:2px\\0/}", "1px"),
    ],
)
def test_which_rule_wins(css: str, width: str | None) -> None:
    """Specificity, importance and order decide; comments, other at-rules and broken pieces do not disturb."""
    assert values(css) == [width]


@pytest.mark.parametrize(
    ("style", "css", "width"),
    [
        ("width:1px", "#i{width:2px}", "1px"),
        ("width:1px", "img{width:2px!important}", "2px"),
        ("width:1px!important", "#i{width:2px!important}", "1px"),
        ("/* none */ width : 1px", "", "1px"),
        ("width:3px;WIDTH:4PX", "", "4px"),
    ],
)
def test_the_style_attribute(style: str, css: str, width: str) -> None:
    """It goes before every selector, and after what a sheet calls important."""
    assert values(css, f'<img id="i" style="{style}" src="//t.example/x">') == [width]


def test_two_sheets_are_one_cascade() -> None:
    """A later <style> goes on counting where the former ended."""
    assert values("img{width:1px}</style><style>img{width:2px}") == ["2px"]
    assert values(".a{width:1px}</style><style>img{width:2px}") == ["1px"]


@pytest.mark.parametrize(
    ("condition", "views"),
    [
        ("", ALL_VIEWS),
        ("all", ALL_VIEWS),
        ("screen", ALL_VIEWS),
        ("print", 0),
        ("speech", 0),
        ("not print", ALL_VIEWS),
        ("print, screen", ALL_VIEWS),
        ("only screen and (max-width:600px)", PHONE | DARK_PHONE),
        ("screen and (max-device-width: 480px)", PHONE | DARK_PHONE),
        ("(min-width: 601px)", DESKTOP | DARK_DESKTOP),
        ("(min-width:20em)", ALL_VIEWS),
        ("(min-width:40em)", DESKTOP | DARK_DESKTOP),
        ("(min-width:400px) and (max-width:800px)", 0),
        ("(max-width:200px)", 0),
        ("not all and (max-width:600px)", DESKTOP | DARK_DESKTOP),
        ("(prefers-color-scheme: dark)", DARK_DESKTOP | DARK_PHONE),
        ("(prefers-color-scheme:dark) and (max-width:600px)", DARK_PHONE),
        ("screen and (-webkit-min-device-pixel-ratio:0)", ALL_VIEWS),
        ("PRINT", 0),
    ],
)
def test_media_queries(condition: str, views: int) -> None:
    """The views in which a query holds: print in none, widths and dark in those they speak of."""
    assert media_views(condition) == views


def test_media_rules_and_attributes_split_the_views() -> None:
    """A rule inside @media, or in a <style media>, holds in its views alone."""
    assert values("img{width:1px} @media (max-width:600px){img{width:300px}}") == [
        "1px",
        "300px",
        "1px",
        "300px",
    ]
    assert values("@media print{img{width:1px}}") == [None]
    assert values("</style><style media='(max-width:600px)'>img{width:2px}") == [None, "2px", None, "2px"]
    assert values("@media screen{@media (min-width:600px){img{width:2px}}}") == ["2px", None, "2px", None]


@pytest.mark.parametrize(
    ("selector", "weight"),
    [
        ("img", (0, 0, 1)),
        ("*", (0, 0, 0)),
        (".a.b", (0, 2, 0)),
        ("#i .a img", (1, 1, 1)),
        ("table td>img[width]", (0, 1, 3)),
        ("a:hover", (0, 1, 1)),
        ("p::first-line", (0, 0, 2)),
    ],
)
def test_specificity(selector: str, weight: tuple[int, int, int]) -> None:
    """Ids, classes and elements are counted as Selectors Level 4 counts them."""
    assert specificity(selector) == weight


def test_declarations_of_no_interest_are_left_out() -> None:
    """`line-height`, `border-width` and `color` are no size and hide nothing."""
    assert declarations("line-height:0;border-width:0;color:red;max-width:1px") == [
        ("max-width", "1px", False)
    ]


def test_bounds_of_a_document() -> None:
    """Above a bound the first rules count, the rest does not, and the cascade says so; below it says nothing."""
    small = parse_sheet("img{width:1px}")
    assert (small.size, small.cut) == (1, False)
    many = parse_sheet("".join(f".c{i}{{width:1px}}" for i in range(MAX_RULES + 10)))
    assert (many.size, many.cut) == (MAX_RULES, True)
    assert parse_sheet(",".join(["img"] * (MAX_RULES + 10)) + "{width:1px}").cut
    long = parse_sheet("img{width:1px}" + " " * MAX_SHEET + "img{width:2px}")
    assert (long.size, long.cut) == (1, True)
    sheets = context("<style>img{width:1px}</style>" * (MAX_SHEETS + 1) + '<img src="//t.example/x">')
    (reference,) = sheets.message.references
    assert Cascade(reference.document, Allowance(9)).cut
    assert len(Cascade(reference.document, Allowance(9)).sheets) == MAX_SHEETS


def test_steps_used_up_leave_the_style_attribute() -> None:
    """Without steps the sheets count no more; what stands at the element itself does."""
    made = context('<style>img{width:1px}</style><img style="height:2px" src="//t.example/x">')
    (reference,) = made.message.references
    steps = Allowance(1)
    cascade = Cascade(reference.document, steps)
    first, second = (cascade.declared(reference.node, reference.attrs) for _ in range(2))
    assert [d.name for d in first] == ["width", "height"]
    assert [d.name for d in second] == ["height"]
    assert steps.used_up
