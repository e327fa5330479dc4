"""unpixel tells tracking from content on labelled real mail, and better than the rules others publish."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import accuracy
from tests.bench.baselines import rules

PRECISION, RECALL = 0.97, 0.90


@pytest.mark.corpus
def test_labelled_mail_is_told_apart(corpus: Path) -> None:
    """Where the corpus has labels, and even where no vendor is known: every labelled reference is found, no rule does better."""
    if not (corpus / "labels.jsonl").is_file():
        return
    labelled = accuracy.Corpus(corpus)
    published = (rules.size, rules.trocker)
    others = [accuracy.measure("", accuracy.by_rule(rule), labelled).score for rule in published]
    for row in accuracy.ours(labelled, corpus):
        score = row.score
        assert score.absent == 0, row.name
        assert score.precision >= max(PRECISION, *(other.precision for other in others)), row.name
        assert score.recall >= max(RECALL, *(other.recall for other in others)), row.name
