"""The README and the manual say what the product does: its commands, its output, its words, its keys."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import blocker
from blocker.catalogue import Catalogue
from blocker.choices.levels import Level
from blocker.choices.modes import Mode
from blocker.config.keys import tables_of
from blocker.config.model import Config
from blocker.detect.report import KINDS
from tests.docs import reference
from tests.service.test_hazards import HAZARDS
from webui import create_app
from webui.areas.api.openapi import describe

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "README.md").read_text("utf-8")
MANUAL = {path.stem: path.read_text("utf-8") for path in reference.MANUAL.glob("*.md")}
MOST = 12 * 1024
"""Bytes of the README: what is longer belongs in the manual."""
MESSAGE = (
    b"From: News <news@example.org>\r\nTo: you@example.com\r\nDisposition-Notification-To: news@example.org\r\n"
    b"Content-Type: text/html\r\n\r\n"
    b'<a href="http://example.org/">x</a><img src="http://example.org/open?u=1" width="1" height="1">\r\n'
)


def rows(page: str) -> list[list[str]]:
    """The cells of a manual page's tables, without heading and rule, back-quotes taken off."""
    lines = [line for line in MANUAL[page].splitlines() if line.startswith("| `")]
    return [[cell.strip().replace("`", "") for cell in line.strip("|").split(" | ")] for line in lines]


def keys(value: Any, path: str = "") -> set[str]:
    """Every key of a JSON value, dotted; `[]` stands for the members of a list."""
    if isinstance(value, dict):
        return {key for name, v in value.items() for key in ({f"{path}{name}"} | keys(v, f"{path}{name}."))}
    if isinstance(value, list):
        return {key for v in value for key in keys(v, f"{path.rstrip('.')}[].")}
    return set()


def test_the_two_commands_come_first() -> None:
    """The first two fenced blocks are the demo and the tests, word for word, and the files they name exist."""
    blocks = re.findall(r"^```\w*\n(.*?)\n```$", TEXT, re.MULTILINE | re.DOTALL)
    assert blocks[:2] == [
        "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/unpixel demo",
        "tests/run",
    ]
    for name in ("tests/run", "tests/check"):
        assert (ROOT / name).stat().st_mode & 0o111, f"{name} cannot be run"


def test_the_readme_is_short() -> None:
    """It can be read at once."""
    assert len(TEXT.encode()) <= MOST


def test_the_readme_reaches_every_page() -> None:
    """Each page of the manual is linked from the README, and every link of a page leads to a file."""
    assert {f"blocker/docs/{name}.md" for name in MANUAL} <= set(re.findall(r"\]\(([^)#]+)\)", TEXT))
    for path in reference.pages():
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
            assert (path.parent / target).is_file(), f"{path.name} links to {target}"


def test_every_picture_is_shown() -> None:
    """Each picture of the demonstration stands on a page."""
    pictures = {path.name for path in (reference.MANUAL / "pictures").iterdir()}
    shown = {
        name
        for text in (TEXT, *MANUAL.values())
        for name in re.findall(r"!\[[^]]+\]\([^)]*?(\w+\.png)\)", text)
    }
    assert pictures == shown


@pytest.mark.parametrize("path", reference.pages(), ids=lambda path: path.stem)
def test_generated_parts_are_fresh(path: Path) -> None:
    """Running `python -m tests.docs.reference --write` would change no word: outputs and help texts are today's.

    White space may differ, as other versions of click break lines elsewhere.
    """
    text = path.read_text("utf-8")
    assert reference.fresh(text).split() == text.split()


@pytest.mark.parametrize("words", [words for words, _ in reference.commands()])
def test_a_command_has_help_with_an_example(words: str) -> None:
    """Every command's help has an example that calls unpixel."""
    _, _, example = reference.help_text(words).partition("Example")
    assert "unpixel" in example, f"{words} --help has no example"


def test_the_json_contract_is_documented() -> None:
    """Every key a report has is in the README's table, and the table names no other."""
    report = blocker.scan(MESSAGE).as_dict()
    assert report["references"], "the sample must have a reference"
    assert report["references"][0]["reasons"], "and reasons"
    assert report["receipts"], "and a receipt"
    assert {row[0] for row in rows("json")} == keys(report)


def test_the_python_sample_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """The sample names what it would block, and its own assertion holds."""
    (sample,) = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert blocker.neutralise(MESSAGE).changed, "so that the sample's assertion is reached"
    exec(sample, {"raw": MESSAGE})
    assert capsys.readouterr().out.startswith("http://example.org/open?u=1 beacon (Reason(")


def test_the_rooms_stand_in_their_order() -> None:
    """The design's table names every room of the import rules, each below those that it may import."""
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = [{room.strip() for room in layer.split(":")} for layer in reversed(rules[0]["layers"])]
    section = MANUAL["design"].partition("## Where does a change")[0]
    named = [room.replace("/", ".") for room in re.findall(r"(?m)^\| `([\w/]+)` \|", section)]
    assert sorted(named) == sorted(room for layer in layers for room in layer)
    heights = [height for room in named for height, layer in enumerate(layers) if room in layer]
    assert heights == sorted(heights)


def test_the_words_are_explained() -> None:
    """The verdicts, levels and modes that exist are the ones the README explains."""
    assert [row[0] for row in rows("verdicts")] == list(KINDS)
    assert [row[0] for row in rows("levels")] == list(Level)
    assert [row[0] for row in rows("modes")][: len(Mode)] == list(Mode)


def test_every_hazard_is_told() -> None:
    """What may go wrong with mail is in the manual's table, each with what is done about it, and all of it has tests."""
    section = MANUAL["hazards"].partition("| --- | --- |\n")[2].partition("\n\n")[0]
    told = dict(line.strip("| ").split(" | ") for line in section.splitlines())
    assert list(told) == list(HAZARDS)
    assert all(told.values())


def test_the_http_api_is_documented() -> None:
    """Every request the API's own description names is in the manual, and no other."""
    with Catalogue.open("sqlite://") as store:
        paths = describe(create_app(store))["paths"]
    described = {f"{m.upper()} /api/v1{path}" for path, item in paths.items() for m in item}
    assert {row[0] for row in rows("api") if " /api/v1" in row[0]} == described


def test_the_configuration_is_documented() -> None:
    """Each field of the configuration is a key of the manual's table, but an account's name and the file's path."""
    names = {
        f"{prefix}{field.name}" for prefix, kind in reference.TABLES for field in dataclasses.fields(kind)
    }
    tables = set(tables_of(Config))
    assert names - {row[0] for row in rows("configuration")} == {"path", "accounts.NAME.name"} | tables
    told = {row[0]: row[1:] for row in rows("configuration")}
    assert told["accounts.NAME.poll"][0] == "60"
    assert told["accounts.NAME.poll"][1].endswith("(0.05 to 86400 seconds)")
