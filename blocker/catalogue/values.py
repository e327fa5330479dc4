"""What goes into the catalogue and what comes out of it, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, get_args

from blocker.detect.report import Report
from blocker.message.view import HeaderView

Accounts = frozenset[str] | None
"""The names of the accounts that a question is about; None for all."""

Action = Literal["reported", "flagged", "copied", "replaced", "left"]
ACTIONS: tuple[Action, ...] = get_args(Action)
"""What was done with a message; `detail` says why it was left alone."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One message that was looked at, where it lies, and what was done with it."""

    account: str
    mailbox: str
    uidvalidity: int
    uid: int
    report: Report
    internal_date: datetime
    """Aware; when the message reached the mailbox."""
    size: int
    """Octets of the raw message."""
    action: str
    detail: str = ""
    """Why it was left alone, or what else a person should know; one sentence."""
    view: HeaderView | None = None
    proven: bool | None = None
    """Whether it is proven to be its sender's; None where that is not known."""


@dataclass(frozen=True, slots=True)
class Account:
    """A watched account."""

    id: int
    name: str
    address: str
    mode: str
    level: str

    def as_dict(self) -> dict[str, Any]:
        """JSON for pages and the API."""
        return {"name": self.name, "address": self.address, "mode": self.mode, "level": self.level}


@dataclass(frozen=True, slots=True)
class MessageDetail:
    """One recorded message with everything the catalogue knows of it."""

    id: int
    account: str
    mailbox: str
    uidvalidity: int
    uid: int
    internal_date: datetime
    size: int
    action: str
    detail: str
    organisation: str
    """The sender's organisational domain; empty where the message names no sender."""
    report: Report
    view: HeaderView | None = None
    proven: bool | None = None
    """Whether it is proven to be its sender's; None where that is not known."""

    def as_dict(self) -> dict[str, Any]:
        """The scan contract's object, and what the mailbox and the service add to it."""
        return self.report.as_dict() | {
            "id": self.id,
            "account": self.account,
            "mailbox": self.mailbox,
            "uid": self.uid,
            "internal_date": self.internal_date.isoformat(),
            "size": self.size,
            "action": self.action,
            "detail": self.detail,
            "proven": self.proven,
            "view": self.view.as_dict() if self.view else None,
        }


