"""Shares are rounded honestly, and alike wherever they are shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import blocker
from blocker.output.numbers import percent


@pytest.mark.parametrize(
    ("share", "whole"), [(0, 0), (0.001, 1), (0.5, 50), (0.999, 99), (0.9951, 99), (1, 100)]
)
def test_only_all_is_a_hundred(share: float, whole: int) -> None:
    """And only none is nothing."""
    assert percent(share) == whole


def test_nobody_rounds_by_hand() -> None:
    """No command writes a share by a format of its own, which would call 99.9 per cent all."""
    files = list((Path(blocker.__file__).parent / "cli").glob("*.py"))
    assert len(files) > 10
    assert [path.name for path in files if re.search(r":\.\d%\}", path.read_text("utf-8"))] == []
