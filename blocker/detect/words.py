"""A verdict in plain words: what the reference is, what its fetch would have told, and why we think so.

The words stand in `words.toml` beside this module, those of reasons in `reasons.toml`, each in every language.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources

from blocker.detect.knowledge import default_rules
from blocker.detect.marks import LEAKS
from blocker.detect.reasons import LANGUAGE, Reason, Value, family, marked, text
from blocker.detect.report import Judged, Report
from blocker.message.urls import parse

_TABLE = tomllib.loads(resources.files(__package__).joinpath("words.toml").read_text("utf-8"))
KINDS: Mapping[str, Mapping[str, Mapping[str, str]]] = _TABLE["kinds"]
"""Kind of verdict → language → its name and its meaning."""
TOLD: Mapping[str, Mapping[str, str]] = _TABLE["told"]
"""What a fetch tells → language → the sentence."""
OWN_SYSTEMS = "own mailing system"
"""In place of a vendor's name: all mailing systems that are known by their URLs alone, which senders run themselves."""


@dataclass(frozen=True, slots=True)
class Why:
    """One reason as a person reads it."""

    family: str
    text: str
    speaks: str
    """`for` tracking, `against` it, or `neither`."""
    rule: str
    weight: float
    values: tuple[Value, ...]
    """What the rule saw, for those who know it."""


@dataclass(frozen=True, slots=True)
class Told:
    """One reference as a person reads it."""

    name: str
    meaning: str
    host: str
    told: tuple[str, ...]
    """What whoever runs the host learns when the reference is fetched."""
    reasons: tuple[Why, ...]


def told(judged: Judged, language: str = LANGUAGE) -> Told:
    """A judged reference in plain words."""
    verdict = judged.verdict
    url = parse(judged.url) if judged.url else None
    return Told(
        name=kind_name(verdict.kind, language),
        meaning=KINDS[verdict.kind][language]["meaning"] if verdict.kind in KINDS else "",
        host=url.host if url is not None else "",
        told=tuple(_told(judged, language)),
        reasons=tuple(why(reason, language) for reason in verdict.reasons),
    )


def kind_name(kind: str, language: str = LANGUAGE) -> str:
    """What a kind of verdict is called; an unknown one by its own word."""
    return KINDS[kind][language]["name"] if kind in KINDS else kind


def unnamed(vendor: str) -> bool:
    """Whether a vendor's name is no name: nothing but the URLs of its program is known."""
    return vendor in default_rules().unnamed


def page_name(vendor: str | None) -> str | None:
    """A vendor's name as pages and tables count it: programs without a name are one."""
    return OWN_SYSTEMS if vendor and unnamed(vendor) else vendor


def vendor_names(report: Report) -> tuple[str, ...]:
    """Whose pixels and beacons a message holds, each name once, in their order."""
    found = (page_name(judged.verdict.vendor) for judged in report.blocked)
    return tuple(sorted({name for name in found if name}))


def whose(vendor: str, language: str = LANGUAGE) -> str:
    """A vendor's name within a sentence."""
    unknown: str = _TABLE["whose"]["unnamed"][language]
    return unknown if unnamed(vendor) else vendor


def why(reason: Reason, language: str = LANGUAGE) -> Why:
    """A reason in plain words of a language of the table."""
    speaks = "for" if reason.weight > 0 else "against" if reason.weight < 0 else "neither"
    said = text(reason, language) or reason.rule
    # What was seen in the mail stays as it is written there.
    quoted = any(isinstance(value, str) and value and said.startswith(value) for value in reason.values[:1])
    return Why(
        sentence(family(reason, language)),
        said if quoted else sentence(said),
        speaks,
        reason.rule,
        reason.weight,
        reason.values,
    )


def sentence(text: str) -> str:
    """A text with a capital at its start."""
    return text[:1].upper() + text[1:]


def _told(judged: Judged, language: str) -> Iterator[str]:
    if judged.url is None:
        yield TOLD["nothing"][language]
        return
    kind = judged.verdict.kind
    read = "opened" if kind in {"pixel", "personal"} else "counted" if kind == "beacon" else "loaded"
    for said in (read, "network", "device"):
        yield TOLD[said][language]
    for reason in judged.verdict.reasons:
        if marked([reason]) & LEAKS and reason.weight > 0:
            yield TOLD["person"][language].format((text(reason, language) or reason.rule).rstrip("."))
