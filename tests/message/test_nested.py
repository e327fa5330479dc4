"""Documents inside documents are read as the one around them, and each place in them leads back to the raw bytes."""

from __future__ import annotations

import base64
import time

import pytest

import blocker
from blocker.message.mime import MAX_ENCLOSED, read_structure
from blocker.message.nested import MAX_NESTED
from blocker.message.read import read
from tests.message.samples import HEAD, encoded, found, html, mail, parts, urls
from tests.rewrite.test_neutralise import KEY, promises

U = "http://t.example/o.gif?a=1&b=2"
ESCAPED = U.replace("&", "&amp;")
IMG = f'<img src="{ESCAPED}">'


def attribute(markup: str) -> str:
    """Markup as the value of an attribute."""
    return markup.replace("&", "&amp;").replace('"', "&quot;")


def percent(markup: str) -> str:
    """Markup in a data: URL, as a program writes it."""
    return "".join(
        letter if letter.isalnum() or letter in ":/.?=" else f"%{ord(letter):02x}" for letter in markup
    )


def srcdoc(depth: int) -> str:
    """A picture, so many documents deep."""
    markup = IMG
    for _ in range(depth):
        markup = f'<iframe srcdoc="{attribute(markup)}"></iframe>'
    return markup


DATA = f"data:text/html,{percent(IMG)}"
SHEET = "a{b:url(http://t.example/o.gif?a=1&b=2)}"
BASE64 = base64.b64encode(IMG.encode()).decode()
NESTED = {
    "srcdoc": (srcdoc(1), "img[src]", True),
    "srcdoc of srcdoc": (srcdoc(3), "img[src]", True),
    "data in a frame": (f'<iframe src="{attribute(DATA)}"></iframe>', "img[src]", True),
    "data in an object": (f'<object data=" DATA:text/HTML;charset=x,{percent(IMG)}"></object>', "img[src]", True),
    "data with a fragment": (f'<embed src="data:text/html,{percent(IMG)}#x">', "img[src]", True),
    "data with line ends": (f'<embed src="data:te\nxt/html,{percent(IMG)}">', "img[src]", True),
    "data in srcdoc": (f'<iframe srcdoc="{attribute(f"<embed src={DATA}>")}"></iframe>', "img[src]", True),
    "data in a refresh": (f'<meta http-equiv=refresh content="0;url={DATA}">', "img[src]", True),
    "SVG as data": (f"<iframe src=\"data:image/svg+xml,{percent(f'<svg><image href={U} /></svg>')}\">", "image[href]", True),
    "base64": (f'<iframe src="data:text/html;base64,{BASE64}"></iframe>', "img[src]", False),
    "base64 with percent signs": (f'<iframe src="data:text/html;base64,{percent(BASE64)}"></iframe>', "img[src]", False),
    "a sheet as data": (f'<link rel=stylesheet href="data:text/css,{percent(SHEET)}">', "style url()", True),
    "an imported sheet": (f"<style>@import 'data:text/css,{percent(SHEET)}';</style>", "style url()", True),
    "an escaped import": (f"<style>@import 'dat\\61:text/css,{percent(SHEET)}';</style>", "style url()", False),
    "a shadow root": (f"<div><template shadowrootmode=closed>{IMG}</template></div>", "img[src]", True),
    "a shadow root in one": (
        f"<div><template a='>' ShadowRootMode=open><p><template shadowrootmode=closed>{IMG}</template></template></div>",
        "img[src]",
        True,
    ),
    "a sheet for Outlook": (f"<!--[if mso]><style>{SHEET}</style><![endif]-->", "style url()", True),
}  # fmt: skip


@pytest.mark.parametrize("name", NESTED)
@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable"])
def test_what_stands_inside_is_found(name: str, encoding: str) -> None:
    """It is found once, with its own vector, and its span holds the address, or the value that hides it."""
    markup, vector, exact = NESTED[name]
    raw = html(f"<p>é</p>\r\n{markup}\r\n", encoding=encoding)
    (reference,) = read(raw).references
    assert (reference.vector, reference.url, reference.raw) == (vector, U, U)
    document = reference.document
    place = document.text[slice(*reference.text_span)]
    assert (place.startswith("http") and place.endswith("2") and "<" not in place) == exact
    assert document.raw_span(*reference.text_span) == reference.span


@pytest.mark.parametrize("name", NESTED)
@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable", "base64"])
def test_what_stands_inside_is_neutralised(name: str, encoding: str) -> None:
    """At paranoid nothing is left to fetch, the way back is exact, and what stands around stays."""
    markup = NESTED[name][0]
    raw = html(f"<p>é</p>{markup}<p>after</p>", encoding=encoding)
    done = promises(raw, "paranoid")
    assert done.refused is None
    (document,) = read(done.raw).documents
    assert "t.example" not in document.text.replace("%2e", ".")
    assert found(document.text) == []
    assert "after" in document.text


