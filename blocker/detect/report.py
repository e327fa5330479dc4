"""The judgement of one message, as values: reasons make a verdict, verdicts make a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from blocker.detect.memory import Mail
from blocker.detect.reasons import Reason, Value
from blocker.message.domains import sender_of
from blocker.message.model import Links, Receipt, Span
from blocker.message.references import Reference

Kind = Literal["pixel", "beacon", "personal", "content", "spacer"]
KINDS: tuple[Kind, ...] = get_args(Kind)
BLOCKED: frozenset[Kind] = frozenset({"pixel", "beacon"})

_NO_LINKS = Links()
_Plain: TypeAlias = "tuple[Kind, float, str | None, list[tuple[str, float, str, tuple[Value, ...]]]]"
"""A verdict as it travels between processes."""


class Verdict(NamedTuple):
    """What a reference is, how sure that is (0 to 1), whose it is, and why."""

    kind: Kind
    confidence: float
    vendor: str | None
    reasons: tuple[Reason, ...]

    @property
    def blocks(self) -> bool:
        """Whether level `standard` neutralises it."""
        return self.kind in BLOCKED


class Judged:
    """A reference with its verdict.

    Pickled, it is like one made from stored rows: small, and without the message it was read from.
    """

    __slots__ = ("_span", "element", "part", "raw", "reference", "url", "vector", "verdict")

    def __init__(
        self,
        *,
        url: str | None,
        raw: str,
        vector: str,
        element: str,
        part: str,
        verdict: Verdict,
        span: Span = (0, 0),
        reference: Reference | None = None,
    ) -> None:
        self.url = url
        """What a browser would fetch; None where it would fetch nothing."""
        self.raw = raw
        """The value as written, entities decoded."""
        self.vector = vector
        self.element = element
        self.part = part
        self.verdict = verdict
        self.reference = reference
        """Where it was read, for whoever rewrites the message; None in a report made from stored rows."""
        self._span = span

    @property
    def span(self) -> Span:
        """Start and end of the value in the raw bytes; worked out when asked for."""
        return self.reference.span if self.reference is not None else self._span

    def __reduce__(self) -> tuple[Any, ...]:
        kind, confidence, vendor, reasons = self.verdict
        # Plain values, without which pickling asks each reason, of which there are dozens, what it is made of.
        verdict = (kind, confidence, vendor, [tuple(reason) for reason in reasons])
        return _judged, (self.url, self.raw, self.vector, self.element, self.part, verdict, self.span)

    def as_dict(self) -> dict[str, Any]:
        """The reference as documented in the JSON contract."""
        verdict = self.verdict
        return {
            "url": self.url,
            "raw": self.raw,
            "vector": self.vector,
            "element": self.element,
            "part": self.part,
            "span": list(self.span),
            "verdict": verdict.kind,
            "confidence": round(verdict.confidence, 4),
            "vendor": verdict.vendor,
            "reasons": [
                {"rule": r.rule, "detail": r.detail, "weight": round(r.weight, 3)} for r in verdict.reasons
            ],
        }


_made = tuple.__new__


def _judged(
    url: str | None, raw: str, vector: str, element: str, part: str, verdict: _Plain, span: Span
) -> Judged:
    """The opposite of `Judged.__reduce__`."""
    kind, confidence, vendor, reasons = verdict
    whole = Verdict(kind, confidence, vendor, tuple([_made(Reason, reason) for reason in reasons]))
    return Judged(url=url, raw=raw, vector=vector, element=element, part=part, verdict=whole, span=span)


class Envelope(NamedTuple):
    """The header facts a report carries. Text is decoded; a missing field is an empty string."""

    sha256: str
    """Of the raw bytes as given."""
    source: str = ""
    """Where the bytes came from: a path, or account/mailbox;uid."""
    message_id: str = ""
    from_: str = ""
    """The From field, decoded, as written."""
    from_domain: str = ""
    """Domain of the first From address, lower case."""
    to: str = ""
    date: str = ""
    """ISO 8601 with offset, or empty where the Date field cannot be read."""
    subject: str = ""
    address: str = ""
    """The From address that `from_domain` is of, lower case; empty where it is not known. It stands in `from` for programs."""

    @property
    def sender(self) -> str:
        """The name under which its sender is known: an organisational domain, or an address at a shared domain."""
        return sender_of(self.address, self.from_domain)

    def as_dict(self) -> dict[str, str]:
        """The message object of the JSON contract."""
        return {
            "source": self.source,
            "sha256": self.sha256,
            "message_id": self.message_id,
            "from": self.from_,
            "from_domain": self.from_domain,
            "to": self.to,
            "date": self.date,
            "subject": self.subject,
        }


class Report:
    """Everything unpixel says about one message.

    `message` and `links` may be given as what makes them: that takes long, and who changes a message asks for neither.
    """

    __slots__ = (
        "_links",
        "_message",
        "error",
        "mail",
        "partly",
        "raw",
        "receipts",
        "references",
        "signed",
        "unjudged",
    )

    def __init__(
        self,
        message: Envelope | Callable[[], Envelope],
        references: tuple[Judged, ...] = (),
        receipts: tuple[Receipt, ...] = (),
        links: Links | Callable[[], Links] = _NO_LINKS,
        signed: bool = False,
        unjudged: int = 0,
        error: str | None = None,
        mail: Mail | None = None,
        raw: bytes | None = None,
        partly: bool = False,
    ) -> None:
        self._message = message
        self.references = references
        self.receipts = receipts
        self._links = links
        self.signed = signed
        """Signed or encrypted at any depth: such a message is never rewritten."""
        self.unjudged = unjudged
        """References located but not judged because a bound was reached."""
        self.error = error
        """One sentence where the message could not be read whole."""
        self.mail = mail
        """How a memory knows the message; None in a report made from stored rows."""
        self.raw = raw
        """The bytes that were judged; None in a report made from stored rows, or one that travelled."""
        self.partly = partly
        """Whether a bound cut the look at the message short, as `error` says then: nobody may call it untracked.

        False in a report made from stored rows, which have the sentence alone.
        """

    @property
    def message(self) -> Envelope:
        """The header facts."""
        made = self._message
        if not isinstance(made, Envelope):
            made = self._message = made()
        return made

    @property
    def links(self) -> Links:
        """Hyperlinks; reported, never changed."""
        made = self._links
        if not isinstance(made, Links):
            made = self._links = made()
        return made

    def having(
        self, *, message: Envelope | None = None, references: tuple[Judged, ...] | None = None
    ) -> Report:
        """The same report with other header facts, or other references."""
        return Report(
            self._message if message is None else message,
            self.references if references is None else references,
            *(
                self.receipts,
                self._links,
                self.signed,
                self.unjudged,
                self.error,
                self.mail,
                self.raw,
                self.partly,
            ),
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return Report, (
            *(self.message, self.references, self.receipts, self.links),
            *(self.signed, self.unjudged, self.error, self.mail, None, self.partly),
        )

    @property
    def blocked(self) -> tuple[Judged, ...]:
        """The references that level `standard` neutralises."""
        return tuple(r for r in self.references if r.verdict.blocks)

    @property
    def tracked(self) -> bool:
        """Whether the message holds a pixel or a beacon."""
        return any(r.verdict.blocks for r in self.references)

    @property
    def kinds(self) -> Counter[str]:
        """How many references of each kind."""
        return Counter(r.verdict.kind for r in self.references)

    def as_dict(self) -> dict[str, Any]:
        """The JSON contract of `unpixel scan --format jsonl`."""
        return {
            "message": self.message.as_dict(),
            "references": [r.as_dict() for r in self.references],
            "receipts": [{"header": r.header, "value": r.value} for r in self.receipts],
            "links": {"total": self.links.total, "tracked": self.links.tracked},
            "signed": self.signed,
            "unjudged": self.unjudged,
            "error": self.error,
        }
