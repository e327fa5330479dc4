"""Whether others can write what unpixel trusts: then it is not used.

The configuration names programs that are run, so whoever can write it can have anything run in the user's name. ssh
refuses such a file too (OpenSSH, readconf.c: owner, and modes 022), and a key that others can read (authfile.c: 077).
"""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from blocker.config.model import ConfigError

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
OTHERS = stat.S_IRWXG | stat.S_IRWXO


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
