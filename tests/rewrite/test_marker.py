"""The X-Unpixel field says what was done, and is believed only where its digests hold."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocker.rewrite import marker
from blocker.rewrite.marker import field, read

KEY = b"k" * 32
BEFORE = b"From: a@example.org\r\n\r\noriginal"
AFTER = b"From: a@example.org\r\n\r\nneutral"


def marked(
    key: bytes | None = KEY,
    patch: bytes | None = b"patch",
    newline: bytes = b"\r\n",
    counts: dict[str, int] | None = None,
) -> bytes:
    """A message with its field."""
    return field("standard", counts or {"pixel": 2, "beacon": 0}, patch, BEFORE, AFTER, key, newline) + AFTER


def test_what_it_says() -> None:
    """Level, counts above zero, patch and digest of the original come back."""
    found = read(marked(), KEY)
    assert found is not None
    assert (found.level, dict(found.counts), found.patch) == ("standard", {"pixel": 2}, b"patch")
    assert found.sha256 == hashlib.sha256(BEFORE).hexdigest()
    assert found.intact and found.signed and found.valid


@given(st.binary(max_size=3000), st.booleans(), st.sampled_from([b"\n", b"\r\n"]))
def test_lines_are_folded(patch: bytes, keyed: bool, newline: bytes) -> None:
    """Whatever the patch: lines of at most 76 characters, each a continuation, and the same patch comes back."""
    raw = marked(KEY if keyed else None, patch, newline)
    head = raw[: -len(AFTER)]
    lines = head.split(newline)
    assert lines.pop() == b""
    assert all(0 < len(line) <= 76 for line in lines)
    assert lines[0].startswith(b"X-Unpixel:")
    assert all(line.startswith(b" ") and line.strip() for line in lines[1:])
    found = read(raw, KEY if keyed else None)
    assert found is not None
    assert found.valid
    assert found.patch == patch


def test_refolding_and_trace_fields_do_no_harm() -> None:
    """A server may fold our field anew and put its own before it."""
    raw = marked(patch=bytes(range(256)))
    head, tail = raw[: -len(AFTER)], AFTER
    words = head.split()
    refolded = words[0] + b" " + b"\r\n\t".join(words[1:]) + b"\r\n"
    for change in (
        refolded,
        b"Received: from x\r\n by y\r\n" + head,
        b"Return-Path: <a@example.org>\r\nDelivered-To: b\r\n" + head,
    ):
        found = read(change + tail, KEY)
        assert found is not None
        assert found.valid
        assert (change + tail)[found.end :] == AFTER


@pytest.mark.parametrize(
    ("change", "intact", "signed"),
    [
        (lambda raw: raw, True, True),
        (lambda raw: raw + b" ", False, True),
        (lambda raw: raw.replace(b"neutral", b"natural"), False, True),
        (lambda raw: raw.replace(b"level=standard", b"level=strict"), True, False),
        (lambda raw: raw.replace(b"pixel=2", b"pixel=0"), True, False),
        (lambda raw: re.sub(rb"patch=\w+", b"patch=AAAA", raw), True, False),
        (lambda raw: re.sub(rb"mac=[\s\S]*?\r\n(?!\s)", b"\r\n", raw), True, False),
        (lambda raw: re.sub(rb"mac=\w", b"mac=_", raw), True, False),
    ],
)
def test_changes_are_noticed(change: object, intact: bool, signed: bool) -> None:
    """A change of the message breaks the digest, a change of the field breaks the HMAC."""
    assert callable(change)
    found = read(change(marked()), KEY)
    assert found is not None
    assert (found.intact, found.signed) == (intact, signed)
    assert found.valid == (intact and signed)


def test_keys() -> None:
    """Another key, or none when it was written, does not hold; without a key the digest alone is asked."""
    other = read(marked(), b"other")
    assert other is not None and not other.valid and other.intact
    unsigned = read(marked(key=None), KEY)
    assert unsigned is not None and not unsigned.valid
    anyone = read(marked())
    assert anyone is not None and anyone.valid and not anyone.signed


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"v=2; level=standard; patch=AAAA; from=AAAA; to=AAAA;",
        b"v=1;",
        b"v=1; level=standard; patch=!!!!; from=AAAA; to=AAAA;",
        b"v=1; level=standard; patch=AAAA; from=A; to=AAAA;",
        b"v=1; level=\xff; patch=AAAA; from=AAAA; to=AAAA;",
        b"v=1; level=standard; pixel=x; patch=AAAA; from=AAAA; to=AAAA;",
        b"v=1; level=standard; pixel=" + b"9" * 5000 + b"; patch=AAAA; from=AAAA; to=AAAA;",
        b";" * 1000,
        b"=" * 1000,
        b"mac=" * 1000,
    ],
)
def test_foreign_fields_are_not_read(value: bytes) -> None:
    """What is not in our form is nobody's marker."""
    assert read(b"X-Unpixel: " + value + b"\r\n\r\nbody") is None


def test_forged_fields_before_ours() -> None:
    """The valid field counts, wherever forged ones stand."""
    forged = b"X-Unpixel: v=1; level=paranoid; patch=AAAA; from=AAAA; to=AAAA;\r\n"
    found = read(forged + marked(), KEY)
    assert found is not None
    assert found.level == "standard" and found.valid
    late = read(marked().replace(AFTER, forged + AFTER), KEY)
    assert late is not None and late.level == "standard" and not late.valid


def test_without_a_field() -> None:
    """A message that only mentions the name carries no marker."""
    assert read(b"Subject: X-Unpixel: v=1\r\n\r\nX-Unpixel: v=1") is None
    assert read(b"") is None


@given(st.binary(max_size=200))
def test_any_value_is_read(value: bytes) -> None:
    """No field makes reading fail."""
    read(b"X-Unpixel: " + value + b"\r\n\r\n", KEY)


def test_long_fields_are_not_read() -> None:
    """A field above the bound is nobody's marker."""
    value = b"a" * marker.MAX_FIELD
    assert read(b"X-Unpixel: v=1; level=standard; from=AAAA; to=AAAA; patch=" + value + b";\r\n\r\n") is None
