"""The cases that have to be silent are, in both browsers, with scripting off and on, each part served as it declares itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest

import blocker
from tests.browser.chromium import Chromium
from tests.browser.firefox import Firefox
from tests.browser.pages import Origin, Shown, as_declared
from tests.browser.sink import Address, Sink, address
from tests.browser.visit import Visit, asked
from tests.cases.cases import CASES, cases

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]

SILENT = [case.file for case in cases() if case.wanted == "silent"]
_FAVICON = "/favicon.ico"


class Opened(NamedTuple):
    """What one browser did with one case, before and after it was neutralised."""

    file: str
    before: list[Visit]
    after: list[Visit]


class _Case(NamedTuple):
    file: str
    predicted: frozenset[Address]
    before: list[Shown]
    after: list[Shown]


@pytest.fixture(scope="module")
def silent() -> list[_Case]:
    """The cases, judged and neutralised."""
    made = []
    for file in SILENT:
        raw = (CASES / file).read_bytes()
        report = blocker.scan(raw)
        done = blocker.neutralise(raw, level="paranoid", report=report)
        assert done.changed, (file, done.refused)
        predicted = frozenset(address(judged.url) for judged in report.references if judged.url)
        made.append(_Case(file, predicted, as_declared(raw), as_declared(done.raw)))
    return made


@pytest.fixture(scope="module")
def opened(silent: list[_Case]) -> list[Opened]:
    """What both browsers did, scripting off and on."""
    ways = [(browser, scripting) for browser in (Chromium, Firefox) for scripting in (False, True)]
    with ThreadPoolExecutor(2) as pool:
        return [one for each in pool.map(lambda way: _open(silent, *way), ways) for one in each]


def _open(made: list[_Case], browser: type[Chromium] | type[Firefox], scripting: bool) -> list[Opened]:
    with Sink() as sink, Origin() as origin, browser(sink, scripting=scripting) as one:
        return [
            Opened(
                case.file,
                [one.visit(origin.publish(page), quiet=page.quiet) for page in case.before],
                [one.visit(origin.publish(page), quiet=page.quiet) for page in case.after],
            )
            for case in made
        ]


def _places(visits: list[Visit]) -> set[Address]:
    """What was asked for, but the icon that a browser asks of each new host on its own account."""
    return {place for place in asked(visits) if place.target != _FAVICON}


def test_what_is_asked_for_was_foretold(silent: list[_Case], opened: list[Opened]) -> None:
    """A browser asks for nothing that no reference names, and of nearly every case at least one asks for something."""
    foretold = {case.file: case.predicted for case in silent}
    wrong = {one.file: found for one in opened if (found := _places(one.before) - foretold[one.file])}
    assert wrong == {}
    asking = {one.file for one in opened if _places(one.before)}
    quiet = {file for file in SILENT if file not in asking}
    assert all(file.startswith("file-host--") for file in quiet), quiet


def test_at_paranoid_nobody_is_contacted(opened: list[Opened]) -> None:
    """At `paranoid` neither browser sends a request or so much as connects."""
    wrong = {one.file: asked(one.after) for one in opened if _places(one.after)}
    assert wrong == {}
    assert not {one.file for one in opened if any(visit.connections for visit in one.after)}
