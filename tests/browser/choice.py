"""Which real messages are opened: as many of each folder, evenly spread over its file names."""

from __future__ import annotations

from pathlib import Path

MESSAGES = 150


def chosen(corpus: Path, number: int = MESSAGES) -> list[Path]:
    """At most `number` messages of the corpus, the same on every machine."""
    folders = sorted(path for path in corpus.iterdir() if path.is_dir() and any(path.glob("*.eml")))
    of_each = number // max(len(folders), 1)
    return [path for folder in folders for path in _spread(sorted(folder.glob("*.eml")), of_each)]


def _spread(paths: list[Path], number: int) -> list[Path]:
    if len(paths) <= number:
        return paths
    return [paths[index * len(paths) // number] for index in range(number)]
