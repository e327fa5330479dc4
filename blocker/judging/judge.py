"""Reading one message for an account: its report, and its neutralised copy where the mode wants one. Pure."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import blocker
from blocker.choices.levels import Level
from blocker.config.model import AccountConfig
from blocker.detect.context import Context
from blocker.detect.judge import report_on
from blocker.detect.report import Envelope, Judged, Report
from blocker.rewrite import marker
from blocker.rewrite.patch import travels
from blocker.sender.evidence import reported

if TYPE_CHECKING:
    from blocker.message.view import HeaderView

_FIELD = marker.NAME.lower().encode() + b":"
_HEADER_BYTES = 256 * 1024
"""How far our own field is looked for; it is the first of the header, after what servers put before it."""


class Judgement(NamedTuple):
    """What is known of one message after reading it."""

    report: Report
    view: HeaderView | None = None
    """Of tracked mail."""
    copy: bytes | None = None
    """The neutralised message, where neutralising changes it."""
    refused: str | None = None
    """Why it cannot be rewritten."""
    patch: bytes | None = None
    """What undoes the copy, where that is too large for its header."""
    proven: bool | None = None
    """Whether the mail is proven to be its sender's; None where that is not known."""


def is_ours(raw: bytes, key: bytes) -> bool:
    """Whether this is a neutralised message of this installation, unchanged since."""
    if _FIELD not in raw[:_HEADER_BYTES].lower():
        return False
    found = marker.read(raw, key)
    return found is not None and found.valid


def judge(
    context: Context, account: AccountConfig, key: bytes, source: str, *, views: bool = True
) -> Judgement:
    """Judge a message that was read, and neutralise it where the account's mode changes mail.

    With `views`, tracked mail gets the view of its header and foot, which takes longer than judging it.
    """
    raw, report = context.message.raw, report_on(context, source)
    view = view_of(raw) if views and report.tracked else None
    proven = reported(context.message.headers, report.message.sender, account.authserv_ids)
    if not account.mode.copies or not concerns(report, account.level):
        return Judgement(report, view, proven=proven)
    made = blocker.neutralise(raw, level=account.level, report=report, key=key)
    large = made.patch is not None and not travels(made.patch)
    return Judgement(
        report,
        view,
        made.raw if made.changed else None,
        made.refused,
        made.patch if large else None,
        proven,
    )


def view_of(raw: bytes) -> HeaderView:
    """What a person is shown of a tracked mail's header and foot."""
    # Its parsers are slow to import, and a process that only judges does without.
    from blocker.message.view import header_view

    return header_view(raw)


def concerns(report: Report, level: Level) -> bool:
    """Whether this level may have anything to take out, or to refuse. Cheap: most mail stops here."""
    if report.tracked or report.receipts or report.error is not None:
        return True
    return any(judged.verdict.kind in level.takes for judged in report.references)


def token_of(header: bytes) -> str:
    """Digest of our field in a header, or of a header field as a server gives it; empty where there is none.

    Spaces do not count: a server may fold a line anew.
    """
    start = _field_start(header[:_HEADER_BYTES])
    if start is None:
        return ""
    value = bytearray()
    for number, line in enumerate(header[start:].splitlines(keepends=True)):
        if number and line[:1] not in b" \t":
            break
        value += line
    return hashlib.sha256(b"".join(bytes(value).split())).hexdigest()


def _field_start(header: bytes) -> int | None:
    lowered = header.lower()
    if lowered.startswith(_FIELD):
        return 0
    at = lowered.find(b"\n" + _FIELD)
    return None if at < 0 else at + 1


def headers_only(fields: bytes, source: str, why: str) -> Report:
    """A report on a message that is not read whole: who and what it says it is, and why no more."""
    report = blocker.scan(fields.rstrip(b"\r\n") + b"\r\n\r\n", source=source)
    return Report(report.message._replace(sha256="", source=source), error=why)


def of_skimmed(report: Report) -> Report:
    """A report on a message that was read without its attachments: without its digest, and places in its bytes."""
    references = tuple(
        Judged(url=r.url, raw=r.raw, vector=r.vector, element=r.element, part=r.part, verdict=r.verdict)
        for r in report.references
    )
    return report.having(message=report.message._replace(sha256=""), references=references)


def unread(source: str, why: str) -> Report:
    """A report on a message of which nothing could be read."""
    return Report(Envelope(sha256="", source=source), error=why)