@dataclass(frozen=True, slots=True)
class MessageLine:
    """One message in a list."""

    id: int
    account: str
    mailbox: str
    internal_date: datetime
    sender: str
    organisation: str
    subject: str
    tracked: bool
    blocked: int
    action: str
    detail: str
    receipts: int = 0
    """How many header fields ask for a report that it was read."""
    proven: bool | None = None
    """Whether it is proven to be its sender's; None where that is not known."""

    def as_dict(self) -> dict[str, Any]:
        """JSON for pages and the API."""
        return {
            "id": self.id,
            "account": self.account,
            "mailbox": self.mailbox,
            "internal_date": self.internal_date.isoformat(),
            "from": self.sender,
            "sender": self.organisation,
            "proven": self.proven,
            "subject": self.subject,
            "tracked": self.tracked,
            "blocked": self.blocked,
            "receipts": self.receipts,
            "action": self.action,
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages a list shows; an empty field does not restrict it."""

    account: str = ""
    sender: str = ""
    """An organisational domain."""
    vendor: str = ""
    action: str = ""
    tracked: bool | None = None
    text: str = ""
    """Words to find in the subject or the From field."""
    kind: str = ""
    """A verdict that one of its references has."""
    host: str = ""
    """A host that one of its references would be fetched from."""
    proof: str = ""
    """One of `PROOFS`."""
    since: date | None = None
    until: date | None = None
    """The first and the last day of arrival (UTC)."""


EVERYTHING = MessageFilter()
PROOFS = ("proven", "claimed", "unknown")
"""Of a message: it is its sender's for certain, it only says so, or nobody looked."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list of messages; pages count from 1."""

    items: tuple[MessageLine, ...]
    page: int
    pages: int
    total: int

    def as_dict(self) -> dict[str, Any]:
        """JSON for pages and the API."""
        return {
            "messages": [item.as_dict() for item in self.items],
            "page": self.page,
            "pages": self.pages,
            "total": self.total,
        }


@dataclass(frozen=True, slots=True)
class SenderLine:
    """One sender in a list."""

    domain: str
    """An organisational domain, or an address at a domain that strangers to each other share."""
    messages: int
    tracked: int
    last: datetime
    proven: int = 0
    """Messages that were proven to be its own."""
    claimed: int = 0
    """Messages that only bear its name: the reader's own mail server looked, and found no proof."""

    @property
    def share(self) -> float:
        """How much of its mail is tracked, 0 to 1."""
        return self.tracked / self.messages if self.messages else 0.0

    def as_dict(self) -> dict[str, Any]:
        """JSON for pages, the API and `unpixel senders --json`."""
        return {
            "domain": self.domain,
            "messages": self.messages,
            "tracked": self.tracked,
            "share": round(self.share, 4),
            "last": self.last.isoformat(),
            "proven": self.proven,
            "claimed": self.claimed,
        }


@dataclass(frozen=True, slots=True)
class VendorLine:
    """One tracking vendor in a list."""

    name: str
    references: int
    """Pixels and beacons that are this vendor's."""
    messages: int
    senders: int
    last: datetime
    named: bool = True
    """False of the line for mailing systems that senders run themselves."""

    def as_dict(self) -> dict[str, Any]:
        """JSON for pages and the API."""
        return {
            "name": self.name,
            "named": self.named,
            "references": self.references,
            "messages": self.messages,
            "senders": self.senders,
            "last": self.last.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Bar:
    """One step of the trend: a day, or the week or month that begins on it."""

    start: date
    messages: int
    tracked: int

    def as_dict(self) -> dict[str, Any]:
        """JSON for pages and the API."""
        return {"start": self.start.isoformat(), "messages": self.messages, "tracked": self.tracked}


@dataclass(frozen=True, slots=True)
class Overview:
    """What happened in a stretch of days, counted by the day mail arrived (UTC)."""

    days: int | None
    """How many days back, today included; None for everything."""
    messages: int = 0
    tracked: int = 0
    blocked: int = 0
    """Pixels and beacons found."""
    unjudged: int = 0
    """References that were located but not judged, because a bound was reached."""
    unreadable: int = 0
    """Messages that could not be read whole."""
    leaking: int = 0
    """Messages with an address in their URLs."""
    total: int = 0
    """Messages in the whole catalogue, whatever `days` says."""
    step: str = "day"
    trend: tuple[Bar, ...] = ()
    senders: tuple[SenderLine, ...] = ()
    vendors: tuple[VendorLine, ...] = ()
    actions: Mapping[str, int] = field(default_factory=dict)
    left: tuple[tuple[str, int], ...] = ()
    """Why messages were left alone, the most frequent first."""
    new: tuple[SenderLine, ...] = ()
    """Senders that tracked for the first time within seven days, whatever `days` says."""
    accounts: tuple[Account, ...] = ()

    @property
    def share(self) -> float:
        """How much of the mail is tracked, 0 to 1."""
        return self.tracked / self.messages if self.messages else 0.0

    def as_dict(self) -> dict[str, Any]:
        """JSON of `overview.json`."""
        return {
            "days": self.days,
            "messages": self.messages,
            "tracked": self.tracked,
            "share": round(self.share, 4),
            "blocked": self.blocked,
            "unjudged": self.unjudged,
            "unreadable": self.unreadable,
            "leaking": self.leaking,
            "total": self.total,
            "step": self.step,
            "trend": [bar.as_dict() for bar in self.trend],
            "senders": [line.as_dict() for line in self.senders],
            "vendors": [line.as_dict() for line in self.vendors],
            "actions": dict(self.actions),
            "left": [{"detail": detail, "messages": count} for detail, count in self.left],
            "new": [line.as_dict() for line in self.new],
            "accounts": [account.as_dict() for account in self.accounts],
        }


@dataclass(frozen=True, slots=True)
class SenderDetail:
    """What one organisation has sent."""

    line: SenderLine
    first: datetime
    addresses: tuple[tuple[str, int], ...]
    """From addresses and how many messages each sent, the most frequent first."""
    vendors: tuple[VendorLine, ...]
    kinds: Mapping[str, int]
    """References by verdict, over all its messages."""
    trend: tuple[Bar, ...]
    step: str
    templates: tuple[tuple[str, str, int], ...]
    """URLs of its newest pixels and beacons with their changing parts masked: each with its vendor and how many there are."""
    leaks: tuple[tuple[str, int], ...]
    """In which forms the reader's address stood in URLs, and in how many messages."""
    recent: tuple[MessageLine, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON of `senders/<domain>.json`."""
        return self.line.as_dict() | {
            "first": self.first.isoformat(),
            "addresses": [{"address": a, "messages": n} for a, n in self.addresses],
            "vendors": [line.as_dict() for line in self.vendors],
            "kinds": dict(self.kinds),
            "step": self.step,
            "trend": [bar.as_dict() for bar in self.trend],
            "templates": [{"url": u, "vendor": v or None, "references": n} for u, v, n in self.templates],
            "leaks": [{"form": form, "messages": n} for form, n in self.leaks],
            "recent": [line.as_dict() for line in self.recent],
        }


@dataclass(frozen=True, slots=True)
class VendorDetail:
    """Where one vendor's pixels and beacons were found."""

    line: VendorLine
    first: datetime
    hosts: tuple[tuple[str, int], ...]
    """Hosts they would be fetched from and how many of them, the most frequent first."""
    senders: tuple[SenderLine, ...]
    """Who uses it; the figures are of the mail that has its trackers."""
    trend: tuple[Bar, ...]
    step: str
    recent: tuple[MessageLine, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON of `vendors/<name>.json`."""
        return self.line.as_dict() | {
            "first": self.first.isoformat(),
            "hosts": [{"host": host, "references": n} for host, n in self.hosts],
            "senders": [line.as_dict() for line in self.senders],
            "step": self.step,
            "trend": [bar.as_dict() for bar in self.trend],
            "recent": [line.as_dict() for line in self.recent],
        }
