"""A verdict in plain words: what the reference is, what its fetch would have told, and why we think so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from blocker.detect.marks import LEAKS
from blocker.detect.reasons import LANGUAGE, Reason, family, marked, text
from blocker.detect.report import Judged, Kind, Report
from blocker.message.urls import parse

KIND_NAMES: dict[Kind, str] = {
    "pixel": "Tracking pixel",
    "beacon": "Beacon",
    "personal": "Personal picture",
    "content": "Picture",
    "spacer": "Spacer",
}
KIND_MEANINGS: dict[Kind, str] = {
    "pixel": "It shows nothing. Loading it tells that you opened this very mail.",
    "beacon": "It shows nothing and measures, but its URL is the same for every reader.",
    "personal": "It is a visible picture, but its URL singles you out.",
    "content": "It is a visible picture, the same for every reader.",
    "spacer": "It shows nothing and only fills space, the same for every reader.",
}
UNNAMED = "Unnamed mailer"
"""How the rules' names for programs begin that are known by their URLs alone, and not by whose they are."""
UNNAMED_VENDORS = f"{UNNAMED}s"
"""One name for all of those, where vendors are counted."""


@dataclass(frozen=True, slots=True)
class Why:
    """One reason as a person reads it."""

    family: str
    text: str
    speaks: str
    """`for` tracking, `against` it, or `neither`."""


@dataclass(frozen=True, slots=True)
class Told:
    """One reference as a person reads it."""

    name: str
    meaning: str
    host: str
    told: tuple[str, ...]
    """What whoever runs the host learns when the reference is fetched."""
    reasons: tuple[Why, ...]


def told(judged: Judged) -> Told:
    """A judged reference in plain words."""
    verdict = judged.verdict
    url = parse(judged.url) if judged.url else None
    return Told(
        name=KIND_NAMES.get(verdict.kind, verdict.kind),
        meaning=KIND_MEANINGS.get(verdict.kind, ""),
        host=url.host if url is not None else "",
        told=tuple(_told(judged)),
        reasons=tuple(why(reason) for reason in verdict.reasons),
    )


def unnamed(vendor: str) -> bool:
    """Whether a vendor's name is no name: nothing but the URLs of its program is known."""
    return vendor.startswith(UNNAMED)


def page_name(vendor: str | None) -> str | None:
    """A vendor's name as pages and tables count it: programs without a name are one."""
    return UNNAMED_VENDORS if vendor and unnamed(vendor) else vendor


def vendor_names(report: Report) -> tuple[str, ...]:
    """Whose pixels and beacons a message holds, each name once, in their order."""
    found = (page_name(judged.verdict.vendor) for judged in report.blocked)
    return tuple(sorted({name for name in found if name}))


def whose(vendor: str) -> str:
    """A vendor's name within a sentence."""
    return "an unnamed mailer" if unnamed(vendor) else vendor


def why(reason: Reason, language: str = LANGUAGE) -> Why:
    """A reason in plain words of a language of the table."""
    speaks = "for" if reason.weight > 0 else "against" if reason.weight < 0 else "neither"
    said = text(reason, language) or reason.rule
    return Why(sentence(family(reason, language)), sentence(said), speaks)


def sentence(text: str) -> str:
    """A text with a capital at its start."""
    return text[:1].upper() + text[1:]


def _told(judged: Judged) -> Iterator[str]:
    if judged.url is None:
        yield "Nothing: a mail program would fetch nothing here."
        return
    kind = judged.verdict.kind
    if kind in {"pixel", "personal"}:
        yield "That you opened this mail, when, and how often."
    elif kind == "beacon":
        yield "That a mail of this kind was opened, and when."
    else:
        yield "That somebody loaded this picture, and when; not which reader it was."
    yield "From which network: your IP address, and with it your provider and roughly the place."
    yield "On what: your mail program, your device, and often your language."
    for reason in judged.verdict.reasons:
        if marked([reason]) & LEAKS and reason.weight > 0:
            yield f"Who you are: {(text(reason) or reason.rule).rstrip('.')}."
