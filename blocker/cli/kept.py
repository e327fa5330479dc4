"""Undo patches that find no room in a message's header, kept in the catalogue by the commands on files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocker.rewrite.patch import travels

if TYPE_CHECKING:
    from blocker.rewrite.neutralise import Neutralised


class NotKept(Exception):
    """The patch could not be kept; the text says why, as a sentence."""


def keep(done: Neutralised) -> None:
    """Keep what undoes this message where its header has no room for it. Raises NotKept: then it must not be used."""
    if done.patch is None or travels(done.patch):
        return
    from blocker.catalogue import Catalogue, CatalogueError
    from blocker.config import ConfigError, load
    from blocker.rewrite import marker

    try:
        with Catalogue.open(load().database) as catalogue:
            catalogue.keep_patch(marker.digest(done.raw), done.patch, done.report.message.from_domain)
    except (CatalogueError, ConfigError) as error:
        raise NotKept(str(error)) from error


def find(digest: str) -> bytes | None:
    """The patch that the configured catalogue keeps for a neutralised message. Raises NotKept where it cannot be asked."""
    from blocker.catalogue import Catalogue, CatalogueError
    from blocker.config import ConfigError, load

    try:
        with Catalogue.open(load().database) as catalogue:
            return catalogue.patch(digest)
    except (CatalogueError, ConfigError) as error:
        raise NotKept(str(error)) from error
