"""The baselines say what the rules they stand for say, and the score counts as described."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.baselines import rules
from tests.bench.baselines.page import images
from tests.bench.labels import Score, digest, load, strongest

HEAD = b"MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"

TAGS = [
    # tag, size rule, Trocker's heuristics
    ('<img src="http://example.org/a" width="1" height="1">', True, True),
    ('<img src="http://example.org/a" width="3" height="3">', True, False),
    ('<img src="http://example.org/a" width=" 0px" height=1>', True, True),
    ('<img src="http://example.org/a" style="width:1px;height:1px !important">', True, True),
    ('<img src="http://example.org/a" width="600" style="width:1px;height:1px">', True, True),
    ('<img src="http://example.org/a" width="1">', False, True),
    ('<img src="http://example.org/a" width="1%" height="1%">', False, False),
    ('<img src="http://example.org/a" style="line-height:0;border-width:0">', False, False),
    ('<img src="http://example.org/a" style="display:none">', False, True),
    ('<img src="http://example.org/open?id=1">', False, True),
    ('<td background="http://example.org/a" width="1" height="1">', False, False),
]


@pytest.mark.parametrize(("tag", "size", "trocker"), TAGS)
def test_a_rule_judges_one_tag(tag: str, size: bool, trocker: bool) -> None:
    """Declared sides, hidden images and telling paths are seen as the published rules see them."""
    page = images(HEAD + f"<table><tr>{tag}</tr></table>".encode())
    assert len(page) == 1
    assert (rules.size(page), rules.trocker(page)) == ([size], [trocker])


def test_what_is_named_twice_is_layout() -> None:
    """The same tiny image twice is kept by "once in the message"; a lone one is still blocked."""
    spacer = '<img src="http://example.org/s.gif" width="1" height="1">'
    pixel = '<img src="http://example.org/p.gif?u=1" width="1" height="1">'
    page = images(HEAD + (spacer + pixel + spacer).encode())
    assert rules.size(page) == [True, True, True]
    assert rules.once(rules.size)(page) == [False, True, False]


def test_local_images_are_not_counted() -> None:
    """A cid: or data: image contacts nobody, so no rule is asked about it."""
    assert images(HEAD + b'<img src="cid:logo"><img src="data:image/gif;base64,AA==">') == []


def test_the_score_counts_as_described(tmp_path: Path) -> None:
    """Precision and recall are of blocking; personal is neither; low confidence is left out; the strongest counts."""
    rows = [
        ("pixel", "high", "http://example.org/1"),
        ("beacon", "medium", "http://example.org/2"),
        ("content", "high", "http://example.org/3"),
        ("spacer", "high", "http://example.org/4"),
        ("personal", "high", "http://example.org/5"),
        ("pixel", "low", "http://example.org/6"),
        ("pixel", "high", "http://example.org/7"),
    ]
    path = tmp_path / "labels.jsonl"
    keys = ("label", "confidence", "url")
    lines = [
        json.dumps({"message": "m", "message_sha256": "", **dict(zip(keys, row, strict=True))})
        for row in rows
    ]
    path.write_text("\n".join(lines))
    labels = load(path)
    found = strongest(
        [
            ("http://example.org/1", "content"),
            ("http://example.org/1", "beacon"),
            ("http://example.org/2", "content"),
            ("http://example.org/3", "pixel"),
            ("http://example.org/4", "spacer"),
            ("http://example.org/5", "pixel"),
        ]
    )
    score = Score()
    for label in labels:
        score.add(label, found)
    assert (score.tp, score.fp, score.fn, score.absent) == (1, 1, 2, 1)
    assert score.precision == 0.5
    assert score.recall == pytest.approx(1 / 3)
    assert [got for _, got in score.wrong] == ["content", "pixel", "not found"]


def test_a_value_is_matched_as_written() -> None:
    """Entities are decoded and white space dropped before two values are compared."""
    assert digest("http://example.org/?a=1&amp;b=2\r\n") == digest("http://example.org/ ?a=1&b=2")
    assert digest("http://example.org/A") != digest("http://example.org/a")
