"""Who may print: every command and page hands its text to `blocker.output`, and prints nothing by itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRINTING = {
    "print",
    "click.echo",
    "click.secho",
    "click.prompt",
    "click.confirm",
    "click.style",
    "click.echo_via_pager",
    "json.dumps",
    "json.dump",
    "csv.writer",
    "csv.DictWriter",
    "Console",
    "Text",
    "Text.from_markup",
    "Text.from_ansi",
    "Markup",
}
ELSEWHERE = {("webui/words.py", "Markup"), ("webui/said.py", "Markup")}
"""Markup of our own, around values that it escapes itself."""


def calls(path: Path) -> Iterator[str]:
    """Every name that a file calls, as it is written there."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


@pytest.mark.parametrize("room", ["blocker/cli", "blocker/demo", "blocker/doctor", "webui"])
def test_nothing_prints_by_itself(room: str) -> None:
    """What would bypass the one place is not called anywhere else."""
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    found = {(path.relative_to(ROOT).as_posix(), name) for path in files for name in calls(path)}
    assert not {one for one in found if one[1] in PRINTING} - ELSEWHERE


def test_the_one_place_does_print() -> None:
    """Were its calls named otherwise, the test above would find nothing."""
    found = {name for path in (ROOT / "blocker/output").glob("*.py") for name in calls(path)}
    assert {"click.echo", "click.prompt", "click.confirm", "json.dumps", "csv.DictWriter", "Text"} <= found
