"""What a filter list makes of a picture, and what it does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import blocker
from blocker.detect.knowledge import Rules, default_rules
from blocker.detect.report import Judged
from blocker.lists import use
from blocker.lists.engine import ENVIRONMENT, engine
from blocker.lists.store import Lists
from tests.detect.messages import mail

LIST = """! mine
[Adblock Plus 2.0]
||tracked.example^
/count.gif?
@@||tracked.example/good.png
example.com##.advert
"""
ELSEWHERE, OWN = "https://a.tracked.example/x.gif", "https://www.sender.example/count.gif?"
SEEN = 'width="600" height="200"'


@pytest.fixture(scope="module")
def rules() -> Rules:
    """Our rules, and the list."""
    made = Rules.load()
    made.listed = engine([LIST])
    return made


def judged(url: str, attributes: str, rules: Rules | None = None) -> Judged:
    """A picture in the middle of a mail of sender.example."""
    markup = f'<p>Text</p><img src="{url}" {attributes} alt="Text"><p>Text</p>'
    (found,) = blocker.scan(mail(markup), rules=rules).references
    return found


@pytest.mark.parametrize(
    ("url", "attributes", "without", "with_list"),
    [
        (ELSEWHERE, 'width="1" height="1"', "spacer", "pixel"),
        ("https://a.tracked.example/open", "", "content", "pixel"),
        (ELSEWHERE, "", "content", "content"),
        (ELSEWHERE, SEEN, "content", "content"),
        (OWN, SEEN, "content", "content"),
        (OWN, "", "content", "content"),
        ("https://a.tracked.example/good.png", "", "content", "content"),
        ("https://other.example/x.gif", "", "content", "content"),
    ],
)
def test_what_a_hit_alone_makes(
    rules: Rules, url: str, attributes: str, without: str, with_list: str
) -> None:
    """A pixel of what is not seen, or elsewhere, of no size, and no picture's file; a picture that is seen stays one."""
    assert judged(url, attributes).verdict.kind in {without, "beacon" if without == "spacer" else without}
    assert judged(url, attributes, rules).verdict.kind == with_list


def test_the_reason_names_the_filter(rules: Rules) -> None:
    """With its weight; nothing is said where no filter blocks."""
    found = [why for why in judged(ELSEWHERE, "", rules).verdict.reasons if why.rule == "lists.blocks"]
    assert [(why.detail, why.weight) for why in found] == [
        ("your filter lists block it: ||tracked.example^", 4.0)
    ]
    own = {why.rule: why.weight for why in judged(OWN, "", rules).verdict.reasons}
    assert own["lists.own"] == 1.0
    assert not [
        w
        for w in judged("https://other.example/x.gif", "", rules).verdict.reasons
        if w.rule.startswith("lists.")
    ]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data directory; afterwards no list is asked any more."""
    monkeypatch.setenv(ENVIRONMENT, "")
    yield tmp_path
    default_rules().listed = None


def test_a_list_is_asked_by_processes_too(home: Path) -> None:
    """Once it is used: here, and in those that judge for the service and the pages; off without a list."""
    from blocker.judging.handed import scanned
    from blocker.judging.worker import no_memory

    raw = mail(f'<p>Text</p><img src="{ELSEWHERE}" width="1" height="1"><p>Text</p>')
    use(home)
    assert default_rules().listed is None
    (home / "mine.txt").write_text(LIST)
    Lists(home).add(str(home / "mine.txt"))
    use(home)
    assert blocker.scan(raw).references[0].verdict.kind == "pixel"
    from blocker.judging.warm import WARM

    WARM.close()  # those that were kept began without the list
    assert scanned(raw, (), no_memory).references[0].verdict.kind == "pixel"
    WARM.close()


@pytest.mark.parametrize(
    "url", ["", "x" * 100_000, "https://\ud800.example/", "https://" + "a." * 5000, "\0"]
)
def test_any_url_can_be_asked_about(url: str) -> None:
    """None of them is too much."""
    listed = engine([LIST])
    assert listed(url, "sender.example") == ""
    assert listed(ELSEWHERE, url) == "||tracked.example^"
