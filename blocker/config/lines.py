"""On which line of a TOML text each key stands. The standard library's parser does not say."""

from __future__ import annotations

import tomllib
from typing import Any

Keys = tuple[str, ...]


def lines_of(text: str) -> dict[Keys, int]:
    """The line (from 1) of each table header and key of a valid TOML text.

    Lines inside multi-line strings and arrays are passed over, so nothing in a value is taken for a key.
    """
    found: dict[Keys, int] = {}
    table: Keys = ()
    pending = ""
    for number, line in enumerate(text.splitlines(), 1):
        if pending:
            pending = "" if _whole(pending + "\n" + line) else pending + "\n" + line
            continue
        bare = line.strip()
        if bare.startswith("["):
            table = _path(bare)
            found.setdefault(table, number)
        elif bare and not bare.startswith("#"):
            if _whole(bare):
                keys = _path(bare)
            else:
                pending = bare
                keys = _path(bare.partition("=")[0] + " = 0")
            found.setdefault(table + keys, number)
    return found


def line_of(text: str, keys: Keys) -> int | None:
    """The line of a key, or of the nearest table around it that is written out; None for the top."""
    found = lines_of(text)
    while keys:
        if keys in found:
            return found[keys]
        keys = keys[:-1]
    return None


def _whole(piece: str) -> bool:
    """Whether this stands as TOML by itself: a value that goes on in the next line does not."""
    try:
        tomllib.loads(piece)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _path(piece: str) -> Keys:
    """The keys that a header or a key line names, quotes undone by the real parser."""
    try:
        value: Any = tomllib.loads(piece)
    except tomllib.TOMLDecodeError:
        return ()
    keys: list[str] = []
    while isinstance(value, dict) and len(value) == 1:
        key, value = next(iter(value.items()))
        keys.append(key)
        if isinstance(value, list) and piece.startswith("[["):
            break
    return tuple(keys)
