"""Opening messages in browsers before and after they are neutralised, and comparing what they ask for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice

import blocker
from blocker import Neutralised, Report
from blocker.choices.levels import Level
from tests.browser import together
from tests.browser.chromium import Chromium
from tests.browser.firefox import Firefox
from tests.browser.pages import Origin, Shown, pages
from tests.browser.reasons import why_not_asked
from tests.browser.sink import Address, Sink, address
from tests.browser.unseen import unseen_addresses
from tests.browser.visit import Visit, asked, text_of

NO_PAGE = "the standard library, by which pages are made here, finds none in the message"


@dataclass(frozen=True, slots=True)
class Subject:
    """A message and what is to be made of it."""

    name: str
    raw: bytes
    report: Report
    standard: Neutralised
    paranoid: Neutralised

    @property
    def predicted(self) -> frozenset[Address]:
        """What references say that opening it asks for."""
        return frozenset(address(judged.url) for judged in self.report.references if judged.url)

    @property
    def blocked(self) -> frozenset[Address]:
        """What level `standard` takes away."""
        kinds = Level.STANDARD.takes
        return frozenset(address(j.url) for j in self.report.references if j.url and j.verdict.kind in kinds)


def subject(name: str, raw: bytes) -> Subject:
    """Judge a message, and neutralise it at two levels."""
    report = blocker.scan(raw)
    return Subject(
        name,
        raw,
        report,
        blocker.neutralise(raw, level="standard", report=report),
        blocker.neutralise(raw, level="paranoid", report=report),
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """What one browser did with one message; a message that a level leaves as it is is not opened again."""

    original: list[Visit]
    standard: list[Visit] = field(default_factory=list)
    paranoid: list[Visit] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A message and what each browser did with it."""

    subject: Subject
    chromium: Seen
    firefox: Seen

    @property
    def unpredicted(self) -> list[str]:
        """Requests of the original that no reference foretold."""
        asked_for = asked(self.chromium.original) | asked(self.firefox.original)
        return sorted(map(str, (asked_for | _unseen(self.subject.raw)) - self.subject.predicted))

    @property
    def not_asked(self) -> dict[str, str | None]:
        """References that a browser did not follow, with the reason; None where there is none."""
        silent = {
            place: why_not_asked(judged) if self.chromium.original else NO_PAGE
            for judged in self.subject.report.references
            if judged.url
            for place in [address(judged.url)]
            if place not in asked(self.chromium.original)
        }
        return {str(place): reason for place, reason in silent.items()}

    @property
    def standard_differs(self) -> list[str]:
        """Requests that level `standard` should have taken away and did not (-), or should not have (+)."""
        if not self.subject.standard.changed:
            return []
        found = []
        for seen in (self.chromium, self.firefox):
            kept = asked(seen.original) - self.subject.blocked
            now = asked(seen.standard)
            found += [f"still asked for {place}" for place in sorted(now - kept)]
            found += [f"no longer asked for {place}" for place in sorted(kept - now)]
        before, after = _unseen(self.subject.raw), _unseen(self.subject.standard.raw)
        found += [f"without a request: {place}" for place in sorted((before - self.subject.blocked) ^ after)]
        return found

    @property
    def paranoid_asks(self) -> list[str]:
        """What is asked for at level `paranoid`: it should be nothing."""
        if self.subject.paranoid.refused:
            return []
        visits = [*self.chromium.paranoid, *self.firefox.paranoid]
        found = sorted(map(str, asked(visits) | _unseen(self.subject.paranoid.raw)))
        return found or ["a connection without a request"] * any(visit.connections for visit in visits)

    @property
    def text_lost(self) -> list[str]:
        """Where the text at level `paranoid` is not that of the original."""
        if self.subject.paranoid.refused:
            return []
        found = []
        for name, seen in (("chromium", self.chromium), ("firefox", self.firefox)):
            shown = zip(pages(self.subject.raw), seen.original, seen.paranoid, strict=True)
            for number, (page, before, after) in enumerate(shown, 1):
                wanted = text_of(page.text) if before.left else before.text
                if after.left or after.text != wanted:
                    found.append(f"{name}, page {number}")
        return found

    @property
    def pictures_differ(self) -> list[str]:
        """Pages whose picture at level `standard` is not that of the original."""
        if not self.subject.standard.changed:
            return []
        pairs = zip(self.chromium.original, self.chromium.standard, strict=True)
        return [
            f"page {n}" for n, (before, after) in enumerate(pairs, 1) if before.screenshot != after.screenshot
        ]


