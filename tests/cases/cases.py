"""The cases: one message each on which the product was wrong once, and what is right for it.

`fixtures/cases/cases.tsv` names file, expectation and why. The part of a name before `--` is the kind of fault.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

import blocker
from blocker.detect.report import BLOCKED, KINDS
from tests.fixtures.paths import FIXTURES

CASES = FIXTURES / "cases"


class Case(NamedTuple):
    """A line of the table."""

    file: str
    expected: str
    """`silent`, `blocked`, `blocked, or told`, or one of the five verdicts; words after a colon explain it."""
    why: str

    @property
    def wanted(self) -> str:
        """The expectation without what explains it."""
        word = self.expected.partition(":")[0].strip()
        return "told" if "told" in word else word


def cases(folder: Path = CASES) -> list[Case]:
    """The lines of a folder's table."""
    with (folder / "cases.tsv").open(encoding="utf-8", newline="") as table:
        rows = csv.reader(table, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(rows)
        return [Case(*row) for row in rows if row]


def faults(raw: bytes, wanted: str) -> list[str]:
    """What is wrong with how a message is judged and changed; empty where all is as it should be."""
    report = blocker.scan(raw)
    if wanted == "silent":
        return _not_silenced(raw, report)
    if wanted == "blocked":
        return _not_blocked(raw, report)
    if wanted == "told":
        told = report.error or report.unjudged or blocker.neutralise(raw, report=report).refused
        return [] if told else _not_blocked(raw, report)
    assert wanted in KINDS, wanted
    kinds = {judged.verdict.kind for judged in report.references}
    if wanted in BLOCKED:
        return [] if kinds & BLOCKED else [f"no pixel or beacon among {sorted(kinds)}"]
    found = [] if wanted in kinds else [f"no {wanted} among {sorted(kinds)}"]
    return found + [f"{kind} is blocked" for kind in sorted(kinds & BLOCKED)]


def _not_blocked(raw: bytes, report: blocker.Report) -> list[str]:
    if not any(judged.verdict.blocks for judged in report.references):
        return [f"nothing to block among {[(j.url, j.verdict.kind) for j in report.references][:5]}"]
    done = blocker.neutralise(raw, report=report)
    if not done.changed:
        return [f"not changed: {done.refused}"]
    found = [] if blocker.restore(done.raw) == raw else ["not restored"]
    left = [judged.url for judged in blocker.scan(done.raw).references if judged.verdict.blocks]
    return found + [f"still there: {url}" for url in left]


def _not_silenced(raw: bytes, report: blocker.Report) -> list[str]:
    if not any(judged.url for judged in report.references):
        return ["no reference is found"]
    done = blocker.neutralise(raw, level="paranoid", report=report)
    if not done.changed:
        return [f"not changed: {done.refused}"]
    found = [] if blocker.restore(done.raw) == raw else ["not restored"]
    return found + [f"still there: {judged.url}" for judged in blocker.scan(done.raw).references]
