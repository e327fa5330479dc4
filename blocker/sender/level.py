"""Which level is in force for a mail, decided from facts alone.

Anybody can write any From field. So what a person set for a sender may raise protection at once, but lower it only
for a mail that is proven to be the sender's; a mail without that proof gets the account's level, as if nothing had
been set.
"""

from __future__ import annotations

from dataclasses import dataclass

from blocker.choices.levels import Level, Setting, level_in, strength


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether a mail is proven to come from the domain of its From field, and how, or why not, in words."""

    given: bool
    how: str


@dataclass(frozen=True, slots=True)
class InForce:
    """What is done with one mail."""

    level: Level | None
    """None where nothing of it is changed."""
    note: str = ""
    """One clause for a person, where a setting of the sender's was looked at."""
    proven: bool | None = None
    """Whether the mail is proven to be its sender's; None where no proof was sought."""


def lowers(level: Level, setting: Setting) -> bool:
    """Whether a sender's setting protects less than the account's level, so that a proof is needed."""
    return strength(setting) < strength(level)


def in_force(level: Level, sender: str, setting: Setting | None, proof: Proof | None = None) -> InForce:
    """The level for a mail of `sender` (an organisational domain, or an address at a shared one) on an account of `level`.

    `proof` is needed where the setting lowers protection; where it is not given, the account's level stands.
    """
    if setting is None or setting == level:
        return InForce(level)
    what = f"what was set for {sender} ({setting})"
    if not lowers(level, setting):
        return InForce(level_in(setting), f"{what} applies")
    if proof is not None and proof.given:
        return InForce(level_in(setting), f"{what} applies: {proof.how}", True)
    why = proof.how if proof is not None else "nothing was looked up"
    note = f"{what} does not apply, because the From field may be forged: {why}"
    return InForce(level, note, None if proof is None else False)
