"""Fits the weights to labelled mail, and says how well they hold for senders not seen.

    python -m tests.bench.fit --corpus DIR

DIR holds messages and `labels.jsonl`. The model is the one of `blocker/detect/reasons.toml`: log-odds are
the sum of the weights of the reasons found. It is fitted by penalised likelihood towards the weights
in use (so that a rule seen seldom keeps its hand-set weight), and cross-validated by sender: all
mail of one sender, and all of one host, is left out together. A second cross-validation starts from
zero instead of from the weights in use, so that it owes them nothing.
"""

from __future__ import annotations

import argparse
import collections
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import blocker
from blocker.detect.reasons import PRIOR, WEIGHTS
from blocker.detect.report import BLOCKED
from tests.bench.labels import Label, digest, load

STRENGTH = 1.0
"""Precision of the penalty around the starting weights."""
STEPS = 400
FOLDS = 10


class Sample(NamedTuple):
    """One labelled reference: its reasons, whether it should be blocked, and whose mail it was."""

    rules: frozenset[str]
    blocked: bool
    group: str


def samples(folder: Path) -> list[Sample]:
    """Every scored label of the corpus with the reasons that are found for it."""
    wanted: dict[tuple[str, str], Label] = {}
    for label in load(folder / "labels.jsonl"):
        if label.kind != "personal":
            wanted[label.sha256, label.reference] = label
    found: dict[tuple[str, str], Sample] = {}
    for name in dict.fromkeys(label.path for label in wanted.values()):
        report = blocker.scan((folder / name).read_bytes())
        for judged in report.references:
            at = (report.message.sha256, digest(judged.raw))
            if at in wanted and at not in found:
                rules = frozenset(reason.rule for reason in judged.verdict.reasons)
                found[at] = Sample(rules, wanted[at].kind in BLOCKED, report.message.from_domain)
    return list(found.values())


def fit(data: Sequence[Sample], start: dict[str, float], prior: float) -> tuple[dict[str, float], float]:
    """Weights of highest posterior, by gradient steps with momentum."""
    weights, bias = dict(start), prior
    speed = dict.fromkeys(weights, 0.0)
    bias_speed = 0.0
    for _ in range(STEPS):
        slope = {rule: STRENGTH * (start[rule] - value) for rule, value in weights.items()}
        bias_slope = STRENGTH * (prior - bias)
        for sample in data:
            odds = bias + sum(weights[rule] for rule in sample.rules)
            error = sample.blocked - 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))
            bias_slope += error
            for rule in sample.rules:
                slope[rule] += error
        for rule, value in slope.items():
            speed[rule] = 0.8 * speed[rule] + 0.01 * value
            weights[rule] += speed[rule]
        bias_speed = 0.8 * bias_speed + 0.01 * bias_slope
        bias += bias_speed
    return weights, bias


def folds(data: Sequence[Sample]) -> list[list[Sample]]:
    """Senders dealt into folds, largest first."""
    groups = collections.defaultdict(list)
    for sample in data:
        groups[sample.group].append(sample)
    dealt: list[list[Sample]] = [[] for _ in range(FOLDS)]
    for _, members in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        min(dealt, key=len).extend(members)
    return dealt


def cross_validate(data: Sequence[Sample], start: dict[str, float], prior: float) -> tuple[float, float]:
    """Precision and recall of blocking on senders that were left out."""
    hits = false = missed = 0
    dealt = folds(data)
    for held_out in dealt:
        rest = [sample for fold in dealt if fold is not held_out for sample in fold]
        weights, bias = fit(rest, start, prior)
        for sample in held_out:
            says = bias + sum(weights[rule] for rule in sample.rules) > 0
            hits += says and sample.blocked
            false += says and not sample.blocked
            missed += sample.blocked and not says
    return hits / max(hits + false, 1), hits / max(hits + missed, 1)


def main() -> None:
    """Print the cross-validated figures and the fitted table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    folder = parser.parse_args().corpus
    data = samples(folder)
    senders = len({sample.group for sample in data})
    print(f"{len(data)} labelled references of {senders} senders, {sum(s.blocked for s in data)} to block")
    for words, start, prior in (
        ("from the weights in use", WEIGHTS, PRIOR),
        ("from zero", dict.fromkeys(WEIGHTS, 0.0), 0.0),
    ):
        precision, recall = cross_validate(data, start, prior)
        print(f"cross-validated by sender, fitted {words}: precision {precision:.4f} recall {recall:.4f}")
    weights, bias = fit(data, WEIGHTS, PRIOR)
    counts = collections.Counter(rule for sample in data for rule in sample.rules)
    print(f"{'rule':28}{'in use':>8}{'fitted':>8}{'seen':>6}")
    print(f"{'(prior)':28}{PRIOR:8.2f}{bias:8.2f}{len(data):6}")
    for rule, value in WEIGHTS.items():
        print(f"{rule:28}{value:8.2f}{weights[rule]:8.2f}{counts[rule]:6}")


if __name__ == "__main__":
    main()
