"""The messages that a command is given, and what they may say of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from blocker.cli.files import fail, read_input

if TYPE_CHECKING:
    from blocker.detect.memory import Memory


def messages(
    paths: tuple[str, ...], limit: int, problem: Callable[[str], None]
) -> Iterator[tuple[str, bytes]]:
    """Every message of the given places; `problem` is told of each that cannot be read."""
    from blocker.mailbox.files import read_path
    from blocker.mailbox.protocol import MailboxError

    for name in paths:
        if name == "-":
            yield "standard input", read_input()
            continue
        try:
            yield from read_path(Path(name), limit=limit, problem=problem)
        except MailboxError as error:
            problem(str(error))


@contextmanager
def memory_of(
    wanted: str | None, paths: tuple[str, ...], limit: int, recipients: tuple[str, ...]
) -> Iterator[tuple[Memory | None, tuple[str, ...]]]:
    """The memory to judge by, and the reader's addresses: with the catalogue, where none are given, the accounts'."""
    if wanted != "catalogue":
        yield _folder_memory(wanted, paths, limit, recipients), recipients
        return
    from blocker.catalogue import Catalogue, CatalogueError
    from blocker.catalogue.memory import CatalogueMemory
    from blocker.config import ConfigError, load

    try:
        config = load()
        with Catalogue.open(config.database) as catalogue:
            own = tuple(address for account in config.accounts for address in account.addresses)
            yield CatalogueMemory(catalogue), recipients or own
    except (CatalogueError, ConfigError) as error:
        fail(str(error))


def _folder_memory(
    wanted: str | None, paths: tuple[str, ...], limit: int, recipients: tuple[str, ...]
) -> Memory | None:
    """What a first pass over the messages leaves; None where there is nothing to remember."""
    single = len(paths) == 1 and (paths[0] == "-" or Path(paths[0]).is_file())
    if wanted == "none" or "-" in paths or (wanted is None and single and not _is_mbox(Path(paths[0]))):
        return None
    from blocker.detect.judge import learn
    from blocker.detect.memory import FolderMemory

    memory = FolderMemory()
    for _, raw in messages(paths, limit, lambda _: None):
        learn(memory, raw, recipients)
    return memory


def _is_mbox(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(5) == b"From "
