"""URLs in CSS are those that a CSS tokenizer finds, whatever stands around them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
import tinycss2  # type: ignore[import-untyped]
from hypothesis import assume, given
from hypothesis import strategies as st
from tinycss2.ast import FunctionBlock, Node, StringToken, URLToken  # type: ignore[import-untyped]

from blocker.message.css import css_urls, unescape


def values(text: str, *, sheet: bool = False) -> list[str]:
    """The URLs found, escapes undone."""
    return [url.value for url in css_urls(text, sheet=sheet)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("color:red", []),
        ("background:url(a)", ["a"]),
        ("background:url( 'a' )", ["a"]),
        ('background:url(\n"a"\t)', ["a"]),
        ("background:URL(a)", ["a"]),
        ("background:url(a),url(b) no-repeat", ["a", "b"]),
        ("background:url()", []),
        ("background:url('')", []),
        ("background:url(a b)", ["a"]),
        ("background:url(a'b)", ["a"]),
        ("background:url(a(b)", ["a"]),
        ("background:url(a", ["a"]),
        ("background:url('a", ["a"]),
        ("background:url('a'", ["a"]),
        ("background:url('a\nurl(b)", ["a", "b"]),
        ("background:url(a\\)b)", ["a)b"]),
        ("background:url(a\\\\)b:url(c)", ["a\\", "c"]),
        ("background:url('a\\'b')", ["a'b"]),
        ("background:url('a\\\nb')", ["ab"]),
        ("background:url('a\\62 c')", ["abc"]),
        ("background:u\\72l(a)", ["a"]),
        ("background:\\75\\72\\6C(a)", ["a"]),
        ("background:\\000075rl(a)", ["a"]),
        ("background:\\url(a)", ["a"]),
        ("background:\\55 RL(a)", ["a"]),
        ("background:\\75\r\nrl(a)", ["a"]),
        ("background:u/**/rl(a)", []),
        ("background:url(/**/a)", ["/**/a"]),
        ("/*url(a)*/background:url(b)", ["b"]),
        ("/*url(a)", []),
        ("/**/url(a)/**/", ["a"]),
        ("content:'url(a)'", []),
        ("content:'\\'url(a)'", []),
        ("content:'x\nurl(a)", ["a"]),
        ("curl(a)", []),
        ("-url(a)", []),
        ("éurl(a)", []),
        ("#url(a)", []),
        ("@url(a)", []),
        ("1url(a)", []),
        ("url (a)", []),
        ("src(a)", []),
        ("src('a')", ["a"]),
        ("src: url(a) format('woff')", ["a"]),
        ("cursor:url(a) 2 2, url(b), auto", ["a", "b"]),
        ("image-set('a' 1x, \"b\" 2x)", ["a", "b"]),
        ("image-set(url(a) 1x, 'b' type('image/png') 2x)", ["a", "b"]),
        ("-webkit-image-set('a' 1x)", ["a"]),
        ("-WEBKIT-Image-Set('a' 1x)", ["a"]),
        ("i\\6d age-set('a' 1x)", ["a"]),
        ("-moz-image-set('a' 1x)", []),
        ("image-set(linear-gradient(red, 'no') 1x, 'b')", ["b"]),
        ("image('a')", ["a"]),
        ("cross-fade(url(a), url(b), 50%)", ["a", "b"]),
        ("--x:url(a);background:var(--x)", ["a"]),
        ("background:var(--x, url(a))", ["a"]),
        ("--x:'http://a';--y:'b'", ["http://a"]),
        ("--x : /* : */ '//a' 1x, \"https://b\" 2x", ["//a", "https://b"]),
        ("\\2d-x:'http://a'", ["http://a"]),
        ("background:image-set(var(--x, 'http://a') 1x)", ["http://a"]),
        ("background:image-set(env(x, 'http://a') 1x)", ["http://a"]),
        ("background:image-set(if(media(all): ''; else: 'http://a') 1x); quotes:'http://b'", ["http://a"]),
        ("background:image-set(--f('http://a', {'http://b'}) 1x)", ["http://a", "http://b"]),
        ("background:image-set('a' type('http://b'))", ["a"]),
        ("font-family:'http://a'; x--y:'http://b'", []),
        ("background:attr(data-x url, 'a')", []),
        ("a{b:c}}}}d{e:url(f)}", ["f"]),
        ("((((url(a", ["a"]),
        ("filter:progid:DXImageTransform.Microsoft.AlphaImageLoader(src='a',sizingMethod='scale')", ["a"]),
        ("filter:progid:x.AlphaImageLoader(sizingMethod='scale', SRC = \"a\")", ["a"]),
        ("filter:progid:x.Alpha(src='a');b:x.AlphaImageLoader('c')", []),
        ("filter:progid:x.ICMFilter(colorSpace='a')", ["a"]),
        ("filter:x.AlphaImageLoader(a(src='b'));c:d(src='e')", []),
        ("@namespace a url(b);c{d:url(e)}", ["e"]),
        ("@namespace 'b'; @import 'c';", ["c"]),
        ("@namespace a{b:url(c)}", ["c"]),
        ("behavior:url(a)", ["a"]),
        ("<!-- url(a) -->", ["a"]),
        ("\\", []),
        ("url(\\", ["\ufffd"]),
    ],
)
def test_values(text: str, expected: list[str]) -> None:
    """What a reader would fetch for each text, in order."""
    assert values(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@import 'a';", [("a", "@import")]),
        ("@import url(a) screen;", [("a", "@import")]),
        ("@IMPORT\n\"a\" layer(x);b{c:'d'}", [("a", "@import")]),
        ("@\\69mport 'a';", [("a", "@import")]),
        ("@imp\\6Frt 'a';", [("a", "@import")]),
        ("@importer 'a';", []),
        ("@import;'a'", []),
        ("@import/**/'a'", [("a", "@import")]),
        ("@import src('a')", [("a", "@import")]),
        ("@charset 'x';@import 'a'", [("a", "@import")]),
        ("@media print{a{b:url(c)}}", [("c", "url()")]),
        (
            "@font-face{font-family:x;src:url(a) format('woff'),url(b)}",
            [("a", "@font-face"), ("b", "@font-face")],
        ),
        ("@FONT-FACE {src:url(a)}p{b:url(c)}", [("a", "@font-face"), ("c", "url()")]),
        ("@media x{@font-face{src:url(a)}p{b:url(c)}}", [("a", "@font-face"), ("c", "url()")]),
        ("p{a:b}@font-face{x:y;z:q;src:url(a)}", [("a", "@font-face")]),
        ("@namespace x url(a);", []),
        ("@document url(a){b{c:url(d)}}", [("a", "url()"), ("d", "url()")]),
        ("@supports (background:url(a)){b{c:url(d)}}", [("a", "url()"), ("d", "url()")]),
    ],
)
def test_at_rules(text: str, expected: list[tuple[str, str]]) -> None:
    """In a style sheet an import and a font are told from an image."""
    assert [(url.value, url.kind) for url in css_urls(text, sheet=True)] == expected


WORDS = r"""url( URL( u\72l( \75rl( curl( #url( @url( " ' a b/c \ ) ( /* */ ; { } [ ] é \41 1 - url('x') url(y) @import
src( image-set( <!-- --> , : ! % http://t.example/?a=b&c"""
PIECES = st.lists(
    st.sampled_from([*WORDS.split(), " ", "\n", "\t", "\f", "\r\n", "\\29 ", "\U0001f600"]), max_size=14
).map("".join)


def _tokens(nodes: list[Node]) -> Iterator[str]:
    """Values of the url tokens in a tree of component values, strings of src() among them."""
    for node in nodes:
        if isinstance(node, URLToken):
            yield node.value
        elif isinstance(node, FunctionBlock):
            if node.lower_name in ("src", "url") and isinstance(first := _first(node.arguments), StringToken):
                yield first.value
            yield from _tokens(node.arguments)
        elif hasattr(node, "content"):
            yield from _tokens(node.content)


def _first(nodes: list[Node]) -> Node | None:
    return next((node for node in nodes if node.type not in ("whitespace", "comment")), None)


@given(PIECES)
def test_nothing_is_missed_that_a_tokenizer_finds(text: str) -> None:
    """Every url token of tinycss2, an independent tokenizer, is found, in order.

    Escaped line ends and ends of text are left out: there tinycss2 departs from the specification.
    """
    assume(not re.search(r"\\(?:[\n\r\f]|\Z)", text))
    expected = [value for value in _tokens(tinycss2.parse_component_value_list(text)) if value.strip()]
    ours = iter(value.strip() for value in values(text, sheet=True))
    normal = [value.strip() for value in expected]
    assert all(value in ours for value in normal), (normal, values(text, sheet=True))


@given(PIECES)
def test_spans_hold_the_value(text: str) -> None:
    """The span of each URL, escapes undone, is its value; spans are in order and apart."""
    position = 0
    for url in css_urls(text, sheet=True):
        assert position <= url.start < url.end <= len(text)
        assert unescape(text[url.start : url.end]) == url.value
        position = url.end


SAFE = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789./:?&=-_%", min_size=1, max_size=30)


@given(
    st.lists(st.tuples(SAFE, st.sampled_from(["url({})", "url('{}')", 'url( "{}" )', "URL({})"])), max_size=5)
)
def test_exactly_the_urls_of_a_plain_sheet(urls: list[tuple[str, str]]) -> None:
    """Of well-formed CSS each URL is found once and nothing else."""
    text = "".join(
        f".c{n}{{color:red;background:{form.format(url)} no-repeat}}" for n, (url, form) in enumerate(urls)
    )
    assert values(text, sheet=True) == [url for url, _ in urls]


MEGABYTE = 1 << 20


@pytest.mark.parametrize(
    "piece",
    [
        "\\", "\\a ", "a\\(", 'url("a" ', "url(a", "url(a) ", "(", ")", "'", "/*", "@import", "image-set(", "image-set('a'", "{", "}",
        "a\\62", "\\\n", "url(\\", "url('\\\n", "url( ", "@font-face{", "é",
    ],
)  # fmt: skip
def test_hostile_css_takes_linear_time(piece: str) -> None:
    """A megabyte of any one piece is read in about a second, on a busy machine too."""
    text = "url(x)" + piece * (MEGABYTE // len(piece))
    started = time.process_time()
    css_urls(text, sheet=True)
    assert time.process_time() - started < 2


def test_a_long_prelude_is_read_once() -> None:
    """Half a megabyte before a block with ten thousand URLs costs no more than its length."""
    text = "x" * (MEGABYTE // 2) + "{" + "url(a);" * (MEGABYTE // 14)
    started = time.process_time()
    assert len(css_urls(text, sheet=True)) == MEGABYTE // 14
    assert time.process_time() - started < 2


CARRIED = "@property --x{syntax:'*';initial-value:'http://a'}@function --f(--y:'http://b'){result:'http://c'}p{quotes:'http://d'}"


def test_strings_that_rules_carry() -> None:
    """Strings of @property and @function count where they are absolute URLs; with `relative`, whatever they are."""
    found = [url.value for url in css_urls(CARRIED, sheet=True)]
    assert found == ["http://a", "http://b", "http://c"]
    assert [url.value for url in css_urls("p{--x:'a';quotes:'b'}", sheet=True, relative=True)] == ["a"]
    assert css_urls("p{--x:'a'}", sheet=True) == []
