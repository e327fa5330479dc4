"""Reports as tables for other programs: a row a message, a row a reference.

The columns stand here and nowhere else: the manual's tables are made from them, and a test compares them with the rows.
`sha256` joins the two tables; a mail that lies in two places has two rows in the first, told apart by `source`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias

from blocker.detect.report import KINDS, Judged, Report
from blocker.detect.words import page_name, vendor_names
from blocker.message.dates import zoned
from blocker.message.domains import organisational
from blocker.message.urls import host_of
from blocker.output.columns import Column, Columns

Row: TypeAlias = dict[str, Any]

_WHOSE: Columns = (
    Column("sha256", "text", "digest of the message's bytes"),
    Column("source", "text", "where it came from: a path, or account/folder;uid"),
    Column("account", "text", "the account that it was found in; none of a file", True),
    Column("sent", "instant", "when it was sent, by its Date field", True),
    Column("sender", "text", "organisational domain of the sender, as the pages name senders; may be empty"),
    Column("sender_domain", "text", "domain of the first From address; may be empty"),
)
"""What both tables say of the message."""

MESSAGES: Columns = (
    *_WHOSE,
    Column("folder", "text", "the folder that it lay in; none of a file", True),
    Column("imap_uid", "integer", "its UID there", True),
    Column("arrived", "instant", "when it reached the mailbox", True),
    Column("octets", "integer", "its size", True),
    Column("message_id", "text", "the Message-ID field"),
    Column("author", "text", "the From field, decoded"),
    Column("recipients", "text", "the To field, decoded"),
    Column("subject", "text", "the Subject field, decoded"),
    *(Column(kind, "integer", f"references with the verdict `{kind}`") for kind in KINDS),
    Column("vendors", "text", "whose trackers it holds, with `; ` between them"),
    Column("receipts", "integer", "header fields that ask for a receipt"),
    Column("links", "integer", "hyperlinks"),
    Column("links_tracked", "integer", "how many of them go through a tracking service"),
    Column("signed", "boolean", "signed or encrypted at any depth"),
    Column("unjudged", "integer", "references found but not judged because a bound was reached"),
    Column("action", "text", "what was done with it; none of a file", True),
    Column("detail", "text", "why it was left alone, or what else a person should know", True),
    Column("error", "text", "one sentence where it could not be read whole", True),
)

REFERENCES: Columns = (
    *_WHOSE,
    Column("ordinal", "integer", "its place in the report of the message, from 0"),
    Column("url", "text", "what a browser would fetch; none where it would fetch nothing", True),
    Column("written", "text", "the value as written, entities decoded"),
    Column("host", "text", "the host that a browser would contact; may be empty"),
    Column("vector", "text", "how it is fetched, for example `img[src]`"),
    Column("tag", "text", "the element it stands in"),
    Column("part", "text", "the MIME part, for example `1.2`"),
    Column("span_start", "integer", "its first byte in the raw message"),
    Column("span_end", "integer", "the byte after its last"),
    Column("verdict", "text", "one of the five verdicts"),
    Column("confidence", "number", "0 to 1"),
    Column("vendor", "text", "whose service it is, as the pages name vendors", True),
    Column("reasons", "text", "the ids of the rules that spoke, with a space between them"),
)


class Found(NamedTuple):
    """What a mailbox adds to a report; nothing of a file."""

    account: str | None = None
    folder: str | None = None
    uid: int | None = None
    arrived: datetime | None = None
    octets: int | None = None
    action: str | None = None
    detail: str | None = None


NOWHERE = Found()


def message_row(report: Report, found: Found = NOWHERE) -> Row:
    """The message as a row of `MESSAGES`."""
    head, kinds = report.message, report.kinds
    return {
        **_whose(report, found),
        "folder": found.folder,
        "imap_uid": found.uid,
        "arrived": found.arrived,
        "octets": found.octets,
        "message_id": head.message_id,
        "author": head.from_,
        "recipients": head.to,
        "subject": head.subject,
        **{kind: kinds[kind] for kind in KINDS},
        "vendors": "; ".join(vendor_names(report)),
        "receipts": len(report.receipts),
        "links": report.links.total,
        "links_tracked": report.links.tracked,
        "signed": report.signed,
        "unjudged": report.unjudged,
        "action": found.action,
        "detail": found.detail,
        "error": report.error,
    }


def reference_rows(report: Report, found: Found = NOWHERE) -> Iterator[Row]:
    """Each of its references as a row of `REFERENCES`."""
    whose = _whose(report, found)
    for ordinal, judged in enumerate(report.references):
        yield {**whose, "ordinal": ordinal, **_reference(judged)}


def _whose(report: Report, found: Found) -> Row:
    head = report.message
    return {
        "sha256": head.sha256,
        "source": head.source,
        "account": found.account,
        "sent": _instant(head.date),
        "sender": organisational(head.from_domain),
        "sender_domain": head.from_domain,
    }


def _reference(judged: Judged) -> Row:
    verdict, (start, end) = judged.verdict, judged.span
    return {
        "url": judged.url,
        "written": judged.raw,
        "host": host_of(judged.url),
        "vector": judged.vector,
        "tag": judged.element,
        "part": judged.part,
        "span_start": start,
        "span_end": end,
        "verdict": verdict.kind,
        "confidence": round(verdict.confidence, 4),
        "vendor": page_name(verdict.vendor),
        "reasons": " ".join(reason.rule for reason in verdict.reasons),
    }


def _instant(date: str) -> datetime | None:
    """A report's date as an instant; None where it says none, or one that UTC has no year for."""
    try:
        return zoned(datetime.fromisoformat(date)).astimezone(UTC) if date else None
    except (ValueError, OverflowError):
        return None
