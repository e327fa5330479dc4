"""What a scan or a sweep ends with: counts by verdict, and who tracks most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from blocker.output.safe import line

if TYPE_CHECKING:
    from blocker.detect.report import Report

TOP = 5
"""Vendors and senders that are named."""


class Totals:
    """The sum of what was found in messages."""

    def __init__(self) -> None:
        self.messages = 0
        self._tracked = 0
        self._kinds: Counter[str] = Counter()
        self._vendors: Counter[str] = Counter()
        self._senders: Counter[str] = Counter()

    def of(self, reports: Iterable[Report]) -> Iterator[Report]:
        """The reports as they are, each counted on its way."""
        from blocker.detect.words import vendor_names

        for report in reports:
            self.add(report.kinds, vendor_names(report), report.message.sender)
            yield report

    def add(self, kinds: Mapping[str, int], vendors: Iterable[str], sender: str) -> None:
        """Count one message: its references by verdict, whose trackers it holds, and its sender's domain."""
        from blocker.detect.report import BLOCKED

        self.messages += 1
        self._kinds.update(kinds)
        self._vendors.update(vendors)
        if any(kinds.get(kind) for kind in BLOCKED):
            self._tracked += 1
            self._senders[sender or "no sender"] += 1

    def lines(self) -> Iterator[str]:
        """Lines for a person; none of what was not seen."""
        if not self.messages:
            return
        yield f"{self.messages} message{'s' * (self.messages != 1)} read, {self._tracked} tracked."
        for head, counts in (
            ("References", self._by_verdict()),
            ("Vendors in most messages", self._vendors.most_common(TOP)),
            ("Senders of most tracked mail", self._senders.most_common(TOP)),
        ):
            if counts:
                yield f"{head}: {', '.join(f'{number} {line(name, 80)}' for name, number in counts)}"

    def as_dict(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "messages": self.messages,
            "tracked": self._tracked,
            "verdicts": dict(self._by_verdict()),
            "vendors": [{"name": name, "messages": n} for name, n in self._vendors.most_common(TOP)],
            "senders": [{"domain": name, "messages": n} for name, n in self._senders.most_common(TOP)],
        }

    def _by_verdict(self) -> list[tuple[str, int]]:
        from blocker.detect.report import KINDS

        return [(kind, self._kinds[kind]) for kind in KINDS if self._kinds[kind]]
