"""A neutralised message phones nobody it should not, and looks the same: hand-written and real mail in both browsers."""

from __future__ import annotations

from typing import Any

import pytest

from blocker.rewrite.neutralise import SIGNED
from tests.browser.proof import Outcome

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

SAME_PICTURE = 0.98
"""Of the messages that `standard` changes, how many have to look the same to the pixel: 147 of 150."""


@pytest.fixture(params=["fixture_mail", pytest.param("real_mail", marks=pytest.mark.corpus)])
def outcomes(request: pytest.FixtureRequest) -> list[Outcome]:
    """What the browsers did with one collection."""
    made: list[Outcome] = request.getfixturevalue(request.param)
    assert made
    return made


def wrong(outcomes: list[Outcome], check: str) -> dict[str, Any]:
    """The messages in which a check found something, with what it found."""
    return {outcome.subject.name: found for outcome in outcomes if (found := getattr(outcome, check))}


def test_every_request_is_predicted(outcomes: list[Outcome]) -> None:
    """A browser that opens the original asks for nothing that no reference names, and there is much that it asks for."""
    assert wrong(outcomes, "unpredicted") == {}
    for browser in ("chromium", "firefox"):
        asking = [o for o in outcomes if any(v.requests for v in getattr(o, browser).original)]
        assert len(asking) > len(outcomes) / 2, browser


def test_what_is_not_asked_for_has_a_reason(outcomes: list[Outcome]) -> None:
    """Each reference that a browser leaves alone is one that it need not follow."""
    unexplained = {
        outcome.subject.name: places
        for outcome in outcomes
        if (places := [place for place, reason in outcome.not_asked.items() if reason is None])
    }
    assert unexplained == {}


def test_standard_takes_away_pixels_and_beacons_alone(outcomes: list[Outcome]) -> None:
    """At `standard` both browsers ask for what they asked for before, less the pixels and beacons; these do exist."""
    assert wrong(outcomes, "standard_differs") == {}
    assert sum(outcome.subject.standard.changed for outcome in outcomes) > len(outcomes) / 4


def test_paranoid_asks_for_nothing(outcomes: list[Outcome]) -> None:
    """At `paranoid` neither browser sends a request or so much as connects; what is left alone says why."""
    assert wrong(outcomes, "paranoid_asks") == {}
    left = {o.subject.name: o.subject.paranoid.refused for o in outcomes if o.subject.paranoid.refused}
    assert len(left) < len(outcomes) / 10
    assert all(reason == SIGNED or "certainty" in reason for reason in left.values()), left


def test_paranoid_keeps_the_text(outcomes: list[Outcome]) -> None:
    """At `paranoid` the page that a browser makes still has the text of the original."""
    assert wrong(outcomes, "text_lost") == {}


def test_standard_looks_the_same(outcomes: list[Outcome]) -> None:
    """At `standard` a page looks as the original does where pixels and beacons are answered with a transparent picture."""
    changed = [outcome for outcome in outcomes if outcome.subject.standard.changed]
    other = wrong(outcomes, "pictures_differ")
    assert len(changed) - len(other) >= SAME_PICTURE * len(changed), other
