"""A catalogue of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from blocker.catalogue import Catalogue


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database that does not exist yet."""
    return f"sqlite:///{tmp_path}/data/catalogue.sqlite"


@pytest.fixture
def store(url: str) -> Iterator[Catalogue]:
    """An empty catalogue with two accounts."""
    with Catalogue.open(url) as opened:
        opened.ensure_account("home", "you@example.net", "replace", "standard")
        opened.ensure_account("work", "you@example.com", "report", "standard")
        yield opened
