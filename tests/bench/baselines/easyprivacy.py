"""EasyPrivacy, applied by adblock-rust: what a content blocker in the browser would stop.

The list is GPL data. It is fetched at run time from Debian's uBlock Origin package, kept in a cache folder outside the
repository, and used for measuring alone; nothing of it becomes part of unpixel.
"""

from __future__ import annotations

import importlib
import subprocess
from pathlib import Path

import platformdirs

from tests.bench.baselines.page import Image
from tests.bench.baselines.rules import Rule

PACKAGE = "webext-ublock-origin-chromium"
SOURCE = "https://mail.example.org/"
"""The page that shows the mail: every image is a third party's to it."""


class Unavailable(Exception):
    """The measure cannot be taken; the text says what is missing."""


def load() -> Rule:
    """A rule that asks adblock-rust with EasyPrivacy about each image. Raises Unavailable."""
    try:
        adblock = importlib.import_module("adblock")
    except ImportError as error:
        raise Unavailable("the `adblock` package is not installed; pip install adblock") from error
    filters = adblock.FilterSet(debug=False)
    filters.add_filter_list(_list().read_text("utf-8"))
    engine = adblock.Engine(filters)

    def easyprivacy(page: list[Image]) -> list[bool]:
        return [bool(engine.check_network_urls(_absolute(i.raw), SOURCE, "image").matched) for i in page]

    return easyprivacy


def _absolute(raw: str) -> str:
    url = "".join(raw.split())
    return "https:" + url if url.startswith("//") else url


def _list() -> Path:
    """The list, from the cache or from Debian."""
    cache = Path(platformdirs.user_cache_dir("unpixel")) / "bench"
    unpacked = cache / PACKAGE
    if not unpacked.is_dir():
        _fetch(cache, unpacked)
    found = sorted(unpacked.rglob("easyprivacy.txt"))
    if not found:
        raise Unavailable(f"{PACKAGE} holds no easyprivacy.txt")
    return found[0]


def _fetch(cache: Path, unpacked: Path) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(["apt-get", "download", "-qq", PACKAGE], cwd=cache, check=True, capture_output=True)
        archive = max(cache.glob(f"{PACKAGE}_*.deb"), key=lambda path: path.stat().st_mtime)
        subprocess.run(["dpkg-deb", "-x", archive, unpacked], check=True, capture_output=True)
        archive.unlink()
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        raise Unavailable(f"{PACKAGE} could not be fetched with apt-get download") from error
