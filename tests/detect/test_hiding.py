"""What hides a picture: each way by its own style, by its parent's, by a style sheet; and what only looks like one."""

from __future__ import annotations

import time

import pytest

from tests.detect.messages import box, judged

URL = "https://t.sender.example/x?m=eJwVjEsOgyAUAE8jSwI8sLpgYWx7DcPnEWlQDGJse"
HIDES = [
    *("transform:scale(0)", "transform:scale(0,0)", "transform:scaleX(0)", "transform:scale3d(0,0,0)"),
    *("transform:scale(.001)", "scale:0", "-webkit-transform:scale(0)", "transform:matrix(0,0,0,0,0,0)"),
    *("transform:translate(-9999px,0)", "transform:translateX(-200vw)", "translate:-9999px"),
    *("transform:rotateY(90deg)", "margin:-9999px", "margin:0 0 0 -9999px", "margin-top:-5000px"),
    *("margin-left:-100em", "margin-inline-start:-9999px", "filter:opacity(0)", "filter:opacity(0%)"),
    *("content-visibility:hidden", "position:absolute;clip:rect(1px,1px,1px,1px)", "clip-path:circle(0)"),
    *("clip-path:inset(50%)", "clip-path:polygon(0 0,0 0,0 0)", "mask-image:linear-gradient(#0000,#0000)"),
    *("-webkit-mask:linear-gradient(transparent,transparent)", "zoom:0.01", "position:relative;left:-9999px"),
    *("position:fixed;top:-100vh", "position:absolute;inset:-9999px auto auto -9999px", "opacity:calc(0)"),
    *("transform:perspective(1px) scale(0)", "transform:scale(1e-5)", "transform:matrix(1,0,0,1,-9999,0)"),
    *("transform:matrix(.001,0,0,.001,0,0)", "transform:rotate3d(1,0,0,90deg)", "transform:rotateY(.25turn)"),
    *("transform:translateY(-1000%)", "clip-path:inset(0 0 100% 0)", "clip-path:xywh(0 0 0 0)"),
    *("object-fit:none;object-position:-9999px 0", "position:absolute;inset-inline-start:-9999px"),
    *("position:absolute;right:100000px", "--d:none;display:var(--d)", "display:var(--nobody,none)"),
]
SHOWS = [
    *("transform:scale(1.05) rotate(3deg)", "transform:scale(0.5)", "transform:translate(-50%,-10px)"),
    *(
        "margin:-10px 0 0 -20px",
        "margin:470500px 0 0",
        "margin-left:auto",
        "filter:opacity(.9)",
        "filter:none",
    ),
    *(
        "zoom:1",
        "zoom:normal",
        "content-visibility:auto",
        "clip-path:circle(50%)",
        "scale:1",
        "translate:10px",
    ),
    *("clip-path:polygon(0 0,100% 0,100% 100%)", "mask-image:linear-gradient(#000,transparent)"),
    *(
        "clip-path:inset(10% 0 0 10%)",
        "position:absolute;clip:rect(auto,auto,auto,auto)",
        "object-position:50% 0",
    ),
    *("transform:rotate3d(0,0,1,90deg)", "transform:rotate(90deg)", "transform:scaleZ(0.5)"),
    *("transform:rotateY(9deg)", "transform:matrix(1,0,0,1,0,0)", "position:relative;left:-10px"),
    *("text-indent:-9999px", "display:var(--nobody,block)", "display:var(--nobody)"),
]


@pytest.mark.parametrize("style", HIDES)
def test_hidden_by_itself_its_parent_or_a_style_sheet(style: str) -> None:
    """Each way hides, wherever it is said."""
    image = f'<img src="{URL}" width="40" height="40"'
    for markup in (
        f'{image} style="{style}">',
        f'<div style="{style}">{image}></div>',
        f"<style>.h{{{style}}}</style>{image} class=h>",
        f"<style>.h{{{style}}}</style><div class=h>{image}></div>",
    ):
        assert box(markup).hidden, markup
        assert judged(markup)[0].verdict.kind == "pixel", markup


@pytest.mark.parametrize("style", SHOWS)
def test_what_only_looks_like_hiding(style: str) -> None:
    """Ordinary transforms, margins and filters hide nothing."""
    assert box(f'<img src="{URL}" width="40" height="40" style="{style}">').hidden is None


@pytest.mark.parametrize(
    ("markup", "hides"),
    [
        ("<details><summary>More</summary>{}</details>", True),
        ("<details><summary>{} More</summary>x</details>", False),
        ("<details open><summary>More</summary>{}</details>", False),
        ("<div hidden><details><summary>{}</summary></details></div>", True),
        ("<dialog>{}</dialog>", True),
        ("<dialog open>{}</dialog>", False),
        ('<div style="text-indent:-9999px">{}</div>', True),
        ('<div style="text-indent:100%;overflow:hidden">{}</div>', True),
        ('<div style="text-indent:100%">{}</div>', False),
        ('<div style="--h:0px;height:var(--h);overflow:hidden">{}</div>', True),
        ('<div style="width:1px;height:1px;overflow:hidden">{}</div>', True),
        ('<div style="width:1px;min-width:100%;height:1px;overflow:hidden">{}</div>', False),
        ('<div style="width:1px;height:1px">{}</div>', False),
    ],
)
def test_hidden_by_what_is_around(markup: str, hides: bool) -> None:
    """Elements that are closed, lines that are moved away, boxes that cut off."""
    found = box(markup.format(f'<img src="{URL}" width="40" height="40">')).hidden
    assert (found is not None) == hides


