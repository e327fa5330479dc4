"""The whole run is made of parts: no test is left out or run twice, and what fails is told."""

from __future__ import annotations

import sys
from collections import Counter

import pytest

from tests import parts
from tests.parts import PARTS, REST, ROOT, Ended, Part


def test_every_test_is_in_one_part() -> None:
    """Each file of tests lies below exactly one of the places that the parts name."""
    places = [ROOT / place for name in (*PARTS, REST) for place in parts.places(name)]
    files = list((ROOT / "tests").rglob("test_*.py"))
    found = Counter(file for file in files for place in places if file == place or place in file.parents)
    assert len(files) > 100
    assert [file for file in files if found[file] != 1] == []


def test_each_python_and_each_option_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first Python runs every part with the options; another one runs what may come out otherwise there."""
    monkeypatch.setenv("CI", "true")
    made = list(parts.parts(["--corpus=x"], [sys.executable]))
    again = [part for part in made if part.name.startswith("again on Python 3.")]
    assert [part.name for part in made if part not in again] == [*PARTS, REST]
    assert all("--corpus=x" in part.command for part in made if part not in again)
    assert [part.command[-2:] for part in again] == [("--fast", "--again")]
    assert all("tests.noskip" in part.command for part in made)


def ends(code: int, *options: str) -> Ended:
    """A part that ends so."""
    return parts.run(
        Part("part", (sys.executable, "-c", f"print('said'); raise SystemExit({code})", *options))
    )


@pytest.mark.parametrize(
    ("code", "options", "failed"),
    [
        (0, (), False),
        (1, (), True),
        (2, (), True),
        (5, (), True),
        (5, ("--fast",), False),
        (1, ("--fast",), True),
    ],
)
def test_a_part_fails_with_its_tests(code: int, options: tuple[str, ...], failed: bool) -> None:
    """One that holds no test has failed too, but where --fast leaves none of it; its output is kept."""
    ended = ends(code, *options)
    assert (ended.failed, ended.output) == (failed, "said\n")


def test_what_each_took_is_told() -> None:
    """The longest first, failures named, and the whole, which is less than their sum."""
    ended = [Ended(Part("a", ()), False, "", 59.6), Ended(Part("b", ()), True, "", 725.0)]
    assert parts.summary(ended, 730.2) == " 12:05  b: FAILED\n  1:00  a\n 12:10  the whole\n"


def test_one_failure_fails_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Though the part that ends last is good, and every output is printed."""
    programs = {"good": "import time; time.sleep(0.2); print('fine')", "bad": "raise SystemExit('broken')"}
    made = [Part(name, (sys.executable, "-c", program)) for name, program in programs.items()]
    monkeypatch.setattr(parts, "parts", lambda *_: made)
    assert parts.main([]) == 1
    said = capsys.readouterr().out
    assert "== good\nfine\n" in said
    assert "== bad\nbroken\n" in said
    monkeypatch.setattr(parts, "parts", lambda *_: made[:1])
    assert parts.main([]) == 0
