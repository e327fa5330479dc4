"""Past mail: every message of an account's folders that was there before, newest first."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from datetime import datetime
from functools import partial

from blocker.mailbox.protocol import Store
from blocker.service.desk import Desk
from blocker.service.folder import Look, Progress


def nobody(_done: int, _total: int) -> None:
    """A progress that nobody watches."""


def sweep(
    desk: Desk,
    store: Store,
    *,
    since: datetime | None = None,
    dry_run: bool = False,
    progress: Progress = nobody,
) -> Counter[str]:
    """Look at past mail as the account's mode asks; how many messages were dealt with, by action.

    What the journal knows is passed over, so a sweep that was cut short goes on where it was. With `dry_run`
    nothing is changed or recorded; the observer is told what would be done.
    """
    done: Counter[str] = Counter()
    looks = [Look(desk, store, folder, dry_run=dry_run) for folder in desk.account.folders]
    uids = [look.uids(since) for look in looks]
    total, before = sum(map(len, uids)), 0
    progress(0, total)
    for look, found in zip(looks, uids, strict=True):
        with closing(look):
            look.past_mail(found, partial(_shifted, progress, before, total))
        before += len(found)
        done += look.done
    return done


def _shifted(progress: Progress, before: int, total: int, count: int, _total: int) -> None:
    """A folder's progress as a part of the whole."""
    progress(before + count, total)
