"""Whoever sends the present request."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g, has_request_context

from blocker.catalogue.credentials import Credential
from blocker.catalogue.people import Person
from blocker.catalogue.values import Accounts
from webui.access.scopes import Scope


@dataclass(frozen=True, slots=True)
class Who:
    """A person, or a program with a token of theirs."""

    scopes: frozenset[Scope] = frozenset()
    accounts: Accounts = frozenset()
    """Those whose mail they may know of; None for all."""
    program: bool = False
    """Whether it came with a token."""
    person: Person | None = None
    """None for a stranger, and for a monitor that this machine alone can be."""
    credential: Credential | None = None
    """The session, or the token."""


STRANGER = Who()
"""Who has shown nothing: no scope, no account."""


def become(somebody: Who) -> None:
    """Note who sends the present request."""
    g.who = somebody


def who() -> Who:
    """Who sends the present request; a stranger where nobody has said."""
    found: Who = g.get("who", STRANGER) if has_request_context() else STRANGER
    return found


def me() -> Person:
    """The person who sends the present request, themselves or by a program: behind a view that needs a scope."""
    person = who().person
    assert person is not None
    return person


def accounts() -> Accounts:
    """The names of the accounts whose mail the present request may know of; None for all. A stranger has none."""
    return who().accounts


def may(scope: Scope) -> bool:
    """Whether the present request may do this: for a button that is shown only where it works."""
    return scope in who().scopes


def is_owner() -> bool:
    """Whether the present request comes from an owner of all accounts: who alone sets what holds for all."""
    return accounts() is None and (may(Scope.OWN) or (who().program and may(Scope.ACT)))
