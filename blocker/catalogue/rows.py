"""Values to table rows and back: pure functions, so that the two directions can be read side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parseaddr
from functools import lru_cache
from typing import Any

from blocker.catalogue.model import MessageRow, ReferenceRow
from blocker.catalogue.packing import packed
from blocker.catalogue.traits import bits_of
from blocker.catalogue.values import MessageDetail, Seen
from blocker.detect.marks import LEAKS
from blocker.detect.reasons import Reason, Value, marked, told
from blocker.detect.report import Envelope, Judged, Report, Verdict
from blocker.detect.words import unnamed
from blocker.message.domains import sender_of
from blocker.message.model import Links, Receipt
from blocker.message.storable import storable
from blocker.message.urls import host_of
from blocker.message.view import HeaderView

MAX_REFERENCES = 10_000
"""References of one message that are kept; what is beyond is counted as unjudged."""
MAX_REASONS = 100
LONG = 65_536
SHORT = 1_000


def clean(text: str, limit: int = SHORT) -> str:
    """Text that every database can hold, not above `limit` characters."""
    return storable(text, limit)


@lru_cache(maxsize=512)
def host_name(url: str | None) -> str:
    """The host of a reference's URL as a row has it; empty where there is none."""
    return clean(host_of(url), 253)


def sender_address(seen: Seen) -> str:
    """The From address: as it was read for the report, else mail-parser's reading, else the field's own."""
    if seen.report.message.address:
        return clean(seen.report.message.address, 320)
    if seen.view is not None and seen.view.from_:
        return clean(seen.view.from_[0][1].lower(), 320)
    address = parseaddr(seen.report.message.from_[:SHORT])[1].lower()
    domain = seen.report.message.from_domain
    return clean(address, 320) if address.endswith("@" + domain) else ""


def sender_name(seen: Seen) -> str:
    """The organisational domain of the sender, or his address at a shared one; empty where the message names none."""
    return sender_of(sender_address(seen), clean(seen.report.message.from_domain, 300))


def vendor_names(seen: Seen) -> set[str]:
    """The vendors that the report names."""
    return {clean(r.verdict.vendor, 200) for r in seen.report.references if r.verdict.vendor}


def vendor_values(name: str) -> dict[str, Any]:
    """What a vendor's row holds beside its name."""
    return {"named": not unnamed(name)}


def message_values(seen: Seen, account_id: int, sender_id: int | None) -> dict[str, Any]:
    """The message's row."""
    report, envelope = seen.report, seen.report.message
    blocked = len(report.blocked)
    unjudged = report.unjudged + max(0, len(report.references) - MAX_REFERENCES)
    return {
        "account_id": account_id,
        "mailbox": seen.mailbox,
        "uidvalidity": seen.uidvalidity,
        "uid": seen.uid,
        "sender_id": sender_id,
        "source": clean(envelope.source),
        "sha256": clean(envelope.sha256, 64),
        "message_id": clean(envelope.message_id),
        "sender": clean(envelope.from_),
        "sender_address": sender_address(seen),
        "sender_domain": clean(envelope.from_domain, 253),
        "recipient": clean(envelope.to),
        "subject": clean(envelope.subject),
        "date": clean(envelope.date, 64),
        "internal_date": seen.internal_date,
        "day": seen.internal_date.astimezone(UTC).date(),
        "size": seen.size,
        "signed": report.signed,
        "unjudged": unjudged,
        "links_total": report.links.total,
        "links_tracked": report.links.tracked,
        "receipts": [
            {"header": clean(r.header), "value": clean(r.value), "span": list(r.span)}
            for r in report.receipts[:100]
        ],
        "tracked": blocked > 0,
        "blocked": blocked,
        "traits": bits_of(report.kinds, partly=report.error is not None or unjudged > 0, proven=seen.proven),
        "action": seen.action,
        "detail": clean(seen.detail),
        "error": None if report.error is None else clean(report.error),
        "view": seen.view.as_dict() if seen.view else None,
        "proven": seen.proven,
        "recorded": datetime.now(UTC),
    }


def kept(seen: Seen) -> tuple[Judged, ...]:
    """The references that get a row."""
    return seen.report.references[:MAX_REFERENCES]