def test_an_indent_moves_no_background() -> None:
    """Text that a logo replaces is moved away so that the element's own background is seen."""
    own = '<a style="text-indent:-9999px;width:200px;height:60px;overflow:hidden;background:url({})">Shop</a>'
    inner = '<div style="text-indent:-9999px"><p style="width:99px;height:9px;background:url({})">a</p></div>'
    for markup in (own, inner):
        assert box(markup.format(URL)).hidden is None


SMALL = [
    *("width:calc(1px);height:calc(2px - 1px)", "width:min(1px,100%);height:min(100%,1px)"),
    *("width:max(1px,1px);height:max(0px,1px)", "width:clamp(0px,50%,1px);height:clamp(0px,1vh,1px)"),
    *("--s:1px;width:var(--s);height:var(--s)", "width:var(--n,1px);height:var(--n, 1px)"),
    *("width:.05vw;height:.1vh", "width:.05em;height:.05rem", "width:.75pt;height:.75pt"),
    *("inline-size:1px;block-size:1px", "max-width:1px;max-height:1px", "width:.01in;height:.2mm"),
    *("width:calc(100% - 100% + 1px);height:calc(1px * 1)", "width:.05svw;height:.1vmin"),
    *("width:calc((1px + 1px) / 2);height:-webkit-calc(1px)", "width:0vw;height:0"),
]


@pytest.mark.parametrize("style", SMALL)
def test_sizes_that_are_worked_out(style: str) -> None:
    """Sums, units and custom properties make a pixel as plain numbers do."""
    for markup in (
        f'<img src="{URL}" style="{style}">',
        f"<style>.s{{{style}}}</style><img src='{URL}' class=s>",
    ):
        found = box(markup)
        assert found.width is not None, markup
        assert found.height is not None, markup
        assert max(found.width, found.height) <= 1.5, markup
        assert judged(markup)[0].verdict.kind == "pixel", markup


@pytest.mark.parametrize(
    "markup",
    [
        '<div style="font-size:0"><img style="width:1em;height:1em" src="{}"></div>',
        '<style>.f{{font-size:0}}</style><div class=f><img style="width:2em;height:2em" src="{}"></div>',
        '<div style="font-size:1px"><img style="width:1em;height:1em" src="{}"></div>',
        '<div style="font:0/0 a"><img style="width:9em;height:9em" src="{}"></div>',
        "<style>:root{{--w:1px}}.p{{width:var(--w);height:var(--w)}}</style><img class=p src='{}'>",
    ],
)
def test_sizes_that_others_decide(markup: str) -> None:
    """The font around, and custom properties of the document's root."""
    found = box(markup.format(URL))
    assert found.width is not None
    assert found.width <= 1


@pytest.mark.parametrize(
    ("markup", "side"),
    [
        (
            '<!--[if mso]><v:rect style="width:1px;height:1px"><v:fill type="frame" src="{}"/></v:rect><![endif]-->',
            1,
        ),
        (
            '<!--[if gte mso 9]><v:shape style="width:.75pt;height:.75pt"><v:imagedata src="{}"/></v:shape><![endif]-->',
            1,
        ),
        ('<v:rect style="width:1px;height:1px"><v:fill src="{}" /></v:rect>', 1),
        (
            '<!--[if mso]><v:rect style="width:600px;height:600px"><v:fill src="{}"/></v:rect><![endif]-->',
            600,
        ),
    ],
)
def test_a_picture_in_a_shape_is_as_large_as_the_shape(markup: str, side: float) -> None:
    """VML gives the size to the shape, and the address to what fills it."""
    found = box(markup.format(URL))
    assert found.width == pytest.approx(side)
    assert found.height == pytest.approx(side)
    assert judged(markup.format(URL))[0].verdict.blocks == (side == 1)


def test_hostile_values_are_bounded() -> None:
    """Values without end are given up in no time."""
    started = time.process_time()
    for name in (
        "transform",
        "clip-path",
        "mask",
        "scale",
        "filter",
        "margin",
        "zoom",
        "--x:1;width",
        "inset",
    ):
        for piece in ("a", "0", "scale(", "0 ", "polygon(0 0,", "opacity(0", "var(--x,", "gradient(to ", "-"):
            box(f'<img src="{URL}" style="position:absolute;{name}:{piece * 20_000}">')
    assert time.process_time() - started < 4
