"""The plug-ins for mail programs, and how each becomes the file that a person installs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

PLUGINS = {"thunderbird": "unpixel.xpi"}
"""Each plug-in's folder here, and the usual name of its file."""
_MADE = (2026, 1, 1, 0, 0, 0)
"""The time of every entry, so that the same sources give the same file."""


def package(name: str) -> bytes:
    """A plug-in as the file that a mail program installs. Raises KeyError for one that there is not."""
    if name not in PLUGINS:
        raise KeyError(name)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for path, content in sorted(_entries(files(__name__) / name)):
            packed.writestr(zipfile.ZipInfo(path, _MADE), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _entries(folder: Traversable, above: str = "") -> Iterator[tuple[str, bytes]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _entries(each, f"{above}{each.name}/")
        else:
            yield above + each.name, each.read_bytes()
