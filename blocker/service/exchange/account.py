"""One account while it is worked on: what everything that is done for it has at hand."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from blocker.catalogue import Seen
from blocker.catalogue.memory import CatalogueMemory
from blocker.choices.modes import REMOVED, TRACKED
from blocker.config import AccountConfig
from blocker.detect.words import vendor_names
from blocker.judging.judge import Judgement
from blocker.mailbox.protocol import Mailbox, Status, Store
from blocker.sender import Trust
from blocker.service.exchange.decide import Powers
from blocker.service.exchange.events import Action, Event, Observer
from blocker.service.exchange.fidelity import Fidelity
from blocker.service.exchange.journal import Journal
from blocker.service.exchange.lock import Claim
from blocker.service.exchange.spool import Spool
from blocker.service.exchange.steps import Place, source_of


class Stopped(Exception):
    """The service was asked to end; what is under way goes on from the journal next time."""


class Paused(Stopped):
    """A person paused the account: nothing new is begun with it. Whatever leaves a stop alone leaves this alone too."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account's configuration, journal and spool, and the way to tell what happens."""

    config: AccountConfig
    claim: Claim
    """To have the account for oneself."""
    journal: Journal
    spool: Spool
    key: bytes
    """The installation's key."""
    observer: Observer
    memory: CatalogueMemory
    """What recorded mail says of the URLs of other mail."""
    limit: int = 50 * 1024 * 1024
    """Octets above which a message is left alone."""
    stop: threading.Event = field(default_factory=threading.Event)
    pausing: threading.Event = field(default_factory=threading.Event)
    """Set while a person has the account paused."""
    turn: threading.Lock = field(default_factory=threading.Lock)
    """Held while messages are worked on: a sweep and the watch take turns."""
    trust: Trust = field(default_factory=Trust)
    """What proves that a mail is its sender's."""
    fidelity: Fidelity = field(default_factory=Fidelity)
    """How the server treats our copies."""
    whole: set[Place] = field(default_factory=set)
    """Messages over whose parts the connection broke: they are fetched whole from then on."""

    def go_on(self) -> None:
        """Raises Stopped where the service was asked to end, Unlocked where the account was lost. Called between steps."""
        if self.stop.is_set():
            raise Stopped
        self.claim.check()

    def begin(self) -> None:
        """Called before something new is begun with: as `go_on`, and raises Paused where the account is paused."""
        self.go_on()
        if self.pausing.is_set():
            name = self.config.name
            raise Paused(f'Account "{name}" is paused: `unpixel resume {name}` ends that.')

    def read_back(self, same: bool) -> None:
        """Note how the server treated a copy; told once, where it is sent no more of them."""
        if same:
            self.fidelity.kept()
        elif self.fidelity.altered():
            self.tell(
                "trouble",
                f"{self.config.host} changes what is stored, so it is sent no more neutralised copies: "
                f"try the server out with `unpixel doctor {self.config.name}`.",
            )

    def tell(self, action: Action, detail: str, mailbox: str = "") -> None:
        """Tell of the account as a whole."""
        self.observer(Event(self.config.name, action, mailbox, detail=detail))


def powers(store: Store, mailbox: Mailbox, status: Status) -> Powers:
    """What can be done in a folder that was opened for writing, and has this status."""
    return Powers(
        writable=status.stores("\\Deleted") and mailbox.may_remove(),
        can_move=store.can_move(),
        keeps_tracked=status.stores(TRACKED),
        keeps_removed=status.stores(REMOVED),
    )


def seen_of(
    place: Place, judgement: Judgement, size: int, internal_date: datetime, action: str, detail: str
) -> Seen:
    """The catalogue's record of a message, which may have been judged before it came to lie there.

    Of one that was not looked at whole it always says that.
    """
    error = judgement.report.error or ""
    if judgement.report.partly and error not in detail:
        detail = "; ".join(filter(None, (detail, error)))
    report, source = judgement.report, source_of(place)
    if report.message.source != source:
        report = report.having(message=report.message._replace(source=source))
    return Seen(
        account=place.account,
        mailbox=place.mailbox,
        uidvalidity=place.uidvalidity,
        uid=place.uid,
        report=report,
        internal_date=internal_date,
        size=size,
        action=action,
        detail=detail,
        view=judgement.view,
        proven=judgement.proven,
    )


_TOLD: Mapping[str, Action] = {
    "reported": "reported",
    "flagged": "flagged",
    "copied": "copied",
    "replaced": "replaced",
    "left": "left",
}


def event_of(seen: Seen) -> Event:
    """What is told of a message once it is recorded."""
    report = seen.report
    return Event(
        seen.account,
        _TOLD[seen.action],
        seen.mailbox,
        seen.uid,
        report.message.subject,
        report.message.from_,
        report.kinds,
        seen.detail,
        report.partly,
        vendor_names(report),
        report.message.sender,
    )
