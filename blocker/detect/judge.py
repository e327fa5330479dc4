"""From reasons to verdicts, and from a message to its report."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence

from blocker.detect import evidence, identity, names, sheets
from blocker.detect.box import Box
from blocker.detect.context import Address, Context
from blocker.detect.knowledge import Known, Rules, default_rules, inner_url
from blocker.detect.memory import FolderMemory, Memory
from blocker.detect.report import Envelope, Judged, Kind, Reason, Report, Verdict
from blocker.detect.traits import Traits, traits
from blocker.detect.weights import PRIOR
from blocker.message.headers import decode_words
from blocker.message.model import Links
from blocker.message.read import read
from blocker.message.references import MAX_REFERENCES, Reference
from blocker.message.urls import Url, parse

INDIVIDUAL = frozenset(
    {
        "knowledge.open",
        "identity.address",
        "identity.digest",
        "identity.other",
        "identity.name",
        "token.shared",
        "token.opaque",
        "token.person",
        "token.directory",
        "token.file",
        "memory.individual",
        "memory.differs",
        "memory.drawn",
    }
)
"""Reasons that single out the mail or its reader."""
ADDRESSED = frozenset({"identity.address", "identity.digest"})
"""Reasons that single out a reader even where others got the same URL: a copy of his mail was sent to them."""
NAMED = ADDRESSED | {"identity.name", "token.person", "knowledge.personal", "memory.differs", "memory.drawn"}
"""Reasons that single out a reader even in a logo's URL, which else names a brand."""
SHOWN = -0.5
"""Most log-odds of a picture that shows: it may be made for its reader, but the mail is poorer without it."""
NOT_SHOWN = frozenset(
    ["geometry.tiny", "geometry.zero", "geometry.line", "geometry.one-side", "visibility.hidden"]
)
PERSONAL = frozenset(
    [
        "identity.address",
        "identity.digest",
        "identity.name",
        "knowledge.personal",
        "token.person",
        "token.program",
        "memory.differs",
        "memory.drawn",
    ]
)
"""Reasons for which a picture that shows is one made for its reader."""

EXACT = 9
"""Decimals of a sum of weights that count."""


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
    address = _address(reference, context)
    own, vector = address.traits, reference.vector
    if vector == "img[src]":  # as nearly all are
        box, sheet = context.box(reference), False
    else:
        box, sheet = (
            _box(reference, own, context),
            vector in sheets.VECTORS or vector.endswith("[background]"),
        )
    why = [
        *(() if vector in sheets.FILES else evidence.geometry(box, own, reference.target)),
        *evidence.visibility(box),
        *evidence.knowledge(address.known),
        *address.reasons,
        *evidence.recurrence(reference, context, box, address.known, own),
        *evidence.shape(reference, own, context, box),
    ]
    if sheet:
        why += sheets.evidence(reference, own, context, box, address.known, address.reasons)
    return combine(why, address.known, context, reference.target)


def _box(reference: Reference, own: Traits | None, context: Context) -> Box:
    """The box that the reference would fill; that of a sheet's picture is looked for only where its URL tells anything."""
    in_sheet = reference.element == "style" and reference.vector == "style url()"
    if in_sheet and own is not None and sheets.tells(own):
        return context.box_behind(reference)
    return context.box(reference)


def _address(reference: Reference, context: Context) -> Address:
    """What its URL says; worked out once for each of a message."""
    url = reference.target
    key = (reference.raw, url.href if url is not None else None)
    found = context.addresses.get(key)
    if found is None:
        own = traits(_proxied(reference) or url) if url is not None else None
        why = (
            *identity.evidence(reference, own, context),
            *(names.evidence(url, context.names) if context.names else ()),
            *evidence.token(reference, own, context),
        )
        found = context.addresses[key] = Address(evidence.known(reference, context), own, why)
    return found


def _proxied(reference: Reference) -> Url | None:
    """What a proxy's URL says behind '#' that it fetches, which alone tells of the picture; None for other URLs."""
    inner = inner_url(reference.raw) if "#http" in reference.raw else None
    return parse(inner) if inner else None


def combine(why: list[Reason], found: Known | None, context: Context, url: Url | None = None) -> Verdict:
    """Reasons → kind and confidence.

    The sum of the weights is the log-odds that the reference is there to report the opening. What
    singles nobody out is then a beacon; what is no tracker is told apart by whether it shows. `url` tells whose it is
    where no rule knows it.
    """
    # Weights that cancel out must do so on every Python: what is left of them in binary is no evidence.
    odds = round(PRIOR + math.fsum([weight for _, _, weight in why]), EXACT)
    ids = {rule for rule, _, _ in why}
    shows = (
        "geometry.visible" in ids or "shape.map" in ids or "shape.portrait" in ids or _may_show(ids, found)
    )
    if shows and "knowledge.open" not in ids:
        odds = min(odds, SHOWN)
    tracking = 1 / (1 + math.exp(-max(-40.0, min(40.0, odds))))
    kind: Kind
    if odds > 0:
        common = "knowledge.aggregate" in ids or ("memory.shared" in ids and ADDRESSED.isdisjoint(ids))
        kind = "beacon" if common or INDIVIDUAL.isdisjoint(ids) else "pixel"
    elif not NOT_SHOWN.isdisjoint(ids) or (
        "shape.filler" in ids and ids.isdisjoint(("shape.alt", "shape.linked"))
    ):
        kind = "spacer"
    else:
        singled = not PERSONAL.isdisjoint(ids) or ("token.opaque" in ids and "knowledge.ad" in ids)
        if "shape.logo" in ids and ids.isdisjoint(NAMED):
            singled = False
        kind = "personal" if singled and "memory.shared" not in ids else "content"
    if found is None and odds > 0:
        found = context.whose(url)
    confidence = tracking if odds > 0 else 1 - tracking
    why.sort(key=_strength)
    return Verdict(kind, confidence, found.vendor if found is not None else None, tuple(why))


def _may_show(ids: set[str], found: Known | None) -> bool:
    """Whether a picture without a size in pixels is one to be seen, going by what is known of its URL."""
    if found is not None and found.kind == "personal":
        return NOT_SHOWN.isdisjoint(ids)
    return "geometry.relative" in ids and (found is None or found.kind == "ad")


def _strength(why: Reason) -> float:
    return -abs(why.weight)


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
        to=_shown(headers.text("to")),
        date=context.date.isoformat() if context.date is not None else "",
        subject=_shown(headers.text("subject")),
    )


def _shown(text: str) -> str:
    """Text that any encoding can carry: lone surrogates (undecoded bytes) replaced."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace") if not text.isascii() else text
