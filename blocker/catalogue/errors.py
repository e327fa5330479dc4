"""What goes wrong with a catalogue, in sentences that say what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError


class CatalogueError(Exception):
    """The catalogue could not do what was asked; the text is one sentence with the next step."""


class NotYours(CatalogueError):
    """What was asked for belongs to an account that this catalogue was limited from."""


# What a driver says, in lower case, and the sentence a person reads instead. First match wins.
_SENTENCES: tuple[tuple[str, str], ...] = (
    ("disk is full", "The disk that holds the catalogue {where} is full: make room and try again."),
    ("no space left", "The disk that holds the catalogue {where} is full: make room and try again."),
    (
        "readonly",
        "The catalogue {where} is read-only: give its owner the right to write the file and its folder.",
    ),
    (
        "read-only",
        "The catalogue {where} is read-only: give its owner the right to write the file and its folder.",
    ),
    (
        "database is locked",
        "Another program has kept the catalogue {where} locked for too long: end it, or try again.",
    ),
    (
        "unable to open",
        "The catalogue {where} cannot be opened: check that its folder exists and may be written.",
    ),
    (
        "not a database",
        "The file {where} is no catalogue: name another file, or move this one out of the way.",
    ),
    (
        "malformed",
        "The catalogue {where} is damaged: put a backup in its place, or move it away and start a new one.",
    ),
    (
        "disk i/o",
        "The disk that holds the catalogue {where} does not answer properly: check it, then try again.",
    ),
    (
        "can't create a connection",
        "The database {where} does not answer: start its server, or correct the URL.",
    ),
    ("refused", "The database {where} does not answer: start its server, or correct the URL."),
    ("authentication failed", "The database {where} refuses the user name or password: correct the URL."),
    (
        "surrogates not allowed",
        "What was asked of the catalogue {where} holds bytes that are no text: write it in UTF-8.",
    ),
    ("3d000", "The database {where} does not exist yet: create it, then try again."),
)


def place(url: URL) -> str:
    """The catalogue's place for a sentence: never with its password."""
    return url.database or "in memory" if url.drivername.startswith("sqlite") else str(url.render_as_string())


def sentence(error: BaseException, where: str) -> str:
    """One sentence for what a driver or the system reported about the catalogue at `where`."""
    said = str(getattr(error, "orig", None) or error)
    lowered = said.lower()
    for needle, text in _SENTENCES:
        if needle in lowered:
            return text.format(where=where)
    first = said.strip().splitlines()[0][:200] if said.strip() else type(error).__name__
    return (
        f"The catalogue {where} could not be read or written ({first}): check the database, then try again."
    )


@contextmanager
def told(where: str) -> Iterator[None]:
    """Turn what a database driver raises inside the block into a `CatalogueError`."""
    try:
        yield
    # PostgreSQL's driver passes some of the system's own errors on: a connection that was reset, for one.
    # The driver takes no half of a surrogate pair, which is what undecodable bytes of an argument become.
    except (SQLAlchemyError, OSError, UnicodeEncodeError) as error:
        raise CatalogueError(sentence(error, where)) from error