def test_only_the_pixel_of_a_nested_document_goes() -> None:
    """At standard what shows nothing is taken from a frame's document, and its picture stays."""
    pixel = '<img width=1 height=1 src="http://t.example/open.php?u=8f14e45fceea167a5a36dedd4bea2543">'
    picture = '<img width=400 height=200 src="http://t.example/harbour.jpg" alt="The harbour">'
    raw = html(f'<iframe srcdoc="{attribute(pixel + picture)}"></iframe>')
    left = read(promises(raw, "standard").raw).references
    assert [reference.url for reference in left] == ["http://t.example/harbour.jpg"]


def test_what_is_too_deep_is_one_place() -> None:
    """Beyond the bound a document counts as an address that leads nowhere, and goes whole at paranoid."""
    assert urls(srcdoc(MAX_NESTED)) == [U]
    (reference,) = found(srcdoc(MAX_NESTED + 1))
    assert (reference.vector, reference.url) == ("iframe[srcdoc]", None)
    done = promises(html(srcdoc(MAX_NESTED + 3)), "paranoid")
    assert done.changed
    assert read(done.raw).references == []


@pytest.mark.parametrize(
    "markup",
    [
        f'<img src="{DATA}">',
        f'<img src="data:image/svg+xml,{percent(f"<svg><image href={U} /></svg>")}">',
        f'<iframe src="data:text/plain,{percent(IMG)}"></iframe>',
        f'<iframe src="data:text/html;base64,{BASE64[:7]}"></iframe>',
        f'<iframe src="data:text/html,#{percent(IMG)}"></iframe>',
        f'<link rel=icon href="data:text/css,{percent(SHEET)}">',
        f'<link rel=stylesheet href="{DATA}">',
        f"<a href='{DATA}'>x</a>",
        f"<td fill='url({U})'>",
        f'<svg><a><set attributeName=href to="{U}"/></a></svg>',
        f'<svg><image><animate attributeName=href by="{U}"/></image></svg>',
        f'<iframe srcdoc="{attribute(f"<a href={U}>x</a>")}"></iframe>',
    ],
)
def test_what_loads_nothing(markup: str) -> None:
    """Pictures load nothing, plain text and fragments are no documents, links wait for a click."""
    assert found(markup) == []


def test_relative_addresses_inside() -> None:
    """A srcdoc takes the base of the page around it, or its own; a data: URL has none."""
    base = '<base href="http://t.example/a/">'
    assert urls(base + "<iframe srcdoc='<img src=b>'></iframe>") == ["http://t.example/a/b"]
    inner = attribute("<base href=/c/><img src=b>")
    assert urls(f'{base}<iframe srcdoc="{inner}"></iframe>') == ["http://t.example/c/b"]
    assert urls(f"{base}<iframe src='data:text/html,%3Cimg%20src%3Db%3E'></iframe>") == [None]


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ("Content-Base: http://t.example/a/", "http://t.example/a/x"),
        ('Content-Base: "http://t.example/a/"', "http://t.example/a/x"),
        ("Content-Location: http://t.example/a/b", "http://t.example/a/x"),
        ("Content-Location: a/b", None),
        ("Content-Location: cid:a@b", None),
        ("Content-Location: http://u.example/\r\nContent-Base: http://t.example/", "http://t.example/x"),
    ],
)
def test_a_part_may_name_its_base(fields: str, url: str | None) -> None:
    """Content-Base comes before Content-Location, an absolute one alone counts, and <base> before both."""
    head = HEAD + fields.encode() + b"\r\n"
    assert [r.url for r in read(mail(b"<img src=x>", head=head)).references] == [url]
    own = b"<base href=http://v.example/><img src=x>"
    assert [r.url for r in read(mail(own, head=head)).references] == ["http://v.example/x"]


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        ('<?xml-stylesheet href="http://t.example/a.css?a&amp;b"?>', ["http://t.example/a.css?a&b"]),
        ("<?xml-stylesheet type='text/css'\n href = 'http://t.example/a.css' ?>", ["http://t.example/a.css"]),
        (f'<?xml-stylesheet href="data:text/css,{percent(SHEET)}"?>', [U]),
        ('<?xml-stylesheet title="http://t.example/a.css"?>', []),
        ('<?xml-model href="http://t.example/a.css"?>', []),
    ],
)
def test_style_sheets_of_xml(instruction: str, expected: list[str]) -> None:
    """The processing instruction names a style sheet in XML, and is a comment in HTML."""
    body = f"<?xml version='1.0'?>{instruction}<svg xmlns='http://www.w3.org/2000/svg'></svg>".encode()
    raw = mail(body, "image/svg+xml")
    assert [r.url for r in read(raw).references] == expected
    assert read(mail(body, "text/html")).references == []
    assert read(promises(raw, "paranoid").raw).references == []


