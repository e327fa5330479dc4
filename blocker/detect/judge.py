"""From reasons to verdicts, and from a message to its report."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from blocker.detect import marks
from blocker.detect.context import Context
from blocker.detect.evidence import gathered
from blocker.detect.knowledge import Known, Rules, default_rules
from blocker.detect.memory import FolderMemory, Memory
from blocker.detect.reasons import PRIOR, Reason, marks_of
from blocker.detect.report import BLOCKED, Envelope, Judged, Kind, Report, Verdict
from blocker.detect.subject import Subject
from blocker.message.headers import decode_words
from blocker.message.model import Links
from blocker.message.read import read
from blocker.message.references import MAX_REFERENCES, Reference
from blocker.message.urls import Url

SHOWN = -0.5
"""Most log-odds of a picture that shows: it may be made for its reader, but the mail is poorer without it."""
EXACT = 10**9
"""What part of one still counts in a sum of weights."""


def scan(
    raw: bytes,
    *,
    recipients: Sequence[str] = (),
    rules: Rules | None = None,
    memory: Memory | None = None,
    source: str = "",
) -> Report:
    """Judge every reference of a message.

    `recipients` are addresses known to be the reader's, besides those in the header. `source` is
    passed through to the report. Pure; never fails on any bytes.
    """
    return report_on(opened(raw, recipients=recipients, rules=rules, memory=memory), source)


def opened(
    raw: bytes, *, recipients: Sequence[str] = (), rules: Rules | None = None, memory: Memory | None = None
) -> Context:
    """The first half of `scan`: after it, whoever has several messages may ask a memory of all and set `past`."""
    return Context(read(raw), rules or default_rules(), recipients, memory)


def report_on(context: Context, source: str = "") -> Report:
    """The second half of `scan`."""
    message = context.message
    judged = tuple(
        Judged(
            url=reference.url,
            raw=reference.raw,
            vector=reference.vector,
            element=reference.element,
            part=reference.part,
            verdict=verdict,
            reference=reference,
        )
        for reference, verdict in _verdicts(context)
    )
    left_out = _left_out(context)
    return Report(
        message=lambda: envelope(context, source),
        references=judged,
        receipts=message.receipts,
        links=lambda: _links(context),
        signed=message.signed,
        unjudged=message.unjudged,
        error=left_out,
        mail=context.mail,
        raw=message.raw,
        partly=left_out is not None,
    )


def _left_out(context: Context) -> str | None:
    """One sentence on what a bound cut short; None where everything was looked at."""
    message = context.message
    what = ["parts or markup above a bound"] if message.cut else []
    if message.unjudged:
        what.append(f"{message.unjudged} references after the first {MAX_REFERENCES}")
    what += context.left_out
    return f"not everything was looked at: {', '.join(what)}" if what else None


def learn(memory: FolderMemory, raw: bytes, recipients: Sequence[str] = ()) -> None:
    """The first pass over a folder: let `memory` take in one message."""
    context = opened(raw, recipients=recipients)
    memory.learn(context.urls, context.mail)


def _verdicts(context: Context) -> list[tuple[Reference, Verdict]]:
    """A verdict for each reference; the same URL in several places gets the one that blocks most."""
    found = [(reference, judge(reference, context)) for reference in context.message.references]
    worst: dict[str, Verdict] = {}
    for reference, verdict in found:
        if verdict.blocks:
            old = worst.get(reference.raw)
            if old is None or verdict.confidence > old.confidence:
                worst[reference.raw] = verdict
    return [(r, v if v.blocks else worst.get(r.raw, v)) for r, v in found]


def judge(reference: Reference, context: Context) -> Verdict:
    """The verdict on one reference: all reasons, summed."""
    subject = Subject(reference, context)
    return combine(gathered(subject), subject.known, context, subject.url)


def combine(why: list[Reason], found: Known | None, context: Context, url: Url | None = None) -> Verdict:
    """Reasons → kind and confidence.

    The sum of the weights is the log-odds that the reference is there to report the opening. `url` tells whose it is
    where no rule knows it.
    """
    rules, weights = tuple([one[0] for one in why]), tuple([one[1] for one in why])
    kind, confidence, order = _summed(rules, weights, found.kind if found is not None else "")
    if kind in BLOCKED:
        found = found or context.whose(url)
    vendor = found.vendor if found is not None else None
    return _made(Verdict, (kind, confidence, vendor, tuple([why[at] for at in order])))


_made = tuple.__new__


@lru_cache(maxsize=4096)
def _summed(
    rules: tuple[str, ...], weights: tuple[float, ...], known: str
) -> tuple[Kind, float, tuple[int, ...]]:
    """What some rules make of a reference of a `known` kind, and the order in which they are told, the strongest first.

    Remembered, for most pictures are alike in this.
    """
    # Weights that cancel out must do so on every Python: what is left of them in binary is no evidence.
    odds = round((PRIOR + math.fsum(weights)) * EXACT) / EXACT
    borne = marks_of(rules)
    if not borne & marks.COUNTS and (borne & marks.SHOWS or _may_show(borne, known)):
        odds = min(odds, SHOWN)
    order = tuple(sorted(range(len(weights)), key=lambda at: -abs(weights[at])))
    tracking = 1 / (1 + math.exp(-max(-40.0, min(40.0, odds))))
    return (_tracker(borne), tracking, order) if odds > 0 else (_harmless(borne), 1 - tracking, order)


def _may_show(borne: int, known: str) -> bool:
    """Whether a picture without a size in pixels is one to be seen, going by what is known of its URL."""
    if known == "personal":
        return not borne & marks.HIDES
    return bool(borne & marks.MAY_SHOW) and known in ("", "ad")


def _tracker(borne: int) -> Kind:
    """A tracker that singles nobody out is a beacon."""
    if borne & marks.COMMON or (borne & marks.SHARED and not borne & marks.ADDRESSED):
        return "beacon"
    return "pixel" if borne & marks.INDIVIDUAL else "beacon"


def _harmless(borne: int) -> Kind:
    """What is no tracker is told apart by whether it shows, and for whom."""
    if borne & marks.HIDES or (borne & marks.FILLS and not borne & marks.SERVES):
        return "spacer"
    singled = borne & marks.PERSONAL or (borne & marks.OPAQUE and borne & marks.ADVERTISES)
    if borne & marks.BRANDS and not borne & marks.NAMED:
        singled = 0
    return "personal" if singled and not borne & marks.SHARED else "content"


def _links(context: Context) -> Links:
    links = Counter(context.links)
    knows = context.rules.knows
    tracked = sum(times for url, times in links.items() if knows(url.host, url.target))
    return Links(sum(links.values()), tracked)


def envelope(context: Context, source: str = "") -> Envelope:
    """The header facts of a report."""
    message = context.message
    headers = message.headers
    sender = headers.first("from")
    return Envelope(
        sha256=hashlib.sha256(message.raw).hexdigest(),
        source=source,
        message_id=_shown(headers.first("message-id")),
        from_=_shown(decode_words(sender)),
        from_domain=_shown(context.sender_domain),
        address=_shown(context.sender_address),
        to=_shown(headers.text("to")),
        date=context.date.isoformat() if context.date is not None else "",
        subject=_shown(headers.text("subject")),
    )


def _shown(text: str) -> str:
    """Text that any encoding can carry: lone surrogates (undecoded bytes) replaced."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace") if not text.isascii() else text
