"""How well unpixel and others tell tracking from content, on labelled mail.

    python -m tests.bench.accuracy --corpus DIR [--misses N]

DIR holds labels.jsonl (see tests/bench/labels.py for its keys) and the messages it names. To measure on mail of your own, put a
few messages in a folder and write one line for each image you have judged.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

import blocker
from blocker.detect.judge import learn
from blocker.detect.knowledge import Rules
from blocker.detect.memory import FolderMemory, Memory
from tests.bench.baselines import easyprivacy, rules
from tests.bench.baselines.page import images
from tests.bench.labels import ABSENT, ORDER, Label, Score, load, strongest

System = Callable[[bytes], Iterable[tuple[str, str]]]
"""From a raw message to (value as written, kind) of each reference it sees."""


@dataclass(slots=True)
class Row:
    """One system's line of the table."""

    name: str
    score: Score = field(default_factory=Score)
    seconds: float = 0.0
    messages: int = 0
    missing: str = ""
    """Why it could not be measured; empty where it was."""


class Corpus:
    """Labelled messages, read once."""

    def __init__(self, folder: Path) -> None:
        self.labels: dict[str, list[Label]] = {}
        self.messages: dict[str, bytes] = {}
        for label in load(folder / "labels.jsonl"):
            if label.path not in self.messages:
                self.messages[label.path] = _checked(folder / label.path, label.sha256)
            self.labels.setdefault(label.path, []).append(label)


def _checked(path: Path, sha256: str) -> bytes:
    raw = path.read_bytes()
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise SystemExit(f"{path} is not the message that was labelled: its SHA-256 differs.")
    return raw


def measure(name: str, system: System, corpus: Corpus) -> Row:
    """Run one system over every labelled message, and count."""
    row = Row(name, messages=len(corpus.messages))
    for path, raw in corpus.messages.items():
        started = time.perf_counter()
        verdicts = list(system(raw))
        row.seconds += time.perf_counter() - started
        found = strongest(verdicts)
        for label in corpus.labels[path]:
            row.score.add(label, found)
    return row


def by_rule(rule: rules.Rule) -> System:
    """A system out of a rule on images."""
    return lambda raw: rules.blocked(rule, images(raw))


def unpixel(memory: Memory | None = None, book: Rules | None = None) -> System:
    """unpixel, with what it remembers of other messages, and another book of vendors."""

    def judge(raw: bytes) -> Iterable[tuple[str, str]]:
        report = blocker.scan(raw, memory=memory, rules=book)
        return [(judged.raw, judged.verdict.kind) for judged in report.references]

    return judge


def folder_memory(folder: Path) -> FolderMemory:
    """What a first pass over every message of the corpus leaves, labelled or not."""
    memory = FolderMemory()
    for path in sorted(folder.rglob("*.eml")):
        learn(memory, path.read_bytes())
    return memory


def ours(corpus: Corpus, folder: Path) -> list[Row]:
    """unpixel's lines."""
    return [
        measure("unpixel, memory none", unpixel(), corpus),
        measure("unpixel, memory folder", unpixel(folder_memory(folder)), corpus),
        measure("unpixel, no vendor known", unpixel(book=Rules([])), corpus),
    ]


def baselines(corpus: Corpus) -> list[Row]:
    """Everybody else's lines."""
    rows = [
        measure("size rule: both sides ≤ 3 px", by_rule(rules.size), corpus),
        measure("size rule + once in the message", by_rule(rules.once(rules.size)), corpus),
        measure("Trocker's heuristics", by_rule(rules.trocker), corpus),
        measure("Trocker's + once in the message", by_rule(rules.once(rules.trocker)), corpus),
    ]
    try:
        rows.append(measure("EasyPrivacy by adblock-rust", by_rule(easyprivacy.load()), corpus))
    except easyprivacy.Unavailable as reason:
        rows.append(Row("EasyPrivacy by adblock-rust", missing=str(reason)))
    return rows


def comparison(rows: Iterable[Row]) -> Table:
    """The table of all systems."""
    table = Table("system", title="blocking pixels and beacons")
    for column in ("precision", "recall", "tp", "fp", "fn", "ms a message"):
        table.add_column(column, justify="right")
    for row in rows:
        score = row.score
        if row.missing:
            table.add_row(row.name, *["-"] * 6)
            table.caption = f"not measured: {row.missing}"
            continue
        figures = [
            f"{score.precision:.3f}",
            f"{score.recall:.3f}",
            f"{score.tp}",
            f"{score.fp}",
            f"{score.fn}",
        ]
        table.add_row(row.name, *figures, f"{1000 * row.seconds / max(row.messages, 1):.2f}")
    return table


def confusion(row: Row) -> Table:
    """Labels against verdicts of one system."""
    table = Table("label \\ verdict", title=row.name)
    columns = (*ORDER, ABSENT)
    for column in columns:
        table.add_column(column, justify="right")
    for kind in ORDER:
        table.add_row(kind, *(str(row.score.table[kind, got]) for got in columns))
    return table


def main(arguments: list[str] | None = None) -> int:
    """Print the tables; 1 where more than one label in a hundred names a reference unpixel did not find."""
    parser = argparse.ArgumentParser(prog="tests.bench.accuracy", description="Accuracy on labelled mail.")
    parser.add_argument(
        "--corpus", type=Path, required=True, help="folder that holds labels.jsonl and its messages"
    )
    parser.add_argument("--misses", type=int, default=0, metavar="N", help="also print N of unpixel's errors")
    options = parser.parse_args(arguments)
    if not (options.corpus / "labels.jsonl").is_file():
        parser.error(f"{options.corpus} holds no labels.jsonl")
    corpus = Corpus(options.corpus)
    judged = ours(corpus, options.corpus)
    labels = sum(map(len, corpus.labels.values()))
    console = Console(width=None if sys.stdout.isatty() else 110)
    console.print(f"{labels} labels in {len(corpus.messages)} messages; labels of low confidence left out")
    console.print(comparison([*baselines(corpus), *judged]))
    for row in judged:
        console.print(confusion(row))
        console.print(
            f"personal pictures told: {row.score.table['personal', 'personal']}"
            f" of {row.score.labelled('personal')}\n"
        )
        for label, got in row.score.wrong[: options.misses]:
            line = f"{label.kind} taken for {got} in {label.path}: {label.shown}"
            console.print(line, markup=False, soft_wrap=True)
    return 1 if any(row.score.absent > labels / 100 for row in judged) else 0


if __name__ == "__main__":
    sys.exit(main())