def test_a_calendar_is_folded_and_escaped() -> None:
    """What a calendar says in HTML is found through folds and backslashes, and its place is exact."""
    body = (
        b"BEGIN:VEVENT\r\nDESCRIPTION:<img src=http://t.example/plain.gif>\r\n"
        b'X-ALT-DESC;X-A="a:b";FMTTYPE=text/html:<p>Boots\\, please\\n<img src="http://t.exa\r\n\tmple/o\\;a.gif">\r\n'
        b"STYLED-DESC\r\n RIPTION:<img src=http://t.example/b.gif>\r\nEND:VEVENT\r\n"
    )
    raw = mail(body, "text/calendar; charset=utf-8")
    first, second = read(raw).references
    assert (first.url, second.url) == ("http://t.example/o;a.gif", "http://t.example/b.gif")
    assert raw[slice(*first.span)] == b"http://t.exa\r\n\tmple/o\\;a.gif"
    done = promises(raw, "paranoid")
    assert read(done.raw).references == []
    assert b"Boots\\, please" in done.raw
    assert b"plain.gif" in done.raw


INNER = HEAD + b'Content-Type: text/html; charset="utf-8"\r\n\r\n<p>=E9 </p>' + IMG.encode() + b"\r\n"


def enclosed(message: bytes, encoding: str) -> bytes:
    """A message that holds another one, encoded."""
    fields = f"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    page = b"Content-Type: text/html\r\n\r\n<p>Look</p>"
    return HEAD + parts(page, fields.encode() + encoded(message, encoding), boundary=f"b{len(message)}")


def changed(raw: bytes) -> bytes:
    """The message at paranoid, which leads back, and which is the same when it is neutralised again."""
    done = blocker.neutralise(raw, level="paranoid", key=KEY)
    assert done.refused is None
    assert blocker.restore(done.raw) == raw
    assert blocker.neutralise(done.raw, level="paranoid", key=KEY).raw == done.raw
    return done.raw


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
@pytest.mark.parametrize("inner", [INNER, enclosed(INNER, "base64"), enclosed(INNER, "quoted-printable")])
def test_an_encoded_message_is_read_and_neutralised(inner: bytes, encoding: str) -> None:
    """Its picture is found in its place, taken away at paranoid, and comes back byte for byte."""
    raw = enclosed(inner, encoding)
    (reference,) = read(raw).references
    assert reference.url == U
    start, end = reference.span
    assert raw.index(b"message/rfc822") < start < end < len(raw)
    done = changed(raw)
    assert read(done).references == []
    assert [part.content_type for part in read(done).parts] == [part.content_type for part in read(raw).parts]


def test_two_edits_in_one_encoded_message() -> None:
    """What stands in it, and in a message that it holds encoded, is changed in one go."""
    page = b"Content-Type: text/html\r\n\r\n" + IMG.encode()
    deep = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encoded(
        INNER, "base64"
    )
    raw = enclosed(HEAD + parts(page, deep, page, boundary="x"), "base64")
    assert [r.url for r in read(raw).references] == [U] * 3
    done = changed(raw)
    assert read(done).references == []


def test_what_is_only_said_to_be_encoded() -> None:
    """A message that stands as it is under such a label is read as it stands."""
    for encoding in ("base64", "quoted-printable"):
        fields = f"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
        raw = HEAD + parts(fields.encode() + INNER)
        (reference,) = read(raw).references
        assert (reference.url, reference.document.part.enclosure) == (U, None)


def test_encoded_messages_are_opened_to_a_bound() -> None:
    """So many inside each other are decoded; more say that not everything was looked at."""
    raw = INNER
    for _ in range(MAX_ENCLOSED):
        raw = enclosed(raw, "base64")
    assert not read_structure(raw).cut
    assert [r.url for r in read(raw).references] == [U]
    structure = read_structure(enclosed(raw, "base64"))
    assert structure.cut


HOSTILE = {
    "srcdoc": "<iframe srcdoc='&lt;img src=http://t.example/a>'></iframe>",
    "deep srcdoc": '<iframe srcdoc="' + "&lt;iframe srcdoc=" * 9 + '"></iframe>',
    "data": "<embed src='data:text/html,%3Cimg src=http://t.example/a%3E'>",
    "imports": "<style>@import 'data:text/css,a%7B';</style>",
    "templates": "<template shadowrootmode=open>",
    "animations": "<svg><image><animate attributeName=href values='a;a;a'/>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_nesting_takes_linear_time(name: str) -> None:
    """Any of these, over and over, is read at about a second in a hundred kilobytes at most."""
    raw = html(HOSTILE[name] * (60_000 // len(HOSTILE[name])))
    started = time.process_time()
    for reference in read(raw).references:
        assert reference.span
    assert time.process_time() - started < 1.5
