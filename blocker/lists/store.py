"""The lists as files in the data directory: one file a list, and what is known of each beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from blocker.config.private import private_directory, write_private
from blocker.lists.fetch import Fetched, ListError, fetch

FOLDER = "lists"
MOST = 32 << 20
"""Octets of a list; the largest that people use have five million."""
SHRUNK = 0.5
"""A list that comes back with less than this part of its filters is taken for broken."""
_COSMETIC = ("##", "#@#", "#?#", "#$#", "#%#")


@dataclass(frozen=True, slots=True)
class Kept:
    """One list."""

    source: str
    """Its URL, or the file's path."""
    filters: int
    """Filters of URLs in it."""
    fetched: str
    """When it was last taken over: ISO 8601 in UTC."""
    etag: str = ""
    modified: str = ""
    """What its server said of this version (RFC 9110, 8.8)."""

    @property
    def remote(self) -> bool:
        """Whether it is fetched."""
        return self.source.startswith("https://")


class Lists:
    """The lists of a data directory."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / FOLDER

    def kept(self) -> list[Kept]:
        """Every list, by its source. Raises ListError."""
        try:
            found = [Kept(**json.loads(path.read_text("utf-8"))) for path in self._folder.glob("*.json")]
        except (OSError, ValueError, TypeError) as error:
            raise ListError(
                f"A list in {self._folder} cannot be read: remove that folder, add the lists anew."
            ) from error
        return sorted(found, key=lambda one: one.source)

    def texts(self) -> Iterator[str]:
        """What the lists say. Raises ListError."""
        for one in self.kept():
            try:
                yield self._text(one.source).read_text("utf-8")
            except (OSError, ValueError) as error:
                raise ListError(
                    f"The list {one.source} cannot be read: remove it, then add it again."
                ) from error

    def add(self, source: str) -> Kept:
        """Take over a list from an https URL or a file. Raises ListError; nothing is kept then."""
        if "://" in source:
            fetched = fetch(source, MOST)
            assert fetched is not None, "unconditional"
            return self._keep(source, fetched)
        path = Path(source).expanduser().resolve()
        return self._keep(str(path), _read(path))

    def update(self, one: Kept) -> Kept | None:
        """Take over a newer version; None where there is none. Raises ListError; the old version stays then."""
        fetched = fetch(one.source, MOST, one.etag, one.modified) if one.remote else _read(Path(one.source))
        if fetched is None:
            return None
        text = _checked(one.source, fetched.body)
        if _filters(text) < SHRUNK * one.filters:
            raise ListError(
                f"{one.source} came back with {_filters(text)} filters where there were {one.filters}: the old version "
                "stays. If that is right, remove the list and add it again."
            )
        return self._keep(one.source, fetched)

    def remove(self, source: str) -> bool:
        """Take a list out; whether it was there."""
        there = self._facts(source).exists()
        for path in (self._facts(source), self._text(source)):
            path.unlink(missing_ok=True)
        return there

    def _keep(self, source: str, fetched: Fetched) -> Kept:
        text = _checked(source, fetched.body)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        kept = Kept(source, _filters(text), now, fetched.etag, fetched.modified)
        private_directory(self._folder)
        write_private(self._text(source), [text.encode()])
        write_private(self._facts(source), [json.dumps(asdict(kept)).encode()])
        return kept

    def _text(self, source: str) -> Path:
        return self._folder / f"{hashlib.sha256(source.encode()).hexdigest()[:32]}.txt"

    def _facts(self, source: str) -> Path:
        return self._text(source).with_suffix(".json")


def _read(path: Path) -> Fetched:
    try:
        with path.open("rb") as file:
            return Fetched(file.read(MOST + 1))
    except OSError as error:
        raise ListError(f"{path} cannot be read ({error.strerror}); check the path.") from error


def _checked(source: str, body: bytes) -> str:
    """The list's text. Raises ListError where it is none: too large, no text, a page, or without a filter."""
    if len(body) > MOST:
        raise ListError(f"{source} is larger than {MOST >> 20} MB, which no filter list is.")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ListError(f"{source} is no text in UTF-8, so it is no filter list.") from error
    if text.lstrip()[:1] == "<" or not _filters(text):
        raise ListError(f"{source} holds no filter in Adblock syntax; check the address.")
    return text


def _filters(text: str) -> int:
    """How many lines are filters of URLs, and no comment, heading or rule for what a page shows."""
    lines = (line.strip() for line in text.splitlines())
    return sum(
        1 for line in lines if line and line[0] not in "![" and not any(mark in line for mark in _COSMETIC)
    )
