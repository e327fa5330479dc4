"""Every sentence of the pages has its French, and the file holds no other."""

from __future__ import annotations

import re

from tests.docs.words import BOOK, forms, kept, merged, text_of, translated, used

MEND = "run `python -m tests.docs.words`, and write what it prints"
_VALUES = re.compile(r"%(?:\((\w+)\))?[a-z%]")


def test_no_sentence_is_without_french() -> None:
    """Each that code and templates show stands in the file, with its French."""
    book = kept()
    here = {(one.context, one.id) for one in book if one.id}
    assert {(one.context, one.id) for one in used() if one.id} - here == set(), MEND
    assert [one.id for one in book if one.id and not translated(one)] == [], MEND


def test_no_french_is_left_over() -> None:
    """The file is what the command would write: sorted, and without sentences that nobody shows."""
    assert BOOK.read_text("utf-8") == text_of(merged(kept(), used())), MEND


def test_french_says_the_same_values() -> None:
    """What stands in for a name or a number in a sentence stands in its French too."""
    found = [one for one in kept() if one.id]
    assert len(found) > 10
    for one in found:
        ids, strings = forms(one.id), forms(one.string)
        wanted = set(_VALUES.findall(ids[-1]))
        assert set(_VALUES.findall(strings[-1])) == wanted, one.id
        # A sentence about one may say "one" in place of the number.
        assert set(_VALUES.findall(strings[0])) <= wanted, one.id
