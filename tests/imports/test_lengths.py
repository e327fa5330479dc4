"""How long a module may be: what has more lines has more than one meaning, and is split."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST = 400
"""Lines of a module of the product."""


def test_no_module_is_too_long() -> None:
    """Every file of the product, comments and blank lines counted."""
    files = [path for package in ("blocker", "webui") for path in (ROOT / package).rglob("*.py")]
    lines = {path.relative_to(ROOT).as_posix(): len(path.read_bytes().splitlines()) for path in files}
    assert lines
    assert {name: count for name, count in lines.items() if count > MOST} == {}
