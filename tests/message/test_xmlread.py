"""XML as browsers read it: what each element has, where it stands, and the bounds of what entities make."""

from __future__ import annotations

import time

import pytest

from blocker.message.read import read
from blocker.message.xmldtd import MAX_DEPTH
from blocker.message.xmlread import instructions, read_xml
from blocker.rewrite.neutralise import neutralise, restore

U = "http://t.example/o.gif"
XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'


def _pays(_: int) -> bool:
    return True


def xhtml(body: str, subset: str = "", kind: str = "application/xhtml+xml", charset: str = "utf-8") -> bytes:
    """A message with one XHTML page."""
    markup = (
        f"<!DOCTYPE html [{subset}]><html {XHTML}><head><title>x</title></head><body>{body}</body></html>"
    )
    head = f"From: a@sender.example\r\nTo: b@reader.example\r\nSubject: x\r\nContent-Type: {kind}; charset={charset}\r\n\r\n"
    return head.encode() + markup.encode(charset)


def addresses(raw: bytes) -> set[str]:
    return {reference.url for reference in read(raw).references if reference.url}


FOUND = {
    "another prefix": (f'<h:img xmlns:h="http://www.w3.org/1999/xhtml" src="{U}"/>', "", U),
    "a prefix bound again": (f'<a:b xmlns:a="urn:x"><a:b xmlns:a="http://www.w3.org/1999/xhtml"/><c:img xmlns:c="http://www.w3.org/1999/xhtml" src="{U}"/></a:b>', "", U),
    "an element in an entity": ("&i;", f"<!ENTITY i '<img src=\"{U}\"/>'>", U),
    "a tag made of references": ("&i;", f"<!ENTITY i '&#60;img src=\"{U}\"/>'>", U),
    "a reference in an entity": ("&i;", "<!ENTITY i '<img src=\"&#104;ttp://t.example/o.gif\"/>'>", U),
    "an entity in a value": ('<img src="&u;"/>', f"<!ENTITY u '{U}'>", U),
    "entities side by side": ('<img src="&a;&b;"/>', "<!ENTITY a 'http://t.exam'><!ENTITY b 'ple/o.gif'>", U),
    "entities inside each other": ('<img src="&b;"/>', "<!ENTITY a 'http://t.exam'><!ENTITY b '&a;ple/o.gif'>", U),
    "the first of two declarations": ('<img src="&u;"/>', f"<!ENTITY u '{U}'><!ENTITY u 'cid:x'>", U),
    "a parameter entity": ('<img src="&u;"/>', f"<!ENTITY % p \"<!ENTITY u '{U}'>\"> %p;", U),
    "one written in references": ('<img src="&u;"/>', f"<!ENTITY % p '&#60;!ENTITY u \"{U}\"&#62;'> %p;", U),
    "what Chromium makes of it": ('<img src="&u;"/>', f"<!ENTITY % p \"<!ENTITY u 'cid:x'>\"> %p; <!ENTITY u '{U}'>", U),
    "a default": ("<img/>", f'<!ATTLIST img alt CDATA #IMPLIED src CDATA "{U}">', U),
    "a fixed default": ("<img/>", f"<!ATTLIST img src CDATA #FIXED '{U}'>", U),
    "a default of entities": ("<img/>", f"<!ENTITY u '{U}'><!ATTLIST img src CDATA '&u;'>", U),
    "a namespace by default": ("<h:img/>", f'<!ATTLIST h:img xmlns:h CDATA "http://www.w3.org/1999/xhtml" src CDATA "{U}">', U),
    "a default beside a choice": ("<img/>", f'<!ATTLIST img class (a|b) "a" src CDATA "{U}">', U),
    "CDATA in a style": (f"<style><![CDATA[p{{background:url({U})}}]]></style>", "", U),
    "a comment in a style": (f"<style>p{{backgr<!-- x -->ound:url({U})}}</style>", "", U),
    "references in a style": (f"<style>p{{background:&#117;rl({U}?a&amp;b)}}</style>", "", f"{U}?a&b"),
    "an entity in a style": ("<style>&s;</style>", f"<!ENTITY s 'p{{background:url({U})}}'>", U),
    "a style in an entity": ("&s;", f"<!ENTITY s '<style>p{{background:url({U})}}</style>'>", U),
    "a self-closed script": (f'<script/><img src="{U}"/>', "", U),
    "markup in a title": (f'<title><img src="{U}"/></title>', "", U),
    "markup in a style": (f'<style><img src="{U}"/></style>', "", U),
    "what is not well formed": (f'<h:img xmlns:h="http://www.w3.org/1999/xhtml" src="{U}"/></b>', "", U),
    "another prefix for XLink": (f'<svg xmlns="http://www.w3.org/2000/svg"><image xmlns:q="http://www.w3.org/1999/xlink" q:href="{U}"/></svg>', "", U),
    "SVG with a prefix": (f'<s:svg xmlns:s="http://www.w3.org/2000/svg"><s:feImage href="{U}"/></s:svg>', "", U),
    "a base by default": ('<base/><h:img xmlns:h="http://www.w3.org/1999/xhtml" src="o.gif"/>', '<!ATTLIST base href CDATA "http://t.example/">', U),
    "a document in a value": ("<h:iframe xmlns:h='http://www.w3.org/1999/xhtml' srcdoc='&lt;img src=\"http://t.example/o.gif\">'/>", "", U),
}  # fmt: skip


