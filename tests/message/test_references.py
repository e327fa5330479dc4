"""Every vector is found, with the exact bytes of its value."""

from __future__ import annotations

import html as standard_html
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocker.message.comments import _has_sign
from blocker.message.css import unescape
from blocker.message.read import read
from blocker.message.references import MAX_REFERENCES, Reference
from blocker.message.transfer import decode
from blocker.message.vectors import RELS, VECTORS
from tests.message.samples import encoded, found, html, mail, urls

U = "https://t.example/o?id=1&n=2"
V = "https://u.example/p"
_PAINT = "fill stroke mask filter clip-path cursor marker marker-start marker-mid marker-end"

ROWS: dict[tuple[str, str], tuple[str, str]] = {
    ("img", "src"): (f'<img src="{U}">', "img[src]"),
    ("img", "srcset"): (f'<img srcset="{U} 2x">', "img[srcset]"),
    ("img", "dynsrc"): (f'<img dynsrc="{U}">', "img[dynsrc]"),
    ("img", "lowsrc"): (f'<img lowsrc="{U}">', "img[lowsrc]"),
    ("source", "src"): (f'<video><source src="{U}"></video>', "source[src]"),
    ("source", "srcset"): (f'<picture><source srcset="{U}"><img></picture>', "source[srcset]"),
    ("input", "src"): (f'<input type=image src="{U}">', "input[src]"),
    ("video", "src"): (f'<video src="{U}"></video>', "video[src]"),
    ("video", "poster"): (f'<video poster="{U}"></video>', "video[poster]"),
    ("audio", "src"): (f'<audio src="{U}"></audio>', "audio[src]"),
    ("track", "src"): (f'<video><track src="{U}"></video>', "track[src]"),
    ("embed", "src"): (f'<embed src="{U}">', "embed[src]"),
    ("embed", "code"): (f'<embed code="{U}">', "embed[code]"),
    ("object", "data"): (f'<object data="{U}"></object>', "object[data]"),
    ("object", "codebase"): (f'<object codebase="{U}"></object>', "object[codebase]"),
    ("applet", "codebase"): (f'<applet codebase="{U}"></applet>', "applet[codebase]"),
    ("applet", "archive"): (f'<applet archive="{U}"></applet>', "applet[archive]"),
    ("iframe", "src"): (f'<iframe src="{U}"></iframe>', "iframe[src]"),
    ("iframe", "srcdoc"): (f"<iframe srcdoc='<img src={U}>'></iframe>", "img[src]"),
    ("frame", "src"): (f'<frameset><frame src="{U}"></frameset>', "frame[src]"),
    ("bgsound", "src"): (f'<bgsound src="{U}">', "bgsound[src]"),
    ("script", "src"): (f'<script src="{U}"></script>', "script[src]"),
    ("portal", "src"): (f'<portal src="{U}"></portal>', "portal[src]"),
    ("*", "background"): (f'<table><tr><td background="{U}"></table>', "td[background]"),
    ("*", "style"): (f"<div style=\"background:url('{U}')\">", "style url()"),
    ("link", "href"): (f'<link rel="stylesheet" href="{U}">', "link[stylesheet]"),
    ("link", "imagesrcset"): (f'<link rel=preload as=image imagesrcset="{U} 1x">', "link[imagesrcset]"),
    ("meta", "content"): (f'<meta http-equiv="Refresh" content="5; URL={U}">', "meta[refresh]"),
    ("html", "manifest"): (f'<html manifest="{U}">', "html[manifest]"),
    ("image", "href"): (f'<svg><image href="{U}"/></svg>', "image[href]"),
    ("image", "xlink:href"): (f'<svg><image xlink:href="{U}"/></svg>', "image[xlink:href]"),
    ("feimage", "href"): (f'<svg><filter><feImage href="{U}"/></filter></svg>', "feimage[href]"),
    ("feimage", "xlink:href"): (
        f'<svg><filter><feImage xlink:href="{U}"/></filter></svg>',
        "feimage[xlink:href]",
    ),
    ("use", "href"): (f'<svg><use href="{U}"/></svg>', "use[href]"),
    ("use", "xlink:href"): (f'<svg><use xlink:href="{U}"/></svg>', "use[xlink:href]"),
    ("script", "href"): (f'<svg><script href="{U}"></script></svg>', "script[href]"),
    ("script", "xlink:href"): (f'<svg><script xlink:href="{U}"></script></svg>', "script[xlink:href]"),
    ("font-face-uri", "href"): (f'<svg><font-face-uri href="{U}"/></svg>', "font-face-uri[href]"),
    ("font-face-uri", "xlink:href"): (
        f'<svg><font-face-uri xlink:href="{U}"/></svg>',
        "font-face-uri[xlink:href]",
    ),
    **{("*", name): (f'<svg><path {name}="url({U})"/></svg>', f"path[{name}]") for name in _PAINT.split()},
    ("set", "to"): (f'<svg><image><set attributeName=href to="{U}"/></image></svg>', "set[to]"),
    ("animate", "from"): (
        f'<svg><use><animate attributeName="xlink:href" from="{U}"/></use></svg>',
        "animate[from]",
    ),
    ("animate", "to"): (
        f'<svg><path><animate attributeName=mask to="url({U})"/></path></svg>',
        "animate[to]",
    ),
    ("animate", "values"): (
        f'<svg><image><animate attributeName=href values="#a;{U};"/></image></svg>',
        "animate[values]",
    ),
    ("amp-img", "src"): (f'<amp-img src="{U}"></amp-img>', "amp-img[src]"),
    ("amp-img", "srcset"): (f'<amp-img srcset="{U} 2x"></amp-img>', "amp-img[srcset]"),
    ("amp-anim", "src"): (f'<amp-anim src="{U}"></amp-anim>', "amp-anim[src]"),
    ("amp-anim", "srcset"): (f'<amp-anim srcset="{U} 2x"></amp-anim>', "amp-anim[srcset]"),
    ("amp-list", "src"): (f'<amp-list src="{U}"></amp-list>', "amp-list[src]"),
    ("v:*", "src"): (f'<!--[if mso]><v:fill type="frame" src="{U}"/><![endif]-->', "v:fill[src]"),
    ("v:*", "o:href"): (f'<!--[if vml]><v:imagedata o:href="{U}"/><![endif]-->', "v:imagedata[o:href]"),
    ("xml", "src"): (f'<xml src="{U}"></xml>', "xml[src]"),
}


