"""A catalogue's worth of mail as a large household or a small firm gets it, made without reading a message.

Deterministic: the same numbers give the same mail. Lengths and shares are those of real mail (measured on newsletters of
2019 and mail of 2023): URLs of 120 characters in the mean with a long tail, five reasons a reference, four hops in a view,
one reference in six written with entities.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from blocker.catalogue import Catalogue, HeaderView, Seen
from blocker.detect.knowledge import default_rules
from blocker.detect.memory import Mail
from blocker.detect.reasons import Reason, reason
from blocker.detect.report import Envelope, Judged, Kind, Report, Verdict
from blocker.message.model import Links, Receipt
from blocker.message.view import FooterLink, Hop

ACCOUNTS = {"home": 55, "work": 30, "family": 10, "club": 5}
"""Accounts, with their shares of the mail."""
DAYS = 730
AT_ONCE = 500
"""Messages that are recorded in one transaction."""
WORDS = [
    "offer",
    "new",
    "your",
    "weekly",
    "order",
    "summer",
    "winter",
    "invitation",
    "account",
    "news",
    "sale",
    "letter",
    "update",
    "events",
    "last",
    "free",
    "members",
    "garden",
    "kitchen",
    "travel",
    "books",
    "music",
    "school",
    "team",
    "report",
    "invoice",
    "meeting",
    "deadline",
    "photos",
    "holiday",
    "delivery",
    "thank",
    "spring",
    "autumn",
    "special",
    "preview",
    "collection",
    "city",
    "museum",
    "concert",
    "recipe",
    "guide",
    "market",
    "review",
    "release",
    "notes",
    "security",
]
TLDS = ("com", "org", "net", "fr", "de", "co.uk")
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is of everything."""

    references: int
    messages: int
    senders: int

    @classmethod
    def of(cls, references: int) -> Size:
        """Ten references a message, twenty messages a sender."""
        return cls(references, max(1, references // 10), max(1, references // 200))


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends, with whose help."""

    domain: str
    addresses: tuple[str, ...]
    vendor: str | None
    """Whose trackers it uses; none where it does not track."""
    tracker: str
    """The host that those are fetched from."""
    pictures: str
    """The host of its pictures."""
    share: float
    """How much of its mail is tracked."""


class World:
    """Senders and their mail, up to the moment `now`."""

    def __init__(self, size: Size, now: datetime | None = None, seed: int = 15) -> None:
        self.size = size
        self._random = random.Random(seed)
        self._now = now or datetime.now(UTC)
        names = [vendor.name for vendor in default_rules().vendors]
        self._random.shuffle(names)
        self._vendors = names[:250]
        self._vendor_weights = list(accumulate(1 / (rank + 1) for rank in range(len(self._vendors))))
        self.senders = [self._sender(number) for number in range(size.senders)]
        self._sender_weights = list(accumulate(1 / (rank + 1) for rank in range(size.senders)))
        self._account_weights = list(accumulate(ACCOUNTS.values()))
        self._uids = dict.fromkeys(ACCOUNTS, 0)

    def mail(self) -> Iterator[Seen]:
        """Every message, oldest first."""
        span = timedelta(days=DAYS)
        made = 0
        weights = [self._random.lognormvariate(0, 0.8) for _ in range(self.size.messages)]
        whole = sum(weights)
        for number, reached in enumerate(accumulate(weights)):
            until = round(self.size.references * reached / whole)
            arrived = self._now - span * (1 - (number + 1) / self.size.messages)
            yield self._message(number, until - made, arrived)
            made = until

    def _sender(self, number: int) -> Sender:
        pick = self._random
        name = f"{pick.choice(WORDS)}-{pick.choice(WORDS)}-{number}"
        domain = f"{name}.{pick.choice(TLDS)}"
        vendor = None
        if pick.random() < 0.8:
            (vendor,) = pick.choices(self._vendors, cum_weights=self._vendor_weights)
        slug = "".join(c for c in (vendor or name).lower() if c.isalnum())[:20]
        return Sender(
            domain=f"mail.{domain}",
            addresses=tuple(
                f"{part}@mail.{domain}" for part in ("news", "hello", "service")[: 1 + number % 3]
            ),
            vendor=vendor,
            tracker=f"open.{domain}" if pick.random() < 0.4 else f"t{number % 5}.{slug}.example",
            pictures=f"img.{domain}" if pick.random() < 0.5 else f"cdn{number % 3}.{slug}-files.example",
            share=pick.choice((0.95, 0.95, 0.8, 0.4)) if vendor else 0.05,
        )

    def _message(self, number: int, references: int, arrived: datetime) -> Seen:
        pick = self._random
        (sender,) = pick.choices(self.senders, cum_weights=self._sender_weights)
        (account,) = pick.choices(tuple(ACCOUNTS), cum_weights=self._account_weights)
        self._uids[account] += 1
        judged = self._references(sender, number, references)
        tracked = any(one.verdict.blocks for one in judged)
        action = "reported"
        if tracked:
            (action,) = pick.choices(("replaced", "reported", "left", "flagged"), (80, 10, 6, 4))
        return Seen(
            account=account,
            mailbox="INBOX" if number % 7 else "Archive",
            uidvalidity=1_600_000_000,
            uid=self._uids[account],
            report=self._report(sender, account, number, judged, arrived),
            internal_date=arrived,
            size=20_000 + pick.randrange(80_000),
            action=action,
            detail=pick.choice(LEFT) if action == "left" else "",
            view=self._view(sender, account, number, arrived),
        )

    def _report(
        self, sender: Sender, account: str, number: int, judged: tuple[Judged, ...], arrived: datetime
    ) -> Report:
        pick = self._random
        subject = " ".join(pick.choices(WORDS, k=pick.randint(4, 9))).capitalize() + f" {number % 977}"
        address = pick.choice(sender.addresses)
        reader = f"{account}@reader.example"
        identity = f"<{self._token(26)}.{number}@{sender.domain}>"
        envelope = Envelope(
            sha256=hashlib.sha256(identity.encode()).hexdigest(),
            source=f"{account}/INBOX;{number}",
            message_id=identity,
            from_=f"{sender.domain.split('.')[1].title()} <{address}>",
            from_domain=sender.domain,
            to=reader,
            date=arrived.isoformat(timespec="seconds"),
            subject=subject,
        )
        return Report(
            message=envelope,
            references=judged,
            receipts=(Receipt("Disposition-Notification-To", address, (40, 90)),) if number % 97 == 0 else (),
            links=Links(20 + number % 30, 15),
            signed=number % 50 == 0,
            unjudged=3 if number % 4000 == 7 else 0,
            error="It ends in the middle." if number % 3000 == 5 else None,
            mail=Mail(sender.domain, (reader,), subject, arrived.timestamp(), identity),
        )

    def _references(self, sender: Sender, number: int, count: int) -> tuple[Judged, ...]:
        pick = self._random
        found: list[Judged] = []
        if count and pick.random() < sender.share:
            found.append(self._pixel(sender, number))
        campaign = number // 40
        while len(found) < count:
            found.append(self._picture(sender, campaign, len(found)))
        return tuple(found)

    def _pixel(self, sender: Sender, number: int) -> Judged:
        kind: Kind = "beacon" if self._random.random() < 0.08 else "pixel"
        url = f"https://{sender.tracker}/wf/open/{self._token(self._random.randint(40, 260))}?u={number}&c={number // 40}"
        why = (
            reason("knowledge.open", sender.vendor or "Unnamed mailer op/_md"),
            reason("geometry.tiny", 1.0, 1.0),
            reason("token.opaque", 40 + number % 900),
            reason("shape.last"),
            reason("shape.counter", said="alone"),
            reason("memory.individual", 2 + number % 23),
            *([reason("identity.digest", ("digest", "MD5", ("address",)))] if number % 9 == 0 else []),
        )
        return self._judged(url, kind, 0.98, sender.vendor, why)

    def _picture(self, sender: Sender, campaign: int, place: int) -> Judged:
        """A third of a mail's pictures stand in all mail of the sender, the others in one campaign."""
        steady = place % 3 == 0
        name = hashlib.md5(f"{campaign * (not steady)}/{place}".encode(), usedforsecurity=False).hexdigest()
        tail = f"?width={100 + place}&auto=format&sig={name[::-1]}" if place % 2 else ""
        url = f"https://{sender.pictures}/{sender.domain}/assets/{name[:8]}/{name}-{place}.png{tail}"
        roll = self._random.random()
        if roll < 0.03:
            return self._judged(f"{url}&email={self._token(40)}", "personal", 0.8, None, PERSONAL)
        if roll < 0.1:
            return self._judged(url, "spacer", 0.9, None, SPACER)
        width = float(self._random.choice((20, 40, 120, 160, 280, 300, 560, 600)))
        why = (
            reason("geometry.visible", width, 40.0 + place, said="both"),
            *PICTURE[: 2 + self._random.randrange(5)],
        )
        return self._judged(url, "content", 0.97, None, why)

    def _judged(
        self, url: str, kind: Kind, confidence: float, vendor: str | None, why: tuple[Reason, ...]
    ) -> Judged:
        start = self._random.randrange(60_000)
        return Judged(
            url=url,
            raw=url.replace("&", "&amp;") if self._random.random() < 0.4 else url,
            vector="img[src]",
            element="img",
            part="1.2",
            span=(start, start + len(url)),
            verdict=Verdict(kind, confidence, vendor, why),
        )

    def _view(self, sender: Sender, account: str, number: int, arrived: datetime) -> HeaderView:
        when = arrived.isoformat(timespec="seconds")
        hops = tuple(
            Hop(
                by=f"{self._token(11)}.eu-central-{hop}.prod.{sender.domain} (2603:10a6:d10:94::{hop})",
                from_=f"mta{number % 90}.{sender.domain} (192.0.2.{number % 250})",
                with_="ESMTPS (version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384)",
                date=when,
                delay=hop,
            )
            for hop in range(4)
        )
        foot = (
            FooterLink("unsubscribe", "Unsubscribe", f"https://{sender.tracker}/u/{self._token(60)}"),
            FooterLink("preferences", "Change what you get", f"https://{sender.tracker}/p/{self._token(60)}"),
        )
        return HeaderView(
            from_=((sender.domain, sender.addresses[0]),),
            to=(("", f"{account}@reader.example"),),
            hops=hops,
            links=foot,
        )

    def _token(self, length: int) -> str:
        return "".join(self._random.choices(LETTERS, k=length))


LEFT = (
    "It is signed.",
    "The server has no room.",
    "It was read before it could be replaced.",
    "It is encrypted.",
)
PICTURE: Sequence[Reason] = (
    reason("token.none"),
    reason("shape.picture"),
    reason("shape.linked"),
    reason("shape.alt"),
    reason("shape.caption", said="words"),
    reason("shape.alone"),
)
PERSONAL = (
    reason("geometry.visible", 600.0, 200.0, said="both"),
    reason("token.opaque", 143),
    reason("token.person", "u"),
)
SPACER = (
    reason("recurrence.repeated", 12),
    reason("token.none"),
    reason("geometry.line", 20.0, 1.0),
    reason("shape.alone"),
)


def fill(store: Catalogue, world: World) -> int:
    """Record all mail of a world by way of the catalogue's own ingest; how many messages."""
    for name in ACCOUNTS:
        store.ensure_account(name, f"{name}@reader.example", "replace", "standard")
    made, batch = 0, list[Seen]()
    for seen in world.mail():
        batch.append(seen)
        if len(batch) == AT_ONCE:
            made += len(store.record_many(batch))
            batch.clear()
    return made + len(store.record_many(batch))
