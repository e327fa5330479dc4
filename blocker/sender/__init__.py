"""A level of its own for one sender, and the proof that a mail is that sender's, without which nothing is lowered."""

from blocker.sender.evidence import Lookup, LookupFailed, proof_of, reported
from blocker.sender.level import InForce, Proof, in_force, lowers
from blocker.sender.trust import Trust

__all__ = [
    "InForce",
    "Lookup",
    "LookupFailed",
    "Proof",
    "Trust",
    "in_force",
    "lowers",
    "proof_of",
    "reported",
]