def written(reference: Reference, raw: bytes) -> str:
    """The bytes of a reference's span as text, without transfer encoding and character references."""
    piece = decode(reference.document.part.encoding, raw[slice(*reference.span)])
    return standard_html.unescape(piece.decode(reference.document.part.charset or "utf-8"))


def test_each_vector_has_its_row() -> None:
    """The table of vectors and this file name the same ones."""
    assert set(ROWS) == set(VECTORS) - {("xml-stylesheet", "href")}, "which stands in no HTML"


@pytest.mark.parametrize("key", list(ROWS), ids="-".join)
@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable"])
@pytest.mark.parametrize(
    "disguise", ["as it is", "upper case", "entities", "crlf", "white space", "in a comment"]
)
def test_each_vector_is_found(key: tuple[str, str], encoding: str, disguise: str) -> None:
    """It is found however it is written, once, and its span is the value and nothing else."""
    markup, label = ROWS[key]
    value = U
    if disguise == "upper case":
        for word in key:
            markup = markup.replace(f"<{word}", f"<{word.upper()}").replace(
                f" {word}=", f" {word.upper()} = "
            )
    elif disguise == "entities":
        markup = markup.replace(U, U.replace("&", "&#38;").replace("o", "&#x6F;"))
    elif disguise == "crlf":
        markup = f"<!-- é -->\r\n\r\n{markup}\r\n"
    elif disguise == "white space":
        if VECTORS[key].how != "url":
            return
        value = f" \t{U}\r\n "
        markup = markup.replace(U, value)
    elif disguise == "in a comment" and "<!--" not in markup and key[1] not in ("manifest", "style"):
        markup = f"<!-- é --><!--[if gte mso 9]>{markup}<![endif]--><!-- {markup} -->"
    raw = html(markup, encoding=encoding)
    references = read(raw).references
    assert [(reference.vector, reference.url) for reference in references] == [(label, U)]
    place = written(references[0], raw)
    if key == ("meta", "content"):
        # A refresh goes somewhere whatever its URL is: only without any value it stays.
        place = place.removeprefix("5; URL=")
    assert place.split() == value.split()
    assert references[0].raw.split() == value.split()


