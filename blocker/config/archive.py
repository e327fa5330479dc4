"""A backup's file: a tar archive of named files and what they must be like, for its owner alone.

`manifest.json` in it says who wrote it, and the digest of each file; reading takes the files that it names and nothing else.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from blocker.config.errors import ConfigError
from blocker.config.private import write_new

MANIFEST = "manifest.json"
FORM = 1
"""The form of the archive; a later one is refused."""
_PIECE = 1 << 20
_MANIFEST_MOST = 1 << 16


def write_archive(path: Path, files: Mapping[str, Path], facts: Mapping[str, Any]) -> None:
    """Write a new file of mode 0600 with these files in it, each under its name. Raises OSError."""
    digests = {name: _digest(file) for name, file in files.items()}
    manifest = json.dumps({"form": FORM, "files": digests, **facts}, indent=1).encode()
    write_new(path, [])
    with tarfile.open(path, "w") as archive:
        _add(archive, MANIFEST, io.BytesIO(manifest), len(manifest))
        for name, file in files.items():
            with file.open("rb") as content:
                _add(archive, name, content, file.stat().st_size)


def read_archive(path: Path, into: Path, known: frozenset[str]) -> tuple[dict[str, Path], Mapping[str, Any]]:
    """The files of an archive, written into a folder, and what its manifest says.

    Only files that the manifest names, and of these only `known` ones, are written, under those names. Raises ConfigError
    where it is no backup, of a newer form, or damaged, and OSError.
    """
    try:
        with tarfile.open(path, "r:") as archive:
            manifest = _manifest(archive)
            if manifest.get("form") != FORM:
                raise ConfigError(f"{path} was written by a newer unpixel: update unpixel, then try again.")
            digests = manifest["files"]
            if not isinstance(digests, dict) or not digests or set(digests) - known:
                raise _damaged(path)
            found = {name: _taken(archive, name, into / name) for name in digests}
    except (tarfile.TarError, KeyError, ValueError, TypeError, AttributeError, EOFError) as error:
        raise _damaged(path) from error
    for name, file in found.items():
        if _digest(file) != digests[name]:
            raise _damaged(path)
    return found, manifest


def _damaged(path: Path) -> ConfigError:
    return ConfigError(f"{path} is no backup of unpixel, or it is damaged: name another file.")


def _add(archive: tarfile.TarFile, name: str, content: IO[bytes], size: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    archive.addfile(entry, content)


def _manifest(archive: tarfile.TarFile) -> dict[str, Any]:
    with _opened(archive, MANIFEST) as content:
        found = json.loads(content.read(_MANIFEST_MOST))
    if not isinstance(found, dict):
        raise ValueError(MANIFEST)
    return found


def _taken(archive: tarfile.TarFile, name: str, to: Path) -> Path:
    """Write one file of the archive; links and folders under its name are none."""
    with _opened(archive, name) as content:
        write_new(to, _pieces(content))
    return to


def _opened(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    entry = archive.getmember(name)
    content = archive.extractfile(entry) if entry.isreg() else None
    if content is None:
        raise ValueError(name)
    return content


def _pieces(content: IO[bytes]) -> Iterator[bytes]:
    while piece := content.read(_PIECE):
        yield piece


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as content:
        for piece in _pieces(content):
            found.update(piece)
    return found.hexdigest()
