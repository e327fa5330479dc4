"""Every known way in which a message contacts a host is found, or a reason is given why no program takes it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import blocker
from blocker.choices.levels import Level
from tests.vectors.names import NAMES

VECTORS = Path(__file__).parents[2] / "fixtures" / "vectors"
EXPECTED: dict[str, dict[str, Any]] = tomllib.loads((VECTORS / "expected.toml").read_text("utf-8"))
FILES = [f"{source}-{name}.eml" for source, names in NAMES.items() for name in names]
_HOW = """
    outlook thunderbird trident webkit windows amp scripting page opened print play screen whole caution name connection
"""
HOW = frozenset(_HOW.split())
NAMED = ("httpleaks", "tester")
"""The two lists that others keep."""
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_HOST = re.compile(rb"(?i)(?:https?:)//([a-z0-9.-]+)")
_NAMESPACES = frozenset({b"www.w3.org"})


def _expected(file: str) -> set[tuple[str, str]]:
    return {(url["vector"], url["url"]) for url in EXPECTED[file]["urls"]}


def test_every_name_has_its_message_and_its_entry() -> None:
    """Names, files and entries are the same set: 217 of HTTPLeaks, 39 of Email Privacy Tester, and more."""
    assert len(set(NAMES["httpleaks"])) == 217
    assert len(set(NAMES["tester"])) == 39
    assert len(FILES) == len(set(FILES))
    assert set(EXPECTED) == set(FILES)
    assert {path.name for path in VECTORS.glob("*.eml")} == set(FILES)


def test_what_no_program_requests_has_its_reason() -> None:
    """An entry without URLs, or with one that is there from caution alone, says why in a sentence; others say none."""
    for file, entry in EXPECTED.items():
        reasoned = not entry["urls"] or any(url.get("how") == "caution" for url in entry["urls"])
        assert bool(entry.get("reason")) == reasoned, file
        assert not reasoned or (entry["reason"].endswith(".") and len(entry["reason"]) > 15), file


def test_what_no_browser_requests_says_who_does() -> None:
    """A URL that neither browser requested says who requests it, in one of the words that the table explains."""
    for file, entry in EXPECTED.items():
        for url in entry["urls"]:
            assert url.get("how", "page") in HOW, file
            assert url["chromium"] or url.get("firefox") or "how" in url, file
    explained = (VECTORS / "expected.toml").read_text("utf-8").partition("\n[")[0]
    assert set(re.findall(r"^#     ([a-z]+) {2,}", explained, re.MULTILINE)) == HOW


@pytest.mark.parametrize("file", FILES)
def test_messages_are_mail_and_name_no_foreign_host(file: str) -> None:
    """Lines end with CRLF; every host is an example's, but those that a format prescribes."""
    raw = (VECTORS / file).read_bytes()
    assert not _BARE.search(raw)
    assert raw.startswith(b"From: ")
    assert f"Message-ID: <{file.removesuffix('.eml')}@".encode() in raw
    hosts = {host.lower() for host in _HOST.findall(raw)} - _NAMESPACES
    if file == "sanitiser-amp.eml":
        hosts.discard(b"cdn.ampproject.org")
    assert {host for host in hosts if not host.endswith(b".example")} <= {b"0x7f.0.0x1", b"l"}


@pytest.mark.parametrize("file", FILES)
def test_exactly_what_a_reader_requests_is_found(file: str) -> None:
    """The references are those of the table, no more and no fewer; so are the requests for a receipt."""
    report = blocker.scan((VECTORS / file).read_bytes())
    found = {(reference.vector, reference.url) for reference in report.references if reference.url}
    assert found == _expected(file)
    assert [receipt.header for receipt in report.receipts] == EXPECTED[file].get("receipts", [])


def test_all_names_are_accounted_for(capsys: pytest.CaptureFixture[str]) -> None:
    """Each named vector, the 256 of the two lists first, is found or in the reasoned table; the sums are printed."""
    lines, accounted = [], 0
    for source, names in NAMES.items():
        files = [f"{source}-{name}.eml" for name in names]
        found = sum(_seen(file) for file in files)
        asked = sum("receipts" in EXPECTED[file] and not _seen(file) for file in files)
        reasoned = sum(
            "reason" in EXPECTED[file] and not _seen(file) and "receipts" not in EXPECTED[file]
            for file in files
        )
        assert found + asked + reasoned == len(names), source
        accounted += len(names) * (source in NAMED)
        lines.append(
            f"{source}: {len(names)} names, {found} found, {asked} receipts, {reasoned} with a reason"
        )
    assert accounted == 256
    with capsys.disabled():
        print(
            f"\n{accounted} of {sum(len(NAMES[source]) for source in NAMED)} named found or in the reasoned table"
        )
        print("\n".join(lines))


def _seen(file: str) -> bool:
    """Whether the message has references, each of those that are written down."""
    found = {(r.vector, r.url) for r in blocker.scan((VECTORS / file).read_bytes()).references if r.url}
    return bool(found) and found == _expected(file)


@pytest.mark.parametrize("file", FILES)
def test_each_level_takes_away_what_it_should(file: str) -> None:
    """No vector makes a message one that is left alone; at paranoid nothing is left, and the way back is exact."""
    raw = (VECTORS / file).read_bytes()
    for level in Level:
        report = blocker.scan(raw)
        done = blocker.neutralise(raw, level=level, report=report)
        kinds = level.takes
        doomed = [judged for judged in report.references if judged.verdict.kind in kinds]
        assert done.refused is None
        assert done.changed == bool(doomed or report.receipts)
        assert not done.changed or blocker.restore(done.raw) == raw
        left = blocker.scan(done.raw).references
        assert not {judged.raw for judged in left} & {judged.raw for judged in doomed}
        assert level != "paranoid" or not left
