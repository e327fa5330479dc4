"""On every message of the corpus: read as the standard library reads, neutralised exactly, turned back byte for byte."""

from __future__ import annotations

import random
import re
from collections import Counter
from html import unescape
from pathlib import Path

import pytest

import blocker
from blocker.choices.levels import Level
from blocker.detect.report import Report
from blocker.mailbox.files import read_path
from blocker.message.charset import decode_text
from blocker.message.css import unescape as unescape_css
from blocker.message.references import Reference
from blocker.message.transfer import IDENTITY, decode
from blocker.rewrite.patch import MAX_PATCH, apply_edits, unpack
from tests.corpus.loading import html_leaves, loading
from tests.message.standard import our_leaves, standard_leaves
from tests.rewrite.test_neutralise import outside

pytestmark = pytest.mark.corpus

KEY = b"corpus"
KNOWN = IDENTITY | {"quoted-printable", "base64"}
CONTROL = re.compile("&#(1?[0-9]|2[0-9]|3[01]);")
"""References to control characters, which html.unescape drops and browsers keep."""
UNCERTAIN = re.compile(r"part [0-9.]+ is encoded in a way that cannot be edited with certainty")


class Mail:
    """One message with its report, made once for all tests."""

    def __init__(self, name: str, raw: bytes) -> None:
        self.name = name
        self.raw = raw
        self.report: Report = blocker.scan(raw)


@pytest.fixture(scope="module")
def mails(corpus: Path) -> list[Mail]:
    """Every message of the corpus."""
    found = [Mail(source, raw) for source, raw in read_path(corpus)]
    assert found
    return found


def test_parts_are_the_standard_librarys(mails: list[Mail]) -> None:
    """The same leaf parts with the same decoded bytes. No message of the corpora differs."""
    assert [mail.name for mail in mails if our_leaves(mail.raw) != standard_leaves(mail.raw)] == []


def test_spans_are_the_values(mails: list[Mail]) -> None:
    """The raw bytes of each reference, decoded, are the value as written (in base64: the groups that hold it).

    Only where a part's transfer encoding is unknown, the whole part is the span.
    """
    wrong = []
    for mail in mails:
        for judged in mail.report.references:
            assert judged.reference is not None
            known = judged.reference.document.part.encoding in KNOWN
            if known and not _holds(mail.raw, judged.reference):
                wrong.append((mail.name, judged.vector, judged.raw, mail.raw[slice(*judged.span)]))
    assert wrong == []


def _holds(raw: bytes, reference: Reference) -> bool:
    part = reference.document.part
    piece = raw[slice(*reference.span)]
    text = (
        decode_text(decode(part.encoding, piece), part.charset).text.replace("\r\n", "\n").replace("\r", "\n")
    )
    value = unescape(CONTROL.sub(lambda match: chr(int(match[1])), text))
    if "style" in reference.vector:
        value = unescape_css(value)
    return reference.raw in value if part.encoding == "base64" else reference.raw == value


@pytest.mark.parametrize("level", Level)
def test_there_and_back(mails: list[Mail], level: Level) -> None:
    """Neutralised and restored each message is itself; nothing outside the edits differs; a second time changes nothing.

    A message is left alone only where a part has a transfer encoding that nobody knows.
    """
    outcomes: Counter[str] = Counter()
    for mail in mails:
        done = blocker.neutralise(mail.raw, level=level, report=mail.report, key=KEY)
        if not done.changed:
            assert done.raw == mail.raw, mail.name
            wanted = mail.report.receipts or mail.report.kinds.keys() & level.takes
            assert bool(wanted) == (done.refused is not None), mail.name
            assert done.refused is None or UNCERTAIN.fullmatch(done.refused), (mail.name, done.refused)
            outcomes["left alone" if done.refused else "nothing to do"] += 1
            continue
        assert done.patch is not None
        outcomes["changed"] += 1
        if len(done.patch) <= MAX_PATCH:
            outside(mail.raw, done.raw)
            assert blocker.restore(done.raw) == mail.raw, mail.name
        else:
            end = re.match(rb"(?:From [^\n]*\n)?X-Unpixel:[^\n]*\n(?:[ \t][^\n]*\n)*", done.raw)
            assert end is not None, mail.name
            assert apply_edits(done.raw[end.end() :], unpack(done.patch)) == mail.raw, mail.name
        again = blocker.neutralise(done.raw, level=level, key=KEY)
        assert again.raw == done.raw, mail.name
    print(f"{level}: {dict(outcomes)}")
    assert outcomes["changed"] > outcomes["left alone"]
    assert outcomes["left alone"] <= len(mails) // 100


@pytest.mark.parametrize("level", [Level.STANDARD, Level.PARANOID])
def test_another_parser_finds_nothing_left(mails: list[Mail], level: Level) -> None:
    """In no place that loads, by another parser's reading, stands an address that the level takes out; links may stay."""
    left = []
    for mail in mails:
        gone = {judged.raw.strip() for judged in mail.report.references if judged.verdict.kind in level.takes}
        gone = {raw for raw in gone if "//" in raw}
        done = blocker.neutralise(mail.raw, level=level, report=mail.report)
        if not gone or not done.changed:
            continue
        for markup in html_leaves(done.raw):
            for value in loading(markup):
                left += [(mail.name, raw) for raw in gone if raw in value]
    assert left == []


def test_text_that_people_read_stays(mails: list[Mail]) -> None:
    """Plain text parts, attachments and header fields other than receipts come out byte for byte."""
    for mail in mails:
        done = blocker.neutralise(mail.raw, level="paranoid", report=mail.report)
        before, after = standard_leaves(mail.raw), standard_leaves(done.raw)
        assert [leaf.kind for leaf in before] == [leaf.kind for leaf in after], mail.name
        touched = {reference.part for reference in mail.report.references}
        if len(touched) == 1:
            assert sum(one != other for one, other in zip(before, after, strict=True)) <= 1, mail.name


def test_damaged_mail_comes_back(mails: list[Mail]) -> None:
    """Cut anywhere, with bytes changed or taken out: what is neutralised can still be turned back."""
    chance = random.Random(20_261_123)
    for mail in mails:
        raw = bytearray(mail.raw[: chance.randint(len(mail.raw) // 2, len(mail.raw))])
        for _ in range(8):
            at = chance.randrange(max(len(raw), 1))
            raw[at : at + chance.randint(0, 3)] = chance.choice(
                [b"", b"\r", b"\n", b"=", b"<", b'"', b"\xff", b"\0", b"--"]
            )
        damaged = bytes(raw)
        done = blocker.neutralise(damaged)
        if not done.changed:
            assert done.raw == damaged, mail.name
        elif b"patch=catalogue" not in done.raw:
            assert blocker.restore(done.raw) == damaged, mail.name
