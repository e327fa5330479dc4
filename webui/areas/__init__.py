"""The pages and the API, a module each.

Each module here has a `blueprint`, which is served. One that has a `MENU` too stands in the menu of every page. Its templates
lie in the folder of `templates` that bears its name.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from operator import attrgetter
from typing import NamedTuple

from flask import Blueprint


class Entry(NamedTuple):
    """What stands in the menu of an area's first page."""

    title: str
    place: int
    """Lower is further to the left."""
    endpoint: str


def areas() -> tuple[Blueprint, ...]:
    """Every area there is."""
    return tuple(blueprint for blueprint, _ in _found())


def menu() -> tuple[Entry, ...]:
    """The entries of the menu, in their order."""
    return tuple(sorted((entry for _, entry in _found() if entry), key=attrgetter("place")))


def _found() -> Iterator[tuple[Blueprint, Entry | None]]:
    for each in pkgutil.iter_modules(__path__, f"{__name__}."):
        module = importlib.import_module(each.name)
        yield module.blueprint, getattr(module, "MENU", None)
