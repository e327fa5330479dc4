"""The bench of open overviews measures, so that its figures can be had anew."""

from __future__ import annotations

import pytest

from tests.bench.live import measure


@pytest.mark.once
def test_it_loads_pages_beside_open_overviews() -> None:
    """Each page is answered, and each open overview is."""
    alone, beside = measure(1000, overviews=3, seconds=0.1, settle=1.0)
    assert 0 < alone < 60_000
    assert 0 < beside < 60_000
