"""The reader's name in a URL."""

from __future__ import annotations

import pytest

from tests.detect.messages import judged, rules

SIZE = 'width="600" height="200"'


@pytest.mark.parametrize(
    ("to", "target"),
    [
        ("Camille Durand <c@inbox.example>", "/hero.jpg?fn=Camille&seg=3"),
        ("Camille Durand <c@inbox.example>", "/render?text=Hi%20Camille%21&w=600"),
        ("Camille Durand <c@inbox.example>", "/b.png?txt=Bonjour+CAMILLE"),
        ("Camille Durand <c@inbox.example>", "/b.png?n=Camille%20Durand"),
        ("Camille Durand <c@inbox.example>", "/name/Camille/hero.png"),
        ("Camille Durand <c@inbox.example>", "/greet/Camille.png"),
        ('"Durand, Camille" <c@inbox.example>', "/b.png?n=durand"),
        ("=?utf-8?Q?Am=C3=A9lie_Lef=C3=A8vre?= <a@inbox.example>", "/b.png?n=Amelie"),
        ("=?utf-8?Q?Am=C3=A9lie_Lef=C3=A8vre?= <a@inbox.example>", "/b.png?n=AM%C3%89LIE"),
        ("=?utf-8?Q?Am=C3=A9lie_Lef=C3=A8vre?= <a@inbox.example>", "/b.png?n=Lef%E8vre"),
        ("Camille Durand <c@inbox.example>", "/b.png?p=%7B%22fn%22%3A%22Camille%22%7D"),
        ("Camille Durand <c@inbox.example>", "/upload/l_text:Arial_60:Camille,co_white/hero.jpg"),
        ("Jean-Pierre Blanc <c@inbox.example>", "/b.png?n=Jean-Pierre"),
        ("=?iso-8859-1?Q?J=FCrgen_Gro=DF?= <c@inbox.example>", "/b.png?n=Juergen"),
        ("=?utf-8?B?xYF1a2FzeiBOb3dhaw==?= <c@inbox.example>", "/b.png?n=Lukasz"),
        ("=?utf-8?B?5bGx55SwIOWkqumDjg==?= <c@inbox.example>", "/b.png?n=%E5%A4%AA%E9%83%8E"),
        ("Camille Durand <c@inbox.example>", "/render?data=eyJmaXJzdCI6IkNhbWlsbGUiLCJ0aWVyIjoiZ29sZCJ9"),
        ("=?utf-8?Q?Am=C3=A9lie_Lef=C3=A8vre?= <a@inbox.example>", "/r/eyJwcmVub20iOiJBbcOpbGllIn0/1"),
        (
            "Camille Durand <c@inbox.example>",
            "/render?t=eyJhbGciOiJub25lIn0.eyJmaXJzdCI6IkNhbWlsbGUiLCJ0aWVyIjoiZ29sZCJ9.c2lnc2lnc2lnc2lnc2lnc2ln",
        ),
    ],
)
def test_a_name_makes_a_picture_personal(to: str, target: str) -> None:
    """As it is, in capitals, without its accents, encoded in either way."""
    (found,) = judged(f'<img src="https://img.sender.example{target}" {SIZE}>', {"To": to})
    assert found.verdict.kind == "personal"
    assert "identity.name" in rules(found)


@pytest.mark.parametrize(
    ("to", "target"),
    [
        ("Rose Miller <r@inbox.example>", "/roses/rose-bouquet.jpg"),
        ("Rose Miller <r@inbox.example>", "/img/rose.jpg"),
        ("Rose Miller <r@inbox.example>", "/b.png?src=rose-red.jpg"),
        ("Sender Customer <r@inbox.example>", "/b.png?brand=sender&for=customer"),
        ("rose@inbox.example", "/b.png?n=rose"),
        ("Al Lee <r@inbox.example>", "/b.png?n=al"),
        ("Rose Miller <r@inbox.example>", "/b.png?d=eyJmaXJzdCI6IlJvc2VtYXJ5In0="),
        ("Rose Miller <r@inbox.example>", "/b.png?d=eyJ&n=eyJhbGciOiJub25"),
    ],
)
def test_words_that_are_no_name(to: str, target: str) -> None:
    """What a file is called, the sender's own name, a plain address, two letters."""
    (found,) = judged(f'<img src="https://img.sender.example{target}" {SIZE}>', {"To": to})
    assert found.verdict.kind == "content"
    assert "identity.name" not in rules(found)
