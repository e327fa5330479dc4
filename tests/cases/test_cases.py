"""Each case is judged, silenced or told as its line of the table says."""

from __future__ import annotations

import pytest

from tests.cases.cases import CASES, Case, cases, faults

TABLE = cases()


def test_every_case_has_its_message() -> None:
    """Lines and files are the same set."""
    assert {case.file for case in TABLE} == {path.name for path in CASES.glob("*.eml")}
    assert len({case.file for case in TABLE}) == len(TABLE)


@pytest.mark.parametrize("case", TABLE, ids=lambda case: case.file)
def test_a_case_is_treated_as_is_right(case: Case) -> None:
    """What the table expects is so."""
    assert faults((CASES / case.file).read_bytes(), case.wanted) == []
