"""A SQLite catalogue copied whole while others use it, checked, and put back (sqlite.org, Online Backup API)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import URL

from blocker.catalogue import schema
from blocker.catalogue.errors import CatalogueError, sentence
from blocker.config.private import private_directory, write_new

_WAIT = 30.0
"""Seconds to wait for another program's transaction."""


def copy_out(source: Path, to: Path) -> None:
    """Write a new file of mode 0600 with one state of the catalogue. Raises CatalogueError and OSError."""
    write_new(to, [])
    _copy(source, to)


def check(path: Path) -> None:
    """Bring a copy up to the present schema. Raises CatalogueError where it is damaged, newer, or somebody else's."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        raise CatalogueError(sentence(error, str(path))) from error
    if found != "ok":
        raise CatalogueError("The catalogue in the backup is damaged: take an earlier backup.")
    schema.open_engine(URL.create("sqlite", database=str(path)).render_as_string()).dispose()


def copy_in(source: Path, to: Path) -> None:
    """Put a checked copy in a catalogue's place, in one transaction: whoever has it open sees the old or the new one.

    Raises CatalogueError and OSError; the catalogue is as it was then.
    """
    if not to.exists():
        private_directory(to.parent)
        write_new(to, [])
    _copy(source, to)


def _copy(source: Path, to: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(source, timeout=_WAIT)) as old,
            closing(sqlite3.connect(to, timeout=_WAIT)) as new,
        ):
            old.backup(new)
    except sqlite3.Error as error:
        raise CatalogueError(sentence(error, str(to))) from error
