"""Answers to FETCH and its like, as servers tell them and as none should."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocker.mailbox.imap import text
from blocker.mailbox.imap.answers import Atom, Malformed, Part, fetched, split, uid_of, values
from blocker.mailbox.imap.listing import listed, personal
from blocker.mailbox.imap.select import number, windows

READ: list[tuple[list[Part], dict[bytes, Any]]] = [
    ([b"1 (UID 7 FLAGS (NIL nil 7 007 \\Seen))"], {b"UID": 7, b"FLAGS": (None, None, 7, b"007", b"\\Seen")}),
    ([(b"1 (UID 7 BODY[] {3}", b"a\r\n"), b")"], {b"UID": 7, b"BODY[]": b"a\r\n"}),
    ([(b"1 (BODY[] {1}", b"a"), (b" X {1}", b"b"), b" UID 7)"], {b"BODY[]": b"a", b"X": b"b", b"UID": 7}),
    ([b'1 (body[] "a\\"b\\\\c")'], {b"BODY[]": b'a"b\\c'}),
    ([b"1 (UID 7 BODY[HEADER.FIELDS (X-A)] NIL)"], {b"UID": 7, b"BODY[HEADER.FIELDS (X-A)]": None}),
    ([b"1 (UID 7 (ENVELOPE (NIL NIL)) SIZE 5)  "], {b"UID": 7, b"ENVELOPE": (None, None), b"SIZE": 5}),
    ([b"1 (UID 7 FLAGS NIL)"], {b"UID": 7, b"FLAGS": None}),
    ([b"1 ()"], {}),
]
BROKEN: list[list[Part]] = [
    [b"1 (UID 7"],
    [b"1 (UID 7) more"],
    [b"1 (UID 7))"],
    [b"1 (UID)"],
    [b"1 (7 UID)"],
    [b"1 (UID 7 FLAGS 5)"],
    [b'1 (UID 7 BODY[] "abc)'],
    [b"1 NIL"],
    [b""],
    [b"("],
    [(b"1 (UID 7 BODY[] {9}", b"a"), b")"],
    [(b"1 (UID 7 BODY[] {1}", b"a"), b"bc)"],
    [(b"1 (UID 7 BODY[] {1}", b"a"), b"bc) FLAGS ())"],
    [b"1 (UID 7 BODY[] {5}"],
    [b"1 " + b"(" * 5000 + b")" * 5000],
]


@pytest.mark.parametrize(("answer", "item"), READ)
def test_what_is_read(answer: list[Part], item: dict[bytes, Any]) -> None:
    """Lists, strings, literals and odd spellings come out as values."""
    assert fetched(answer) == item


@pytest.mark.parametrize("answer", BROKEN)
def test_what_is_not(answer: list[Part]) -> None:
    """Whatever is not one number and one whole list is malformed, as part of a message may stand in it."""
    with pytest.raises(Malformed):
        fetched(answer)


def test_a_broken_answer_spoils_no_other() -> None:
    """The answers are told apart before any of them is read."""
    data: list[Part | None] = [None, b"1 (UID", (b"2 (BODY[] {1}", b"a"), b")", b"3 (UID 3)"]
    assert list(split(data)) == [[b"1 (UID"], [(b"2 (BODY[] {1}", b"a"), b")"], [b"3 (UID 3)"]]


@given(st.lists(st.one_of(st.binary(max_size=80), st.tuples(st.binary(max_size=40), st.binary(max_size=9)))))
def test_nothing_else_is_raised(data: list[Part]) -> None:
    """Whatever octets come, an answer is read or Malformed."""
    for answer in split(data):
        try:
            values(answer)
        except Malformed:
            continue


@pytest.mark.parametrize("piece", [b"BODY[", b'"a" ', b"() ", b"x ", b'\\"', b"[", b"{1} "])
def test_the_time_grows_as_the_answer_does(piece: bytes) -> None:
    """A megabyte of anything is read in moments."""
    started = time.monotonic()
    with suppress(Malformed):
        values([piece * (1_000_000 // len(piece))])
    assert time.monotonic() - started < 20


def test_only_a_string_is_a_message() -> None:
    """A bare word is told from a string, though both are octets."""
    told = fetched([b'1 (A word B "word")'])
    assert (type(told[b"A"]), type(told[b"B"])) == (Atom, bytes)


@pytest.mark.parametrize(
    ("answer", "uid"),
    [
        (b"3 (UID 7 FLAGS (", 7),
        (b'3 (X "UID 9 " UID 7', None),
        (b"3 (UID x)", None),
        (b"3 (FLAGS () UID 8)", 8),
    ],
)
def test_the_uid_of_a_broken_answer(answer: bytes, uid: int | None) -> None:
    """It counts where nothing stands before it that a message could hold."""
    assert uid_of([answer]) == uid


def test_flags_of_every_kind() -> None:
    """A keyword may be called NIL or 7; ``\\Recent`` is no flag of a message."""
    flags = text.flag_set((None, 7, b"\\SEEN", (b"a]b",), b"\\Recent", b"\xc3"))
    assert flags == {"NIL", "7", "\\Seen", "a]b", "\\xc3"}
    assert text.flag_list(["NIL", "a]b"]) == "(NIL a]b)"


@pytest.mark.parametrize(
    "said",
    [b"31-Feb-2025 10:00:00 +0000", b"01-Jan-0001 00:00:00 +0500", b"1-Jan-%b 00:00:00 +0000" % (b"9" * 30), b"", None, 7, b"\xff"],
)  # fmt: skip
def test_dates_that_are_none(said: Any) -> None:
    """Only ValueError is raised for them."""
    with pytest.raises(ValueError, match=r"."):
        text.arrival(said)


@pytest.mark.parametrize(
    ("data", "extended", "uids"),
    [
        ([b"3 1 1 2"], [], [1, 2, 3]),
        ([b"1 2 (MODSEQ 900)"], [], [1, 2]),
        ([b"0 x 9999999999 100000000000000000000 4"], [], [4]),
        ([None], [b'(TAG "A1") UID ALL 1:3,9'], [1, 2, 3, 9]),
        ([b""], [b'(TAG "A1") UID'], []),
        ([b"1", b"2"], [], [1, 2]),
    ],
)
def test_searches(data: list[Any], extended: list[Any], uids: list[int]) -> None:
    """UIDs from either form of answer, each once; what is no UID of IMAP's is passed over."""
    assert text.searched(data, extended) == uids


