"""Reports and seen messages made by hand, for the tests of the catalogue and of the pages."""

from __future__ import annotations

from datetime import UTC, datetime

from blocker.catalogue import HeaderView, Seen
from blocker.detect.reasons import Reason, reason
from blocker.detect.report import Envelope, Judged, Kind, Report, Verdict
from blocker.message.model import Links, Receipt
from blocker.message.view import FooterLink, Hop

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TODAY = NOON.date()


def judged(
    url: str | None,
    kind: Kind,
    vendor: str | None = None,
    reasons: tuple[Reason, ...] = (reason("geometry.tiny", 1.0, 1.0),),
) -> Judged:
    """One judged image."""
    return Judged(
        url=url,
        raw=url or "",
        vector="img[src]",
        element="img",
        part="1.2",
        span=(100, 160),
        verdict=Verdict(kind, 0.9375, vendor, reasons),
    )


def pixel(number: int = 1, vendor: str | None = "Mailchimp", host: str = "t.example.com") -> Judged:
    """A pixel that carries the reader's address."""
    reasons = (
        reason("geometry.tiny", 1.0, 1.0),
        reason("identity.digest", ("digest", "MD5", ("address",))),
        reason("shape.alt"),
    )
    return judged(f"https://{host}/open?m={number}", "pixel", vendor, reasons)


def picture(number: int = 1) -> Judged:
    """A picture that is the same for everyone."""
    return judged(
        f"https://cdn.example.com/{number}.png",
        "content",
        None,
        (reason("geometry.visible", 600.0, 200.0, said="both"),),
    )


def report(
    number: int,
    *references: Judged,
    domain: str = "news.example.org",
    subject: str | None = None,
    signed: bool = False,
    error: str | None = None,
    unjudged: int = 0,
) -> Report:
    """The report of message `number`."""
    return Report(
        message=Envelope(
            sha256=f"{number:064x}",
            source=f"home/INBOX;{number}",
            message_id=f"<{number}@{domain}>",
            from_=f"News <news@{domain}>" if domain else "",
            from_domain=domain,
            to="you@example.net",
            date="2026-11-20T12:00:00+01:00",
            subject=f"Letter {number}" if subject is None else subject,
        ),
        references=references,
        receipts=(Receipt("Disposition-Notification-To", f"news@{domain}", (10, 60)),)
        if number % 5 == 0
        else (),
        links=Links(7, 3),
        signed=signed,
        unjudged=unjudged,
        error=error,
    )


def seen(
    number: int,
    *references: Judged,
    account: str = "home",
    mailbox: str = "INBOX",
    arrived: datetime = NOON,
    action: str = "reported",
    detail: str = "",
    view: HeaderView | None = None,
    made: Report | None = None,
) -> Seen:
    """Message `number`, found in an inbox."""
    return Seen(
        account=account,
        mailbox=mailbox,
        uidvalidity=7,
        uid=number,
        report=made or report(number, *references),
        internal_date=arrived,
        size=20_480,
        action=action,
        detail=detail,
        view=view,
    )


VIEW = HeaderView(
    from_=(("News", "news@news.example.org"),),
    reply_to=(("", "answers@example.org"),),
    to=(("", "you@example.net"),),
    hops=(
        Hop("mx.example.net", "mail.example.org [192.0.2.7]", "ESMTPS", "2026-11-20T11:00:00+00:00", 0),
        Hop("store.example.net", "mx.example.net", "LMTP", "2026-11-20T11:00:02+00:00", 2),
    ),
    links=(FooterLink("unsubscribe", "Unsubscribe here", "https://example.org/u?id=77"),),
    mentions=("web beacon",),
)
