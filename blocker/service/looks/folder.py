"""One folder, opened for one look, with what all that deal with its mail need."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from blocker.catalogue.codes import FINISHED
from blocker.config import AccountConfig
from blocker.mailbox.protocol import Mailbox, Store
from blocker.service.exchange.account import Account, powers
from blocker.service.exchange.decide import Powers
from blocker.service.exchange.record import Recorder
from blocker.service.exchange.senders import Senders
from blocker.service.exchange.steps import Opened, Place


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of an account, as it was opened."""

    account: Account
    """Its configuration says how this look works: held mail, for one, is dealt with as in mode replace."""
    store: Store
    mailbox: Mailbox
    opened: Opened
    powers: Powers
    uidnext: int
    """What arrives from now on has this UID or a higher one."""
    senders: Senders
    recorder: Recorder
    done: Counter[str]
    """How many messages were dealt with, by action."""
    dry_run: bool
    """Whether nothing is changed or recorded, only told."""

    @classmethod
    def open(
        cls, account: Account, store: Store, name: str, *, dry_run: bool = False, finishing: bool = False
    ) -> Folder:
        """Open it, for reading alone where no more is needed. Raises what the mailbox and the catalogue raise.

        With `finishing` it is opened so that an exchange of any mode can be brought to its end.
        """
        config = account.config
        readonly = dry_run or (not config.mode.writes and not finishing)
        mailbox = store.open(name, readonly=readonly)
        status = mailbox.status()
        opened = Opened(config.name, name, status.uidvalidity)
        if finishing or (config.mode.replaces and not dry_run):
            store.ensure(config.quarantine)
        able = Powers(can_move=store.can_move())
        done: Counter[str] = Counter()
        return cls(
            account,
            store,
            mailbox,
            opened,
            able if readonly else powers(store, mailbox, status),
            status.uidnext,
            Senders(account),
            Recorder(account, mailbox, opened, done, dry_run=dry_run),
            done,
            dry_run,
        )

    @property
    def config(self) -> AccountConfig:
        """The configuration that this look works by."""
        return self.account.config

    @property
    def name(self) -> str:
        """As the server knows it."""
        return self.opened.mailbox

    def place(self, uid: int) -> Place:
        """Where the message of a UID lies."""
        return self.opened.place(uid)


def tidy(account: Account, folder: str) -> None:
    """Let go what a process that ended just after its last record still has of a folder in the spool."""
    for place in account.spool.places(account.config.name, folder):
        entry = account.journal.get(place)
        if entry and entry.stage in FINISHED:
            account.spool.end(place, keep=entry.keeps_spool)
