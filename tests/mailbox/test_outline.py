"""BODYSTRUCTURE as servers tell it, and as none should."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from blocker.mailbox.imap.answers import fetched
from blocker.mailbox.imap.outline import MAX_DEPTH, outline
from blocker.message.skim import MAX_NODES, Node

LEAF = b'("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 10 1 NIL NIL NIL NIL)'


def told(text: bytes) -> Node | None:
    """The outline of what a server wrote."""
    return outline(fetched([b"1 (BODYSTRUCTURE " + text + b")"])[b"BODYSTRUCTURE"])


def test_a_single_part() -> None:
    """Its section is 1."""
    assert told(LEAF) == Node("1", "text/plain", 10)


def test_nested_parts_are_numbered_as_sections() -> None:
    """RFC 9051, section 6.4.5; an attached message is one part, whatever it holds."""
    attached = (
        b'("MESSAGE" "RFC822" NIL NIL NIL "7bit" 77 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) '
        + LEAF
        + b" 4)"
    )
    pdf = b'("Application" "PDF" ("name" "x") NIL NIL "base64" 100000 NIL ("attachment" NIL) NIL NIL)'
    inner = b"(" + LEAF + LEAF + b' "alternative" ("boundary" "x") NIL NIL NIL)'
    assert told(b"(" + inner + attached + pdf + b' "mixed" ("boundary" "y") NIL NIL NIL)') == Node(
        "",
        "multipart/mixed",
        0,
        (
            Node(
                "1",
                "multipart/alternative",
                0,
                (Node("1.1", "text/plain", 10), Node("1.2", "text/plain", 10)),
            ),
            Node("2", "message/rfc822", 77),
            Node("3", "application/pdf", 100_000),
        ),
    )


def test_too_many_and_too_deep_are_none() -> None:
    """The message is read whole then."""
    assert told(b"(" + LEAF * MAX_NODES + b' "mixed")') is not None
    assert told(b"(" + LEAF * (MAX_NODES + 1) + b' "mixed")') is None
    value: Any = (b"text", b"plain", None, None, None, b"7bit", 1)
    for _ in range(MAX_DEPTH + 1):
        value = (value, b"mixed")
    assert outline(value) is None


@given(
    st.recursive(
        st.none() | st.integers() | st.binary(max_size=8),
        lambda inner: st.lists(inner).map(tuple),
        max_leaves=30,
    )
)
def test_nothing_makes_it_fail(value: Any) -> None:
    """Whatever a server writes."""
    found = outline(value)
    assert found is None or isinstance(found, Node)
