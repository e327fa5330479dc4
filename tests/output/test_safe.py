"""Each kind of output takes any text, and gives nothing away that steers it."""

from __future__ import annotations

import csv
import io
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocker.output import safe
from blocker.output.styles import console, styled
from blocker.output.table import write_csv
from tests.output.steering import FORMULAS, STEERING, hostile, steered

ANY = st.text(st.characters(exclude_categories=()) | st.sampled_from(STEERING + "=+-@;\"' "))


@given(ANY)
def test_a_line_is_one_and_prints(text: str) -> None:
    """Whatever it is made of, and it keeps its length and whatever prints."""
    made = safe.line(text)
    assert made.isprintable()
    assert len(made) == len(text)
    assert [c for c in text if c.isprintable()] == [
        m for m, c in zip(made, text, strict=True) if c.isprintable()
    ]


def test_a_line_may_be_cut() -> None:
    """To the length asked for, with a sign that it was."""
    assert safe.line("c" * 300, 160) == "c" * 159 + "…"
    assert safe.line("c" * 160, 160) == "c" * 160


def test_white_space_is_a_space_and_the_rest_is_seen() -> None:
    """No-break and ideographic spaces too; a zero-width joiner is marked."""
    assert safe.line("a\t\r\n\x85\u2028\u00a0\u3000b") == "a       b"
    assert safe.line("a\x1b\u202e\u200d\x9b\ud800b") == "a·····b"


@given(ANY)
def test_json_is_printable_ascii_and_says_the_same(text: str) -> None:
    """DEL too, which the standard library leaves as it is; in keys as in values."""
    made = safe.as_json({text: [text]})
    assert made.isascii() and made.isprintable()
    assert json.loads(made) == {text: [text]}


@given(ANY)
def test_no_cell_is_a_formula_in_any_reading(text: str) -> None:
    """Neither where commas part the cells nor where semicolons do; and a row is one line."""
    out = io.StringIO()
    write_csv(out, ["number", "text"], [{"number": 7, "text": text}])
    head, row, end = out.getvalue().split("\n")
    assert (head, end) == ('"number","text"', "")
    assert row.isprintable()
    (cells,) = csv.reader([row])
    assert not cells[1].startswith(FORMULAS)
    for cell in row.split(";")[1:]:
        assert not cell.lstrip(" \"'").startswith(FORMULAS) or cell.lstrip(' "').startswith("'")


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize(
    "before", ["", "\t", "\r", "\n", "\r\n", " ", "\u3000", "\u2028", '"', "x;", "x; \t"]
)
def test_what_begins_a_formula_gets_an_apostrophe(formula: str, before: str) -> None:
    """Behind what a spreadsheet may skip, too; within a text it stays as it is."""
    assert f"'{formula}1" in str(safe.cell(before + formula + "1"))
    assert safe.cell(f"a{formula}1, b") == f"a{formula}1, b"


@pytest.mark.parametrize("value", [-5, 0.5, None, True])
def test_what_is_no_text_stays_a_value(value: object) -> None:
    """A negative number is no formula."""
    assert safe.cell(value) is value


@given(ANY)
def test_a_page_turns_no_direction_and_can_be_encoded(text: str) -> None:
    """Controls, marks of direction and surrogates are marked; line ends and joiners stay."""
    made = str(safe.page(text))
    made.encode()
    assert not [c for c in made if unicodedata.category(c) == "Cc" and c not in "\t\r\n"]
    assert not safe.DIRECTION & set(made)
    assert safe.page("a\n\u200db\u00e9") == "a\n\u200db\u00e9"


@given(ANY)
def test_a_header_is_one_short_ascii_line(text: str) -> None:
    """So that no value ends its field."""
    made = safe.header(text)
    assert made.isascii() and made.isprintable()
    assert len(made) <= safe.MOST_HEADER


@pytest.mark.parametrize("terminal", [False, True])
def test_a_console_cleans_also_plain_strings(terminal: bool) -> None:
    """Styled or not, in a table's cell or printed alone; markup of a mail is text."""
    from rich.table import Table

    out = io.StringIO()
    made = console(out)
    made._force_terminal = terminal
    table = Table("\x1b[2J head")
    table.add_row(hostile("plain"))
    table.add_row(styled(hostile("styled"), "bold"))
    made.print(table, hostile("alone"), styled(hostile("text")))
    assert steered(out.getvalue()) == set()
    assert "[bold]" in out.getvalue()
