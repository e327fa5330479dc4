"""What expat says of an edit in XML: it names what was not meant, and says nothing where it sees nothing."""

from __future__ import annotations

import pytest

from blocker.rewrite.xmlcheck import agrees, said

U = "http://t.example/o.gif"
ENTITIES = '<!DOCTYPE r [<!ENTITY a "http://t.exam"><!ENTITY b "ple/o.gif">]>'


def _meant(was: str, now: str) -> bool:
    return U in was and U not in now


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (f'<r a="{U}"/>', '<r a="data:,"/>', True),
        (f'{ENTITIES}<r a="&a;&b;"/>', f'{ENTITIES}<r a="data:,"/>', True),
        (f'<!DOCTYPE r [<!ATTLIST r a CDATA "{U}">]><r/>', '<!DOCTYPE r [<!ATTLIST r a CDATA "data:,">]><r/>', True),
        ("<!DOCTYPE r [<!ENTITY i '<s a=\"http://t.example/o.gif\"/>'>]><r>&i;</r>", "<!DOCTYPE r [<!ENTITY i '<s a=\"data:,\"/>'>]><r>&i;</r>", True),
        (f'<r a="{U}" b="x"/>', '<r a="data:," b="y"/>', False),
        (f'<r a="{U}"><s/></r>', '<r a="data:,"></r>', False),
        (f'<r a="{U}">x</r>', '<r a="data:,">y</r>', False),
        (f'<r a="{U}"/>', '<r b="data:,"/>', False),
        (f'<!DOCTYPE r PUBLIC "x" "y"><r a="{U}?&eacute;">&nbsp;</r>', '<!DOCTYPE r PUBLIC "x" "y"><r a="data:,">&nbsp;</r>', True),
        (f'<!DOCTYPE r PUBLIC "x" "y"><r a="{U}">&nbsp;</r>', '<!DOCTYPE r PUBLIC "x" "y"><r a="data:,">&copy;</r>', False),
        (f'<!DOCTYPE r [<!ENTITY eacute "{U}">]><r a="&eacute;"/>', '<!DOCTYPE r [<!ENTITY eacute "">]><r a="&eacute;"/>', True),
        ("<style>url(http://t.ex<b/>ample/o.gif)</style>", "<style>url(data:,<b/>ample/o.gif)</style>", True),
        ("<style>url(http://t.ex<b/>ample/o.gif)</style>", "<style>url(data:,<c/>ample/o.gif)</style>", False),
        (f"<style>url({U})<b>x</b></style>", "<style>url(data:,)<b>y</b></style>", False),
        ("<p>http://t.ex<b/>ample/o.gif</p>", "<p>data:,<b/>ample/o.gif</p>", False),
        ("<r/>", "<r/>", None),
        (f"<r></s><t a='{U}'/>", "<r></s><t a='data:,'/>", None),
    ],
)  # fmt: skip
def test_what_was_meant_and_what_was_not(before: str, after: str, expected: bool | None) -> None:
    """Values that named the address may change, and nothing else."""
    assert agrees(before, after, _meant) is expected


def test_bombs_are_not_read() -> None:
    """Of a document that makes more of itself than is read nothing is said."""
    chain = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))
    bomb = f"<!DOCTYPE r [<!ENTITY l0 '{'ha' * 50}'>{chain}]><r>&l9;</r>"
    assert agrees(bomb, bomb.replace("haha", "haho"), _meant) is not True


def test_what_a_value_says_as_xml() -> None:
    """An address that entities, comments or CDATA part is whole again."""
    assert U in said(f'data:text/xml,{ENTITIES}<r a="&a;&b;"/>')
    assert U in said("<r>http://t.<![CDATA[example]]>/<!-- x -->o.gif</r>")
