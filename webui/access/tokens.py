"""Bearer tokens, which programs show to the API. A token is a person's, and can do no more than they."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from blocker.catalogue import Catalogue
from blocker.catalogue.credentials import Credential, CredentialKind, Credentials
from blocker.catalogue.people import People, Person
from webui.access import secret
from webui.access.scopes import PROGRAM, Scope, scopes_of
from webui.access.who import Who

KINDS = ("token", "plugin")
LONGEST_NAME = 60
MOST_DAYS = 3650
_MARK = "unpixel_"
"""With which each begins, so that people and scanners for leaked secrets know what it is."""


class NoToken(Exception):
    """It cannot be made; the text is the sentence why."""


def new_token(
    store: Catalogue,
    name: str = "script",
    scopes: Iterable[Scope] = PROGRAM,
    *,
    person: Person | None = None,
    days: float | None = None,
) -> str:
    """Make a token for the API; this is the only time it can be read.

    It is the first owner's where no person is said. Raises NoToken for a name that is none, and for more than its person
    may do.
    """
    holder = person or People(store).named(None)
    expires = None if days is None else datetime.now(UTC) + timedelta(days=days)
    return make(store, holder, "token", name, frozenset(scopes), expires=expires)


def make(
    store: Catalogue,
    person: Person,
    kind: CredentialKind,
    name: str,
    scopes: frozenset[Scope],
    *,
    origin: str = "",
    expires: datetime | None = None,
) -> str:
    """Make one, and give its text. Raises NoToken."""
    name = name.strip()
    if not is_name(name):
        raise NoToken(f"Give the token a name of up to {LONGEST_NAME} characters, to know it by later.")
    if not scopes:
        raise NoToken("A token without a scope can do nothing: give it one.")
    if beyond := scopes - scopes_of(person) | (scopes & {Scope.OWN}):
        raise NoToken(f"{person.name} may not give the scope {', '.join(sorted(beyond))} to a token.")
    token = _MARK + secret.fresh()
    Credentials(store).add(
        kind, secret.digest(token), person.id, name=name, scopes=scopes, origin=origin, expires=expires
    )
    return token


def is_name(name: str) -> bool:
    """Whether a token can be called that."""
    return bool(name.strip()) and len(name) <= LONGEST_NAME and name.isprintable()


def described(store: Catalogue, token: str) -> Credential:
    """What is known of a token that is good."""
    found = Credentials(store).find(KINDS, secret.digest(token))
    assert found is not None
    return found[0]


def tokens_of(store: Catalogue, person: Person) -> tuple[Credential, ...]:
    """A person's tokens and their plug-ins', oldest first."""
    return Credentials(store).of(KINDS, person.id)


def revoke(store: Catalogue, person: Person, id_: int) -> bool:
    """End one of a person's tokens; whether it was theirs."""
    return Credentials(store).drop(KINDS, person.id, id_) > 0


def holder(store: Catalogue, authorization: str) -> Who | None:
    """Who shows this Authorization field (RFC 6750, 2.1); None where it holds no token that is good."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return None
    found = Credentials(store).find(KINDS, secret.digest(token.strip()))
    if found is None:
        return None
    credential, person = found
    # What it was given may be more than its person may do by now.
    scopes = scopes_of(person) & frozenset(map(Scope, credential.scopes)) - {Scope.OWN}
    return Who(scopes, person.accounts, program=True, person=person, credential=credential)
