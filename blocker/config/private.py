"""Files that are this user's alone: writing them, and refusing those that others can write.

The configuration names programs that are run, so whoever can write it can have anything run in the user's name. ssh
refuses such a file too (OpenSSH, readconf.c: owner, and modes 022), and a key that others can read (authfile.c: 077).
"""

from __future__ import annotations

import errno
import os
import secrets
import shlex
import stat
from collections.abc import Iterable
from pathlib import Path

from blocker.config.errors import ConfigError

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def private_directory(path: Path) -> Path:
    """Make a directory that only its owner may enter, with its parents; an existing one stays as it is."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def write_private(path: Path, pieces: Iterable[bytes], *, alone: bool = False) -> None:
    """Write a whole file of mode 0600, or put it in another's place, in one act: a reader sees the old one or the new one.

    It lasts through a power cut once this has returned. `alone` says that no other process writes it: its draft
    then has one name, so that what a cut write left is overwritten by the next. Raises OSError; the file is as it was.
    """
    draft = path.with_name(f"{path.name}.part" if alone else f".{path.name}-{secrets.token_hex(4)}")
    try:
        if alone:
            draft.unlink(missing_ok=True)
        write_new(draft, pieces)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    _to_disk(path.parent)


def write_new(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file of mode 0600 that does not exist yet, and wait until the disk has what is in it. Raises OSError."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())


def _to_disk(directory: Path) -> None:
    """Make a new name in a directory last through a power cut (fsync(2))."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def only_file(path: Path) -> None:
    """Raises OSError, with the reason as its `strerror`, where something other than a file stands there, or nothing.

    To open a pipe would be to wait for somebody who writes into it, for ever.
    """
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        kind = next((word for is_it, word in _KINDS if is_it(mode)), "something else")
        raise OSError(errno.EINVAL, f"it is {kind}, not a file", str(path))


_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def refuse_what_others_write(path: Path) -> None:
    """Raises ConfigError where another user can change a configuration, or put another one in its place.

    That is: it belongs to another user than this one or root; its mode lets the group or everybody write; or that of
    its folder does (unless it is sticky, as /tmp is). Of a symbolic link, both ends count. Nothing is said of a file
    that is not there. Raises OSError where it cannot be looked at.
    """
    for place in dict.fromkeys([path, path.resolve()]):
        if not place.exists():
            return
        folder = place.parent.stat()
        for one, found in ((place, place.stat()), (place.parent, folder)):
            if found is folder and folder.st_mode & stat.S_ISVTX:
                continue
            if who := _others(found):
                raise ConfigError(
                    f"{one} {who}, who could have any program run in your name: run `{_mend(one, found)}`, look "
                    f"whether {path} still says what you wrote, then try again."
                )


def refuse_what_others_reach(path: Path) -> None:
    """Raises ConfigError where another user can read or write a secret file. Raises OSError as above."""
    found = path.stat()
    who = _others(found) or ("can be read by others" if found.st_mode & OTHERS else "")
    if who:
        raise ConfigError(
            f"{path} {who}, and it is a secret: run `{_mend(path, found, '600')}`, then try again."
        )


def _others(found: os.stat_result) -> str:
    """Who else can write it, as words behind its name; empty where nobody can."""
    if os.geteuid() != 0 and found.st_uid not in (0, os.geteuid()):
        return "belongs to another user"
    if found.st_mode & stat.S_IWOTH:
        return "can be written by everybody"
    return "can be written by its group" if found.st_mode & stat.S_IWGRP else ""


def _mend(place: Path, found: os.stat_result, mode: str = "go-w") -> str:
    quoted = shlex.quote(str(place))
    if found.st_mode & OTHERS_WRITE or os.geteuid() in (0, found.st_uid):
        return f"chmod {mode} {quoted}"
    return f'sudo chown "$USER" {quoted}'
