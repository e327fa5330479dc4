"""Files that a configuration names: what is no file is refused with a sentence, and what we write is ours alone."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from blocker.catalogue import Catalogue, CatalogueError
from blocker.config import Config, ConfigError, load
from blocker.config.private import write_private
from blocker.mailbox.imap.reach import tls_context
from blocker.mailbox.protocol import MailboxError


def listening(path: Path) -> None:
    """A socket that stands in a folder."""
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


KINDS: list[tuple[Callable[[Path], None], str]] = [
    (os.mkfifo, "it is a pipe, not a file"),
    (Path.mkdir, "it is a folder, not a file"),
    (lambda path: path.symlink_to("/dev/zero"), "it is a device, not a file"),
    (listening, "it is a socket, not a file"),
]


@pytest.fixture(params=KINDS, ids=lambda kind: kind[1].split()[3].rstrip(","))
def wrong(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, str]:
    """Something that is no file, under a short name, and what is said of it."""
    monkeypatch.chdir(tmp_path)
    make, said = request.param
    make(Path("it"))
    return Path("it"), said


@pytest.mark.timeout(20)
def test_what_is_no_file_is_refused(wrong: tuple[Path, str]) -> None:
    """Nothing waits for somebody to write into a pipe, or reads a device without end."""
    path, said = wrong
    with pytest.raises(ConfigError, match=said):
        load(path)
    path.rename("key")
    with pytest.raises(ConfigError, match=said):
        Config(Path("config.toml"), Path(), "sqlite://").key()
    with pytest.raises(MailboxError, match=said):
        tls_context("key")
    with pytest.raises(CatalogueError, match=said):
        Catalogue.open("sqlite:///key")


@pytest.mark.parametrize("alone", [True, False])
def test_a_file_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alone: bool
) -> None:
    """Who writes a file over another gets it whole, private and alone; where the disk is full, the old one stands."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o644)
    (tmp_path / "file.part").write_bytes(b"what a cut write left")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr(os, "fsync", full)
        write_private(path, [b"new"], alone=alone)
    assert path.read_bytes() == b"old"
    write_private(path, [b"n", b"ew"], alone=alone)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o600)
    assert (tmp_path / "file.part").exists() is not alone
    assert len(list(tmp_path.iterdir())) == 2 - alone