@pytest.mark.parametrize("rel", sorted(RELS))
def test_each_relation_is_found(rel: str) -> None:
    """A link is named after the first of its relations that makes a reader fetch it."""
    assert [r.vector for r in found(f'<link rel="nofollow {rel.upper()}" href="{U}">')] == [f"link[{rel}]"]


@pytest.mark.parametrize(
    "markup",
    [
        f'<a href="{U}">x</a>',
        f'<area href="{U}">',
        f'<link rel="canonical" href="{U}">',
        f'<link href="{U}">',
        f'<form action="{U}"></form>',
        f'<textarea><img src="{U}"></textarea>',
        f'<title><img src="{U}"></title>',
        f'<!-- <img src="{U}"> -->',
        f'<img title="{U}" data-src="{U}">',
        f"<p>{U}</p>",
        f'<meta name="description" content="0; url={U}">',
        '<img src="cid:a@b"><img src="data:image/gif;base64,R0lG"><img src="#x"><img src=""><img src>',
        '<img src="about:blank"><img src="mailto:a@example.org"><img src="javascript:0"><img src="file:///x">',
        '<div style="color:red">',
        f"<div style=\"content:'url({U})'\">",
        f'<img src="{U}',
    ],
)
def test_what_contacts_nobody(markup: str) -> None:
    """Links, text, comments, local and unclosed values are no references."""
    assert found(markup) == []


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        (f'<img src="{U}" src="{V}">', [U]),
        (f"<img src={V}>", [V]),
        (f"<img/src={V}>", [V]),
        (f"<img src='{V}'/>", [V]),
        (f"<image src={V}>", [V]),
        (f"<noscript><img src={V}></noscript>", [V]),
        (f'<noscript><p title="</noscript><img src={V}>"></noscript>', [V]),
        (f"<noscript><!-- </noscript><img src={V}> --></noscript>", [V]),
        (f'<svg><title><p id="</title><img src={V}>"></p></title></svg>', [V]),
        (f"<svg><![CDATA[><img src={V}>]]></svg>", [V]),
        (f"<frameset><img src={V}></frameset>", [V]),
        (f'<p title="<noscript>"></p><p title="</noscript><img src={V}>">', []),
        (f"<base href={V}><img src=''><img src=#><svg><use href=#a /><rect fill=url(#a) /></svg>", [V]),
        (f"<IMG SRC={V}><p", [V]),
        (f"<!--><img src={V}>-->", [V]),
        (f"<!---><img src={V}>-->", [V]),
        (f"<!-- --!><img src={V}>", [V]),
        (f"<![if !mso]><img src={V}><![endif]>", [V]),
        (f"<![CDATA[><img src={V}>]]>", [V]),
        (f"<sc<script>ript><img src={V}>", [V]),
        (f"<svg><style><img src={V}></style></svg>", [V]),
        (f"<table><img src={V}></table>", [V]),
        (f"<picture><source srcset='{U} 1x, {V} 2x'><img src={V}></picture>", [U, V, V]),
        (f"<img srcset='{U},{V} 2x'>", [f"{U},{V}"]),
        (f"<img srcset='{U} 100w, {V}'>", [U, V]),
        (f"<img srcset=',, {U} (a,b) 1x , {V},'>", [U, V]),
        ('<img src="//t.example/x">', ["https://t.example/x"]),
        ('<img src="\\\\t.example\\x">', ["https://t.example/x"]),
        ('<img src="http:\\\\t.example\\x">', ["http://t.example/x"]),
        ('<img src="http:/t.example/x">', ["http://t.example/x"]),
        ('<img src="ht\ntp://t.exa\tmple/x">', ["http://t.example/x"]),
        ('<img src="x.gif">', [None]),
        ('<img src="http://[broken/">', [None]),
        ('<base href="https://t.example/a/b"><img src="x.gif">', ["https://t.example/a/x.gif"]),
        ('<base href="//t.example/a/"><img src="../x.gif">', ["https://t.example/x.gif"]),
        ('<base href=" https://t.example "><img src="?q">', ["https://t.example/?q"]),
        ('<base href="https://t.example"><base href="https://u.example"><img src="/x">', ["https://t.example/x"]),
        ('<base target=x><BASE HREF="https://t.example"><img src="x">', ["https://t.example/x"]),
        ('<base href="http://t.example/"><img src="//u.example/x"><img src="https:y">', ["http://u.example/x", "https://y/"]),
        ('<base href="http://t.example/a/"><img src="http:y">', ["http://t.example/a/y"]),
        (f'<meta http-equiv=refresh content="0;url=\'{V}\'">', [V]),
        (f'<meta http-equiv=refresh content="0; {V}">', [V]),
        (f'<meta http-equiv=refresh content=" 0.5 , url = {V}">', [V]),
        (f'<meta http-equiv=refresh content="url={V}">', []),
        (f"<style>@import '{U}';a{{b:url({V})}}</style>", [U, V]),
        (f"<style media=print>a{{b:url({V})}}</style>", [V]),
        (f"<style><!-- a{{b:url({V})}} --></style>", [V]),
        (f"<style>a{{b:url({V})}}", [V]),
        (f"<svg><style>a{{b:&#117;rl({V})}}</style></svg>", [V]),
        (f"<svg><style>/*<!-- x -->*/a{{b:url({V})}}</style></svg>", [V]),
        (f'<p style="background:&#117;rl({V}),image-set(&quot;{U}&quot; 1x)">', [V, U]),
        (f'<p style="background:\\75rl({V})">', [V]),
        (f"<!--[if mso]><p style=\"background:url('{V}')\"><![endif]-->", [V]),
        (f"<!--[if (gte mso 9)|(IE)]><img src={V}><!-- <![endif]-->", [V]),
        (f"<p title='<!--[if mso]><img src={U}><![endif]-->'><!--[if mso]><img src={V}><![endif]-->", [V]),
        (f"</body></html><!--[if mso]><img src={U}><![endif]--><p><!--[if mso]><img src={V}><![endif]-->", [U, V]),
        (f"<!--[if mso]><img src={V}>", [V]),
    ],
)  # fmt: skip
def test_markup_as_browsers_read_it(markup: str, expected: list[str | None]) -> None:
    """The URLs that would be fetched, in order; None where a value that looks remote leads nowhere."""
    assert urls(markup) == expected


