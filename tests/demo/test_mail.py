"""The demonstration's mail moves to the present and comes again, changed only where it must be."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.utils import parsedate_to_datetime
from itertools import islice

import pytest

import blocker
from blocker.demo import mail

NOW = datetime(2031, 3, 9, 16, 45, 12, tzinfo=UTC)
LETTERS = mail.letters()
BY_NAME = {letter.name: letter for letter in LETTERS}
FIELDS = re.compile(rb"(?m)^(Date|Message-ID): [^\r\n]*")


def urls(raw: bytes, *kinds: str) -> list[str]:
    """URLs of the references of these kinds, in order."""
    report = blocker.scan(raw, recipients=(mail.RECIPIENT,))
    return [r.raw for r in report.references if r.verdict.kind in kinds]


def test_letters_come_oldest_first() -> None:
    """All files are read, in the order of their dates."""
    assert len(LETTERS) >= 40
    assert [letter.date for letter in LETTERS] == sorted(letter.date for letter in LETTERS)


def test_the_past_ends_just_before_now() -> None:
    """Messages keep their distances; the newest arrived minutes ago, none lies in the future."""
    arrivals = mail.past(LETTERS, NOW)
    assert arrivals[-1].when == NOW - mail.NEWEST
    distances = [letter.date - LETTERS[0].date for letter in LETTERS]
    assert [arrival.when - arrivals[0].when for arrival in arrivals] == distances
    assert NOW - timedelta(days=29) < arrivals[0].when < NOW - timedelta(days=21)


def test_the_past_changes_the_date_only() -> None:
    """Each message says the date on which it arrived and is otherwise byte for byte as written."""
    for letter, arrival in zip(LETTERS, mail.past(LETTERS, NOW), strict=True):
        assert FIELDS.sub(b"", arrival.raw) == FIELDS.sub(b"", letter.raw)
        said = parsedate_to_datetime(message_from_bytes(arrival.raw)["Date"])
        assert said == arrival.when
        assert said.utcoffset() == letter.date.utcoffset()


def test_fresh_mail_rotates() -> None:
    """Each message comes once before any comes again, and the numbers never repeat."""
    round_ = [letter.name for letter, _ in islice(mail.fresh(LETTERS, "a"), len(LETTERS))]
    assert sorted(round_) == sorted(BY_NAME)
    numbers = [number for _, number in islice(mail.fresh(LETTERS, "a"), 3 * len(LETTERS))]
    assert len(set(numbers)) == len(numbers)
    assert round_ != [letter.name for letter, _ in islice(mail.fresh(LETTERS, "b"), len(LETTERS))]


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_mail_sent_again_is_new_mail(name: str) -> None:
    """Another Message-ID, the present date, the same length of body, and the same judgement of every picture."""
    letter = BY_NAME[name]
    first, second = (mail.again(letter, number, NOW) for number in (1, 2))
    originals = [message_from_bytes(raw) for raw in (letter.raw, first.raw, second.raw)]
    assert len({m["Message-ID"] for m in originals}) == 3
    assert parsedate_to_datetime(originals[1]["Date"]) == NOW
    assert first.when == NOW
    for arrival in (first, second):
        assert len(FIELDS.sub(b"", arrival.raw)) == len(FIELDS.sub(b"", letter.raw))
        kept = ("content", "personal", "spacer")
        assert urls(arrival.raw, *kept) == urls(letter.raw, *kept)
        assert len(urls(arrival.raw, "pixel")) == len(urls(letter.raw, "pixel"))


def test_trackers_get_other_tokens() -> None:
    """A newsletter's pixel differs from mailing to mailing, with the same host and path before the token."""
    letter = BY_NAME["northlight-1-welcome"]
    pixels = [urls(mail.again(letter, number, NOW).raw, "pixel")[0] for number in range(5)]
    assert len({*pixels, *urls(letter.raw, "pixel")}) == 6
    assert {pixel[: len("https://ctrk.klclick1.com/o/")] for pixel in pixels} == {
        "https://ctrk.klclick1.com/o/"
    }


def test_signed_mail_keeps_its_body() -> None:
    """Nothing below the header of a signed message changes when it comes again."""
    letter = BY_NAME["harbour-bank-3-statement-signed"]
    arrival = mail.again(letter, 7, NOW)
    assert FIELDS.sub(b"", arrival.raw) == FIELDS.sub(b"", letter.raw)


def test_the_recipients_address_stays() -> None:
    """What is derived from the recipient's address is no token: it comes again as it was."""
    letter = BY_NAME["daily-ledger-2-budget"]
    digest = hashlib.md5(mail.RECIPIENT.encode(), usedforsecurity=False).hexdigest().encode()
    unfolded = [raw.replace(b"=\r\n", b"") for raw in (letter.raw, mail.again(letter, 3, NOW).raw)]
    assert unfolded[0].count(b"m=3D" + digest) == unfolded[1].count(b"m=3D" + digest) >= 3


def test_a_missing_folder_is_said(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its mail the demonstration says what to do."""
    monkeypatch.setattr(blocker, "__file__", f"{tmp_path}/blocker/__init__.py")
    with pytest.raises(FileNotFoundError, match="install unpixel again"):
        mail.folder()
