"""What somebody may do, in four steps that do not contain each other."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """One thing that a view can need."""

    READ = "read"
    """See what is known of one's accounts."""
    SCAN = "scan"
    """Have a message judged or neutralised."""
    ACT = "act"
    """Change what is done with one's accounts' mail."""
    OWN = "own"
    """Change what holds for all: accounts, people, settings. No token has it."""


PERSON = frozenset(Scope)
"""What an owner of all accounts may do."""
PROGRAM = frozenset({Scope.READ, Scope.SCAN})
"""What a token may do where nothing else was said."""