def test_lines_of_list() -> None:
    """Separators and names in every spelling; a line that is none is left out."""
    data = [
        b'(\\HasNoChildren) "/" "a \\"b"',
        b'(\\Noselect) NIL ""',
        b'() "\\\\" c d',
        b'() "\\" e',
        (b'() "." {3}', b'f"g'),
        b"",
        b"7 8",
        None,
    ]
    found = [(separator, name) for _, separator, name in listed(data)]
    assert found == [(b"/", b'a "b'), (b"", b""), (b"\\", b"c d"), (b"\\", b"e"), (b".", b'f"g')]


def test_numbers_and_namespaces() -> None:
    """The last that IMAP knows; none for what is no answer."""
    assert number([b"7", b"1" + b"0" * 23]) == 7
    assert number([b"x"]) is None
    assert personal([b'(("INBOX." ".")) NIL NIL']) == (b"INBOX.", b".")
    assert personal([b"NIL NIL NIL"]) is None
    assert personal([b"(("]) is None


def test_windows_go_by_messages_where_uids_lie_far_apart() -> None:
    """45,001 messages below UID 4,000,000,000 are two searches; what is new, and a small folder, are one."""
    assert list(windows(1, 45_001, 4_000_000_000)) == ["2:* UID 1:*", "1:1 UID 1:*"]
    assert list(windows(3_999_999_000, 45_001, 4_000_000_000)) == ["UID 3999999000:*"]
    assert list(windows(1, 45_000, 4_000_000_000)) == ["UID 1:*"]
    assert list(windows(1, 45_001, None)) == ["2:* UID 1:*", "1:1 UID 1:*"]
    searches = list(windows(9, 200_000, 4_000_000_000))
    assert [search.partition(" ")[0] for search in searches] == [
        "155001:*",
        "110001:155000",
        "65001:110000",
        "20001:65000",
        "1:20000",
    ]