def reference_values(
    seen: Seen, message: int, hosts: Mapping[str, int], vendors: Mapping[str, int]
) -> Iterator[dict[str, Any]]:
    """The rows of the message's references."""
    for position, judged in enumerate(kept(seen)):
        verdict, span = judged.verdict, judged.span
        url = None if judged.url is None else clean(judged.url, LONG)
        raw = clean(judged.raw, LONG)
        yield {
            "message": message,
            "position": position,
            "url": url,
            "raw": None if raw == url else raw,
            "vector": clean(judged.vector),
            "element": clean(judged.element),
            "part": clean(judged.part),
            "span_start": span[0],
            "span_end": span[1],
            "host_id": hosts.get(host_name(judged.url)),
            "verdict": verdict.kind,
            "confidence": verdict.confidence,
            "vendor_id": vendors[clean(verdict.vendor, 200)] if verdict.vendor else None,
            "reasons": _packed(verdict.reasons),
        }


def leak_values(seen: Seen, message: int) -> Iterator[dict[str, Any]]:
    """A row for each form in which an address stands in the message's URLs."""
    forms = {
        reason.detail
        for judged in kept(seen)
        for reason in judged.verdict.reasons
        if reason.weight > 0 and marked([reason]) & LEAKS
    }
    return ({"message": message, "form": form} for form in sorted({clean(form) for form in forms}))


@lru_cache(maxsize=4096)
def _packed(reasons: tuple[Reason, ...]) -> bytes:
    """Reasons as a column has them. The same few stand in most messages."""
    return packed(
        [
            (one.rule[:SHORT], one.weight, one.said[:SHORT], *map(_cut, one.values))
            for one in reasons[:MAX_REASONS]
        ]
    )


def _cut(value: Value) -> Value:
    if isinstance(value, tuple):
        return tuple(map(_cut, value))
    return value[:SHORT] if isinstance(value, str) else value


def _unpacked(kept: list[Any]) -> Reason:
    """A reason as it was kept: rule, weight, the name of its text and the values in it; before those, rule, text and weight."""
    rule, second, third, *values = kept
    if isinstance(second, str):
        return told(rule, clean(second), third)
    return Reason(rule, second, third, tuple(map(_value, values)))


def _value(kept: Any) -> Value:
    if isinstance(kept, list):
        return tuple(map(_value, kept))
    return clean(kept) if isinstance(kept, str) else float(kept) if isinstance(kept, float) else int(kept)


def judged_value(row: ReferenceRow, vendor: str | None) -> Judged:
    """A reference row as the value it was made from."""
    found = tuple(map(_unpacked, row.reasons))
    return Judged(
        url=row.url,
        raw=row.url or "" if row.raw is None else row.raw,
        vector=row.vector,
        element=row.element,
        part=row.part,
        span=(row.span_start, row.span_end),
        verdict=Verdict(row.verdict, row.confidence, vendor, found),  # type: ignore[arg-type]
    )


def message_value(
    row: MessageRow, account: str, organisation: str, references: tuple[Judged, ...]
) -> MessageDetail:
    """A message row with its references, as the report it was made from and what the mailbox added."""
    envelope = Envelope(
        sha256=row.sha256,
        source=row.source,
        message_id=row.message_id,
        from_=row.sender,
        from_domain=row.sender_domain,
        to=row.recipient,
        date=row.date,
        subject=row.subject,
        address=row.sender_address,
    )
    report = Report(
        message=envelope,
        references=references,
        receipts=tuple(Receipt(r["header"], r["value"], (r["span"][0], r["span"][1])) for r in row.receipts),
        links=Links(row.links_total, row.links_tracked),
        signed=row.signed,
        unjudged=row.unjudged,
        error=row.error,
    )
    return MessageDetail(
        id=row.id,
        account=account,
        mailbox=row.mailbox,
        uidvalidity=row.uidvalidity,
        uid=row.uid,
        internal_date=row.internal_date,
        size=row.size,
        action=row.action,
        detail=row.detail,
        organisation=organisation,
        report=report,
        view=HeaderView.from_dict(row.view) if row.view else None,
        proven=row.proven,
    )
