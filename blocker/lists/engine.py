"""The lists as a question to be asked of a URL."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from blocker.detect.knowledge import default_rules
from blocker.lists.fetch import ListError
from blocker.lists.store import FOLDER, Lists

ENVIRONMENT = "UNPIXEL_LISTS"
"""Tells the processes that this one starts where the lists lie; set here, and by nobody else."""
MOST_URL = 4096
"""Characters of a URL that is asked about: filters name hosts and paths."""
MOST_FILTER = 200
"""Characters of a filter that are told."""
NOBODY = "mail.invalid"
"""Stands for the sender's domain where a mail names none."""

Listed = Callable[[str, str], str]
"""A URL and the sender's domain to the filter that blocks it; empty where none does."""


def use(data_dir: Path) -> None:
    """Judge by the lists in a data directory from now on, here and in processes that are started later. Raises ListError."""
    if (data_dir / FOLDER).is_dir():
        os.environ[ENVIRONMENT] = str(data_dir)
    else:
        os.environ.pop(ENVIRONMENT, None)
    install()


def install() -> None:
    """Judge by the lists that the environment names, where there are any. Raises ListError."""
    place = os.environ.get(ENVIRONMENT)
    texts = list(Lists(Path(place)).texts()) if place else []
    default_rules().listed = engine(texts) if texts else None


def engine(texts: Iterable[str]) -> Listed:
    """All lists as one: an exception of one holds for the filters of others too, as in browsers. Raises ListError."""
    adblock = library()
    filters = adblock.FilterSet(debug=True)
    for text in texts:
        filters.add_filter_list(text, rule_types="networkonly")
    made = adblock.Engine(filters)

    def listed(url: str, sender: str) -> str:
        found = made.check_network_urls(
            _ascii(url[:MOST_URL]), f"https://{_ascii(sender) or NOBODY}/", "image"
        )
        return str(found.filter or "a filter")[:MOST_FILTER] if found.matched else ""

    return listed


def _ascii(text: str) -> str:
    """What a mail says may be bytes that are no text."""
    return text.encode("ascii", "replace").decode("ascii")


def library() -> Any:
    """The package `adblock`. Raises ListError where it is not installed."""
    try:
        import adblock
    except ImportError as error:
        raise ListError(
            'Filter lists need the package adblock: run `pip install "unpixel[lists]"`, or take the lists out.'
        ) from error
    return adblock