@pytest.mark.parametrize("name", FOUND)
@pytest.mark.parametrize("charset", ["utf-8", "utf-16"])
def test_what_is_found_is_taken_away(name: str, charset: str) -> None:
    """The address is found; at paranoid it is nowhere, nothing else is found, and the way back is exact."""
    body, subset, url = FOUND[name]
    raw = xhtml(body, subset, charset=charset)
    assert url in addresses(raw)
    done = neutralise(raw, level="paranoid")
    assert done.refused is None
    assert addresses(done.raw) == set()
    assert restore(done.raw) == raw


@pytest.mark.parametrize(
    ("body", "subset"),
    [
        (f'<x xmlns="urn:x"><img src="{U}"/></x>', ""),
        (f'<x:img xmlns:x="urn:x" src="{U}"/>', ""),
        (f'<IMG src="{U}"/>', ""),
        (f"<!-- <img src='{U}'/> -->", ""),
        ("", f"<!ENTITY i '<img src=\"{U}\"/>'>"),
        ("&i;", f'<!ENTITY i SYSTEM "{U}">'),
        ("&i;", "<!ENTITY i '&j;'><!ENTITY j '&i;'>"),
    ],
)
def test_what_loads_nothing(body: str, subset: str) -> None:
    """Other namespaces, other case, comments, entities that nobody asks for, external ones and endless ones."""
    assert addresses(xhtml(body, subset, "application/xml")) == set()


@pytest.mark.parametrize("kind", ["text/xml", "application/xml", "application/rdf+xml", "image/x+xml"])
def test_xml_by_its_type_is_read_as_xml_alone(kind: str) -> None:
    """Any XML type is read; what stands in no namespace there loads nothing, as it would in HTML."""
    raw = xhtml(f'<h:img xmlns:h="http://www.w3.org/1999/xhtml" src="{U}"/>', kind=kind)
    assert addresses(raw) == {U}
    assert restore(neutralise(raw, level="paranoid").raw) == raw
    assert addresses(raw.replace(b' xmlns="http://www.w3.org/1999/xhtml"', b"").replace(b"h:", b"")) == set()


def test_the_edit_stands_at_the_declaration() -> None:
    """Where an element stands in an entity, its value is replaced there; where a value names one, the name is."""
    declared = xhtml("&i;", f"<!ENTITY i '<img src=\"{U}\"/>'>")
    (reference,) = [found for found in read(declared).references if found.url]
    assert declared[slice(*reference.span)] == U.encode()
    named = xhtml('<img src="&a;/o.gif"/>', "<!ENTITY a 'http://t.example'>")
    (reference,) = [found for found in read(named).references if found.url]
    assert named[slice(*reference.span)] == b"&a;/o.gif"


def _laughs(levels: int) -> str:
    chain = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, levels))
    return f"<!ENTITY l0 '{'ha' * 50}'>{chain}"


@pytest.mark.parametrize(
    ("body", "subset"),
    [
        ("&l9;", _laughs(10)),
        ('<p title="&l9;">x</p>', _laughs(10)),
        ("<style>&l9;</style>", _laughs(10)),
        ("&q;" * 20_000, f"<!ENTITY q '{'x' * 20_000}'>"),
        ("<p/>" * 20_000, "".join(f"<!ATTLIST p a{n} CDATA 'x'>" for n in range(2_000))),
        (f"&d{MAX_DEPTH + 9};", "<!ENTITY d0 'x'>" + "".join(f"<!ENTITY d{n} '&d{n - 1};'>" for n in range(1, MAX_DEPTH + 10))),
    ],
)  # fmt: skip
def test_bombs_cost_little_and_are_told(body: str, subset: str) -> None:
    """Billions of laughs, long entities often, defaults of many elements, entities deep inside each other: told, in seconds."""
    raw = xhtml(f'<h:img xmlns:h="http://www.w3.org/1999/xhtml" src="{U}"/>{body}', subset)
    begun = time.process_time()
    message = read(raw)
    assert time.process_time() - begun < 5
    assert message.cut
    assert U in {reference.url for reference in message.references}


_EACH = {
    "text": "ha",
    "elements": "<p>",
    "pictures": f"<img src='{U}'/>",
    "sheets": f"<style>p{{background:url({U})}}</style>",
    "styles": f"<p style='background:url({U})'/>",
    "defaults": "<d/>",
}