@pytest.mark.parametrize(
    ("markup", "spans"),
    [
        (f"<img srcset='{U} 1x, {V} 2x'>", [U, V]),
        ("<img srcset='https://t.example/?a&amp;b 1x, https://u.example/ 2x'>", ["https://t.example/?a&amp;b", "https://u.example/"]),
        ("<img srcset='https://t.example/?a&copy=1&copyx&reg;&copyx;&amp;b 1x'>", ["https://t.example/?a&copy=1&copyx&reg;&copyx;&amp;b"]),
        ("<img srcset='https://t.example/&#17;&#x80;&#0065;&#xfffe;&#0;&#xD800; 1x'>", ["https://t.example/&#17;&#x80;&#0065;&#xfffe;&#0;&#xD800;"]),
        ("<img srcset='https://t.example/ 1x, &#" + "9" * 5000 + ";'>", ["https://t.example/", "&#" + "9" * 5000 + ";"]),
        ("<p style='a:url(&quot;https://t.example/?a&amp;b&quot;)'>", ["https://t.example/?a&amp;b"]),
        ("<p style='a:url(https://t.example/\\41)'>", ["https://t.example/\\41"]),
        ("<svg><style>a{b:url(https://t.example/?a&amp;b)}</style></svg>", ["https://t.example/?a&amp;b"]),
        ("<p>\r\n<img src =\r\n 'https://t.example/&eacute;' >", ["https://t.example/&eacute;"]),
        ("<p>\U0001f600é<img src=https://t.example/é>", ["https://t.example/é"]),
        ("<style>\r\n/* é */\r\na{b:url( 'https://t.example/' )}</style>", ["https://t.example/"]),
        ("<meta http-equiv=refresh content='0; url=https://t.example/?a&amp;b'>", ["0; url=https://t.example/?a&amp;b"]),
        ("\r\n<!--[if mso]>\r\n<v:rect>\r\n<v:fill src = 'https://t.example/?a&amp;b' />\r\n<![endif]-->", ["https://t.example/?a&amp;b"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "gb18030"])
@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable", "base64"])
def test_spans_are_exact(markup: str, spans: list[str], charset: str, encoding: str) -> None:
    """The raw bytes of a span are the value as it is written (in base64: the groups that hold it)."""
    raw = html(markup, charset, encoding)
    ours = read(raw).references
    codec = "utf-16-le" if charset == "utf-16" else charset
    pieces = [decode(encoding, raw[slice(*reference.span)]) for reference in ours]
    if encoding == "base64":
        assert all(span.encode(codec) in piece for span, piece in zip(spans, pieces, strict=True))
    else:
        assert [piece.decode(codec) for piece in pieces] == spans


NAME = st.sampled_from(
    ["a", "é", "&amp;", "&#65;", "%20", " ", "\n", "\r\n", "\U0001f600", "&", "=", "/", "'", "&quot;"]
)


@given(
    st.lists(st.tuples(st.sampled_from(["img src", "td background", "x style"]), st.lists(NAME, max_size=6).map("".join)), max_size=4),
    st.sampled_from(["8bit", "quoted-printable"]),
)  # fmt: skip
def test_spans_lead_back_to_values(elements: list[tuple[str, str]], encoding: str) -> None:
    """However a value is written: its bytes, read back, are the value."""
    markup = "<table>"
    for element, tail in elements:
        value = f"https://t.example/{tail}"
        markup += f'<{element}="a:url({value})">' if "style" in element else f'<{element}="{value}">'
    raw = mail(encoded(markup.encode(), encoding), "text/html; charset=utf-8", encoding)
    for reference in read(raw).references:
        piece = decode(encoding, raw[slice(*reference.span)]).decode().replace("\r\n", "\n")
        assert unescape(standard_html.unescape(piece)) == reference.raw


MARKUP = """< > <img src= ' " http://t.example/ <!-- --> [if|x]> <style> url( ) </style> <svg> \0 &amp; <p style= srcset=
, é \\ </svg> <![CDATA["""
TAGS = st.sampled_from([*(word.replace("|", " ") for word in MARKUP.split()), " ", "\r\n"])


@given(st.lists(TAGS, max_size=20))
def test_any_markup_is_read(pieces: list[str]) -> None:
    """No markup makes reading fail, and every span lies inside the message."""
    raw = html("".join(pieces))
    for reference in read(raw).references:
        start, end = reference.span
        assert 0 <= start <= end <= len(raw)


def test_references_are_bounded() -> None:
    """Beyond the bound references are counted, not judged."""
    message = read(html("<img src=https://t.example/a>" * (MAX_REFERENCES + 5)))
    assert len(message.references) == MAX_REFERENCES
    assert message.unjudged == 5


QUARTER = 1 << 18
"""Octets: a quarter of a megabyte."""
HOSTILE = {
    "angle brackets": "<",
    "divs": "<div>",
    "comments": "<!---->",
    "bogus comments": "<!a>",
    "processing instructions": "<?a>",
    "conditional comments": "<!--[if mso]><img src=http://t.example/a><![endif]-->",
    "empty conditional comments": "<!--[if mso]>-->",
    "conditional comments with NUL": "<!--[if mso]>\0-->",
    "unclosed conditional comments": "<!--[if mso]>",
    "half conditions": "<!--[if ",
    "images": "<img src=http://t.example/a.gif>\r\n",
    "tables": "<table><tr><td background=http://t.example/a>",
    "formatting": "<b><i><a><p>",
    "svg": "<svg><style>",
    "entities": "&amp;",
    "half entities": "&#",
}
INSIDE = {
    "img srcset": [
        "http://t.example/a 1x,",
        "http://t.example/?a&amp;b 1x,",
        ",",
        "a( ",
        "http://t.example/a, ",
        " ",
    ],
    "p style": [
        "a:url(http://t.example/a);",
        "a:url(http://t.example/?a&amp;b);",
        "url(&quot;a&quot; ",
        "\\",
        "&#117;rl(",
    ],
    "img src": ["http://t.example/", "&amp;", "%2", "/?=&", " ", "\r\n"],
    "applet archive": ["a ", "http://t.example/a,"],
    "meta http-equiv=refresh content": ["0; url=", " ", "0", "'"],
    "link rel=icon href": ["http://t.example/ "],
    "link href=http://t.example rel": ["icon "],
}


def _seconds(markup: str) -> float:
    raw = html(markup)
    started = time.process_time()
    for reference in read(raw).references:
        assert reference.span
    return time.process_time() - started


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_markup_takes_linear_time(name: str) -> None:
    """Any one piece, over and over, is read at about a second a megabyte (twice that on a busy machine)."""
    piece = HOSTILE[name]
    size = QUARTER // 4 if name in ("divs", "tables", "formatting", "svg") else QUARTER
    assert _seconds("<!--[if mso]>-->" + piece * (size // len(piece))) < 1


@pytest.mark.parametrize(
    ("attribute", "piece"), [(name, piece) for name, pieces in INSIDE.items() for piece in pieces]
)
def test_hostile_values_take_linear_time(attribute: str, piece: str) -> None:
    """A long value is read at about a second a megabyte, whatever it is made of."""
    assert _seconds(f"<{attribute}='" + piece * (QUARTER // len(piece)) + "'>") < 1.5


def test_deep_nesting_and_many_attributes() -> None:
    """Twenty thousand elements inside each other, or fifty thousand attributes, hide nothing and take no time."""
    started = time.process_time()
    assert urls("<div>" * 20_000 + f"<img src={V}>") == [V]
    assert urls("<img " + " ".join(f"a{n}=1" for n in range(50_000)) + f" src={V}>") == [V]
    assert time.process_time() - started < 2


def test_every_attribute_has_a_sign_in_conditional_comments() -> None:
    """A comment that holds an attribute which loads is never passed over."""
    for (element, attribute), row in VECTORS.items():
        value = {"refresh": "0; x", "css": "a:url(x)", "paint": "url(x)"}.get(row.how, "x")
        about = {"refresh": 'http-equiv="refresh" ', "animated": 'attributeName="href" '}.get(row.how, "")
        markup = f'<{element.replace("*", "b")} {about}{attribute}="{value}">'
        assert _has_sign(markup), markup
        assert _has_sign(markup.upper()), markup
