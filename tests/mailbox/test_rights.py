"""The letters of an access list."""

from __future__ import annotations

import pytest

from blocker.mailbox.rights import PUT_IN, TAKE_OUT, allow


@pytest.mark.parametrize(
    ("rights", "put_in", "take_out"),
    [
        (None, True, True),
        ("", False, False),
        ("lrswi", True, False),
        ("lrswipcda", True, True),  # RFC 2086: d is all there is
        ("lrswit", True, False),
        ("lrswitd", True, False),  # RFC 4314, section 2.1.1: d goes with t alone, too
        ("lrswied", True, False),
        ("lrswixd", True, False),
        ("lrswite", True, True),
        ("lrte", False, True),
        ("lrswipkxtecda", True, True),
    ],
)
def test_allow(rights: str | None, put_in: bool, take_out: bool) -> None:
    """Taking out needs to mark and to expunge; the old d counts only where no finer right is told."""
    assert (allow(rights, PUT_IN), allow(rights, TAKE_OUT)) == (put_in, take_out)
