"""Two recipients' copies of one issue, scanned as one folder: what differs between them is told, what is common is left."""

from __future__ import annotations

from email import message_from_bytes, policy
from functools import cache
from typing import Any

import pytest

import blocker
from blocker.detect.judge import learn
from blocker.detect.memory import FolderMemory
from blocker.detect.report import Report
from blocker.message.read import read
from tests.fixtures.paths import FIXTURES, expected

PAIRS = FIXTURES / "pairs"
LABELS = expected(PAIRS)
NAMES = sorted(LABELS)
COPIES = ("u1", "u2")
SIDES = [(name, copy) for name in NAMES for copy in COPIES]


def raw(name: str, copy: str) -> bytes:
    """One recipient's copy."""
    return (PAIRS / name / f"{copy}.eml").read_bytes()


def folder(sides: list[tuple[str, str]]) -> FolderMemory:
    """What a first pass over these messages leaves."""
    memory = FolderMemory()
    for name, copy in sides:
        learn(memory, raw(name, copy))
    return memory


@cache
def whole() -> FolderMemory:
    """Of every message here."""
    return folder(SIDES)


@cache
def judged(name: str, copy: str) -> Report:
    """One copy, judged with all others known."""
    return blocker.scan(raw(name, copy), memory=whole())


def kinds(report: Report) -> dict[str, set[str]]:
    """The verdicts on each URL, as written."""
    found: dict[str, set[str]] = {}
    for one in report.references:
        found.setdefault(one.raw, set()).add(one.verdict.kind)
    return found


def individual(name: str, copy: str) -> list[tuple[str, str]]:
    """URL and label of what differs between the copies."""
    return [(row[copy], row["kind"]) for row in LABELS[name]["individual"]]


def shared(name: str) -> list[tuple[str, str]]:
    """URL and label of what both copies have."""
    return [(row["url"], row["kind"]) for row in LABELS[name]["shared"]]


def test_labels_say_what_the_messages_hold() -> None:
    """Each label's URL is in its copy; an individual one in that copy alone, a shared one in both; few are unlabelled."""
    assert sorted(p.name for p in PAIRS.iterdir() if p.is_dir()) == NAMES
    assert len(NAMES) >= 12
    unlabelled = 0
    for name in NAMES:
        held = {copy: {r.raw for r in read(raw(name, copy)).references} for copy in COPIES}
        labelled = set()
        for copy, other in (COPIES, COPIES[::-1]):
            for url, kind in individual(name, copy):
                assert url in held[copy]
                assert url not in held[other]
                assert kind in ("pixel", "personal")
                labelled.add(url)
        for url, kind in shared(name):
            assert url in held["u1"] & held["u2"]
            assert kind in ("beacon", "content", "spacer")
            labelled.add(url)
        unlabelled += len((held["u1"] | held["u2"]) - labelled)
    assert unlabelled == 2


@pytest.mark.parametrize(("name", "copy"), SIDES)
def test_form(name: str, copy: str) -> None:
    """The standard library finds no defect; the addressee lives under a domain kept for examples."""
    message = message_from_bytes(raw(name, copy), policy=policy.default)
    assert [d for part in message.walk() for d in part.defects] == []
    address: Any = message["to"]
    assert address.addresses[0].domain in ("example.org", "example.net")
    assert raw(name, copy).count(b"\n") == raw(name, copy).count(b"\r\n")


@pytest.mark.parametrize(("name", "copy"), SIDES)
def test_every_individual_url_is_told(name: str, copy: str) -> None:
    """What differs from reader to reader is a pixel where it shows nothing, and a pixel or personal where it shows."""
    found = kinds(judged(name, copy))
    for url, kind in individual(name, copy):
        assert found[url] <= ({"pixel"} if kind == "pixel" else {"pixel", "personal"}), url


@pytest.mark.parametrize(("name", "copy"), SIDES)
def test_nothing_shared_is_blocked_but_beacons(name: str, copy: str) -> None:
    """What both readers got is what its label says: beacons as beacons, pictures and fillers kept."""
    found = kinds(judged(name, copy))
    for url, kind in shared(name):
        assert found[url] == {kind}, url


def test_pictures_chosen_from_a_common_stock_are_not_personal() -> None:
    """A shop shows each reader other products; where one of them is common, none of the row counts as drawn for one."""
    for copy in COPIES:
        known = {url for url, _ in individual("fernweh", copy) + shared("fernweh")}
        rest = {url: kind for url, kind in kinds(judged("fernweh", copy)).items() if url not in known}
        assert list(rest.values()) == [{"content"}]


def test_order_and_repetition_of_the_first_pass_do_not_matter() -> None:
    """Learnt backwards, and with each newsletter alone, the verdicts are the same."""
    backwards = folder(SIDES[::-1])
    for name in NAMES:
        alone = folder([(name, copy) for copy in COPIES])
        for copy in COPIES:
            expected_kinds = kinds(judged(name, copy))
            assert kinds(blocker.scan(raw(name, copy), memory=backwards)) == expected_kinds
            assert kinds(blocker.scan(raw(name, copy), memory=alone)) == expected_kinds


def test_one_recipient_alone_proves_nothing() -> None:
    """With one copy of each issue known, no reason claims a comparison between readers."""
    memory = folder([(name, "u1") for name in NAMES])
    for name in NAMES:
        report = blocker.scan(raw(name, "u1"), memory=memory)
        rules = {why.rule for one in report.references for why in one.verdict.reasons}
        assert not rules & {"memory.shared", "memory.differs", "memory.drawn"}


def test_the_comparison_is_what_tells_some_of_them() -> None:
    """Without the other copy some individual pictures are not told: the fixtures prove the mechanism, not the URLs."""
    missed = sum(
        not kinds(blocker.scan(raw(name, copy)))[url] <= {"pixel", "personal"}
        for name, copy in SIDES
        for url, _ in individual(name, copy)
    )
    assert missed >= 12
