"""What somebody may do, in four steps that do not contain each other."""

from __future__ import annotations

from enum import StrEnum

from blocker.catalogue.people import Person, Role


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


PROGRAM = frozenset({Scope.READ, Scope.SCAN})
"""What a token may do where nothing else was said."""
GRANTED = (Scope.READ, Scope.SCAN, Scope.ACT)
"""What a token can be given."""
_OF_ROLE = {
    Role.VIEWER: frozenset({Scope.READ, Scope.SCAN}),
    Role.OWNER: frozenset(GRANTED),
}


def scopes_of(person: Person) -> frozenset[Scope]:
    """What a person may do."""
    return frozenset(Scope) if person.owns_all else _OF_ROLE[person.role]
