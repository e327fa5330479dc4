"""Neutralising a whole folder of messages into another one.

What stands in the new folder is whole: each message is written beside its place and gets its name in one act, so that
whoever ends the command finds every message finished or missing, and a second run goes on. No file that is there is touched.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from blocker.config.private import private_directory, write_new
from blocker.mailbox.files import LIMIT, mail_files, show
from blocker.mailbox.protocol import MailboxError

if TYPE_CHECKING:
    from blocker.mailbox.files import Holds

Outcome: TypeAlias = "tuple[bytes, str] | str"
"""A message's neutralised bytes, with what a person must know of it; or why it could not be changed."""
Change: TypeAlias = "Callable[[list[bytes]], list[Outcome]]"
"""Some messages to what became of each."""
Ended: TypeAlias = Literal["neutralised", "unchanged", "failed", "there"]
BATCH = 32
"""Messages that are changed together: a process for each would take longer than to change it."""
BATCH_OCTETS = 4 << 20
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS)
"""What link(2) says on a file system that has none."""


def neutralise_folder(
    source: Path,
    out: Path,
    change: Change,
    tell: Callable[[str], None],
    done: Counter[Ended],
    stopped: Callable[[], object],
) -> None:
    """Write every message of `source` (a folder, a Maildir) into `out` under its own name, as `change` makes it.

    A message that cannot be changed is written as it is, and told. `done` counts while it goes on, which it does until
    `stopped` says otherwise. Raises MailboxError.
    """
    if out.resolve().is_relative_to(source.resolve()):
        raise MailboxError(f"{show(out)} lies inside {show(source)}: name a folder elsewhere.")
    for batch in _batches(_found(source, out, tell, done)):
        outcomes = change([one.message for one in batch])
        for one, outcome in zip(batch, outcomes, strict=True):
            if stopped():
                return
            done[_finished(one, outcome, tell)] += 1


class _Opened(NamedTuple):
    """A file of mail: where it is, where it goes, and the message in it."""

    path: Path
    target: Path
    before: bytes
    message: bytes
    after: bytes


def _found(source: Path, out: Path, tell: Callable[[str], None], done: Counter[Ended]) -> Iterator[_Opened]:
    """The files to be changed; what is there already is counted, what cannot be is copied and told."""
    for path, holds in mail_files(source, tell):
        target = out / path.relative_to(source)
        if os.path.lexists(target):
            done["there"] += 1
            continue
        try:
            if why := _unfit(path, holds):
                tell(f"{show(path)} is copied unchanged: {why}")
                done["failed" if _written(path, target, _pieces(path)) else "there"] += 1
                continue
            raw = path.read_bytes()
        except OSError as error:
            tell(f"{show(path)} could not be read ({error.strerror or error}); it is not in the new folder.")
            done["failed"] += 1
            continue
        before, message, after = _opened(raw, holds)
        yield _Opened(path, target, before, message, after)


def _unfit(path: Path, holds: Holds) -> str:
    """Why the messages of a file cannot be changed; empty where its one can."""
    if holds == "mbox":
        return "it holds many messages (an mbox); export them as single files or a Maildir first."
    return f"it is larger than {LIMIT} octets." if path.stat().st_size > LIMIT else ""


def _pieces(path: Path) -> Iterator[bytes]:
    """A file's bytes, little by little: an mbox may be larger than the memory."""
    with path.open("rb") as file:
        yield from iter(partial(file.read, 1 << 20), b"")


def _batches(found: Iterable[_Opened]) -> Iterator[list[_Opened]]:
    batch: list[_Opened] = []
    for one in found:
        batch.append(one)
        if len(batch) >= BATCH or sum(len(each.message) for each in batch) >= BATCH_OCTETS:
            yield batch
            batch = []
    if batch:
        yield batch


def _finished(one: _Opened, outcome: Outcome, tell: Callable[[str], None]) -> Ended:
    """Write what became of a message; what that was."""
    path, target, before, message, after = one
    made, told = (message, "") if isinstance(outcome, str) else outcome
    if isinstance(outcome, str):
        tell(f"{show(path)} is copied unchanged: {outcome}")
    if told:
        tell(f"{show(path)}: {told}")
    if before and made != message:
        before = b"%d\n" % len(made)
    if not _written(path, target, (before, made, after)):
        return "there"
    if isinstance(outcome, str):
        return "failed"
    return "unchanged" if made == message else "neutralised"


def _opened(raw: bytes, holds: Holds) -> tuple[bytes, bytes, bytes]:
    """What stands before the message, the message, and what stands behind it."""
    first, _, rest = raw.partition(b"\n")
    if holds != "emlx" or not (first.strip().isdigit() and len(first) < 16 and int(first) <= len(rest)):
        return b"", raw, b""
    return first + b"\n", rest[: int(first)], rest[int(first) :]


def _written(source: Path, target: Path, pieces: Iterable[bytes]) -> bool:
    """Write a file with its source's time and mode, under a name that nothing has; False where something has it by now."""
    _folder_for(source, target)
    with _draft(target) as draft:
        write_new(draft, pieces)
        found = source.stat()
        draft.chmod(found.st_mode & 0o777)
        os.utime(draft, ns=(found.st_atime_ns, found.st_mtime_ns))
        try:
            os.link(draft, target)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            draft.rename(target)
    return True


def _folder_for(source: Path, target: Path) -> None:
    """The folder of a file; of a Maildir all three, as programs take only that for one."""
    folder = private_directory(target.parent)
    if folder.name in ("cur", "new") and (source.parent.parent / "tmp").is_dir():
        for name in ("cur", "new", "tmp"):
            private_directory(folder.parent / name)


@contextmanager
def _draft(target: Path) -> Iterator[Path]:
    """A name beside the target; nothing has it afterwards, however this ends."""
    draft = target.with_name(f".unpixel-{secrets.token_hex(6)}")
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)
