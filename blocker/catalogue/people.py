"""Who may see the pages: people, each with a role and accounts. Of a password there is a slow digest alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from blocker.catalogue.catalogue import Catalogue
from blocker.catalogue.errors import CatalogueError
from blocker.catalogue.model_access import CredentialRow, PersonRow
from blocker.catalogue.values import Accounts

LONGEST_NAME = 64
_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._-@+")


class Role(StrEnum):
    """What somebody may do with the accounts that they see."""

    VIEWER = "viewer"
    """Look."""
    OWNER = "owner"
    """Act too. An owner of all accounts also sets what holds for all, and says who gets in."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may get in."""

    id: int
    name: str
    role: Role
    accounts: Accounts
    """Those whose mail they may know of; None for all, also those to come."""
    password: str | None
    """Its digest; None where none is set, so that a link alone lets them in."""
    created: datetime

    @property
    def owns_all(self) -> bool:
        """Whether nobody may do more."""
        return self.role is Role.OWNER and self.accounts is None

    def as_dict(self) -> dict[str, Any]:
        """JSON for `unpixel user list` and the pages; nothing of the password but whether there is one."""
        return {
            "name": self.name,
            "role": self.role,
            "accounts": None if self.accounts is None else sorted(self.accounts),
            "password": self.password is not None,
            "created": self.created.isoformat(),
        }


class People:
    """The people of a catalogue. There is at every moment an owner of all accounts, who can make others.

    Each method is one transaction; each raises CatalogueError with a sentence.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def all(self) -> tuple[Person, ...]:
        """Everybody, in the order in which they were added."""
        with self._catalogue.reading() as connection:
            rows = connection.execute(select(*COLUMNS).order_by(PersonRow.id))
            return tuple(person_of(row) for row in rows)

    def find(self, name: str) -> Person | None:
        """The person of that name."""
        with self._catalogue.reading() as connection:
            return _find(connection, name)

    def named(self, name: str | None) -> Person:
        """The person of that name; without a name the first owner of all accounts. Raises CatalogueError for nobody."""
        people = self.all()
        for person in people:
            if person.name == name or (name is None and person.owns_all):
                return person
        names = ", ".join(person.name for person in people)
        raise CatalogueError(f'There is nobody called "{name}": choose one of {names}.')

    def add(self, name: str, role: Role, accounts: Accounts, password: str | None = None) -> Person:
        """Let somebody in. Raises CatalogueError for a name that cannot be one, or that somebody has."""
        _check(name)
        values = _values(role, accounts) | {"name": name, "password": password, "created": datetime.now(UTC)}
        with self._catalogue.writing() as connection:
            if _find(connection, name):
                raise CatalogueError(f'"{name}" is there already: choose another name.')
            connection.execute(insert(PersonRow), [values])
            made = _find(connection, name)
        assert made is not None
        return made

    def change(self, person: int, role: Role, accounts: Accounts) -> None:
        """Give somebody another role and other accounts, from the next request on; tokens too have no more then."""
        with self._catalogue.writing() as connection:
            _keep_an_owner(connection, person, still=role is Role.OWNER and accounts is None)
            connection.execute(
                update(PersonRow).where(PersonRow.id == person).values(**_values(role, accounts))
            )

    def remove(self, person: int) -> None:
        """Let somebody in no more; their sessions and tokens end."""
        with self._catalogue.writing() as connection:
            _keep_an_owner(connection, person, still=False)
            connection.execute(delete(PersonRow).where(PersonRow.id == person))

    def set_password(self, person: int, digest: str, *, end_sessions: bool = True) -> None:
        """Keep a password's digest in place of the one before, whose sessions end."""
        with self._catalogue.writing() as connection:
            connection.execute(update(PersonRow).where(PersonRow.id == person).values(password=digest))
            if end_sessions:
                ended = delete(CredentialRow).where(CredentialRow.person == person)
                connection.execute(ended.where(CredentialRow.kind.in_(("session", "link"))))


COLUMNS = (
    PersonRow.id,
    PersonRow.name,
    PersonRow.role,
    PersonRow.accounts,
    PersonRow.password,
    PersonRow.created,
)


def person_of(row: Any) -> Person:
    """A row of `COLUMNS` as a value."""
    id_, name, role, accounts, password, created = row
    return Person(id_, name, Role(role), None if accounts is None else frozenset(accounts), password, created)


def _find(connection: Connection, name: str) -> Person | None:
    row = connection.execute(select(*COLUMNS).where(PersonRow.name == name)).first()
    return None if row is None else person_of(row)


def _values(role: Role, accounts: Accounts) -> dict[str, Any]:
    return {"role": role.value, "accounts": None if accounts is None else sorted(accounts)}


def is_name(name: str) -> bool:
    """Whether somebody can be called that: it stands in commands and addresses."""
    return 0 < len(name) <= LONGEST_NAME and set(name) <= _NAME and name[0] not in ".-"


def _check(name: str) -> None:
    if not is_name(name):
        raise CatalogueError(
            f'"{name}" cannot be a name here: use up to {LONGEST_NAME} small letters, digits and . _ - @ +, '
            "a letter first."
        )


def _keep_an_owner(connection: Connection, person: int, *, still: bool) -> None:
    """Raise CatalogueError where nobody else owns all accounts, unless this one `still` does."""
    # Locked, so that of two owners who end each other at once one stays.
    query = select(PersonRow.id, PersonRow.accounts).where(PersonRow.role == Role.OWNER.value)
    owners = {id_ for id_, accounts in connection.execute(query.with_for_update()) if accounts is None}
    if owners <= {person} and not still:
        raise CatalogueError(
            "Somebody must own all accounts: make another owner of all first (`unpixel user add`)."
        )
