"""Modes and levels are values: code asks them for facts, and nothing compares their names or lists them anew."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocker.choices.levels import SETTINGS, Level, label_of, level_in, setting_of, strength
from blocker.choices.modes import Mode
from blocker.detect.report import KINDS

ROOT = Path(__file__).resolve().parents[2]
WORDS = {str(word) for word in (*Mode, *SETTINGS)}
TABLE = "blocker/choices/"
HISTORY = "blocker/catalogue/migrations/versions/"
"""A migration says what was, and stays as it is."""


def named(node: ast.expr) -> bool:
    """Whether an expression is the name of a mode or level, as text or as the member of that name."""
    match node:
        case ast.Constant(value=str(word)):
            return word in WORDS
        case ast.Attribute(value=ast.Name(id="Mode" | "Level")):
            return node.attr.isupper()
        case ast.Tuple(elts=members) | ast.List(elts=members) | ast.Set(elts=members):
            return any(named(one) for one in members)
    return False


def members(node: ast.AST) -> list[ast.expr]:
    """What a table, a list or a Literal holds."""
    match node:
        case ast.Tuple(elts=found) | ast.List(elts=found) | ast.Set(elts=found):
            return found
        case ast.Dict(keys=keys):
            return [key for key in keys if key is not None]
    return []


def faults(source: str) -> Iterator[int]:
    """The lines that compare a name, match it, or write two of them side by side."""
    for node in ast.walk(ast.parse(source)):
        compared = isinstance(node, ast.Compare) and any(map(named, (node.left, *node.comparators)))
        matched = isinstance(node, ast.MatchValue) and named(node.value)
        if compared or matched or sum(map(named, members(node))) > 1:
            assert isinstance(node, ast.expr | ast.pattern)
            yield node.lineno


def files(*patterns: str) -> list[Path]:
    """The product's files of these names, the table and the history left out."""
    found = [path for room in ("blocker", "webui") for one in patterns for path in (ROOT / room).rglob(one)]
    return [p for p in found if not p.relative_to(ROOT).as_posix().startswith((TABLE, HISTORY))]


def test_no_code_compares_a_name() -> None:
    """A mode or level that comes later needs its row in the table, and no file that knows its name."""
    found = [(path, line) for path in files("*.py") for line in faults(path.read_text("utf-8"))]
    assert [f"{path.relative_to(ROOT)}:{line}" for path, line in found] == []


def test_no_page_compares_a_name() -> None:
    """Templates and scripts neither."""
    quoted = re.compile(rf"""[=!]=\s*["']({"|".join(WORDS)})["']|["']({"|".join(WORDS)})["']\s*[=!]=""")
    pages = files("*.html", "*.js")
    assert pages
    assert [path.name for path in pages if quoted.search(path.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('if account.mode == "hold": pass', True),
        ("if account.mode is Mode.HOLD: pass", True),
        ('if mode in ("copy", "replace"): pass', True),
        ("match mode:\n    case Mode.HOLD: pass", True),
        ('RANK = {"standard": 1, "strict": 2}', True),
        ('Level = Literal["standard", "strict"]', True),
        ('text = raw.decode("utf-8", "replace")', False),
        ("account = replace(account, mode=Mode.REPLACE)", False),
        ("if account.mode.holds: pass", False),
    ],
)
def test_a_comparison_is_found(source: str, found: bool) -> None:
    """The look would find what it looks for, and nothing else."""
    assert bool(list(faults(source))) is found


def test_each_mode_asks_more_than_the_one_before() -> None:
    """The order of the modes is that of their facts: each does all that the one before does."""
    assert [mode.rank for mode in Mode] == list(range(len(Mode)))
    assert [(m.writes, m.copies, m.replaces, m.holds) for m in Mode] == [
        (False, False, False, False),
        (True, False, False, False),
        (True, True, False, False),
        (True, True, True, False),
        (True, True, True, True),
    ]
    assert [mode for mode in Mode if mode.doubles] == [Mode.COPY]


def test_each_level_takes_more_than_the_one_before() -> None:
    """The order of the levels is that of protection, below them all the sender whose mail is left as it is."""
    least, *_, most = Level
    assert least.takes < most.takes == set(KINDS)
    assert all(a.takes < b.takes for a, b in zip(Level, list(Level)[1:], strict=False))
    assert sorted(SETTINGS, key=strength) == ["allow", *Level]
    assert [level_in(one) for one in SETTINGS] == [*Level, None]


def test_a_name_gives_its_value() -> None:
    """What a file or a database holds becomes the value; an unknown name is an error, and is shown as it is."""
    assert [Mode(str(mode)) for mode in Mode] == list(Mode)
    assert [setting_of(str(one)) for one in SETTINGS] == list(SETTINGS)
    assert len({label_of(one) for one in SETTINGS}) == len(SETTINGS)
    assert label_of("loose") == "loose"
    for kind in (Mode, Level, setting_of):
        with pytest.raises(ValueError, match="loose"):
            kind("loose")
