"""What opens the pages, as digests: nothing kept here lets anybody in by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select

from blocker.catalogue.model import CredentialRow

CredentialKind = Literal["password", "token", "link", "session"]


def add(connection: Connection, kind: CredentialKind, digest: str, expires: datetime | None) -> None:
    """Keep one more digest; those of its kind that have expired go."""
    connection.execute(delete(CredentialRow).where(CredentialRow.expires <= datetime.now(UTC)))
    values = {"kind": kind, "digest": digest, "created": datetime.now(UTC), "expires": expires}
    connection.execute(insert(CredentialRow), [values])


def digests(connection: Connection, kind: CredentialKind) -> list[str]:
    """The digests of a kind that are still good."""
    return list(connection.scalars(select(CredentialRow.digest).where(CredentialRow.kind == kind, _good())))


def holds(connection: Connection, kind: CredentialKind, digest: str) -> bool:
    """Whether exactly this digest is kept and still good."""
    query = select(CredentialRow.id).where(
        CredentialRow.kind == kind, CredentialRow.digest == digest, _good()
    )
    return connection.scalar(query) is not None


def take(connection: Connection, kind: CredentialKind, digest: str) -> bool:
    """Use a digest up: whether it was kept and still good. Of two who ask at once, one gets it."""
    used = delete(CredentialRow).where(CredentialRow.kind == kind, CredentialRow.digest == digest, _good())
    return connection.execute(used).rowcount > 0


def drop(connection: Connection, kind: CredentialKind) -> int:
    """Forget all digests of a kind; how many."""
    return connection.execute(delete(CredentialRow).where(CredentialRow.kind == kind)).rowcount


def _good() -> ColumnElement[bool]:
    return or_(CredentialRow.expires.is_(None), CredentialRow.expires > datetime.now(UTC))
