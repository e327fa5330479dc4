"""What lets people and their programs in, as digests: nothing kept here lets anybody in by itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, update

from blocker.catalogue.catalogue import Catalogue
from blocker.catalogue.model_access import CredentialRow, PersonRow
from blocker.catalogue.people import COLUMNS, Person, person_of
from blocker.catalogue.rows import clean

CredentialKind = Literal["session", "link", "token", "plugin", "code"]
"""A login that goes on, a link that logs in once, a program's token, a plug-in's, and the code that gives a plug-in one."""
NOTED = timedelta(minutes=1)
"""A use so soon after another is not written down: that would be a write for each request."""
MOST_TRIES = 5
"""Wrong guesses after which a code is dead, whoever made them."""


@dataclass(frozen=True, slots=True)
class Credential:
    """One of them."""

    id: int
    kind: CredentialKind
    name: str
    """What its person calls it; of a session, the browser's own name."""
    scopes: frozenset[str]
    origin: str
    """The only Origin it may be shown from; empty where that does not matter."""
    created: datetime
    expires: datetime | None
    used: datetime | None
    """About when it was shown last."""

    def as_dict(self) -> dict[str, Any]:
        """JSON for `unpixel token list` and the API."""
        return {
            "id": self.id,
            "name": self.name,
            "scopes": sorted(self.scopes),
            "origin": self.origin,
            "created": self.created.isoformat(),
            "expires": self.expires.isoformat() if self.expires else None,
            "used": self.used.isoformat() if self.used else None,
        }


class Credentials:
    """What a catalogue keeps of them. Each method is one transaction; each raises CatalogueError with a sentence."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def add(
        self,
        kind: CredentialKind,
        digest: str,
        person: int,
        *,
        name: str = "",
        scopes: Iterable[str] = (),
        origin: str = "",
        expires: datetime | None = None,
    ) -> int:
        """Keep one more digest; its number. Those that have expired go."""
        now = datetime.now(UTC)
        values = {
            "kind": kind,
            "digest": digest,
            "person": person,
            "name": clean(name, 200),
            "scopes": sorted(scopes),
            "origin": origin,
            "created": now,
            "expires": expires,
            "tries": 0,
        }
        with self._catalogue.writing() as connection:
            connection.execute(delete(CredentialRow).where(CredentialRow.expires <= now))
            return int(connection.scalars(insert(CredentialRow).returning(CredentialRow.id), [values]).one())

    def find(self, kinds: Collection[str], digest: str) -> tuple[Credential, Person] | None:
        """What exactly this digest is kept for, and whose it is; None where it is not kept, or has expired."""
        with self._catalogue.reading() as connection:
            return _find(connection, kinds, digest)

    def take(self, kind: CredentialKind, digest: str) -> tuple[Credential, Person] | None:
        """Use a digest up. Of two who ask at once, one gets it."""
        with self._catalogue.writing() as connection:
            found = _find(connection, (kind,), digest)
            if found is None:
                return None
            gone = connection.execute(delete(CredentialRow).where(CredentialRow.id == found[0].id))
            return found if gone.rowcount else None

    def of(self, kinds: Collection[str], person: int) -> tuple[Credential, ...]:
        """What a person has of some kinds, oldest first."""
        query = select(*_COLUMNS).where(
            CredentialRow.kind.in_(kinds), CredentialRow.person == person, _good()
        )
        with self._catalogue.reading() as connection:
            return tuple(_credential(row) for row in connection.execute(query.order_by(CredentialRow.id)))

    def drop(self, kinds: Collection[str], person: int, id_: int | None = None) -> int:
        """End all that a person has of some kinds, or one of them; how many."""
        gone = delete(CredentialRow).where(CredentialRow.kind.in_(kinds), CredentialRow.person == person)
        with self._catalogue.writing() as connection:
            return connection.execute(gone if id_ is None else gone.where(CredentialRow.id == id_)).rowcount

    def note_use(self, credential: Credential) -> None:
        """Write down that it was shown now, at most once in `NOTED`."""
        now = datetime.now(UTC)
        if credential.used is None or now - credential.used >= NOTED:
            with self._catalogue.writing() as connection:
                noted = update(CredentialRow).where(CredentialRow.id == credential.id)
                connection.execute(noted.values(used=now))

    def missed(self) -> None:
        """Somebody guessed a code wrongly: it counts against each that is open."""
        with self._catalogue.writing() as connection:
            codes = CredentialRow.kind == "code"
            connection.execute(update(CredentialRow).where(codes).values(tries=CredentialRow.tries + 1))
            connection.execute(delete(CredentialRow).where(codes, CredentialRow.tries >= MOST_TRIES))

    def origins(self) -> frozenset[str]:
        """The Origins that a person has let in with a plug-in."""
        query = select(CredentialRow.origin).where(CredentialRow.origin != "", _good()).distinct()
        with self._catalogue.reading() as connection:
            return frozenset(connection.scalars(query))


_COLUMNS = (
    CredentialRow.id,
    CredentialRow.kind,
    CredentialRow.name,
    CredentialRow.scopes,
    CredentialRow.origin,
    CredentialRow.created,
    CredentialRow.expires,
    CredentialRow.used,
)


def _credential(row: Any) -> Credential:
    id_, kind, name, scopes, *rest = row
    return Credential(id_, kind, name, frozenset(scopes), *rest)


def _find(connection: Connection, kinds: Collection[str], digest: str) -> tuple[Credential, Person] | None:
    query = (
        select(*_COLUMNS, *COLUMNS)
        .join(PersonRow, PersonRow.id == CredentialRow.person)
        .where(CredentialRow.kind.in_(kinds), CredentialRow.digest == digest, _good())
    )
    row = connection.execute(query).first()
    return None if row is None else (_credential(row[: len(_COLUMNS)]), person_of(row[len(_COLUMNS) :]))


def _good() -> ColumnElement[bool]:
    return or_(CredentialRow.expires.is_(None), CredentialRow.expires > datetime.now(UTC))