def _unseen(raw: bytes) -> frozenset[Address]:
    return frozenset().union(*(unseen_addresses(page.text) for page in pages(raw)))


def prove(subjects: Sequence[Subject]) -> list[Outcome]:
    """Open every message at every level in both browsers, which work side by side."""
    with ThreadPoolExecutor(2) as pool:
        chromium = pool.submit(_in_chromium, subjects)
        firefox = pool.submit(_in_firefox, subjects)
        return [Outcome(*each) for each in zip(subjects, chromium.result(), firefox.result(), strict=True)]


def _in_chromium(subjects: Sequence[Subject]) -> list[Seen]:
    with Sink() as sink, Origin() as origin, Chromium(sink) as browser:

        def visit(page: Shown, screenshot: bool) -> Visit:
            return browser.visit(origin.publish(page), quiet=page.quiet, screenshot=screenshot)

        seen = [_seen(each, sink, visit) for each in subjects]
        return _silenced(subjects, seen, browser, origin)


def _in_firefox(subjects: Sequence[Subject]) -> list[Seen]:
    with Sink() as sink, Origin() as origin, Firefox(sink) as browser:

        def visit(page: Shown, _: bool) -> Visit:
            return browser.visit(origin.publish(page), quiet=page.quiet)

        seen = [_seen(each, sink, visit) for each in subjects]
        return _silenced(subjects, seen, browser, origin)


def _seen(subject: Subject, sink: Sink, visit: Callable[[Shown, bool], Visit]) -> Seen:
    """Open one message as it is and at `standard`; pictures are taken where there is something to compare."""
    sink.transparent = subject.blocked
    changed = subject.standard.changed
    original = [visit(page, changed) for page in pages(subject.raw)]
    return Seen(
        original, [visit(page, True) for page in pages(subject.standard.raw)] if changed else [], original
    )


def _silenced(
    subjects: Sequence[Subject], seen: Sequence[Seen], browser: together.Browser, origin: Origin
) -> list[Seen]:
    """Open those that `paranoid` changes at that level, too."""
    shown = [pages(each.paranoid.raw) if each.paranoid.changed else [] for each in subjects]
    made = iter(together.visits(browser, origin, [page for of_one in shown for page in of_one]))
    return [
        replace(each, paranoid=list(islice(made, len(of_one)))) if subject.paranoid.changed else each
        for subject, each, of_one in zip(subjects, seen, shown, strict=True)
    ]


def table(outcomes: Sequence[Outcome]) -> list[str]:
    """The figures of a proof, a line each."""
    changed = [o for o in outcomes if o.subject.standard.changed]
    left = Counter(o.subject.paranoid.refused for o in outcomes if o.subject.paranoid.refused)
    reasons = Counter(reason for o in outcomes for reason in o.not_asked.values())
    rows = {
        "messages": len(outcomes),
        "pages": sum(len(o.chromium.original) for o in outcomes),
        "addresses that references name": sum(len(o.subject.predicted) for o in outcomes),
        "… asked for by Chromium": sum(len(asked(o.chromium.original)) for o in outcomes),
        "… asked for by Firefox": sum(len(asked(o.firefox.original)) for o in outcomes),
        "asked for, not predicted": sum(len(o.unpredicted) for o in outcomes),
        **{
            f"not asked for: {reason or 'the table of vectors says so'}": n
            for reason, n in reasons.most_common()
        },
        "messages that standard changes": len(changed),
        "… with exactly the other requests left": sum(not o.standard_differs for o in changed),
        "… with the same picture": sum(not o.pictures_differ for o in changed),
        "messages that paranoid silences in both": sum(
            not (o.paranoid_asks or o.text_lost or o.subject.paranoid.refused) for o in outcomes
        ),
        **{f"left alone: {reason}": n for reason, n in left.items()},
    }
    return [f"{number:>7}  {name}" for name, number in rows.items()]
