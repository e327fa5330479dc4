"""One home for each fact: what is written in one place is not written again in another."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path for room in ("blocker", "webui") for path in (ROOT / room).rglob("*.py"))
HOMES = {
    "$tracked": "blocker/choices/modes.py",
    "$trackerremoved": "blocker/choices/modes.py",
    "x-unpixel": "blocker/rewrite/marker.py",
}
"""Names that other programs see, in lower case, and the file that has each."""
PRIVATE = {"blocker/config/private.py", "blocker/service/exchange/lock.py"}
"""Who makes files by mode: the one place, and a lock, which is opened and never replaced."""


def texts(source: str) -> Iterator[str]:
    """Every text in a file that is a value: documentation left out."""
    tree = ast.parse(source)
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in said:
            if isinstance(node.value, str):
                yield node.value
            elif isinstance(node.value, bytes):
                yield node.value.decode("latin-1")


def where(wanted: str) -> set[str]:
    """The files in which a name stands in a value."""
    found = (p for p in FILES if any(wanted in text.lower() for text in texts(p.read_text("utf-8"))))
    return {path.relative_to(ROOT).as_posix() for path in found}


@pytest.mark.parametrize("name", HOMES)
def test_a_name_that_others_see_stands_once(name: str) -> None:
    """The keywords and the header field are written where they are explained, and imported from there."""
    assert where(name) == {HOMES[name]}


def test_private_files_are_written_in_one_place() -> None:
    """Nobody else makes a file by its mode: it might forget the power cut, or others who read."""
    found = {
        path.relative_to(ROOT).as_posix()
        for path in FILES
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Attribute) and node.attr in ("O_CREAT", "O_EXCL")
    }
    assert found == PRIVATE
