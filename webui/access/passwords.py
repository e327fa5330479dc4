"""People's passwords, kept as argon2id digests (RFC 9106) by argon2-cffi."""

from __future__ import annotations

from functools import cache
from threading import Lock

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from werkzeug.security import check_password_hash

from blocker.catalogue import Catalogue
from blocker.catalogue.people import People, Person

SHORTEST = 10
LONGEST = 1000
_HASHER = PasswordHasher()
_ONE_AT_A_TIME = Lock()
"""A digest takes 64 MiB while it is computed: so many logins at once cost no more than one."""


def digest(password: str) -> str:
    """What is kept of a password. Raises ValueError with a sentence for one that is too short or long."""
    if len(password) < SHORTEST:
        raise ValueError(f"The password is too short: use at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        raise ValueError(f"The password is too long: use at most {LONGEST} characters.")
    with _ONE_AT_A_TIME:
        return _HASHER.hash(password)


def set_password(store: Catalogue, password: str, name: str | None = None) -> Person:
    """Set the password of a person, of the first owner of all where none is named; their sessions end.

    Raises ValueError and CatalogueError, each with a sentence.
    """
    people = People(store)
    person = people.named(name)
    people.set_password(person.id, digest(password))
    return person


def is_right(store: Catalogue, person: Person | None, given: str) -> bool:
    """Whether this is the person's password. It takes as long for somebody who is not there, or has none.

    A digest of an older kind is renewed, now that the password is known.
    """
    kept = person.password if person and person.password else None
    given = given[:LONGEST]
    with _ONE_AT_A_TIME:
        right = _matches(kept or _nobodys(), given) and kept is not None
        if not (right and person and kept and _is_old(kept)):
            return right
        renewed = _HASHER.hash(given)
    People(store).set_password(person.id, renewed, end_sessions=False)
    return True


@cache
def _nobodys() -> str:
    """A digest that no password has."""
    return _HASHER.hash("\0")


def _matches(kept: str, given: str) -> bool:
    try:
        return _HASHER.verify(kept, given)
    except VerifyMismatchError:
        return False
    except InvalidHashError:
        # unpixel 0.1 kept scrypt digests, as werkzeug writes them.
        return check_password_hash(kept, given)


def _is_old(kept: str) -> bool:
    try:
        return _HASHER.check_needs_rehash(kept)
    except InvalidHashError:
        return True
