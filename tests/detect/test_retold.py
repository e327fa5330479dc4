"""A sentence that is kept in English is told in French as if its reason were there."""

from __future__ import annotations

import pytest

from blocker.detect.reasons import Reason, reason, text
from blocker.detect.retold import retold

REASONS = [
    reason("identity.address", ("plain",)),
    reason("identity.address", ("percent",)),
    reason("identity.address", ("layer", ("base64",), ("hexadecimal",))),
    reason("identity.digest", ("digest", "MD5", ("address",))),
    reason("identity.digest", ("digest-in-base64", "SHA-256", ("address-in-capitals",))),
    reason("identity.digest", ("digest", "CRC-32", ("local-part",))),
    reason("identity.other", ("rot13",)),
    reason("identity.name", "camille"),
    reason("identity.name", "duke of the hill"),
    reason("identity.name", "{0.__class__}"),
]


@pytest.mark.parametrize("one", REASONS, ids=text)
def test_it_is_told_as_its_reason_is(one: Reason) -> None:
    """In each form, one in another too; a name stays as it was written."""
    assert retold(text(one), "fr") == text(one, "fr")
    assert retold(text(one), "en") == text(one)


@pytest.mark.parametrize("said", ["", "a sentence of another version", "the recipient's address"])
def test_what_the_table_does_not_say_is_not_told(said: str) -> None:
    """Whoever shows it shows the English, and says so."""
    assert retold(said, "fr") is None
