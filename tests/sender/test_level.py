"""Protection is raised at a word, and lowered by proof alone."""

from __future__ import annotations

import itertools

import pytest

from blocker.choices.levels import ALLOW, SETTINGS, Level, Setting
from blocker.sender import Proof, in_force, lowers

YES = Proof(True, "a DKIM signature of shop.example verifies")
NO = Proof(False, "it carries no DKIM signature")
ORDER: list[Setting] = [ALLOW, Level.STANDARD, Level.STRICT, Level.PARANOID]


@pytest.mark.parametrize(("level", "setting"), list(itertools.product(Level, SETTINGS)))
@pytest.mark.parametrize("proof", [YES, NO, None])
def test_every_pair(level: Level, setting: Setting, proof: Proof | None) -> None:
    """Without proof the stronger of both holds; with it what was set. `allow` changes nothing of a mail."""
    found = in_force(level, "shop.example", setting, proof)
    stronger = max(level, setting, key=ORDER.index)
    wanted = setting if proof is YES else stronger
    assert found.level == (None if wanted == ALLOW else wanted)
    assert lowers(level, setting) == (ORDER.index(setting) < ORDER.index(level))


def test_words() -> None:
    """A person reads what was set, whether it applies, and why."""
    assert in_force(Level.STRICT, "shop.example", None).note == ""
    assert in_force(Level.STRICT, "shop.example", Level.STRICT).note == ""
    assert (
        in_force(Level.STRICT, "shop.example", Level.PARANOID).note
        == "what was set for shop.example (paranoid) applies"
    )
    assert in_force(Level.STRICT, "shop.example", ALLOW, YES).note == (
        "what was set for shop.example (allow) applies: a DKIM signature of shop.example verifies"
    )
    assert in_force(Level.STRICT, "shop.example", Level.STANDARD, NO).note == (
        "what was set for shop.example (standard) does not apply, because the From field may be forged: "
        "it carries no DKIM signature"
    )