@pytest.mark.parametrize("fan", [2, 10])
@pytest.mark.parametrize("what", _EACH)
def test_a_bomb_of_two_kilobytes_takes_no_second(what: str, fan: int) -> None:
    """At paranoid, where a message is read, changed and checked by other readers: each of them has its own bound."""
    levels = 60 if fan == 2 else 10
    chain = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * fan}">' for n in range(1, levels))
    more = "".join(f' a{n} CDATA "x"' for n in range(50))
    subset = f'<!ATTLIST d{more}><!ENTITY l0 "{_EACH[what]}">{chain}'
    raw = xhtml(f'<img src="{U}"/>&l{levels - 1};', subset)
    assert len(raw) < 3000
    neutralise(xhtml(f'<img src="{U}"/>'), level="paranoid")  # what is read once and kept costs nothing here
    begun = time.process_time()
    done = neutralise(raw, level="paranoid", key=b"k")
    assert time.process_time() - begun < 1
    assert done.report.partly
    assert f'<img src="{U}"/>'.encode() not in done.raw


def test_many_bombs_cost_what_one_does() -> None:
    """The parts of a message share what they may read again, beyond what each of them brings."""
    chain = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    document = (
        f'<!DOCTYPE svg [<!ENTITY l0 "<p/>">{chain}]><svg xmlns="http://www.w3.org/2000/svg">&l9;</svg>'
    )
    part = f"--b\r\nContent-Type: image/svg+xml\r\n\r\n{document}\r\n"
    head = "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    one, many = (f"{head}{part * count}--b--\r\n".encode() for count in (1, 50))
    read(one)
    times = []
    for raw in (one, many):
        begun = time.process_time()
        assert read(raw).cut
        times.append(time.process_time() - begun)
    # Where nothing is shared fifty cost fifty times as much; a busy machine is uneven.
    assert times[1] < 15 * times[0]


def test_deep_and_long_xml_is_read_in_linear_time() -> None:
    """50,000 elements inside each other, each with a prefix of its own, and as many instructions."""
    deep = "".join(f'<a{n} xmlns:p{n}="urn:{n}">' for n in range(50_000))
    (xml,) = read_xml(f'{deep}<p7:x/><h:img xmlns:h="http://www.w3.org/1999/xhtml" src="{U}"/>', _pays)
    assert [element.attrs for element in xml.elements if element.tag == "img"] == [{"src": U}]
    many = "<?xml-stylesheet href='a'?>" * 50_000
    assert len(list(instructions(many))) == 50_000


def test_ordinary_entities_are_not_told() -> None:
    """What drawing programs write, a few entities for namespaces, is far below the means."""
    subset = "".join(f'<!ENTITY ns{n} "http://ns.example/{n}/">' for n in range(20))
    raw = xhtml("".join(f'<p xmlns:n{n}="&ns{n};">x</p>' for n in range(20)) * 20, subset)
    assert not read(raw).cut


TRANSFORMATION = (
    '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
    f'<xsl:output method="html"/><xsl:template match="/"><html><img src="{U}"/></html></xsl:template></xsl:stylesheet>'
)


def test_a_transformation_is_taken_away_whatever_it_makes() -> None:
    """One in a data: URL or in the page itself is a place of its own; elements in no namespace count there."""
    inside = f'<?xml-stylesheet type="text/xsl" href="#s"?><list>{TRANSFORMATION}</list>'
    head = b"From: a@sender.example\r\nTo: b@reader.example\r\nContent-Type: text/xml\r\n\r\n"
    raw = head + inside.encode()
    assert "xml-stylesheet[href]" in {r.vector for r in read(raw).references}
    assert addresses(raw) == {U}
    done = neutralise(raw, level="paranoid")
    assert read(done.raw).references == []
    assert restore(done.raw) == raw


@pytest.mark.once
@pytest.mark.parametrize(("levels", "times"), [(7, 10), (30, 2), (3, 300)])
def test_a_bomb_keeps_nothing_without_a_word(levels: int, times: int) -> None:
    """An SVG of less than 3 KB that entities make endless is cut, and told: in the report, and as a refusal where it stays."""
    entities = f"<!ENTITY e0 \"<image href='{U}' width='9' height='9'/>\">" + "".join(
        f'<!ENTITY e{n} "{f"&e{n - 1};" * times}">' for n in range(1, levels)
    )
    raw = xhtml(f'<svg xmlns="http://www.w3.org/2000/svg">&e{levels - 1};</svg>', entities)
    done = neutralise(raw, level="paranoid")
    assert done.report.error is not None
    assert done.report.error.startswith("not everything was looked at")
    assert addresses(raw) == {U}
    assert (done.refused is not None and done.raw == raw) or U.encode() not in done.raw


def test_what_begins_in_an_entity_ends_in_it() -> None:
    """A sheet that an entity leaves open takes nothing from behind it, whose places are another text's."""
    text = (
        f"<!DOCTYPE html [<!ENTITY i '<style>p{{}}'>]><html {XHTML}><body>&i; q{{}} {'x' * 200}</body></html>"
    )
    for xml in read_xml(text, _pays):
        for _, sheet in xml.sheets:
            assert sheet.text == "p{}"
            assert 0 <= sheet.whole[0] <= sheet.whole[1] <= len(text)
